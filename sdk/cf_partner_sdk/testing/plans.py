"""Instalments by every method of the lender, exact to the fen, and what they cost a year."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction

from cf_partner_sdk import PeriodUnit, PlanRow
from cf_partner_sdk._rounding import rounded

WHOLE_MONTHS = ("30/360", "1/12")
"""Day counts by which a month is a twelfth of a year, whatever its days."""
ACTUAL = {"act/360": 360, "act/364": 364, "act/365": 365}
DAY_COUNTS = (*WHOLE_MONTHS, *ACTUAL, "act/act")
_DAYS = {PeriodUnit.DAY: 1, PeriodUnit.WEEK: 7}
_HALVINGS = 120
_PLACES = Decimal("1e-20")


def period_of_year(every: int, unit: PeriodUnit) -> Fraction:
    """Return how much of a year a period is, where it makes a rate an annual one."""
    if unit is PeriodUnit.MONTH:
        return Fraction(every, 12)
    return Fraction(every * _DAYS[unit], 365)


def due_dates(start: date, periods: int, every: int, unit: PeriodUnit) -> list[date]:
    """Return when instalments fall due; months keep the day of the start, or end before it."""
    if unit is PeriodUnit.MONTH:
        return [_months_after(start, every * number) for number in range(1, periods + 1)]
    step = timedelta(days=every * _DAYS[unit])
    return [start + step * number for number in range(1, periods + 1)]


def years_between(start: date, due: Sequence[date], every: int, day_count: str) -> list[Fraction]:
    """Return how much of a year each period is, by the day count of its interest."""
    if day_count in WHOLE_MONTHS:
        return [Fraction(every, 12)] * len(due)
    return [_actual(begin, end, day_count) for begin, end in zip([start, *due[:-1]], due)]


def instalments(
    amount_fen: int,
    factors: Sequence[Fraction],
    every: int,
    *,
    method: str,
    rounding: str,
    fee_first_fen: int = 0,
) -> list[PlanRow]:
    """Return what is paid at each of these interest factors, one every so many units.

    The last takes what rounding left of the amount; `fee_first_fen` is paid with the first.
    """
    fee_fen, rows = fee_first_fen, []
    for number, split in enumerate(_SPREAD[method](amount_fen, factors, rounding), 1):
        principal_fen, interest_fen, level_fen = split
        fee_fen += level_fen
        total_fen = principal_fen + interest_fen + fee_fen
        rows.append(
            PlanRow(number, principal_fen, interest_fen, fee_fen, total_fen, number * every)
        )
        fee_fen = 0
    return rows


def period_rate(amount_fen: int, rows: Sequence[PlanRow], periods: int) -> Decimal:
    """Return the internal rate of return of a period; 0 where nothing is paid but the amount.

    One row of many periods is paid at their end.
    """
    unpaid = [Decimal(0)] * (periods - len(rows))
    payments = [*(Decimal(row.total_fen) for row in reversed(rows)), *unpaid]
    if sum(payments) == amount_fen:
        return Decimal(0)
    low, high = Decimal(0), Decimal(1000)
    with localcontext() as context:
        context.prec = 34
        for _ in range(_HALVINGS):
            rate = (low + high) / 2
            worth = Decimal(0)
            for payment in payments:
                worth = (worth + payment) / (1 + rate)
            low, high = (rate, high) if worth > amount_fen else (low, rate)
        return ((low + high) / 2).quantize(_PLACES)


_Split = tuple[int, int, int]
"""Principal, interest and fee of one instalment, fen."""


def _equal_instalments(
    amount_fen: int, factors: Sequence[Fraction], rounding: str
) -> Iterator[_Split]:
    worth, discount = Fraction(0), Fraction(1)
    for factor in factors:
        discount /= 1 + factor
        worth += discount
    instalment_fen, open_fen = _whole(amount_fen / worth, rounding), amount_fen
    for number, factor in enumerate(factors, 1):
        interest_fen = _whole(open_fen * factor, rounding)
        # So small an amount is repaid before its last period: each fen of rounding tells.
        principal_fen = min(max(instalment_fen - interest_fen, 0), open_fen)
        if number == len(factors):
            principal_fen = open_fen
        yield principal_fen, interest_fen, 0
        open_fen -= principal_fen


def _equal_principal(
    amount_fen: int, factors: Sequence[Fraction], rounding: str
) -> Iterator[_Split]:
    open_fen = amount_fen
    for principal_fen, factor in zip(_parts(amount_fen, len(factors), rounding), factors):
        yield principal_fen, _whole(open_fen * factor, rounding), 0
        open_fen -= principal_fen


def _interest_only(amount_fen: int, factors: Sequence[Fraction], rounding: str) -> Iterator[_Split]:
    for number, factor in enumerate(factors, 1):
        principal_fen = amount_fen if number == len(factors) else 0
        yield principal_fen, _whole(amount_fen * factor, rounding), 0


def _flat(amount_fen: int, factors: Sequence[Fraction], rounding: str) -> Iterator[_Split]:
    fee_fen = _whole(amount_fen * sum(factors, Fraction(0)) / len(factors), rounding)
    for principal_fen in _parts(amount_fen, len(factors), rounding):
        yield principal_fen, 0, fee_fen


def _interest_free(amount_fen: int, factors: Sequence[Fraction], rounding: str) -> Iterator[_Split]:
    for principal_fen in _parts(amount_fen, len(factors), rounding):
        yield principal_fen, 0, 0


def _parts(amount_fen: int, periods: int, rounding: str) -> list[int]:
    """Equal parts, rounded, while the amount lasts; the last takes what is left."""
    part_fen = rounded(amount_fen, periods, rounding)
    parts = [min(part_fen, max(amount_fen - part_fen * k, 0)) for k in range(periods - 1)]
    return [*parts, amount_fen - sum(parts)]


BULLET, INTEREST_FREE = "bullet", "interest-free"
_SPREAD: dict[str, Callable[[int, Sequence[Fraction], str], Iterator[_Split]]] = {
    "equal-instalment": _equal_instalments,
    "equal-principal": _equal_principal,
    "interest-only": _interest_only,
    BULLET: _interest_only,
    "flat": _flat,
    INTEREST_FREE: _interest_free,
}
METHODS = tuple(_SPREAD)


def _months_after(start: date, months: int) -> date:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def _actual(start: date, end: date, day_count: str) -> Fraction:
    if day_count in ACTUAL:
        return Fraction((end - start).days, ACTUAL[day_count])
    years = Fraction(0)
    while start < end:
        new_year = date(start.year + 1, 1, 1)
        stop = min(end, new_year)
        years += Fraction((stop - start).days, (new_year - date(start.year, 1, 1)).days)
        start = stop
    return years


def _whole(amount_fen: Fraction, rounding: str) -> int:
    return rounded(amount_fen.numerator, amount_fen.denominator, rounding)
