"""The SQL of repayments."""

from collections.abc import Mapping

from lending.foundation.database import Row, Tx, json
from lending.foundation.ports import ChannelResult
from lending.repayments.model import Repayment, RepaymentState, Source, What

REPAYMENT = """
    SELECT id, loan_id, source, what, until_number, channel_order_no, bank_card_id, amount_fen,
           state, queries, code, message, business_date, created_at, ended_at
    FROM repayment WHERE id = :id"""
REPAYMENT_LOCKED = """
    SELECT id, loan_id, source, what, until_number, channel_order_no, bank_card_id, amount_fen,
           state, queries, code, message, business_date, created_at, ended_at
    FROM repayment WHERE id = :id FOR UPDATE"""
REPAYMENTS = """
    SELECT id, loan_id, source, what, until_number, channel_order_no, bank_card_id, amount_fen,
           state, queries, code, message, business_date, created_at, ended_at
    FROM repayment WHERE loan_id = :loan_id ORDER BY created_at DESC, id"""


def _repayment(row: Row) -> Repayment:
    return Repayment(
        **{
            **row,
            "channel_order_no": row["channel_order_no"] or "",
            "bank_card_id": row["bank_card_id"] or "",
            "state": RepaymentState(row["state"]),
            "source": Source(row["source"]),
            "what": What(row["what"]),
        }
    )


def repayment(tx: Tx, repayment_id: str, *, lock: bool = False) -> Repayment | None:
    row = tx.maybe(REPAYMENT_LOCKED if lock else REPAYMENT, id=repayment_id)
    return _repayment(row) if row else None


def repayments(tx: Tx, loan_id: str) -> list[Repayment]:
    return [_repayment(row) for row in tx.all(REPAYMENTS, loan_id=loan_id)]


def id_of_channel_order(tx: Tx, channel_order_no: str) -> str | None:
    value = tx.scalar("SELECT id FROM repayment WHERE channel_order_no = :no", no=channel_order_no)
    return str(value) if value else None


def insert(tx: Tx, made: Repayment) -> bool:
    """Whether it was put on record: not while another is in flight for the loan."""
    return bool(
        tx.run(
            "INSERT INTO repayment (id, loan_id, source, what, until_number, channel_order_no,"
            " bank_card_id, amount_fen, state, business_date, created_at) VALUES (:id, :loan_id,"
            " :source, :what, :until, :order_no, :card, :amount, 'held', :business_date, :now)"
            " ON CONFLICT (loan_id) WHERE state IN ('held', 'unknown') DO NOTHING",
            id=made.id,
            loan_id=made.loan_id,
            source=made.source.value,
            what=made.what.value,
            until=made.until_number,
            order_no=made.channel_order_no,
            card=made.bank_card_id,
            amount=made.amount_fen,
            business_date=made.business_date,
            now=tx.now,
        )
    )


def set_unknown(tx: Tx, repayment_id: str) -> None:
    tx.run(
        "UPDATE repayment SET state = 'unknown', queries = queries + 1 WHERE id = :id",
        id=repayment_id,
    )


def set_received(
    tx: Tx,
    repayment_id: str,
    *,
    allocation: Mapping[str, int],
    excess_fen: int,
    entry_id: str | None,
    reference: str,
) -> None:
    tx.run(
        "UPDATE repayment SET state = 'received', allocation = :allocation, excess_fen = :excess,"
        " entry_id = :entry_id, channel_reference = :reference, ended_at = :now WHERE id = :id",
        id=repayment_id,
        allocation=json(allocation),
        excess=excess_fen,
        entry_id=entry_id,
        reference=reference,
        now=tx.now,
    )


def set_reversed(tx: Tx, repayment_id: str, because: str) -> None:
    tx.run(
        "UPDATE repayment SET state = 'reversed', message = :because WHERE id = :id",
        id=repayment_id,
        because=because,
    )


def set_failed(tx: Tx, repayment_id: str, result: ChannelResult) -> None:
    tx.run(
        "UPDATE repayment SET state = 'failed', code = :code, message = :message, ended_at = :now"
        " WHERE id = :id",
        id=repayment_id,
        code=result.code,
        message=result.message,
        now=tx.now,
    )
