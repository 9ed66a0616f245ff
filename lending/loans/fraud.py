"""Borrowers held for a fraud: flagged, told to each of their funders, lifted again (JOINT-7).

While an operator's flag stands, no payout to the borrower's account or for their goods begins; what
was agreed and not paid out is cancelled, each application by a job of its own, so that one that
cannot be ended keeps no other from it. A payout that is under way is left to its result, and a
merchant's later parts go on as its service does (STORE-6) unless an operator holds them.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lending.customers import blacklist
from lending.customers import service as customers
from lending.foundation import audit, business_day, ids, jobs
from lending.foundation.audit import SYSTEM, Actor
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx
from lending.loans import fraud_store as store
from lending.loans.errors import NotFlagged
from lending.risk import reasons
from lending.risk.model import Decision, Outcome


class FraudKind(StrEnum):
    """What kind of fraud a borrower is held for."""

    IDENTITY = "identity"
    """Somebody else's identity was used."""
    FALSE_INFORMATION = "false_information"
    """What the borrower said or handed in is not true."""
    COLLUSION = "collusion"
    """With a merchant, a store or an agent: nothing was bought, or not at that price."""
    FILTER = "filter"
    """The anti-fraud rules turned a later application of the borrower away: funders are warned, and
    nothing else follows until a person has looked at it."""
    OTHER = "other"
    """Another kind."""


@dataclass(frozen=True, slots=True)
class FraudFlag:
    """A borrower's flag."""

    id: str
    customer_id: str
    kind: FraudKind
    because: str
    """Why, for us alone: funders are told the kind."""
    flagged_at: datetime

    @property
    def stops_payouts(self) -> bool:
        """Whether a person has put it."""
        return self.kind is not FraudKind.FILTER


def standing(tx: Tx, customer_id: str) -> FraudFlag | None:
    """The flag that stands on a borrower."""
    row = store.standing(tx, customer_id)
    return FraudFlag(**{**row, "kind": FraudKind(row["kind"])}) if row else None


def is_held(tx: Tx, customer_id: str) -> bool:
    """Whether nothing may be paid out to a borrower, nor for them."""
    found = standing(tx, customer_id)
    return found is not None and found.stops_payouts


def flag(
    tx: Tx, keys: FieldKeys, customer_id: str, kind: FraudKind, *, because: str, actor: Actor
) -> None:
    """An operator holds a borrower for a fraud; flagging twice flags once.

    From now on identity number and mobile are on the blacklist, every funder with a living share of
    a loan to the borrower is told, and what no money has left for is cancelled. A flag that the
    rules have put becomes the operator's.
    """
    flag_id = _put(tx, customer_id, kind, because, source=actor.id)
    if flag_id is None:
        return
    person = customers.profile(tx, keys, customer_id)
    for name, value in (("identity_no", person.identity_no), ("mobile", person.mobile)):
        blacklist.add(tx, keys, name, value, reason=kind.value, source=flag_id)
    audit.record(tx, actor, "fraud.flag", customer_id, {"flag": flag_id, "kind": kind.value})
    for application_id in store.not_paid_out(tx, customer_id):
        stop(tx, application_id)


def stop(tx: Tx, application_id: str) -> None:
    """Has an application of a borrower who is held cancelled, and its loan, once this commits."""
    jobs.enqueue(
        tx,
        "loans.stop",
        queue=jobs.CORE,
        lock=application_id,
        application_id=application_id,
    )


def flag_by_rules(tx: Tx, customer_id: str, decision: Decision) -> None:
    """Flags a borrower whose application the anti-fraud rules have turned away.

    Only one whom money was lent to, or is about to be, together with a funder: to warn it.
    """
    against = [each.code for each in decision.reasons if each.code in reasons.UNSAFE]
    if decision.outcome is not Outcome.DECLINE or not against:
        return
    if not store.has_living_shares(tx, customer_id):
        return
    flag_id = _put(tx, customer_id, FraudKind.FILTER, ", ".join(against), source=decision.id)
    if flag_id is not None:
        audit.record(tx, SYSTEM, "fraud.flag", customer_id, {"flag": flag_id, "kind": "filter"})


def lift(tx: Tx, customer_id: str, actor: Actor) -> FraudFlag:
    """Takes the flag off a borrower, and off the blacklist what it put there.

    Funders are told, those as well whose share has ended since.

    Raises NotFlagged.
    """
    found = standing(tx, customer_id)
    if found is None:
        raise NotFlagged
    store.lift(tx, found.id)
    blacklist.remove_of(tx, found.id)
    _tell(tx, found.id, customer_id, found.kind, ended_since=found.flagged_at)
    audit.record(tx, actor, "fraud.lift", customer_id, {"flag": found.id})
    return found


def _put(tx: Tx, customer_id: str, kind: FraudKind, because: str, *, source: str) -> str | None:
    """The flag's id; None where one stands already that says as much."""
    today = business_day.today(tx)
    values = {"kind": kind.value, "because": because, "source": source}
    flag_id = store.put(tx, ids.new("frd"), customer_id, on=today, **values)
    if flag_id is not None:
        _tell(tx, flag_id, customer_id, kind)
    return flag_id


def _tell(
    tx: Tx,
    flag_id: str,
    customer_id: str,
    kind: FraudKind,
    *,
    ended_since: datetime | None = None,
) -> None:
    """That it was put; lifted where its shares that ended since are given."""
    detail = {
        "flag_id": flag_id,
        "state": "lifted" if ended_since else "flagged",
        "kind": kind.value,
        "happened_on": business_day.today(tx).isoformat(),
    }
    store.tell_funders(tx, customer_id, detail, ended_since=ended_since)
