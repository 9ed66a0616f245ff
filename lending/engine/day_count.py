"""How much of a year lies between two dates, by each convention."""

from calendar import isleap
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from lending.foundation.calendar import add_months


class DayCount(StrEnum):
    """A day-count convention."""

    THIRTY_360 = "30/360"
    """A month is a twelfth of a year whatever its days; left-over days count 1/360."""
    TWELFTH = "1/12"
    """A month is a twelfth of a year whatever its days; left-over days count 1/365."""
    ACT_360 = "act/360"
    """Days as they are, over 360."""
    ACT_364 = "act/364"
    """Days as they are, over 364 (52 weeks)."""
    ACT_365 = "act/365"
    """Days as they are, over 365."""
    ACT_ACT = "act/act"
    """Days as they are, split at the calendar year and divided by that year's own days (ISDA)."""


_BASIS: dict[str, int] = {DayCount.ACT_360: 360, DayCount.ACT_364: 364, DayCount.ACT_365: 365}
_BROKEN_BASIS: dict[str, int] = {DayCount.THIRTY_360: 360, DayCount.TWELFTH: 365}


def year_part(start: date, end: date, convention: str) -> Fraction:
    """The part of a year from `start` to `end`, `end` itself not counted, exactly.

    30/360 and 1/12 count whole months from `start` (a start on the 31st reaches a month's last day
    after a whole month), then the days that are left.
    """
    return Fraction(*year_ratio(start, end, convention))


def year_ratio(start: date, end: date, convention: str) -> tuple[int, int]:
    """`year_part` as numerator and denominator, not in lowest terms."""
    if basis := _BASIS.get(convention):
        return (end - start).days, basis
    if convention == DayCount.ACT_ACT:
        return _actual_actual(start, end)
    broken = _BROKEN_BASIS[DayCount(convention)]
    months = (end.year - start.year) * 12 + end.month - start.month
    while add_months(start, months) > end:
        months -= 1
    days = (end - add_months(start, months)).days
    return months * broken + days * 12, 12 * broken


def year_fraction(start: date, end: date, convention: str) -> Decimal:
    """`year_part` as a decimal, which thirds and twelfths round."""
    above, below = year_ratio(start, end, convention)
    return Decimal(above) / below


def directive_years(start: date, end: date, unit: str) -> Fraction:
    """Years from `start` to `end` as directive 2008/48/EC, annex I, and 2014/17/EU measure them.

    Whole units counted back from `end` (12 equal months, 52 weeks or whole years; for days none);
    the days from `start` until the first of them over 365, or 366 where the year that ends with
    these days has a 29 February (the Commission's guidelines SWD(2012) 128, annex 1).
    """
    if unit == "week":
        whole, until = (end - start).days // 7, 52
        mark = end - timedelta(days=7 * whole)
    elif unit == "day":
        whole, until, mark = 0, 1, end
    else:
        months, until = {"month": (1, 12), "year": (12, 1)}[unit]
        whole = ((end.year - start.year) * 12 + end.month - start.month) // months
        if add_months(start, whole * months) == end:
            return Fraction(whole, until)
        if add_months(end, -whole * months) < start:
            whole -= 1
        mark = add_months(end, -whole * months)
    year_days = (mark - add_months(mark, -12)).days
    return Fraction(whole, until) + Fraction((mark - start).days, year_days)


def counts_whole_months(convention: str) -> bool:
    """Whether a month is a twelfth of a year whatever its days."""
    return DayCount(convention) in _BROKEN_BASIS


def _actual_actual(start: date, end: date) -> tuple[int, int]:
    first, last = start.year, end.year
    if first == last:
        return (end - start).days, 366 if isleap(first) else 365
    before, after = (date(first + 1, 1, 1) - start).days, (end - date(last, 1, 1)).days
    days = [0, 0]
    days[isleap(first)] += before
    days[isleap(last)] += after
    return days[0] * 366 + days[1] * 365 + (last - first - 1) * 365 * 366, 365 * 366
