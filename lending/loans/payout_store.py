"""The SQL of payouts."""

from lending.foundation import ids
from lending.foundation.database import Row, Tx
from lending.foundation.ports import AccountKind, ChannelResult
from lending.loans.model import Payout, PayoutState, Purpose

PAYOUT = """
    SELECT id, loan_id, purpose, refund_id, part, attempt, channel_order_no, account_id, kind,
           amount_fen, offset_fen, state, hold_id, queries, created_at, channel_reference, ended_at
    FROM payout WHERE id = :id"""
PAYOUT_LOCKED = """
    SELECT id, loan_id, purpose, refund_id, part, attempt, channel_order_no, account_id, kind,
           amount_fen, offset_fen, state, hold_id, queries, created_at, channel_reference, ended_at
    FROM payout WHERE id = :id FOR UPDATE"""
PAYOUTS = """
    SELECT id, loan_id, purpose, refund_id, part, attempt, channel_order_no, account_id, kind,
           amount_fen, offset_fen, state, hold_id, queries, created_at, channel_reference, ended_at
    FROM payout WHERE loan_id = :loan_id AND purpose = :purpose AND refund_id = :refund_id
        AND part = :part
    ORDER BY attempt"""


def _payout(row: Row) -> Payout:
    return Payout(
        **{
            **row,
            "state": PayoutState(row["state"]),
            "purpose": Purpose(row["purpose"]),
            "kind": AccountKind(row["kind"]),
        }
    )


def payout(tx: Tx, payout_id: str, *, lock: bool = False) -> Payout | None:
    row = tx.maybe(PAYOUT_LOCKED if lock else PAYOUT, id=payout_id)
    return _payout(row) if row else None


def payouts(
    tx: Tx,
    loan_id: str,
    purpose: Purpose = Purpose.DISBURSEMENT,
    *,
    refund_id: str = "",
    part: int = 0,
) -> list[Payout]:
    """All attempts at one payment, the first at the front."""
    rows = tx.all(PAYOUTS, loan_id=loan_id, purpose=purpose.value, refund_id=refund_id, part=part)
    return [_payout(row) for row in rows]


def id_of_channel_order(tx: Tx, channel_order_no: str) -> str | None:
    value = tx.scalar("SELECT id FROM payout WHERE channel_order_no = :no", no=channel_order_no)
    return str(value) if value else None


def insert(tx: Tx, made: Payout) -> None:
    tx.run(
        "INSERT INTO payout (id, loan_id, purpose, refund_id, part, attempt, channel_order_no,"
        " account_id, kind, amount_fen, offset_fen, state, hold_id, created_at) VALUES (:id,"
        " :loan_id, :purpose, :refund_id, :part, :attempt, :order_no, :account_id, :kind, :amount,"
        " :offset, 'held', :hold, :now)",
        id=made.id,
        loan_id=made.loan_id,
        purpose=made.purpose.value,
        refund_id=made.refund_id,
        part=made.part,
        attempt=made.attempt,
        order_no=made.channel_order_no,
        account_id=made.account_id,
        kind=made.kind.value,
        amount=made.amount_fen,
        offset=made.offset_fen,
        hold=made.hold_id,
        now=tx.now,
    )


def end(tx: Tx, payout_id: str, state: PayoutState, result: ChannelResult) -> None:
    tx.run(
        "UPDATE payout SET state = :state, code = :code, message = :message,"
        " channel_reference = :reference, ended_at = :now WHERE id = :id",
        id=payout_id,
        state=state.value,
        code=result.code,
        message=result.message,
        reference=result.reference,
        now=tx.now,
    )


def set_unknown(tx: Tx, payout_id: str) -> None:
    tx.run(
        "UPDATE payout SET state = 'unknown', queries = queries + 1 WHERE id = :id", id=payout_id
    )


def new_order_no() -> str:
    """The number under which the channel knows one payment for ever."""
    return ids.new("co")


def set_unknown_if_held(tx: Tx, payout_id: str) -> None:
    tx.run("UPDATE payout SET state = 'unknown' WHERE id = :id AND state = 'held'", id=payout_id)


def offsets_in_flight(tx: Tx, partner_id: str) -> int:
    """Claims that payments on their way have already been reduced by, fen."""
    return int(
        tx.scalar(
            "SELECT coalesce(sum(p.offset_fen), 0) FROM payout p JOIN loan l ON l.id = p.loan_id"
            " WHERE l.partner_id = :partner_id AND p.state IN ('held', 'unknown')",
            partner_id=partner_id,
        )
    )
