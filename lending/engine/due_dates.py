"""When instalments fall due."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from lending.foundation.calendar import add_months

UNITS = ("day", "week", "month")
_DAYS = {"day": 1, "week": 7}
MOVES = ("none", "following")
"""What becomes of a due date on a holiday: it stays, or moves to the next day that is none."""


def due_dates(
    start: date,
    periods: int,
    *,
    every: int = 1,
    unit: str = "month",
    first_due: date | None = None,
    holidays: Callable[[date], bool] | None = None,
    move: Literal["none", "following"] = "following",
) -> list[date]:
    """The due dates, strictly rising (P1).

    By rule the first lies one period after `start`. Months keep the day of the month of their
    anchor (the first due date where one is given, else the start): a plan from the 31st falls due
    on 30 April and again on 31 May. Where `holidays` tells the days on which nothing falls due,
    each due date moves by itself and the next is counted from the unmoved one.

    Raises ValueError for an unknown unit, and where holidays would move two due dates onto one day.
    """
    dates = _regular(start, periods, every, unit, first_due)
    return dates if holidays is None or move == "none" else moved(dates, holidays)


def part_of_year(every: int, unit: str) -> Fraction:
    """How much of a year one period is, where it makes a rate an annual one.

    Months are twelfths; days and weeks count by their days over 365, so that 14 days and 2 weeks
    are the same (the annual rate of dates that are no months: PBoC announcement 2021 no. 3).
    """
    return Fraction(every, 12) if unit == "month" else Fraction(every * _DAYS[unit], 365)


def periods_per_year(every: int, unit: str) -> Decimal:
    """How many periods make a year: 12 months, or 365 days."""
    part = part_of_year(every, unit)
    return Decimal(part.denominator) / part.numerator


def term_months(periods: int, every: int, unit: str) -> int:
    """The months that so many periods take, a begun one counted whole."""
    months = periods * part_of_year(every, unit) * 12
    return -(-months.numerator // months.denominator)


def moved(dates: list[date], holidays: Callable[[date], bool]) -> list[date]:
    """Each date, or the next day that is no holiday.

    Raises ValueError where that puts two of them on one day.
    """
    following = [_following(day, holidays) for day in dates]
    for earlier, later in pairwise(following):
        if earlier >= later:
            raise ValueError(f"holidays move two due dates onto {later}")
    return following


def _regular(start: date, periods: int, every: int, unit: str, first: date | None) -> list[date]:
    if unit == "month":
        anchor, begin = (start, 1) if first is None else (first, 0)
        return _monthly(anchor, range(every * begin, every * (begin + periods), every))
    if unit not in UNITS:
        raise ValueError(f"unit must be day, week or month, not {unit!r}")
    step = timedelta(days=every * _DAYS[unit])
    first = first or start + step
    return [first + step * k for k in range(periods)]


def _monthly(anchor: date, months: range) -> list[date]:
    day, zero = anchor.day, anchor.year * 12 + anchor.month - 1
    if day > 28:
        return [add_months(anchor, k) for k in months]
    return [date((zero + k) // 12, (zero + k) % 12 + 1, day) for k in months]


def _following(day: date, holidays: Callable[[date], bool]) -> date:
    while holidays(day):
        day += timedelta(days=1)
    return day
