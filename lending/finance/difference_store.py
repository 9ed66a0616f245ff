"""The SQL of differences between the bank's file and our books."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date

from lending.finance.model import Difference
from lending.foundation import ids
from lending.foundation.database import Row, Tx, json
from lending.foundation.places import Place, behind
from lending.foundation.ports import ChannelTransaction


def insert(tx: Tx, day: date, one: Difference, line: ChannelTransaction | None) -> None:
    """Keeps a difference, and whose payout it is of; a payment to a borrower is no partner's."""
    tx.run(
        "INSERT INTO bank_difference (id, business_date, channel_order_no, kind, detail, bank_line,"
        " bank_fen, rows_fen, ledger_fen, partner_id, loan_id, order_id, found_at)"
        " SELECT :id, :day, :number, :kind, :detail, :line, :bank_fen, :rows_fen, :ledger_fen,"
        " coalesce(l.partner_id, c.funder), l.id, l.subject, :now FROM (SELECT 1) one"
        " LEFT JOIN payout p ON p.channel_order_no = :number AND p.purpose <> 'borrower_refund'"
        " LEFT JOIN loan l ON l.id = p.loan_id"
        " LEFT JOIN clearing c ON c.channel_order_no = :number ON CONFLICT DO NOTHING",
        id=ids.new("dif"),
        day=day,
        number=one.channel_order_no,
        kind=one.kind.value,
        detail=one.detail,
        line=json(asdict(line)) if line else None,
        bank_fen=one.bank_fen,
        rows_fen=one.rows_fen,
        ledger_fen=one.ledger_fen,
        now=tx.now,
    )


def unsettled(tx: Tx, kinds: Sequence[str]) -> Sequence[Row]:
    """Open differences of some kinds, locked, each with the bank's line."""
    return tx.all(
        "SELECT id, channel_order_no, kind, bank_line FROM bank_difference"
        " WHERE settled_at IS NULL AND kind = ANY (:kinds) ORDER BY business_date, id FOR UPDATE",
        kinds=list(kinds),
    )


def settle(tx: Tx, difference_ids: Sequence[str], on: date) -> int:
    return tx.touched(
        "UPDATE bank_difference SET settled_at = :now, settled_on = :on WHERE id = ANY (:ids)",
        ids=list(difference_ids),
        on=on,
        now=tx.now,
    )


def newest(tx: Tx) -> list[Row]:
    """The open ones first, each with its age in days."""
    return list(
        tx.all(
            "SELECT d.business_date, d.channel_order_no, d.kind, d.detail, d.bank_fen, d.rows_fen,"
            " d.order_id, d.settled_on, coalesce(d.settled_on, b.business_date) - d.business_date"
            " AS age_days FROM bank_difference d, business_day b"
            " ORDER BY (d.settled_at IS NOT NULL), d.business_date DESC, d.channel_order_no"
            " LIMIT 200"
        )
    )


def page(
    tx: Tx,
    partner_id: str,
    *,
    settled: bool | None,
    before: Place | None,
    limit: int,
) -> Sequence[Row]:
    """A partner's, the newest first, from behind the difference `before`."""
    return tx.all(
        "SELECT d.id, d.business_date, d.kind, d.bank_fen, d.rows_fen, d.loan_id, d.order_id,"
        " n.number AS order_no, d.found_at, d.settled_at,"
        " coalesce(d.settled_on, b.business_date) - d.business_date AS age_days"
        " FROM business_day b, bank_difference d LEFT JOIN partner_number n ON n.id = d.order_id"
        " WHERE d.partner_id = :partner_id"
        " AND (CAST(:settled AS boolean) IS NULL OR (d.settled_at IS NOT NULL) = :settled)"
        " AND (CAST(:at AS timestamptz) IS NULL OR (d.found_at, d.id) < (:at, :id))"
        " ORDER BY d.found_at DESC, d.id DESC LIMIT :limit",
        partner_id=partner_id,
        settled=settled,
        limit=limit,
        **behind(before),
    )
