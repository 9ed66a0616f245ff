"""What two persons do about tickets (T18), as kinds of proposals; the subject is a ticket's id."""

from typing import Any

from lending.compliance import complaints
from lending.foundation.audit import Actor
from lending.foundation.database import Tx
from lending.operations import service as tickets
from lending.operations.model import Outcome
from lending.operations.rules import TEXT_MAX
from lending.system.approvals import Kind, Payload, register, words
from lending.system.errors import PayloadWrong
from lending.system.model import Right
from scenarios.offline_credit import disputes


def kinds() -> dict[str, Kind]:
    """All kinds of this module."""
    propose, approve = Right.PROPOSE_LOAN_CHANGES, Right.APPROVE_LOAN_CHANGES
    return register(
        Kind("dispute.decide", "争议处理决定", propose, approve, _decide),
        Kind("ticket.extend", "延长答复时限", propose, approve, _extend),
    )


def _decide(tx: Tx, ticket_id: str, payload: Payload, actor: Actor) -> dict[str, Any]:
    outcome = words(payload, "outcome")
    if outcome not in set(Outcome):
        raise PayloadWrong(field="/outcome", mend="请选择继续或停止服务。")
    return disputes.decide(
        tx, ticket_id, Outcome(outcome), words(payload, "answer", most=TEXT_MAX), actor
    )


def _extend(tx: Tx, ticket_id: str, _payload: Payload, actor: Actor) -> dict[str, Any]:
    until = complaints.next_limit(tx, ticket_id)
    tickets.extend(tx, ticket_id, until=until, actor=actor)
    return {"answer_by": until.isoformat()}
