"""The time of a test, which only the test moves."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from cf_partner_sdk import Clock

_SHANGHAI = timezone(timedelta(hours=8))
START = datetime(2027, 3, 1, 2, 0, tzinfo=timezone.utc)


class FakeClock:
    """A clock that stands still until it is moved; a client that waits moves it.

    `skew_s` is how far the partner's clock is ahead of the lender's.
    """

    def __init__(self, at: datetime = START) -> None:
        self._at = at
        self._waited_s = 0.0
        self.skew_s = 0.0

    def now(self) -> datetime:
        """Return the lender's time, in UTC."""
        return self._at

    def business_date(self) -> date:
        """Return the date in Shanghai, on which things are booked."""
        return self.date_of(self._at)

    @staticmethod
    def date_of(instant: datetime) -> date:
        """Return the date in Shanghai on which an instant lies."""
        return instant.astimezone(_SHANGHAI).date()

    def seconds(self) -> int:
        """Return the lender's time in seconds since 1970."""
        return int(self._at.timestamp())

    def advance(self, by: timedelta) -> None:
        """Let time pass. Raises ValueError for less than none."""
        if by < timedelta(0):
            raise ValueError("time does not go back")
        self._at += by
        self._waited_s += by.total_seconds()

    def for_partner(self) -> Clock:
        """Return the clock of a client: it never waits really, its pauses move this clock."""
        return Clock(
            lambda: self._at.timestamp() + self.skew_s,
            lambda: self._waited_s,
            lambda seconds: self.advance(timedelta(seconds=seconds)),
        )
