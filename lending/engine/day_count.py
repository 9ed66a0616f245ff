"""How much of a year lies between two dates, by each convention."""

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


_BASIS = {DayCount.ACT_360: 360, DayCount.ACT_364: 364, DayCount.ACT_365: 365}
_BROKEN_BASIS = {DayCount.THIRTY_360: 360, DayCount.TWELFTH: 365}


def year_part(start: date, end: date, convention: str) -> Fraction:
    """The part of a year from `start` to `end`, `end` itself not counted, exactly.

    30/360 and 1/12 count whole months from `start` (a start on the 31st reaches a month's last day
    after a whole month), then the days that are left.
    """
    count = DayCount(convention)
    if count in _BASIS:
        return Fraction((end - start).days, _BASIS[count])
    if count is DayCount.ACT_ACT:
        return _actual_actual(start, end)
    months = (end.year - start.year) * 12 + end.month - start.month
    while add_months(start, months) > end:
        months -= 1
    days = (end - add_months(start, months)).days
    return Fraction(months, 12) + Fraction(days, _BROKEN_BASIS[count])


def year_fraction(start: date, end: date, convention: str) -> Decimal:
    """`year_part` as a decimal, which thirds and twelfths round."""
    part = year_part(start, end, convention)
    return Decimal(part.numerator) / part.denominator


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


def _actual_actual(start: date, end: date) -> Fraction:
    total = Fraction(0)
    while start < end:
        new_year = date(start.year + 1, 1, 1)
        stop = min(end, new_year)
        total += Fraction((stop - start).days, (new_year - date(start.year, 1, 1)).days)
        start = stop
    return total
