"""The SQL of statements: what moved, out of the journal, and the statements that were made."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from lending.foundation.database import Row, Tx, json
from lending.foundation.places import Place, behind
from lending.ledger.chart import Code
from lending.ledger.model import OWN

MERCHANT_TYPES = {
    "order_paid": "an order was paid out: its amount is owed to you",
    "retained": "kept back until you have served, below 0; above 0 given free",
    "fee": "your fee, withheld",
    "subsidy": "what you pay for a loan free of interest, withheld",
    "payout": "paid to your settlement account",
    "refund_claim": "goods came back: claimed from you, taken from your next payouts",
    "service_stopped": "a service stopped: claimed from you, met by what was kept back",
    "adjustment": "a correction by the lender",
}
"""What can move a merchant's account; the movements of one entry are in this order."""

_MERCHANT_MOVEMENTS = """
SELECT m.partner_id, m.booked_at, m.type, sum(m.fen)::bigint AS amount_fen, m.subject AS order_id,
    o.number AS order_no, m.loan_id, r.id AS refund_id, r.number AS refund_no,
    CASE WHEN m.type = 'payout' THEN p.channel_reference END AS bank_reference,
    CASE WHEN m.type = 'payout' THEN s.last4 END AS account_last4,
    o.store_no, o.till_no, nullif(p.part, 0) AS release_part
FROM (
    SELECT e.seq, e.key, e.memo, e.kind, l.id AS loan_id, l.partner_id, l.subject,
        date_trunc('milliseconds', e.created_at) AS booked_at,
        CASE WHEN a.code = :claim THEN j.credit_fen - j.debit_fen
            ELSE j.debit_fen - j.credit_fen END AS fen,
        CASE WHEN a.code = ANY (:lent) AND j.debit_fen > 0 THEN 'order_paid'
            WHEN a.code = :retained THEN 'retained'
            WHEN a.code = :fee THEN 'fee' WHEN a.code = ANY (:subsidies) THEN 'subsidy'
            WHEN a.code = :bank THEN 'payout' WHEN e.reverses IS NOT NULL THEN 'adjustment'
            WHEN e.kind = 'loan.goods_returned' THEN 'refund_claim'
            WHEN e.kind = 'loan.service_stopped' THEN 'service_stopped'
            ELSE 'adjustment' END AS type
    FROM journal_entry e
    JOIN journal_line j ON j.entry_seq = e.seq
    JOIN ledger_account a ON a.id = j.account_id
    JOIN loan l ON l.id = e.subject
    WHERE e.seq >= (SELECT journal_from(:day)) AND e.seq < (SELECT journal_from(:day + 1))
        AND a.book = :book
        AND (e.kind IN ('loan.paid_out', 'loan.released', 'release.stopped')) = (a.code <> :claim)
        AND l.terms #>> '{payee,kind}' IS DISTINCT FROM 'borrower'
        AND (CAST(:partner_id AS text) IS NULL OR l.partner_id = :partner_id)
) m
LEFT JOIN payout p ON p.id = m.key AND m.kind IN ('loan.paid_out', 'loan.released')
LEFT JOIN settlement_account s ON s.id = p.account_id
LEFT JOIN partner_number o ON o.id = m.subject
LEFT JOIN partner_number r ON r.id = m.memo AND m.kind = 'loan.goods_returned'
GROUP BY m.seq, m.partner_id, m.booked_at, m.type, m.subject, m.loan_id, o.number, r.id, r.number,
    p.channel_reference, s.last4, o.store_no, o.till_no, p.part
HAVING sum(m.fen) <> 0
ORDER BY m.partner_id, m.booked_at, m.subject COLLATE "C", r.id COLLATE "C" NULLS FIRST,
    coalesce(p.part, 0), array_position(CAST(:types AS text[]), m.type), m.seq
"""
"""An entry of a payout lists all but what it took off the claim; every other entry lists only that.

What other funders lend of an order, and their part of a subsidy, is the merchant's like ours. So
the movements of a date add up to the change of the claim, fen for fen (L11). Their order is one
that a partner can find from what it was told.
"""

_BALANCES = """
SELECT a.owner AS partner_id, sum(j.credit_fen - j.debit_fen)::bigint AS balance_fen
FROM ledger_account a JOIN journal_line j ON j.account_id = a.id
WHERE a.book = :book AND a.code = ANY (:codes) AND j.booked_date <= :on GROUP BY a.owner
"""

_AROUND = """
SELECT o.owner AS partner_id,
    (coalesce(told.closing_fen, 0) + coalesce(moved.before_fen, 0))::bigint AS before_fen,
    (coalesce(told.closing_fen, 0) + coalesce(moved.fen, 0))::bigint AS after_fen
FROM (
    SELECT owner, array_agg(id) AS ids FROM ledger_account
    WHERE book = :book AND code = ANY (:codes) GROUP BY owner
) o LEFT JOIN LATERAL (
    SELECT s.period_end, s.closing_fen FROM statement s
    WHERE s.partner_id = o.owner AND s.kind = :kind AND s.span = 'day' AND s.period_start < :day
    ORDER BY s.period_start DESC, s.version DESC LIMIT 1
) told ON true LEFT JOIN LATERAL (
    SELECT sum(j.credit_fen - j.debit_fen) AS fen,
        sum(j.credit_fen - j.debit_fen) FILTER (WHERE j.booked_date < :day) AS before_fen
    FROM journal_line j WHERE j.account_id = ANY (o.ids)
        AND j.booked_date > coalesce(told.period_end, '-infinity') AND j.booked_date <= :day
) moved ON true
"""
"""Closed dates never change (L10): what the last statement closed with is what they come to."""

_COLUMNS = """
SELECT s.id, s.partner_id, s.kind, s.span, s.period_start, s.period_end, s.version, s.corrects,
    s.because, s.rows, s.sums, s.store_sums, s.opening_fen, s.closing_fen, s.file_name, s.sha256,
    s.size_bytes, s.made_at, n.id AS corrected_by
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
        types=list(MERCHANT_TYPES),
        lent=[
            Code.LOAN_PRINCIPAL.value,
            Code.FUNDER_MONEY_IN.value,
            Code.FUNDER_PAYABLE.value,
        ],
        retained=Code.MERCHANT_RETAINED.value,
        fee=Code.MERCHANT_FEE_INCOME.value,
        subsidies=[
            Code.DEFERRED_SUBSIDY.value,
            Code.SUBSIDY_RECEIVABLE.value,
            Code.FUNDER_PAYABLE.value,
            Code.FUNDER_SERVICE_INCOME.value,
        ],
        bank=Code.BANK_SETTLEMENT.value,
        claim=Code.MERCHANT_CLAIM.value,
    )


def balances(tx: Tx, on: date, codes: Sequence[Code]) -> dict[str, int]:
    """What each partner is owed at the end of a date, all its lines summed; below 0 it owes."""
    rows = tx.all(_BALANCES, on=on, book=OWN, codes=[code.value for code in codes])
    return {row["partner_id"]: row["balance_fen"] for row in rows}


def around(
    tx: Tx, kind: str, day: date, codes: Sequence[Code]
) -> tuple[dict[str, int], dict[str, int]]:
    """What each partner is owed as a date begins and as it ends.

    Out of its last statement of the kind and the lines since, so that a date costs what it moved.
    """
    rows = tx.all(_AROUND, kind=kind, day=day, book=OWN, codes=[code.value for code in codes])
    return (
        {row["partner_id"]: row["before_fen"] for row in rows},
        {row["partner_id"]: row["after_fen"] for row in rows},
    )


def insert(tx: Tx, statement: dict[str, Any]) -> None:
    tx.run(
        "INSERT INTO statement (id, partner_id, kind, span, period_start, period_end, version,"
        " corrects, because, rows, sums, store_sums, opening_fen, closing_fen, file_name, sha256,"
        " size_bytes, made_at) VALUES (:id, :partner_id, :kind, :span, :period_start, :period_end,"
        " :version, :corrects, :because, :rows, :sums, :store_sums, :opening_fen, :closing_fen,"
        " :file_name, :sha256, :size_bytes, :now)",
        **{
            name: json(value) if name.endswith("sums") else value
            for name, value in statement.items()
        },
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
    before: Place | None,
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
        limit=limit,
        **behind(before),
    )
