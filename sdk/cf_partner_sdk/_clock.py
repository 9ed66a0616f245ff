"""The caller's clock, with the correction that the lender asked for."""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """Seconds since 1970, corrected; and seconds of a clock that only goes forward.

    Waiting is by `sleep`; an `AsyncClient` waits by its event loop unless `sleep` was given.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._wall = wall
        self.monotonic = monotonic
        self.sleep = sleep
        self.offset_s = 0.0

    def now(self) -> int:
        """Return the corrected time."""
        return int(self._wall() + self.offset_s)

    def correct(self, server_time: float) -> None:
        """Let `now` be `server_time` at this moment."""
        self.offset_s = server_time - self._wall()

    @property
    def is_real(self) -> bool:
        """Whether waiting takes time."""
        return self.sleep is time.sleep
