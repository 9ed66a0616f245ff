"""The sandbox: its clock, applicants with a known fate, buyers that are played, a fresh start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, ClassVar, Optional, TypedDict

from ._calls import Call, Page, pages, read, segment, write
from ._errors import CfError
from ._instants import instant
from ._models import Model, OpenEnum, Reader
from ._service import R, Service, call, listing, steps
from ._steps import Steps

if TYPE_CHECKING:
    from typing_extensions import Unpack

WAIT_S = 600.0
WALK_S = 90.0
PAUSE_S = 0.2


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

    code = "sandbox-stopped"


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


class WalkOptions(TypedDict, total=False):
    """How a buyer is played."""

    applicant: str
    """A fate of `applicants`; by default `approved`."""
    card: str
    """A fate of `applicants`; by default `works`."""
    periods: int
    """The number of instalments; by default 12."""
    wait_s: float
    """How long to wait for the goal; 0 is not at all."""
    idempotency_key: Optional[str]


class Clocks(Service[R]):
    """The clock of the sandbox."""

    @call
    def get(self) -> Call[SandboxClock]:
        """Return the clock."""
        return read("/v1/sandbox/clock", SandboxClock.from_json)

    @steps
    def advance(
        self,
        *,
        days: int,
        wait_s: float = WAIT_S,
        idempotency_key: Optional[str] = None,
    ) -> Steps[SandboxClock]:
        """Advance the clock and wait until every date on the way has ended; return the clock.

        Plans fall due, debits run, bills and statements appear. With `wait_s=0` it returns at once,
        advancing. Raises Conflict while it advances, SandboxStopped if a date cannot be ended or
        the time is over.
        """
        path = "/v1/sandbox/clock/advance"
        asked = yield from self._converse(
            write(path, SandboxClock.from_json, {"days": days}, idempotency_key)
        )
        if not wait_s:
            return asked
        found = yield from self._wait(
            read("/v1/sandbox/clock", SandboxClock.from_json),
            lambda seen: seen.state != SandboxClockState.ADVANCING,
            wait_s=wait_s,
            pause_s=PAUSE_S,
        )
        if found.state == SandboxClockState.ADVANCING:
            raise _late("the advance", wait_s)
        if found.state == SandboxClockState.STOPPED:
            raise SandboxStopped(f"the clock stopped on {found.business_date}: {found.failure}")
        return found


class Walks(Service[R]):
    """Buyers that are played at the checkout of an order, with the borrower's own pages."""

    @steps
    def decide(self, order_id: str, **how: Unpack[WalkOptions]) -> Steps[SandboxWalk]:
        """Have the buyer of an order apply, and wait for the decision; as `pay`."""
        return self._walk(order_id, "decide", how)

    @steps
    def sign(self, order_id: str, **how: Unpack[WalkOptions]) -> Steps[SandboxWalk]:
        """Have the buyer of an order apply and sign; as `pay`."""
        return self._walk(order_id, "sign", how)

    @steps
    def pay(self, order_id: str, **how: Unpack[WalkOptions]) -> Steps[SandboxWalk]:
        """Have the buyer of an order apply and sign, and wait until the merchant is paid.

        See `WalkOptions` for who applies and how. Raises SandboxStopped if that cannot be reached,
        as when the applicant is declined.
        """
        return self._walk(order_id, "pay", how)

    @steps
    def repay(self, order_id: str, **how: Unpack[WalkOptions]) -> Steps[SandboxWalk]:
        """Have the buyer of an order pay the next instalment; as `pay`."""
        return self._walk(order_id, "repay", how)

    @call
    def get(self, walk_id: str) -> Call[SandboxWalk]:
        """Return how far a buyer is. Raises NotFound."""
        return read(_walk_path(walk_id), SandboxWalk.from_json)

    def _walk(self, order_id: str, goal: str, how: WalkOptions) -> Steps[SandboxWalk]:
        body = {
            "applicant": how.get("applicant", "approved"),
            "card": how.get("card", "works"),
            "periods": how.get("periods", 12),
        }
        path = f"/v1/sandbox/orders/{segment(order_id)}/{goal}"
        begun = yield from self._converse(
            write(path, SandboxWalk.from_json, body, how.get("idempotency_key"))
        )
        wait_s = how.get("wait_s", WALK_S)
        if not wait_s:
            return begun
        found = yield from self._wait(
            read(_walk_path(begun.id), SandboxWalk.from_json),
            lambda seen: seen.state != SandboxWalkState.WALKING,
            wait_s=wait_s,
            pause_s=PAUSE_S,
        )
        if found.state == SandboxWalkState.WALKING:
            raise _late(f"the walk {begun.id}", wait_s)
        if found.state == SandboxWalkState.FAILED:
            raise SandboxStopped(f"the buyer is at {found.step!r}: {found.problem}")
        return found


class Sandbox(Service[R]):
    """What only a sandbox has; in live these calls raise NotFound."""

    def __init__(self, runner: R) -> None:
        super().__init__(runner)
        self.clock = Clocks(runner)
        self.orders = Walks(runner)

    @call
    def get(self) -> Call[SandboxInfo]:
        """Return which sandbox answers."""
        return read("/v1/sandbox", SandboxInfo.from_json)

    @listing
    def applicants(self) -> Call[Page[SandboxApplicant]]:
        """Go through persons, cards and amounts with a known fate; they are new at each call."""
        return pages("/v1/sandbox/applicants", SandboxApplicant.from_json)

    @steps
    def reset(
        self, *, wait_s: float = WAIT_S, idempotency_key: Optional[str] = None
    ) -> Steps[SandboxInfo]:
        """Begin afresh, with the same partner, keys and webhook endpoints, and wait for it.

        Orders, loans, events and an advanced clock are gone. Raises SandboxStopped if the time is
        over, Refused where the sandbox is the lender's own installation.
        """
        asked = write("/v1/sandbox/reset", SandboxInfo.from_json, None, idempotency_key)
        old = yield from self._converse(asked)
        if not wait_s:
            return old
        found = yield from self._wait(
            read("/v1/sandbox", SandboxInfo.from_json),
            lambda seen: seen.generation > old.generation,
            wait_s=wait_s,
            pause_s=PAUSE_S,
        )
        if found.generation == old.generation:
            raise _late("the reset", wait_s)
        return found


def _walk_path(walk_id: str) -> str:
    return f"/v1/sandbox/walks/{segment(walk_id)}"


def _late(what: str, wait_s: float) -> SandboxStopped:
    return SandboxStopped(f"{what} is not done after {wait_s:g} s; ask again later")
