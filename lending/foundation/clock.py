"""The one source of instants. Business dates are a stored value, see `business_day`."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Protocol

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has kept UTC+8 without summer time since 1991; all business dates are of after that."""


class Clock(Protocol):
    """Tells the present instant, in UTC."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until it is moved: for tests and for simulations."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """The instant it was last set to."""
        return self._at

    def advance(self, by: timedelta) -> None:
        """Moves on by `by`; a clock never goes back."""
        assert by >= timedelta(0), by
        self._at += by


def shanghai_date(instant: datetime) -> date:
    """The calendar date in Shanghai at an instant."""
    return instant.astimezone(SHANGHAI).date()


def rfc3339(instant: datetime) -> str:
    """An instant as it goes on the wire: RFC 3339, UTC, milliseconds."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def shanghai_midnight(day: date) -> datetime:
    """The instant at which a date begins in Shanghai."""
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)
