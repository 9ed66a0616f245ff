"""Repayment plans: who pays how much when. Pure arithmetic on whole fen."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from lending.engine.day_count import counts_whole_months, year_fraction
from lending.engine.due_dates import due_dates
from lending.engine.errors import PlanImpossible
from lending.foundation.money import Rounding, half_even, half_up


class Method(StrEnum):
    """How principal and interest are spread."""

    EQUAL_INSTALMENT = "equal-instalment"
    """等额本息: every payment the same; the last takes the rest."""
    EQUAL_PRINCIPAL = "equal-principal"
    """等额本金: the same principal each time, interest on what is left."""
    INTEREST_ONLY = "interest-only"
    """先息后本: interest each time, all principal with the last."""
    BULLET = "bullet"
    """一次性还本付息: one payment at the end of all periods."""
    FLAT = "flat"
    """等本等费: the same principal and the same fee each time, the fee on the whole amount."""
    INTEREST_FREE = "interest-free"
    """免息: principal alone, in equal parts."""


ROUNDINGS: dict[str, Rounding] = {"half-up": half_up, "half-even": half_even}


@dataclass(frozen=True, slots=True)
class PlanInput:
    """What a plan is made from. `rate_annual` is nominal: `Decimal("0.18")` is 18 % a year."""

    principal_fen: int
    rate_annual: Decimal
    periods: int
    method: str
    start: date
    every: int = 1
    unit: str = "month"
    first_due: date | None = None
    day_count: str = "30/360"
    rounding: str = "half-up"
    fee_upfront_fen: int = 0
    """Taken with the first instalment."""
    fee_period_fen: int = 0
    """Taken with every instalment."""
    instalment_fen: int | None = None
    """Equal instalments only: the payment, where it is agreed and not computed."""


@dataclass(frozen=True, slots=True)
class Instalment:
    """One payment; `balance_fen` is the principal left after it."""

    number: int
    due_date: date
    principal_fen: int
    interest_fen: int
    fee_fen: int
    balance_fen: int

    @property
    def total_fen(self) -> int:
        """All that is to be paid."""
        return self.principal_fen + self.interest_fen + self.fee_fen


@dataclass(frozen=True, slots=True)
class Plan:
    """All payments of a loan."""

    start: date
    instalments: tuple[Instalment, ...]

    @property
    def principal_fen(self) -> int:
        """The amount lent."""
        return sum(row.principal_fen for row in self.instalments)

    @property
    def interest_total_fen(self) -> int:
        """All interest."""
        return sum(row.interest_fen for row in self.instalments)

    @property
    def fee_total_fen(self) -> int:
        """All fees."""
        return sum(row.fee_fen for row in self.instalments)


def make_plan(terms: PlanInput) -> Plan:
    """Makes the plan (P1, P2, P4).

    Principals are never negative and sum to the amount; equal payments are equal but for the last,
    which takes the rest.

    Raises PlanImpossible, naming the field.
    """
    _check(terms)
    method = Method(terms.method)
    dates = due_dates(
        terms.start,
        terms.periods,
        every=terms.every,
        unit=terms.unit,
        first_due=terms.first_due,
    )
    if method is Method.BULLET:
        dates = dates[-1:]
    if dates[0] <= terms.start:
        raise PlanImpossible(
            "the first due date does not lie after the start",
            field="/first_due",
            mend="Use a first due date after the start.",
        )
    splits = _SPREAD[method](terms, _factors(terms, dates), ROUNDINGS[terms.rounding])
    balance = terms.principal_fen
    rows = []
    for number, (due, (principal, interest, fee)) in enumerate(
        zip(dates, splits, strict=True), start=1
    ):
        balance -= principal
        upfront = terms.fee_upfront_fen if number == 1 else 0
        rows.append(
            Instalment(
                number, due, principal, interest, fee + terms.fee_period_fen + upfront, balance
            )
        )
    return Plan(terms.start, tuple(rows))


Split = tuple[int, int, int]
"""Principal, interest and fee of one payment, fen."""


def _check(terms: PlanInput) -> None:
    wrong: dict[str, tuple[bool, str]] = {
        "/principal_fen": (
            terms.principal_fen < max(1, terms.periods),
            "Use an amount of at least one fen per period.",
        ),
        "/periods": (not 1 <= terms.periods <= 600, "Use 1 to 600 periods."),
        "/every": (not 1 <= terms.every <= 366, "Use 1 to 366."),
        "/rate_annual": (not 0 <= terms.rate_annual <= 10, "Use a rate from 0 to 10 (1,000 %)."),
        "/method": (terms.method not in set(Method), f"Use one of {', '.join(Method)}."),
        "/rounding": (terms.rounding not in ROUNDINGS, "Use half-up or half-even."),
        "/fee_upfront_fen": (terms.fee_upfront_fen < 0, "Use a fee of 0 or more."),
        "/fee_period_fen": (terms.fee_period_fen < 0, "Use a fee of 0 or more."),
        "/instalment_fen": (
            terms.instalment_fen is not None and terms.method != Method.EQUAL_INSTALMENT,
            "Give a payment for equal instalments only.",
        ),
    }
    for field, (is_wrong, mend) in wrong.items():
        if is_wrong:
            raise PlanImpossible(f"{field[1:]} cannot make a plan", field=field, mend=mend)


def _factors(terms: PlanInput, dates: list[date]) -> list[Decimal]:
    """The part of the annual rate that each period bears."""
    rate = terms.rate_annual
    regular = (
        terms.unit == "month"
        and terms.first_due is None
        and len(dates) == terms.periods
        and counts_whole_months(terms.day_count)
    )
    if regular:
        return [rate * terms.every / 12] * terms.periods
    starts = [terms.start, *dates[:-1]]
    return [
        rate * year_fraction(begin, end, terms.day_count)
        for begin, end in zip(starts, dates, strict=True)
    ]


def _equal_instalment(terms: PlanInput, factors: list[Decimal], rounded: Rounding) -> list[Split]:
    """Payment = amount / sum of discount factors; with equal periods P r / (1 - (1 + r)^-n)."""
    payment = terms.instalment_fen
    if payment is None:
        discount, total = Decimal(1), Decimal(0)
        for factor in factors:
            discount /= 1 + factor
            total += discount
        payment = rounded(terms.principal_fen / total)
    balance, splits = terms.principal_fen, []
    for factor in factors[:-1]:
        interest = rounded(balance * factor)
        principal = payment - interest
        if terms.instalment_fen is None:
            # So small an amount is repaid before its last period: each fen of rounding tells.
            principal = min(max(principal, 0), balance)
        elif not 0 <= principal < balance:
            raise PlanImpossible(
                "this payment does not repay the amount in these periods",
                field="/instalment_fen",
                mend="Use another payment, or another number of periods.",
            )
        splits.append((principal, interest, 0))
        balance -= principal
    return [*splits, (balance, rounded(balance * factors[-1]), 0)]


def _equal_principal(terms: PlanInput, factors: list[Decimal], rounded: Rounding) -> list[Split]:
    balance, splits = terms.principal_fen, []
    for principal, factor in zip(_parts(terms), factors, strict=True):
        splits.append((principal, rounded(balance * factor), 0))
        balance -= principal
    return splits


def _interest_only(terms: PlanInput, factors: list[Decimal], rounded: Rounding) -> list[Split]:
    amount = terms.principal_fen
    splits = [(0, rounded(amount * factor), 0) for factor in factors]
    return [*splits[:-1], (amount, splits[-1][1], 0)]


def _flat(terms: PlanInput, factors: list[Decimal], rounded: Rounding) -> list[Split]:
    amount = terms.principal_fen
    return [
        (principal, 0, rounded(amount * factor))
        for principal, factor in zip(_parts(terms), factors, strict=True)
    ]


def _interest_free(terms: PlanInput, _factors: list[Decimal], _rounded: Rounding) -> list[Split]:
    return [(principal, 0, 0) for principal in _parts(terms)]


def _parts(terms: PlanInput) -> list[int]:
    """The amount in equal whole parts; the last takes the rest."""
    part = terms.principal_fen // terms.periods
    return [part] * (terms.periods - 1) + [terms.principal_fen - part * (terms.periods - 1)]


_SPREAD: dict[Method, Callable[[PlanInput, list[Decimal], Rounding], list[Split]]] = {
    Method.EQUAL_INSTALMENT: _equal_instalment,
    Method.EQUAL_PRINCIPAL: _equal_principal,
    Method.INTEREST_ONLY: _interest_only,
    Method.BULLET: _interest_only,
    Method.FLAT: _flat,
    Method.INTEREST_FREE: _interest_free,
}
