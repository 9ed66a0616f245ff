"""The sandbox: its clock, applicants with a known fate, buyers that are played, a fresh start."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar, Optional, TypeVar

from ._clock import Clock
from ._errors import CfError
from ._instants import instant
from ._models import Model, OpenEnum, Reader
from ._pages import pages
from ._transport import Transport, read, segment, write

WAIT_S = 600.0
PAUSE_S = 0.2

M = TypeVar("M", bound=Model)


class SandboxClockState(OpenEnum):
    """Where the sandbox's clock is."""

    READY = "ready"
    """It stands on its business date."""
    ADVANCING = "advancing"
    """Dates are being ended, one after another."""
    STOPPED = "stopped"
    """A date could not be ended: see `failure`."""


class SandboxWalkState(OpenEnum):
    """How far a played buyer is."""

    WALKING = "walking"
    """On the way."""
    DONE = "done"
    """The goal is reached."""
    FAILED = "failed"
    """The goal cannot be reached: see `problem`."""


class SandboxStopped(CfError):
    """The sandbox could not do what was asked, or not in time; the message says why."""


@dataclass(frozen=True)
class SandboxClock(Model):
    """The sandbox's clock; business dates are of Shanghai, `days_ahead` of the real date."""

    now: datetime
    business_date: date
    state: SandboxClockState
    days_ahead: int
    days_left: int
    failure: Optional[str] = None

    _readers: ClassVar[Mapping[str, Reader]] = {
        "now": instant,
        "business_date": date.fromisoformat,
        "state": SandboxClockState,
    }


@dataclass(frozen=True)
class SandboxInfo(Model):
    """Which sandbox answers; `generation` goes up by one with each reset."""

    name: str
    generation: int
    state: str


@dataclass(frozen=True)
class SandboxApplicant(Model):
    """Somebody to try with, and what will happen.

    `kind` says what decides: the `person`, the `card`, or the `amount`, which is then that of the
    order.
    """

    fate: str
    kind: str
    says: str
    name: str
    identity_no: str
    mobile: str
    card_no: str
    amount_fen: Optional[int] = None


@dataclass(frozen=True)
class SandboxWalk(Model):
    """A buyer that is played at an order's checkout; `step` is the page it is at."""

    id: str
    order_id: str
    goal: str
    applicant: str
    card: str
    periods: int
    state: SandboxWalkState
    step: str
    problem: Optional[str] = None

    _readers: ClassVar[Mapping[str, Reader]] = {"state": SandboxWalkState}


class _Waiting:
    """Asks again until it is so, or until the time is over."""

    def __init__(self, transport: Transport, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock

    def _until(
        self, ask: Callable[[], M], is_so: Callable[[M], bool], wait_s: float, what: str
    ) -> M:
        deadline = self._clock.monotonic() + wait_s
        while True:
            found = ask()
            if is_so(found):
                return found
            if self._clock.monotonic() + PAUSE_S > deadline:
                raise SandboxStopped(f"{what} is not done after {wait_s:g} s; ask again later")
            self._clock.sleep(PAUSE_S)


class Clocks(_Waiting):
    """The clock of the sandbox."""

    def get(self) -> SandboxClock:
        """Return the clock."""
        return SandboxClock.from_json(self._transport.json(read("/v1/sandbox/clock")))

    def advance(
        self,
        *,
        days: int,
        wait_s: float = WAIT_S,
        idempotency_key: Optional[str] = None,
    ) -> SandboxClock:
        """Advance the clock and wait until every date on the way has ended; return the clock.

        Plans fall due, debits run, bills and statements appear. With `wait_s=0` it returns at once,
        advancing. Raises Conflict while it advances, SandboxStopped if a date cannot be ended or
        the time is over.
        """
        call = write("/v1/sandbox/clock/advance", {"days": days}, idempotency_key)
        asked = SandboxClock.from_json(self._transport.json(call))
        if not wait_s:
            return asked
        found = self._until(
            self.get, lambda seen: seen.state != SandboxClockState.ADVANCING, wait_s, "the advance"
        )
        if found.state == SandboxClockState.STOPPED:
            raise SandboxStopped(f"the clock stopped on {found.business_date}: {found.failure}")
        return found


class Walks(_Waiting):
    """Buyers that are played at the checkout of an order, with the borrower's own pages."""

    def decide(self, order_id: str, **how: Any) -> SandboxWalk:
        """Have the buyer of an order apply, and wait for the decision; as `pay`."""
        return self._walk(order_id, "decide", **how)

    def sign(self, order_id: str, **how: Any) -> SandboxWalk:
        """Have the buyer of an order apply and sign; as `pay`."""
        return self._walk(order_id, "sign", **how)

    def pay(self, order_id: str, **how: Any) -> SandboxWalk:
        """Have the buyer of an order apply and sign, and wait until the merchant is paid.

        `applicant` and `card` are fates of `applicants` (by default one who is approved, with a
        card that works), `periods` the number of instalments, `wait_s` for how long to wait.
        Raises SandboxStopped if that cannot be reached, as when the applicant is declined.
        """
        return self._walk(order_id, "pay", **how)

    def repay(self, order_id: str, **how: Any) -> SandboxWalk:
        """Have the buyer of an order pay the next instalment; as `pay`."""
        return self._walk(order_id, "repay", **how)

    def get(self, walk_id: str) -> SandboxWalk:
        """Return how far a buyer is. Raises NotFound."""
        path = f"/v1/sandbox/walks/{segment(walk_id)}"
        return SandboxWalk.from_json(self._transport.json(read(path)))

    def _walk(
        self,
        order_id: str,
        goal: str,
        *,
        applicant: str = "approved",
        card: str = "works",
        periods: int = 12,
        wait_s: float = 90.0,
        idempotency_key: Optional[str] = None,
    ) -> SandboxWalk:
        body = {"applicant": applicant, "card": card, "periods": periods}
        path = f"/v1/sandbox/orders/{segment(order_id)}/{goal}"
        begun = SandboxWalk.from_json(self._transport.json(write(path, body, idempotency_key)))
        if not wait_s:
            return begun
        found = self._until(
            lambda: self.get(begun.id),
            lambda seen: seen.state != SandboxWalkState.WALKING,
            wait_s,
            f"the walk {begun.id}",
        )
        if found.state == SandboxWalkState.FAILED:
            raise SandboxStopped(f"the buyer is at {found.step!r}: {found.problem}")
        return found


class Sandbox(_Waiting):
    """What only a sandbox has; in live these calls raise NotFound."""

    def __init__(self, transport: Transport, clock: Clock) -> None:
        super().__init__(transport, clock)
        self.clock = Clocks(transport, clock)
        self.orders = Walks(transport, clock)

    def get(self) -> SandboxInfo:
        """Return which sandbox answers."""
        return SandboxInfo.from_json(self._transport.json(read("/v1/sandbox")))

    def applicants(self) -> Iterator[SandboxApplicant]:
        """Go through persons, cards and amounts with a known fate; they are new at each call."""
        return pages(self._transport, read("/v1/sandbox/applicants"), SandboxApplicant.from_json)

    def reset(
        self, *, wait_s: float = WAIT_S, idempotency_key: Optional[str] = None
    ) -> SandboxInfo:
        """Begin afresh, with the same partner, keys and webhook endpoints, and wait for it.

        Orders, loans, events and an advanced clock are gone. Raises SandboxStopped if the time is
        over, Refused where the sandbox is the lender's own installation.
        """
        call = write("/v1/sandbox/reset", None, idempotency_key)
        old = SandboxInfo.from_json(self._transport.json(call))
        if not wait_s:
            return old
        return self._until(
            self.get, lambda seen: seen.generation > old.generation, wait_s, "the reset"
        )
