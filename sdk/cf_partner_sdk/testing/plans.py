"""Equal instalments by days, weeks or months, exact to the fen, and what they cost a year."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction

from cf_partner_sdk import PeriodUnit, PlanRow

WHOLE_MONTHS = ("30/360", "1/12")
"""Day counts by which a month is a twelfth of a year, whatever its days."""
ACTUAL = {"act/360": 360, "act/364": 364, "act/365": 365}
DAY_COUNTS = (*WHOLE_MONTHS, *ACTUAL, "act/act")
_DAYS = {PeriodUnit.DAY: 1, PeriodUnit.WEEK: 7}
_HALVINGS = 120


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


def equal_instalments(amount_fen: int, factors: Sequence[Fraction], every: int) -> list[PlanRow]:
    """Return equal instalments at these interest factors; the last takes what rounding left."""
    worth, discount = Fraction(0), Fraction(1)
    for factor in factors:
        discount /= 1 + factor
        worth += discount
    instalment_fen, open_fen, rows = _half_up(amount_fen / worth), amount_fen, []
    for number, factor in enumerate(factors, 1):
        interest_fen = _half_up(open_fen * factor)
        # So small an amount is repaid before its last period: each fen of rounding tells.
        principal_fen = min(max(instalment_fen - interest_fen, 0), open_fen)
        if number == len(factors):
            principal_fen = open_fen
        rows.append(_row(number, principal_fen, interest_fen, every))
        open_fen -= principal_fen
    return rows


def equal_parts(amount_fen: int, periods: int, every: int) -> list[PlanRow]:
    """Return instalments of principal alone; the last takes what is left."""
    part_fen = amount_fen // periods
    last_fen = amount_fen - part_fen * (periods - 1)
    parts = [part_fen] * (periods - 1) + [last_fen]
    return [_row(number, part, 0, every) for number, part in enumerate(parts, 1)]


def period_rate(amount_fen: int, rows: Sequence[PlanRow]) -> Decimal:
    """Return the internal rate of return of a period; 0 where nothing is paid but the amount."""
    payments = [Decimal(row.total_fen) for row in reversed(rows)]
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
        return (low + high) / 2


def _row(number: int, principal_fen: int, interest_fen: int, every: int) -> PlanRow:
    total_fen = principal_fen + interest_fen
    return PlanRow(number, principal_fen, interest_fen, 0, total_fen, number * every)


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


def _half_up(value: Fraction) -> int:
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)
