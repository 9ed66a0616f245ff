"""Repayment plans: who pays how much when. Pure arithmetic on whole fen."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from math import gcd, lcm

from lending.engine.day_count import DayCount, counts_whole_months, year_ratio
from lending.engine.due_dates import MOVES, UNITS, due_dates, moved
from lending.engine.errors import PlanImpossible
from lending.foundation.calendar import is_working_day
from lending.foundation.money import FEN_MAX, RATIO_ROUNDINGS, ROUNDINGS, RatioRounding


class Method(StrEnum):
    """How principal and interest are spread."""

    EQUAL_INSTALMENT = "equal-instalment"
    """等额本息: every payment the same; the last takes the rest."""
    EQUAL_PRINCIPAL = "equal-principal"
    """等额本金: the same principal each time, interest on what is left."""
    INTEREST_ONLY = "interest-only"
    """先息后本: interest each time, all principal with the last."""
    BULLET = "bullet"
    """一次性还本付息: one payment at the end of all periods, with the interest of them all."""
    FLAT = "flat"
    """等本等费: the same principal and the same fee each time, whatever the days of a period: what
    the whole amount costs over all periods, in equal parts."""
    INTEREST_FREE = "interest-free"
    """免息: principal alone, in equal parts."""


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
    grace_periods: int = 0
    """So many payments at the beginning repay no principal (宽限期), only what the period costs."""
    move_due: str = "none"
    """`following` moves a due date that is no working day to the next one; interest stays as by
    the unmoved date."""


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

    Principals are never negative and sum to the amount; equal payments and equal parts of principal
    are equal but for the last, which takes the rest. Every figure is the exact one, rounded once to
    whole fen by `rounding`.

    Raises PlanImpossible, naming the field.
    """
    dates, factors = calendar(terms)
    splits = _SPREAD[Method(terms.method)](terms, factors, RATIO_ROUNDINGS[terms.rounding])
    balance, fee_fen = terms.principal_fen, terms.fee_period_fen + terms.fee_upfront_fen
    rows = []
    for number, (due, (principal, interest, fee)) in enumerate(
        zip(dates, splits, strict=True), start=1
    ):
        balance -= principal
        rows.append(Instalment(number, due, principal, interest, fee + fee_fen, balance))
        fee_fen = terms.fee_period_fen
    return Plan(terms.start, tuple(rows))


def down_payment_fen(price_fen: int, share: Decimal, rounding: str = "half-up") -> int:
    """What is paid at once of a price; the rest is lent. `Decimal("0.2")` is 20 %.

    Raises PlanImpossible for a share below 0, of 1 or more, or an unknown rounding.
    """
    if not (share.is_finite() and 0 <= share < 1):
        raise PlanImpossible(
            "down_payment_share cannot be paid down",
            field="/down_payment_share",
            mend="Use a share from 0 to below 1.",
        )
    if rounding not in ROUNDINGS:
        raise _impossible("/rounding", "Use half-up or half-even.")
    numerator, denominator = share.as_integer_ratio()
    return RATIO_ROUNDINGS[rounding](price_fen * numerator, denominator)


Factor = tuple[int, int]
"""The part of the amount that a period bears as interest: numerator and denominator."""
Split = tuple[int, int, int]
"""Principal, interest and fee of one payment, fen."""


def calendar(terms: PlanInput) -> tuple[list[date], list[Factor]]:
    """When payments fall due, and the interest factor of each period, whatever the amount.

    Raises PlanImpossible, naming the field.
    """
    _check(terms)
    dates = _dates(terms)
    if dates[0] <= terms.start:
        raise PlanImpossible(
            "the first due date does not lie after the start",
            field="/first_due",
            mend="Use a first due date after the start.",
        )
    factors = _factors(terms, dates)
    return (dates if terms.move_due == "none" else _moved(dates)), factors


def payment_ratio(factors: list[Factor]) -> Factor:
    """The equal payment as an exact part of the amount: 1 / sum of discount factors.

    With equal periods it is `r / (1 - (1 + r)^-n)`.
    """
    above, below = 0, 1
    for numerator, denominator in reversed(factors):
        above, below = denominator * (below + above), (denominator + numerator) * below
    return below, above


def payment_impossible() -> PlanImpossible:
    """The refusal of an agreed payment that does not fit the amount and the periods."""
    return PlanImpossible(
        "this payment does not repay the amount in these periods",
        field="/instalment_fen",
        mend="Use another payment, or another number of periods.",
    )


def _impossible(field: str, mend: str) -> PlanImpossible:
    return PlanImpossible("no plan can be made with this value", field=field, mend=mend)


def _check(terms: PlanInput) -> None:
    rate, agreed = terms.rate_annual, terms.instalment_fen
    is_equal = terms.method == Method.EQUAL_INSTALMENT
    for field, is_right, mend in (
        ("/periods", 1 <= terms.periods <= 600, "Use 1 to 600 periods."),
        (
            "/principal_fen",
            terms.principal_fen >= (terms.periods if terms.method in _REPAID_BY_PARTS else 1),
            "Use an amount of at least one fen, and one per period that repays a part.",
        ),
        ("/principal_fen", terms.principal_fen <= FEN_MAX, f"Use at most {FEN_MAX} fen."),
        ("/every", 1 <= terms.every <= 366, "Use 1 to 366."),
        (
            "/rate_annual",
            rate.is_finite() and 0 <= rate <= 10 and rate.as_tuple().exponent >= -30,  # type: ignore[operator]
            "Use a rate from 0 to 10 (1,000 %) of at most 30 decimals.",
        ),
        ("/method", terms.method in _SPREAD, _ONE_OF_METHODS),
        ("/unit", terms.unit in UNITS, _ONE_OF_UNITS),
        ("/day_count", terms.day_count in _DAY_COUNTS, _ONE_OF_DAY_COUNTS),
        ("/rounding", terms.rounding in ROUNDINGS, "Use half-up or half-even."),
        ("/move_due", terms.move_due in MOVES, _ONE_OF_MOVES),
        ("/fee_upfront_fen", 0 <= terms.fee_upfront_fen <= FEN_MAX, "Use a fee of 0 or more."),
        ("/fee_period_fen", 0 <= terms.fee_period_fen <= FEN_MAX, "Use a fee of 0 or more."),
        ("/instalment_fen", agreed is None or is_equal, "Give it for equal instalments only."),
        ("/instalment_fen", agreed is None or agreed > 0, "Use a payment above 0."),
        ("/grace_periods", 0 <= terms.grace_periods < terms.periods, "Leave a period to repay in."),
        (
            "/grace_periods",
            not terms.grace_periods or terms.method in _REPAID_BY_PARTS,
            f"Give it for {', '.join(_REPAID_BY_PARTS)} only.",
        ),
    ):
        if not is_right:
            raise _impossible(field, mend)


def _dates(terms: PlanInput) -> list[date]:
    try:
        dates = due_dates(
            terms.start,
            terms.periods,
            every=terms.every,
            unit=terms.unit,
            first_due=terms.first_due,
        )
    except (OverflowError, ValueError):
        raise _impossible("/periods", "Use fewer: all dates lie before the year 10000.") from None
    return dates[-1:] if terms.method == Method.BULLET else dates


def _moved(dates: list[date]) -> list[date]:
    try:
        return moved(dates, lambda day: not is_working_day(day))
    except (OverflowError, ValueError) as failure:
        raise PlanImpossible(
            str(failure), field="/move_due", mend="Let due dates stay, or lie further apart."
        ) from None


def _factors(terms: PlanInput, dates: list[date]) -> list[Factor]:
    """The part of the annual rate that each payment bears, in lowest terms.

    A bullet bears all of them, where a month is a twelfth whatever its days. Level fees bear the
    same each.
    """
    by_twelfths = terms.unit == "month" and counts_whole_months(terms.day_count)
    is_sum = by_twelfths and len(dates) < terms.periods
    parts = _twelfths(terms) if by_twelfths else _year_ratios(terms, dates)
    above, below = terms.rate_annual.as_integer_ratio()
    if terms.method == Method.FLAT or is_sum:
        common = lcm(*(year for _, year in parts))
        total = sum(part * (common // year) for part, year in parts)
        parts = [(total, common * len(dates))] * len(dates)
    factors = {part: _reduced(above * part[0], below * part[1]) for part in set(parts)}
    return [factors[part] for part in parts]


def _twelfths(terms: PlanInput) -> list[Factor]:
    """The parts of a year of all periods, where a month is a twelfth whatever its days.

    Only a broken first period counts its days: from 28 February to 31 March, due on the 31st, is
    one month.
    """
    if terms.first_due is None:
        return [(terms.every, 12)] * terms.periods
    first = year_ratio(terms.start, terms.first_due, terms.day_count)
    return [first] + [(terms.every, 12)] * (terms.periods - 1)


def _year_ratios(terms: PlanInput, dates: list[date]) -> list[Factor]:
    """The parts of a year between the dates."""
    starts = [terms.start, *dates[:-1]]
    return [
        year_ratio(begin, end, terms.day_count) for begin, end in zip(starts, dates, strict=True)
    ]


def _reduced(numerator: int, denominator: int) -> Factor:
    common = gcd(numerator, denominator)
    return numerator // common, denominator // common


def _equal_instalment(
    terms: PlanInput, factors: list[Factor], rounded: RatioRounding
) -> list[Split]:
    amount, grace, payment = terms.principal_fen, terms.grace_periods, terms.instalment_fen
    if payment is None:
        numerator, denominator = payment_ratio(factors[grace:])
        payment = rounded(amount * numerator, denominator)
    balance, splits = (
        amount,
        [(0, rounded(amount * above, below), 0) for above, below in factors[:grace]],
    )
    for numerator, denominator in factors[grace:-1]:
        interest = rounded(balance * numerator, denominator)
        principal = payment - interest
        if terms.instalment_fen is None:
            # So small an amount is repaid before its last period: each fen of rounding tells.
            principal = min(max(principal, 0), balance)
        elif not 0 <= principal < balance:
            raise payment_impossible()
        splits.append((principal, interest, 0))
        balance -= principal
    numerator, denominator = factors[-1]
    return [*splits, (balance, rounded(balance * numerator, denominator), 0)]


def _equal_principal(
    terms: PlanInput, factors: list[Factor], rounded: RatioRounding
) -> list[Split]:
    balance, splits = terms.principal_fen, []
    for principal, (numerator, denominator) in zip(_parts(terms, rounded), factors, strict=True):
        splits.append((principal, rounded(balance * numerator, denominator), 0))
        balance -= principal
    return splits


def _interest_only(terms: PlanInput, factors: list[Factor], rounded: RatioRounding) -> list[Split]:
    amount = terms.principal_fen
    splits = [(0, rounded(amount * above, below), 0) for above, below in factors]
    return [*splits[:-1], (amount, splits[-1][1], 0)]


def _flat(terms: PlanInput, factors: list[Factor], rounded: RatioRounding) -> list[Split]:
    amount = terms.principal_fen
    return [
        (principal, 0, rounded(amount * above, below))
        for principal, (above, below) in zip(_parts(terms, rounded), factors, strict=True)
    ]


def _interest_free(terms: PlanInput, _factors: list[Factor], rounded: RatioRounding) -> list[Split]:
    return [(principal, 0, 0) for principal in _parts(terms, rounded)]


def _parts(terms: PlanInput, rounded: RatioRounding) -> list[int]:
    """The amount in equal parts after the grace periods, rounded; the last takes the rest.

    So small an amount that each fen of rounding tells is repaid before its last period.
    """
    amount, count = terms.principal_fen, terms.periods - terms.grace_periods
    part = rounded(amount, count)
    repaid = [part] * (count - 1)
    if part * (count - 1) > amount:
        repaid = [min(part, max(amount - part * k, 0)) for k in range(count - 1)]
    return [0] * terms.grace_periods + [*repaid, amount - sum(repaid)]


_SPREAD: dict[str, Callable[[PlanInput, list[Factor], RatioRounding], list[Split]]] = {
    Method.EQUAL_INSTALMENT: _equal_instalment,
    Method.EQUAL_PRINCIPAL: _equal_principal,
    Method.INTEREST_ONLY: _interest_only,
    Method.BULLET: _interest_only,
    Method.FLAT: _flat,
    Method.INTEREST_FREE: _interest_free,
}
_REPAID_BY_PARTS = tuple(method for method in Method if _SPREAD[method] is not _interest_only)
_DAY_COUNTS = frozenset(map(str, DayCount))
_ONE_OF_METHODS = f"Use one of {', '.join(Method)}."
_ONE_OF_UNITS = f"Use one of {', '.join(UNITS)}."
_ONE_OF_DAY_COUNTS = f"Use one of {', '.join(DayCount)}."
_ONE_OF_MOVES = f"Use one of {', '.join(MOVES)}."
