"""The actions on loans and their money that need two persons (T18), as kinds of proposals.

Payloads are plain JSON; their fields are named here and nowhere else.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from lending.foundation.audit import Actor
from lending.foundation.database import Tx
from lending.loans import fraud, releases
from lending.loans import service as loans
from lending.loans.errors import NoSuchLoan
from lending.loans.life import Recorded
from lending.loans.model import ReleaseState
from lending.operations import service as tickets
from lending.operations.errors import DisputeNeedsDecision
from lending.repayments import changes, receipts, service, transfers
from lending.repayments import credits as credit_balances
from lending.repayments.model import What
from lending.repayments.transfers import Transfer
from lending.system.approvals import Kind, Payload, register, whole_number, words
from lending.system.model import Right
from lending.system.payloads import choice, day


def kinds() -> dict[str, Kind]:
    """All kinds of this module; the subject of each is a loan's id."""
    return register(
        _kind("repayment.transfer", "登记转账还款", _transfer),
        _kind("repayment.reverse", "冲正还款", _reverse),
        _kind("loan.waive", "减免", _waive),
        _kind("loan.move_due_dates", "调整还款日", _move_due_dates),
        _kind("loan.charge", "收取约定费用", _charge),
        _kind("loan.write_off", "核销", _write_off),
        _kind("credit.refund", "退还溢缴款", _refund),
        _kind("release.let_go", "恢复按期划转", _let_go),
        _kind("loan.lift_fraud", "解除欺诈标记", _lift_fraud),
    )


def _kind(
    name: str, title: str, carry_out: Callable[[Tx, str, Payload, Actor], dict[str, Any]]
) -> Kind:
    return Kind(name, title, Right.PROPOSE_LOAN_CHANGES, Right.APPROVE_LOAN_CHANGES, carry_out)


def _transfer(tx: Tx, loan_id: str, payload: Payload, actor: Actor) -> dict[str, Any]:
    transfer = Transfer(
        amount_fen=whole_number(payload, "amount_fen", least=1),
        arrived_on=day(payload, "arrived_on"),
        reference=words(payload, "reference"),
        what=choice(payload, "what", What),
    )
    made = transfers.enter(tx, loan_id, transfer, actor)
    return {"repayment": made.id, **asdict(receipts.parts(tx, made.id))}


def _reverse(tx: Tx, loan_id: str, payload: Payload, actor: Actor) -> dict[str, Any]:
    repayment_id = words(payload, "repayment")
    found = service.get(tx, repayment_id)
    if found.loan_id != loan_id:
        raise NoSuchLoan
    service.reverse(tx, repayment_id, words(payload, "because", most=200), actor)
    credit_balances.require_covered(tx, loans.loan(tx, loan_id).customer_id)
    return {"repayment": repayment_id, "amount_fen": found.amount_fen}


def _waive(tx: Tx, loan_id: str, payload: Payload, _actor: Actor) -> dict[str, Any]:
    parts = {
        name: whole_number(payload, name) for name in ("fee_fen", "penalty_fen", "interest_fen")
    }
    return {**_told(changes.waive(tx, loan_id, **parts)), **parts}


def _move_due_dates(tx: Tx, loan_id: str, payload: Payload, _actor: Actor) -> dict[str, Any]:
    return _told(changes.move_due_dates(tx, loan_id, day(payload, "first_due")))


def _charge(tx: Tx, loan_id: str, payload: Payload, _actor: Actor) -> dict[str, Any]:
    return _told(
        changes.charge(
            tx,
            loan_id,
            name=words(payload, "name"),
            amount_fen=whole_number(payload, "amount_fen", least=1),
        )
    )


def _write_off(tx: Tx, loan_id: str, _payload: Payload, _actor: Actor) -> dict[str, Any]:
    done = changes.write_off(tx, loan_id)
    return {**_told(done), "principal_fen": done.after.principal_open_fen}


def _refund(tx: Tx, loan_id: str, payload: Payload, actor: Actor) -> dict[str, Any]:
    amount_fen = whole_number(payload, "amount_fen", least=1)
    return {
        "refund": credit_balances.refund(tx, loan_id, amount_fen, actor),
        "amount_fen": amount_fen,
    }


def _let_go(tx: Tx, loan_id: str, _payload: Payload, actor: Actor) -> dict[str, Any]:
    if tickets.undecided_dispute(tx, loans.loan(tx, loan_id).subject):
        raise DisputeNeedsDecision
    releases.let_go(tx, loan_id, actor=actor)
    paying = [each for each in releases.of_loan(tx, loan_id) if each.state is ReleaseState.PAYING]
    return {"amount_fen": sum(each.gross_fen for each in paying)}


def _lift_fraud(tx: Tx, loan_id: str, _payload: Payload, actor: Actor) -> dict[str, Any]:
    lifted = fraud.lift(tx, loans.loan(tx, loan_id).customer_id, actor)
    return {"flag": lifted.id, "kind": lifted.kind.value}


def _told(done: Recorded) -> dict[str, Any]:
    return {
        "entry": done.entry_id or "",
        "outstanding_principal_fen": done.after.principal_open_fen,
    }
