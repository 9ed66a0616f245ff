"""The SQL of what moved for platforms and guarantors, out of the journal and its rows."""

from collections.abc import Iterator
from datetime import date

from lending.foundation.database import Row, Tx
from lending.ledger.chart import Code

COMMISSION_TYPES = {
    "accrued": "more was received on a loan: you have earned a part of it",
    "clawback": "a payment was taken back or a loan went bad: you give back, below 0",
    "tier": "the month's tier takes this off what its loans earned, below 0",
    "adjustment": "a correction of a bill by the lender",
    "paid": "a bill was paid to your settlement account, below 0",
}

_COMMISSION_MOVEMENTS = """
SELECT * FROM (
SELECT m.platform_id AS partner_id, date_trunc('milliseconds', m.at) AS booked_at, m.kind AS type,
    m.amount_fen, m.id AS movement_id, m.loan_id, m.lead_id, m.lead_no,
    CASE WHEN m.loan_id IS NOT NULL THEN m.received_before_fen END AS received_before_fen,
    CASE WHEN m.loan_id IS NOT NULL THEN m.received_fen END AS received_fen,
    CASE WHEN m.loan_id IS NOT NULL THEN m.earned_before_fen END AS earned_before_fen,
    CASE WHEN m.loan_id IS NOT NULL THEN m.earned_fen END AS earned_fen,
    m.bill_id, NULL AS bank_reference
FROM commission_movement m
WHERE m.business_date = :day
    AND (CAST(:partner_id AS text) IS NULL OR m.platform_id = :partner_id)
UNION ALL
SELECT r.partner_id, date_trunc('milliseconds', e.created_at), 'paid', -r.amount_fen, r.id, NULL,
    NULL, NULL, NULL, NULL, NULL, NULL, r.subject, r.channel_reference
FROM journal_entry e JOIN ledger_hold h ON h.entry_id = e.id
JOIN remittance r ON r.hold_id = h.id AND r.purpose = 'commission'
WHERE e.seq >= (SELECT journal_from(:day)) AND e.seq < (SELECT journal_from(:day + 1))
    AND e.kind = 'commission.paid'
    AND (CAST(:partner_id AS text) IS NULL OR r.partner_id = :partner_id)
) moved ORDER BY partner_id, booked_at, movement_id COLLATE "C"
"""

GUARANTOR_TYPES = {
    "claim": "a claim was paid by you: you owed it, below 0",
    "claim_paid": "your money for it, out of your deposit or by transfer",
    "recovery": "repaid by a borrower of what you paid",
    "fee": "your fee",
    "remitted": "paid to your settlement account, below 0",
    "adjustment": "a correction by the lender",
}

_GUARANTOR_MOVEMENTS = """
WITH moved AS (
    SELECT e.seq, e.kind, e.subject, e.memo, e.key, date_trunc('milliseconds', e.created_at) AS at,
        substr(a.book, length('guarantor:') + 1) AS partner_id,
        coalesce(sum(j.debit_fen - j.credit_fen) FILTER (WHERE a.code = :claims), 0) AS claim_fen,
        coalesce(sum(j.debit_fen - j.credit_fen) FILTER (WHERE a.code = :held), 0) AS held_fen,
        coalesce(sum(j.credit_fen - j.debit_fen) FILTER (WHERE a.code = :income), 0) AS fee_fen
    FROM journal_entry e JOIN journal_line j ON j.entry_seq = e.seq
    JOIN ledger_account a ON a.id = j.account_id
    WHERE e.seq >= (SELECT journal_from(:day)) AND e.seq < (SELECT journal_from(:day + 1))
        AND a.book LIKE 'guarantor:%'
        AND (CAST(:partner_id AS text) IS NULL OR a.book = 'guarantor:' || :partner_id)
    GROUP BY e.seq, a.book
), parts AS (
    SELECT moved.*, part.rank, part.type, part.fen FROM moved CROSS JOIN LATERAL (VALUES
        (1, CASE WHEN kind = 'claim.paid' THEN 'claim_paid' WHEN kind = 'loan.claimed' THEN 'claim'
            ELSE 'adjustment' END, claim_fen),
        (2, 'fee', fee_fen),
        (3, CASE WHEN kind = 'recourse.paid' THEN 'remitted' ELSE 'recovery' END,
            held_fen - fee_fen)
    ) AS part (rank, type, fen) WHERE part.fen <> 0
)
SELECT p.partner_id, p.at AS booked_at, p.type, p.fen::bigint AS amount_fen,
    CASE WHEN l.id IS NOT NULL THEN l.id END AS loan_id,
    CASE WHEN p.type IN ('claim', 'claim_paid') THEN p.memo END AS claim_id,
    r.channel_reference AS bank_reference
FROM parts p LEFT JOIN loan l ON l.id = p.subject
LEFT JOIN remittance r ON r.id = p.key AND p.type = 'remitted'
ORDER BY p.partner_id, p.at, p.subject COLLATE "C", p.seq, p.rank
"""
"""Out of the guarantor's own book: what it owed for a claim, its fee, what borrowers repaid."""


def commission_movements(tx: Tx, day: date, partner_id: str | None) -> Iterator[Row]:
    """What platforms earned, gave back and were paid, by platform."""
    return tx.stream(_COMMISSION_MOVEMENTS, day=day, partner_id=partner_id)


def guarantor_movements(tx: Tx, day: date, partner_id: str | None) -> Iterator[Row]:
    """Claims, fees, recoveries and payments, by guarantor."""
    return tx.stream(
        _GUARANTOR_MOVEMENTS,
        day=day,
        partner_id=partner_id,
        claims=Code.CLAIM_PAYABLE.value,
        held=Code.LENDER_RECEIVABLE.value,
        income=Code.GUARANTEE_INCOME.value,
    )
