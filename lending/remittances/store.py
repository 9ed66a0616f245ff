"""The SQL of payments to partners."""

from collections.abc import Sequence
from typing import Any

from lending.foundation.database import Row, Tx, json
from lending.foundation.ports import ChannelResult
from lending.ledger.chart import Code
from lending.ledger.model import Account, Leg
from lending.remittances.model import Payment, Purpose, Remittance, RemittanceState

_COLUMNS = (
    "SELECT id, partner_id, purpose, subject, attempt, channel_order_no, account_id, amount_fen,"
    " debit_code, debit_owner, legs, state, hold_id, queries, created_at FROM remittance "
)


def insert(tx: Tx, made: Remittance) -> bool:
    """Whether nothing else pays for the same subject."""
    payment = made.payment
    return bool(
        tx.touched(
            "INSERT INTO remittance (id, partner_id, purpose, subject, attempt, channel_order_no,"
            " account_id, amount_fen, debit_code, debit_owner, legs, state, hold_id, created_at)"
            " VALUES (:id, :partner_id, :purpose, :subject, :attempt, :number, :account_id,"
            " :amount_fen, :debit_code, :debit_owner, :legs, 'held', :hold_id, :now)"
            " ON CONFLICT DO NOTHING",
            id=made.id,
            partner_id=payment.partner_id,
            purpose=payment.purpose.value,
            subject=payment.subject,
            attempt=made.attempt,
            number=made.channel_order_no,
            account_id=made.account_id,
            amount_fen=payment.amount_fen,
            debit_code=payment.debit.code.value,
            debit_owner=payment.debit.owner,
            legs=json([_plain(leg) for leg in payment.legs]),
            hold_id=made.hold_id,
            now=made.created_at,
        )
    )


def remittance(tx: Tx, remittance_id: str, *, lock: bool = False) -> Remittance | None:
    row = tx.maybe(_COLUMNS + "WHERE id = :id" + (" FOR UPDATE" if lock else ""), id=remittance_id)
    return _remittance(row) if row else None


def of_subject(tx: Tx, purpose: Purpose, subject: str) -> list[Remittance]:
    """All attempts, the first at the front."""
    rows = tx.all(
        _COLUMNS + "WHERE purpose = :purpose AND subject = :subject ORDER BY attempt",
        purpose=purpose.value,
        subject=subject,
    )
    return [_remittance(row) for row in rows]


def lock_subject(tx: Tx, purpose: Purpose, subject: str) -> None:
    """Whoever begins to pay for the same waits here."""
    tx.one(
        "SELECT pg_advisory_xact_lock(7100011, hashtext(:subject))",
        subject=f"{purpose.value}:{subject}",
    )


def set_unknown(tx: Tx, remittance_id: str) -> None:
    tx.run(
        "UPDATE remittance SET state = 'unknown', queries = queries + 1 WHERE id = :id",
        id=remittance_id,
    )


def end(tx: Tx, remittance_id: str, state: RemittanceState, result: ChannelResult) -> None:
    tx.run(
        "UPDATE remittance SET state = :state, code = :code, message = :message,"
        " channel_reference = :reference, ended_at = :now WHERE id = :id",
        id=remittance_id,
        state=state.value,
        code=result.code,
        message=result.message,
        reference=result.reference,
        now=tx.now,
    )


def id_of_channel_order(tx: Tx, channel_order_no: str) -> str | None:
    found: str | None = tx.scalar(
        "SELECT id FROM remittance WHERE channel_order_no = :number", number=channel_order_no
    )
    return found


def in_flight(tx: Tx, partner_id: str, purpose: Purpose) -> Sequence[Row]:
    return tx.all(
        "SELECT id FROM remittance WHERE partner_id = :partner_id AND purpose = :purpose"
        " AND state IN ('held', 'unknown')",
        partner_id=partner_id,
        purpose=purpose.value,
    )


def _plain(leg: Leg) -> list[Any]:
    account = leg.account
    return [account.code.value, account.owner, account.book, leg.debit_fen, leg.credit_fen]


def _remittance(row: Row) -> Remittance:
    return Remittance(
        id=row["id"],
        payment=Payment(
            partner_id=row["partner_id"],
            purpose=Purpose(row["purpose"]),
            subject=row["subject"],
            amount_fen=row["amount_fen"],
            debit=Account(Code(row["debit_code"]), row["debit_owner"]),
            legs=tuple(
                Leg(Account(Code(code), owner, book), debit_fen, credit_fen)
                for code, owner, book, debit_fen, credit_fen in row["legs"]
            ),
        ),
        attempt=row["attempt"],
        channel_order_no=row["channel_order_no"],
        account_id=row["account_id"],
        state=RemittanceState(row["state"]),
        hold_id=row["hold_id"],
        queries=row["queries"],
        created_at=row["created_at"],
    )
