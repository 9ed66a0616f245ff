"""Maker and checker (T18): what one person proposes, another approves, once, as it was proposed.

A module that has something to guard makes a `Kind` of it; a composition root hands all kinds to
whoever takes proposals in. Approving carries the action out in the same unit of work, so either
both are there or neither is.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from json import dumps
from typing import Any

from lending.foundation import audit, ids
from lending.foundation.audit import Actor
from lending.foundation.database import Tx
from lending.foundation.money import FEN_MAX
from lending.system import approvals_store as store
from lending.system.errors import (
    KindUnknown,
    NoSuchProposal,
    PayloadWrong,
    ProposalAltered,
    ProposalEnded,
    ProposalPending,
    ReasonMissing,
    SamePerson,
)
from lending.system.model import Operator, Right
from lending.system.service import require

GOOD_FOR = timedelta(hours=24)
"""A proposal that nobody has checked by then has expired."""
REASON_MAX = 500

Payload = Mapping[str, Any]
"""Plain JSON: text, whole numbers, true and false."""


class ProposalState(StrEnum):
    """Where a proposal is."""

    OPEN = "open"
    """Waits for the second person."""
    APPROVED = "approved"
    """Carried out. Final."""
    REFUSED = "refused"
    """The second person said no. Final."""
    EXPIRED = "expired"
    """Nobody checked it in time. Final."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One guarded action.

    `carry_out` validates and acts in the unit of work that it is given, and gives what the audit
    and the checker are to see of the effect. It is rehearsed, and undone, when it is proposed.
    """

    name: str
    """Such as `repayment.transfer`."""
    title: str
    """As operators read it."""
    propose: Right
    approve: Right
    carry_out: Callable[[Tx, str, Payload, Actor], dict[str, Any]]
    """Takes the unit of work, the id of what it is about, the payload, and who acts."""


Kinds = Mapping[str, Kind]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody wants done, and what became of it."""

    id: str
    kind: str
    subject: str
    payload: dict[str, Any]
    reason: str
    maker: Operator
    digest: str
    """Of all the above: what the checker sees is what is carried out."""
    expected: dict[str, Any]
    """What it would have done when it was proposed; ids in it are those of the rehearsal."""
    state: ProposalState
    checker: Operator | None
    note: str
    result: dict[str, Any] | None
    """What it did; of an open one nothing yet."""
    made_at: datetime
    expires_at: datetime
    ended_at: datetime | None


def register(*kinds: Kind) -> dict[str, Kind]:
    """Kinds by name; two of one name are a mistake of the composition root."""
    found = {kind.name: kind for kind in kinds}
    assert len(found) == len(kinds), "a kind is registered twice"
    return found


def propose(
    tx: Tx, kinds: Kinds, *, kind: str, subject: str, payload: Payload, reason: str, maker: Operator
) -> Proposal:
    """Puts a proposal on record, after a rehearsal of the action that leaves nothing behind.

    Raises KindUnknown, NotAllowed, ReasonMissing, PayloadWrong, ProposalPending, and whatever the
    action refuses, naming the field.
    """
    wanted = _kind(kinds, kind)
    require(maker, wanted.propose)
    _require_words(reason)
    _require_plain(payload)
    expected = _rehearse(tx, wanted, subject, payload, Actor("operator", maker.id))
    proposal_id = ids.new("prp")
    expires_at = tx.now + GOOD_FOR
    digest = _digest(
        proposal_id,
        kind=kind,
        subject=subject,
        payload=payload,
        reason=reason.strip(),
        maker_id=maker.id,
        expires_at=expires_at,
    )
    store.expire(tx)
    made = store.insert(
        tx,
        {
            "id": proposal_id,
            "kind": kind,
            "subject": subject,
            "reason": reason.strip(),
            "maker_id": maker.id,
            "maker_person": maker.person or maker.id,
            "digest": digest,
            "expires_at": expires_at,
        },
        payload,
        expected,
    )
    if not made:
        raise ProposalPending
    detail = {"kind": kind, "subject": subject, "maker": maker.id, "digest": digest}
    audit.record(tx, Actor("operator", maker.id), "approval.propose", proposal_id, detail)
    return get(tx, proposal_id)


def approve(
    tx: Tx, kinds: Kinds, proposal_id: str, *, digest: str, checker: Operator, note: str = ""
) -> Proposal:
    """Carries a proposal out, in this unit of work, once.

    `digest` is that of what the checker was shown.

    Raises NoSuchProposal, KindUnknown, NotAllowed, SamePerson, ProposalEnded, ProposalAltered, and
    whatever the action refuses now; then the proposal stays open.
    """
    found, kind = _checked(tx, kinds, proposal_id, checker)
    stored = _digest(
        found.id,
        kind=found.kind,
        subject=found.subject,
        payload=found.payload,
        reason=found.reason,
        maker_id=found.maker.id,
        expires_at=found.expires_at,
    )
    if not stored == found.digest == digest:
        raise ProposalAltered
    actor = Actor("operator", checker.id)
    result = kind.carry_out(tx, found.subject, found.payload, actor)
    store.end(
        tx,
        proposal_id,
        ProposalState.APPROVED.value,
        checker,
        note=note.strip()[:REASON_MAX],
        result=result,
    )
    detail = {
        "proposal": found.id,
        "kind": found.kind,
        "maker": found.maker.id,
        "checker": checker.id,
        "digest": found.digest,
    }
    audit.record(tx, actor, "approval.approve", proposal_id, {**detail, "subject": found.subject})
    audit.record(tx, actor, f"{found.kind}.done", found.subject, {**detail, "result": result})
    return get(tx, proposal_id)


def refuse(tx: Tx, kinds: Kinds, proposal_id: str, *, checker: Operator, note: str) -> Proposal:
    """Ends a proposal without an effect.

    Raises NoSuchProposal, KindUnknown, NotAllowed, SamePerson, ProposalEnded, ReasonMissing.
    """
    found, _ = _checked(tx, kinds, proposal_id, checker)
    _require_words(note)
    store.end(tx, proposal_id, ProposalState.REFUSED.value, checker, note=note.strip(), result=None)
    detail = {"kind": found.kind, "maker": found.maker.id, "checker": checker.id}
    audit.record(tx, Actor("operator", checker.id), "approval.refuse", proposal_id, detail)
    return get(tx, proposal_id)


def get(tx: Tx, proposal_id: str) -> Proposal:
    """One proposal as it is now.

    Raises NoSuchProposal.
    """
    row = store.proposal(tx, proposal_id)
    if row is None:
        raise NoSuchProposal
    return _proposal(row)


def newest(tx: Tx, *, subject: str | None = None, only_open: bool = False) -> list[Proposal]:
    """The newest proposals, of one subject or of all."""
    rows = store.proposals(tx, subject=subject, only_open=only_open)
    return [_proposal(row) for row in rows]


def whole_number(payload: Payload, name: str, *, least: int = 0) -> int:
    """A whole number of a payload, at least so large, and within what an amount can be.

    Raises PayloadWrong, naming the field.
    """
    value = payload.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= FEN_MAX:
        raise PayloadWrong(field=f"/{name}", mend=f"请填写 {least} 至 {FEN_MAX} 的整数。")
    return value


def words(payload: Payload, name: str, *, most: int = 64) -> str:
    """A text of a payload that is not empty, at most so long.

    Raises PayloadWrong, naming the field.
    """
    value = payload.get(name)
    if not isinstance(value, str) or not 1 <= len(value.strip()) <= most:
        raise PayloadWrong(field=f"/{name}", mend=f"请填写 1 至 {most} 个字。")
    return value.strip()


class _UndoneError(Exception):
    """Ends a rehearsal."""


def _rehearse(tx: Tx, kind: Kind, subject: str, payload: Payload, actor: Actor) -> dict[str, Any]:
    """What the action would do, undone again."""
    result: dict[str, Any] = {}
    with suppress(_UndoneError), tx.savepoint():
        result |= kind.carry_out(tx, subject, payload, actor)
        raise _UndoneError
    return result


def _checked(tx: Tx, kinds: Kinds, proposal_id: str, checker: Operator) -> tuple[Proposal, Kind]:
    """The open proposal under its lock, and its kind, when this person may check it."""
    row = store.proposal(tx, proposal_id, lock=True)
    if row is None:
        raise NoSuchProposal
    found = _proposal(row)
    kind = _kind(kinds, found.kind)
    require(checker, kind.approve)
    if checker.is_same_person(found.maker):
        raise SamePerson
    if found.state is not ProposalState.OPEN:
        raise ProposalEnded
    return found, kind


def _kind(kinds: Kinds, name: str) -> Kind:
    if name not in kinds:
        raise KindUnknown
    return kinds[name]


def _require_words(reason: str) -> None:
    if not 1 <= len(reason.strip()) <= REASON_MAX:
        raise ReasonMissing


def _require_plain(payload: Payload) -> None:
    for name, value in payload.items():
        if not isinstance(value, str | int):
            raise PayloadWrong(field=f"/{name}")


def _digest(
    proposal_id: str,
    *,
    kind: str,
    subject: str,
    payload: Payload,
    reason: str,
    maker_id: str,
    expires_at: datetime,
) -> str:
    """SHA-256 of canonical JSON: keys sorted, no spaces, UTF-8."""
    text = dumps(
        {
            "id": proposal_id,
            "kind": kind,
            "subject": subject,
            "payload": dict(payload),
            "reason": reason,
            "maker": maker_id,
            "expires_at": int(expires_at.timestamp()),
        },
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    )
    return sha256(text.encode()).hexdigest()


def _proposal(row: store.Row) -> Proposal:
    values = dict(row)
    return Proposal(
        **{name: values[name] for name in store.OWN},
        payload=dict(values["payload"]),
        expected=dict(values["expected"]),
        state=ProposalState(values["state"]),
        maker=store.operator(values, "maker"),
        checker=store.operator(values, "checker") if values["checker_id"] else None,
    )
