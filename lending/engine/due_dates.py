"""When instalments fall due."""

from datetime import date, timedelta

from lending.foundation.calendar import add_months


def due_dates(
    start: date, periods: int, *, every: int = 1, unit: str = "month", first_due: date | None = None
) -> list[date]:
    """The due dates, strictly rising (P1).

    By rule the first lies one period after `start`. Months keep the day of the month of their
    anchor (the first due date where one is given, else the start): a plan from the 31st falls due
    on 30 April and again on 31 May.

    Raises ValueError for an unknown unit.
    """
    if unit == "month":
        if first_due is None:
            return [add_months(start, every * k) for k in range(1, periods + 1)]
        return [add_months(first_due, every * k) for k in range(periods)]
    if unit not in ("day", "week"):
        raise ValueError(f"unit must be day, week or month, not {unit!r}")
    step = timedelta(days=every * (7 if unit == "week" else 1))
    first = first_due or start + step
    return [first + step * k for k in range(periods)]
