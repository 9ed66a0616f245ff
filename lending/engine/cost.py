"""The cost table (综合融资成本明示表): every item as an annual rate, and the all-in cost."""

from dataclasses import dataclass
from decimal import Decimal

from lending.engine.errors import CostOverCap
from lending.engine.plans import Plan
from lending.engine.rates import effective, nominal, period_irr


@dataclass(frozen=True, slots=True)
class CostItem:
    """One charge under normal performance: what, how much, by whom, and its own annual rate."""

    code: str
    total_fen: int
    collector: str
    rate_annual: Decimal
    """`12 r` of the principal schedule with this item alone."""


@dataclass(frozen=True, slots=True)
class CostTable:
    """What a plan costs the borrower, all parties' charges together."""

    principal_fen: int
    items: tuple[CostItem, ...]
    rate_annual: Decimal
    """`12 r` of all payments."""
    rate_effective: Decimal
    """`(1 + r)^12 - 1` of all payments."""

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
    plan: Plan, *, lender: str = "lender", guarantor: str = "guarantor", guarantee_fee_fen: int = 0
) -> CostTable:
    """The cost table of a plan with monthly payments; the lender collects interest and fees.

    `guarantee_fee_fen` is what of each instalment's fee the guarantor gets: the all-in cost counts
    it (ASSIST-7, 金规〔2025〕9号).
    """
    principal = [row.principal_fen for row in plan.instalments]
    interest = [row.interest_fen for row in plan.instalments]
    guarantee = [guarantee_fee_fen for _ in plan.instalments]
    fees = [row.fee_fen - guarantee_fee_fen for row in plan.instalments]
    amount = plan.principal_fen
    period = _irr(amount, principal, interest, fees, guarantee)
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
            nominal(period if len(charges) == 1 else _irr(amount, principal, charge)),
        )
        for code, charge, collector in charges
    )
    return CostTable(amount, items, nominal(period), effective(period))


def require_within_cap(table: CostTable, cap: Decimal) -> None:
    """Refuses a cost above the cap (R-COST-24, 金规〔2025〕9号).

    Raises CostOverCap.
    """
    if table.rate_gate > cap:
        raise CostOverCap(f"the all-in cost is {table.rate_gate:.6f} a year, the cap {cap}")


def _irr(amount_fen: int, *payments: list[int]) -> Decimal:
    return period_irr([-amount_fen, *(sum(parts) for parts in zip(*payments, strict=True))])
