"""The SQL of repayments."""

from collections.abc import Mapping, Sequence

from lending.foundation.database import Row, Tx, json
from lending.foundation.ports import ChannelResult
from lending.repayments.model import Repayment, RepaymentState, Source, What

REPAYMENT = """
    SELECT id, loan_id, source, what, until_number, channel_order_no, bank_card_id, amount_fen,
           state, queries, code, message, business_date, created_at, ended_at
    FROM repayment"""
ONE, ONE_LOCKED = f"{REPAYMENT} WHERE id = :id", f"{REPAYMENT} WHERE id = :id FOR UPDATE"
MANY, MANY_LOCKED = (
    f"{REPAYMENT} WHERE id = ANY (:ids) ORDER BY id",
    f"{REPAYMENT} WHERE id = ANY (:ids) ORDER BY id FOR UPDATE",
)
OF_LOAN = f"{REPAYMENT} WHERE loan_id = :loan_id ORDER BY created_at DESC, id"


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
    row = tx.maybe(ONE_LOCKED if lock else ONE, id=repayment_id)
    return _repayment(row) if row else None


def many(tx: Tx, repayment_ids: Sequence[str], *, lock: bool = False) -> list[Repayment]:
    rows = tx.all(MANY_LOCKED if lock else MANY, ids=list(repayment_ids))
    return [_repayment(row) for row in rows]


def repayments(tx: Tx, loan_id: str) -> list[Repayment]:
    return [_repayment(row) for row in tx.all(OF_LOAN, loan_id=loan_id)]


def id_of_channel_order(tx: Tx, channel_order_no: str) -> str | None:
    value = tx.scalar("SELECT id FROM repayment WHERE channel_order_no = :no", no=channel_order_no)
    return str(value) if value else None


def insert(tx: Tx, made: Repayment) -> bool:
    """Whether it was put on record: not while another is in flight for the loan."""
    return bool(
        tx.touched(
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


_RECEIVED = """
UPDATE repayment SET state = 'received', allocation = t.allocation, excess_fen = t.excess_fen,
    entry_id = t.entry_id, channel_reference = t.channel_reference, ended_at = :now
FROM jsonb_populate_recordset(CAST(NULL AS repayment), :received) AS t WHERE repayment.id = t.id
"""


def set_received(tx: Tx, received: Sequence[Mapping[str, object]]) -> None:
    """Each with its id, `allocation`, `excess_fen`, `entry_id` and `channel_reference`."""
    tx.run(_RECEIVED, received=json(received), now=tx.now)


def set_reversed(tx: Tx, repayment_id: str, because: str) -> None:
    tx.run(
        "UPDATE repayment SET state = 'reversed', message = :because WHERE id = :id",
        id=repayment_id,
        because=because,
    )


def set_failed(tx: Tx, failed: Mapping[str, ChannelResult]) -> None:
    """Each with what the channel said, by the id of the repayment."""
    if failed:
        tx.run(
            "UPDATE repayment SET state = 'failed', code = t.code, message = t.message,"
            " ended_at = :now FROM unnest(CAST(:ids AS text[]), CAST(:codes AS text[]),"
            " CAST(:messages AS text[])) AS t (id, code, message) WHERE repayment.id = t.id",
            ids=list(failed),
            codes=[result.code for result in failed.values()],
            messages=[result.message for result in failed.values()],
            now=tx.now,
        )
