"""What a sandbox lets its owner do: move its clock, start afresh, have a buyer played."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from gateway import sandbox_store
from gateway.sandbox_store import Walk
from lending.foundation import business_day, ids, jobs, sandbox_clock
from lending.foundation.clock import rfc3339
from lending.foundation.database import Tx
from lending.foundation.errors import Conflict, NotFound, Refused
from lending.foundation.sandbox_clock import SandboxClock

DAYS_MAX = 366
FUNCTION = "sandbox"
"""Of the partner whose sandbox it is."""
GOALS = ("decide", "sign", "pay", "repay")


class ClockAdvancing(Conflict):
    """The clock is on its way."""

    code, title = "sandbox.clock_advancing", "The clock is being advanced"
    mend = "Wait until GET /v1/sandbox/clock says `ready`."
    retry_after_s: ClassVar[int | None] = 1


class ResetNotHere(Refused):
    """The main installation is not thrown away by a call."""

    code, title = "sandbox.reset_not_here", "This sandbox is the installation itself"
    mend = "Use a test tenant (`cf tenant add`), or `make clean` on the machine."


class FateUnknown(Refused):
    """There is no such applicant or card."""

    code, title = "sandbox.fate_unknown", "There is no such applicant or card"
    mend = "Use a `fate` of GET /v1/sandbox/applicants."


class NoSuchWalk(NotFound):
    """There is no such walk, or it is another partner's."""


@dataclass(frozen=True, slots=True)
class Applicant:
    """Somebody, or a card, or an amount, with a fate that is known."""

    fate: str
    kind: str
    """`person`, `card` or `amount`: what decides."""
    says: str
    name: str
    identity_no: str
    mobile: str
    card_no: str
    amount_fen: int | None = None
    """Of the order, where that decides."""


class Sandbox(Protocol):
    """The sandbox that a gateway serves."""

    name: str
    """Of the tenant; `main` for the installation itself."""
    generation: int

    def state(self) -> str:
        """`ready`, or `resetting` until the next generation is there."""
        ...

    def applicants(self) -> Sequence[Applicant]:
        """One for each fate, whom nobody has used before."""
        ...

    def ask_reset(self) -> None:
        """Has the next generation made; asked again, it is the same. Raises ResetNotHere."""
        ...


def clock_view(tx: Tx, clock: SandboxClock) -> dict[str, Any]:
    """The clock as its owner sees it."""
    state = "advancing" if clock.is_advancing else "stopped" if clock.failure else "ready"
    return {
        "now": rfc3339(tx.now),
        "business_date": business_day.today(tx).isoformat(),
        "state": state,
        "days_ahead": clock.days,
        "days_left": clock.days_to - clock.days,
        "failure": clock.failure or None,
    }


def advance(tx: Tx, partner_id: str, days: int) -> dict[str, Any]:
    """Asks for the clock to go on; the sandbox's worker does it day by day.

    Raises ClockAdvancing.
    """
    clock = sandbox_clock.read(tx, lock=True)
    if clock.is_advancing and sandbox_store.advance_is_queued(tx):
        raise ClockAdvancing
    sandbox_clock.ask(tx, days)
    jobs.enqueue(
        tx, "sandbox.advance", queue=jobs.SANDBOX, lock="sandbox.clock", partner_id=partner_id
    )
    return clock_view(tx, sandbox_clock.read(tx))


def walk(tx: Tx, sandbox: Sandbox, wanted: Walk) -> Walk:
    """Asks for a buyer to be played at the order's checkout, up to a goal.

    Raises FateUnknown.
    """
    known: dict[str, set[str]] = {"person": set(), "card": {"works"}}
    for each in sandbox.applicants():
        known.setdefault(each.kind, set()).add(each.fate)
    if wanted.applicant not in known["person"] or wanted.card not in known["card"]:
        raise FateUnknown(f"{wanted.applicant!r} with the card {wanted.card!r}")
    sandbox_store.insert_walk(tx, wanted)
    jobs.enqueue(
        tx,
        "sandbox.walk",
        queue=jobs.SANDBOX,
        lock=f"sandbox.walk:{wanted.order_id}",
        walk_id=wanted.id,
    )
    return wanted


def new_walk(partner_id: str, order_id: str, goal: str, given: dict[str, Any]) -> Walk:
    """A walk that has not begun."""
    return Walk(ids.new("wlk"), partner_id, order_id, goal, **given)


def walk_of(tx: Tx, partner_id: str, walk_id: str) -> Walk:
    """One walk of a partner.

    Raises NoSuchWalk.
    """
    found = sandbox_store.walk(tx, walk_id)
    if found is None or found.partner_id != partner_id:
        raise NoSuchWalk
    return found
