"""What of claims needs two people: money that a guarantor sent, and what takes a claim back."""

from collections.abc import Callable
from datetime import date
from typing import Any

from lending.claims import service
from lending.claims.errors import ArrivalWrong
from lending.claims.model import Arrival
from lending.foundation.audit import Actor
from lending.foundation.database import Tx
from lending.system.approvals import Kind, Payload, register, whole_number, words
from lending.system.model import Right


def kinds() -> dict[str, Kind]:
    """All kinds of this module; the subject is a claim's id, or a guarantor's for its deposit."""
    return register(
        _kind("claim.receive", "登记代偿款到账", _receive),
        _kind("claim.take_back", "冲正代偿", _take_back),
        _kind("pool.top_up", "登记担保保证金", _top_up),
    )


def _kind(
    name: str, title: str, carry_out: Callable[[Tx, str, Payload, Actor], dict[str, Any]]
) -> Kind:
    return Kind(name, title, Right.PROPOSE_LOAN_CHANGES, Right.APPROVE_LOAN_CHANGES, carry_out)


def _receive(tx: Tx, claim_id: str, payload: Payload, actor: Actor) -> dict[str, Any]:
    claim = service.receive(tx, claim_id, _arrival(payload), actor)
    return {"loan": claim.loan_id, "amount_fen": claim.paid_fen}


def _take_back(tx: Tx, claim_id: str, payload: Payload, actor: Actor) -> dict[str, Any]:
    claim = service.take_back(tx, claim_id, words(payload, "because", most=200), actor)
    return {"loan": claim.loan_id, "amount_fen": claim.paid_fen}


def _top_up(tx: Tx, guarantor_id: str, payload: Payload, actor: Actor) -> dict[str, Any]:
    return {"pool_fen": service.top_up(tx, guarantor_id, _arrival(payload), actor)}


def _arrival(payload: Payload) -> Arrival:
    try:
        arrived_on = date.fromisoformat(words(payload, "arrived_on"))
    except ValueError:
        raise ArrivalWrong(field="/arrived_on", mend="请按 年-月-日 填写。") from None
    return Arrival(
        amount_fen=whole_number(payload, "amount_fen", least=1),
        reference=words(payload, "reference"),
        arrived_on=arrived_on,
    )
