"""The SQL of statements: what moved, out of the journal, and the statements that were made."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from lending.foundation.database import Row, Tx, json
from lending.ledger.chart import Code
from lending.ledger.model import OWN

_MERCHANT_MOVEMENTS = """
SELECT l.partner_id, date_trunc('milliseconds', e.created_at) AS booked_at,
    CASE WHEN a.code = :principal THEN 'order_paid' WHEN a.code = :fee THEN 'fee'
        WHEN a.code = :subsidy THEN 'subsidy' WHEN a.code = :bank THEN 'payout'
        WHEN e.kind = 'loan.goods_returned' AND e.reverses IS NULL THEN 'refund_claim'
        ELSE 'adjustment' END AS type,
    sum(CASE WHEN a.code = :claim THEN j.credit_fen - j.debit_fen
        ELSE j.debit_fen - j.credit_fen END)::bigint AS amount_fen,
    l.subject AS order_id, o.number AS order_no, l.id AS loan_id, r.id AS refund_id,
    r.number AS refund_no, p.channel_reference AS bank_reference, s.last4 AS account_last4
FROM journal_entry e
JOIN journal_line j ON j.entry_seq = e.seq
JOIN ledger_account a ON a.id = j.account_id
JOIN loan l ON l.id = e.subject
LEFT JOIN payout p ON p.id = e.key AND a.code = :bank
LEFT JOIN settlement_account s ON s.id = p.account_id
LEFT JOIN partner_number o ON o.id = l.subject
LEFT JOIN partner_number r ON r.id = e.memo AND e.kind = 'loan.goods_returned'
WHERE e.booked_date = :day AND e.book = :book
    AND (e.kind = 'loan.paid_out') = (a.code <> :claim)
    AND (CAST(:partner_id AS text) IS NULL OR l.partner_id = :partner_id)
GROUP BY e.seq, e.created_at, e.kind, e.reverses, a.code, l.partner_id, l.subject, l.id, o.number,
    r.id, r.number, p.channel_reference, s.last4
ORDER BY l.partner_id, booked_at, order_id, refund_id NULLS FIRST,
    array_position(ARRAY[:principal, :fee, :subsidy, :bank], a.code)
"""
"""An entry of a payout lists all but what it took off the claim; every other entry lists only that.

So the movements of a date add up to the change of the claim, fen for fen (L11). Their order is one
that a partner can find from what it was told.
"""

_MERCHANT_BALANCES = """
SELECT a.owner AS partner_id, sum(j.credit_fen - j.debit_fen)::bigint AS balance_fen
FROM ledger_account a JOIN journal_line j ON j.account_id = a.id
WHERE a.book = :book AND a.code = :claim AND j.booked_date <= :on GROUP BY a.owner
"""

_COLUMNS = """
SELECT s.id, s.partner_id, s.kind, s.span, s.period_start, s.period_end, s.version, s.corrects,
    s.because, s.rows, s.sums, s.opening_fen, s.closing_fen, s.file_name, s.sha256, s.size_bytes,
    s.made_at, n.id AS corrected_by
FROM statement s LEFT JOIN statement n ON n.corrects = s.id
"""
_BY_ID = _COLUMNS + "WHERE s.id = :id"
_OF_PARTNER = _COLUMNS + "WHERE s.id = :id AND s.partner_id = :partner_id"
_LIST = (
    _COLUMNS
    + """
WHERE s.partner_id = :partner_id
    AND (CAST(:kind AS text) IS NULL OR s.kind = :kind)
    AND (CAST(:span AS text) IS NULL OR s.span = :span)
    AND (CAST(:start AS date) IS NULL OR (s.span, s.period_start) = (:period_span, :start))
    AND (CAST(:at AS timestamptz) IS NULL OR (s.made_at, s.id) < (:at, :id))
ORDER BY s.made_at DESC, s.id DESC LIMIT :limit"""
)
_CURRENT = (
    _COLUMNS
    + """
WHERE s.kind = :kind AND s.span = :span AND n.id IS NULL
    AND s.period_start BETWEEN :first AND :last
    AND (CAST(:partner_id AS text) IS NULL OR s.partner_id = :partner_id)
ORDER BY s.partner_id, s.period_start"""
)


def merchant_movements(tx: Tx, day: date, partner_id: str | None) -> Iterator[Row]:
    """Orders paid, fees and subsidies withheld, payouts, and goods claimed, by merchant."""
    return tx.stream(
        _MERCHANT_MOVEMENTS,
        day=day,
        partner_id=partner_id,
        book=OWN,
        principal=Code.LOAN_PRINCIPAL.value,
        fee=Code.MERCHANT_FEE_INCOME.value,
        subsidy=Code.DEFERRED_SUBSIDY.value,
        bank=Code.BANK_SETTLEMENT.value,
        claim=Code.MERCHANT_CLAIM.value,
    )


def merchant_balances(tx: Tx, on: date) -> dict[str, int]:
    """What each merchant is owed at the end of a date; below 0 what it owes."""
    rows = tx.all(_MERCHANT_BALANCES, on=on, book=OWN, claim=Code.MERCHANT_CLAIM.value)
    return {row["partner_id"]: row["balance_fen"] for row in rows}


def insert(tx: Tx, statement: dict[str, Any]) -> None:
    tx.run(
        "INSERT INTO statement (id, partner_id, kind, span, period_start, period_end, version,"
        " corrects, because, rows, sums, opening_fen, closing_fen, file_name, sha256, size_bytes,"
        " made_at) VALUES (:id, :partner_id, :kind, :span, :period_start, :period_end, :version,"
        " :corrects, :because, :rows, :sums, :opening_fen, :closing_fen, :file_name, :sha256,"
        " :size_bytes, :now)",
        **{**statement, "sums": json(statement["sums"])},
        now=tx.now,
    )


def by_id(tx: Tx, statement_id: str) -> Row | None:
    return tx.maybe(_BY_ID, id=statement_id)


def of_partner(tx: Tx, partner_id: str, statement_id: str) -> Row | None:
    return tx.maybe(_OF_PARTNER, id=statement_id, partner_id=partner_id)


def current(
    tx: Tx, kind: str, span: str, *, first: date, last: date, partner_id: str | None
) -> Sequence[Row]:
    """Statements that no newer one corrects, by partner and in order of their periods."""
    return tx.all(_CURRENT, kind=kind, span=span, first=first, last=last, partner_id=partner_id)


def page(
    tx: Tx,
    partner_id: str,
    *,
    kind: str | None,
    span: str | None,
    period: tuple[str, date] | None,
    before: tuple[datetime, str] | None,
    limit: int,
) -> Sequence[Row]:
    """The newest first, from behind the statement `before`; `period` is a span and its start."""
    return tx.all(
        _LIST,
        partner_id=partner_id,
        kind=kind,
        span=span,
        period_span=period[0] if period else None,
        start=period[1] if period else None,
        at=before[0] if before else None,
        id=before[1] if before else None,
        limit=limit,
    )
