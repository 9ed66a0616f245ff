"""Months and working days of the Chinese calendar."""

import re
from calendar import monthrange
from datetime import date, timedelta

import chinese_calendar


def add_months(start: date, months: int, *, anchor_day: int | None = None) -> date:
    """The date `months` later, on `anchor_day` (by default the start's day) or the month's last.

    A plan that starts on the 31st falls due on 30 April and again on 31 May: the anchor is kept.
    """
    index = start.year * 12 + start.month - 1 + months
    year, month = divmod(index, 12)
    day = min(anchor_day or start.day, monthrange(year, month + 1)[1])
    return date(year, month + 1, day)


def parsed_date(text: str) -> date:
    """A date written as 2026-11-23 and no other way.

    Raises ValueError.
    """
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError(f"{text!r} is not a date such as 2026-11-23")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a day of the calendar") from None


def is_working_day(day: date) -> bool:
    """Whether banks work that day; beyond the published holiday table, Monday to Friday do."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def next_working_day(day: date) -> date:
    """The day itself if banks work on it, else the first later one."""
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def working_days_after(day: date, count: int) -> date:
    """The so manieth working day after a day; the day itself for 0, whether or not banks work."""
    for _ in range(count):
        day = next_working_day(day + timedelta(days=1))
    return day
