"""What of commissions needs two people: the answer to a dispute, which may move money."""

from typing import Any

from lending.commissions import service
from lending.foundation.audit import Actor
from lending.foundation.database import Tx
from lending.foundation.files import FileStore
from lending.system.approvals import Kind, Payload, register, whole_number, words
from lending.system.model import Right

ADJUSTMENT_MAX_FEN = 10**12


def kinds(files: FileStore) -> dict[str, Kind]:
    """All kinds of this module; the subject is a bill's id."""

    def answer(tx: Tx, bill_id: str, payload: Payload, actor: Actor) -> dict[str, Any]:
        adjustment = whole_number(payload, "adjustment_fen", least=-ADJUSTMENT_MAX_FEN)
        text = words(payload, "answer", most=500)
        bill = service.answer(tx, files, bill_id, actor, text=text, adjustment_fen=adjustment)
        return {"adjustment_fen": adjustment, "payable_fen": bill.payable_fen}

    right = (Right.PROPOSE_LOAN_CHANGES, Right.APPROVE_LOAN_CHANGES)
    return register(Kind("commission.answer", "答复佣金异议", *right, answer))
