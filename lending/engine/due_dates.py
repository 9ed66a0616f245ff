"""When instalments fall due."""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal

from lending.foundation.calendar import add_months

UNITS = ("day", "week", "month")
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
    step = timedelta(days=every * (7 if unit == "week" else 1))
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
