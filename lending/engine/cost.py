"""The cost table (综合融资成本明示表): every item as an annual rate, and the all-in cost."""

from dataclasses import dataclass
from decimal import Decimal

from lending.engine.due_dates import periods_per_year
from lending.engine.errors import CostOverCap
from lending.engine.plans import Plan, PlanInput
from lending.engine.rates import effective, nominal, period_irr


@dataclass(frozen=True, slots=True)
class CostItem:
    """One charge under normal performance: what, how much, by whom, and its own annual rate."""

    code: str
    total_fen: int
    collector: str
    rate_annual: Decimal
    """The simple annual rate of the principal schedule with this item alone: by months `12 r`."""


@dataclass(frozen=True, slots=True)
class CostTable:
    """What a plan costs the borrower, all parties' charges together."""

    principal_fen: int
    items: tuple[CostItem, ...]
    rate_annual: Decimal
    """The simple annual rate of all payments: by months `12 r`, by days `365 / days x r`."""
    rate_effective: Decimal
    """The same compounded: by months `(1 + r)^12 - 1`."""

    @property
    def total_fen(self) -> int:
        """All charges."""
        return sum(item.total_fen for item in self.items)

    @property
    def rate_gate(self) -> Decimal:
        """What is held against the cap: the larger of the total and the sum of the items.

        Items that do not follow the balance do not add up to the total, so both count.
        """
        return max(self.rate_annual, sum((item.rate_annual for item in self.items), Decimal(0)))


def cost_table(
    plan: Plan,
    terms: PlanInput,
    *,
    lender: str = "lender",
    guarantor: str = "guarantor",
    guarantee_fee_fen: int = 0,
) -> CostTable:
    """The cost table of a plan and what it was made from; the lender collects interest and fees.

    Rates are those of the plan's own periods, times how many of them make a year (see
    `due_dates.part_of_year`). `guarantee_fee_fen` is what of each instalment's fee the guarantor
    gets: the all-in cost counts it (ASSIST-7, 金规〔2025〕9号).
    """
    principal = [row.principal_fen for row in plan.instalments]
    interest = [row.interest_fen for row in plan.instalments]
    guarantee = [guarantee_fee_fen for _ in plan.instalments]
    fees = [row.fee_fen - guarantee_fee_fen for row in plan.instalments]
    before = [-plan.principal_fen, *[0] * (terms.periods - len(plan.instalments))]
    per_year = periods_per_year(terms.every, terms.unit)
    period = _irr(before, principal, interest, fees, guarantee)
    charged = (
        ("interest", interest, lender),
        ("fee", fees, lender),
        ("guarantee_fee", guarantee, guarantor),
    )
    charges = [each for each in charged if sum(each[1])]
    items = tuple(
        CostItem(
            code,
            sum(charge),
            collector,
            nominal(period if len(charges) == 1 else _irr(before, principal, charge), per_year),
        )
        for code, charge, collector in charges
    )
    rates = nominal(period, per_year), effective(period, per_year)
    return CostTable(plan.principal_fen, items, *rates)


def require_within_cap(table: CostTable, cap: Decimal) -> None:
    """Refuses a cost above the cap (R-COST-24, 金规〔2025〕9号).

    Raises CostOverCap.
    """
    if table.rate_gate > cap:
        raise CostOverCap(f"the all-in cost is {table.rate_gate:.6f} a year, the cap {cap}")


def _irr(before: list[int], *payments: list[int]) -> Decimal:
    """Of the advance, the periods in which nothing is paid, and the payments."""
    return period_irr([*before, *(sum(parts) for parts in zip(*payments, strict=True))])
