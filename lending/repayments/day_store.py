"""The SQL of what the end of day prepares for the next date: debits and bills."""

from datetime import date

from lending.foundation.database import Tx
from lending.foundation.spans import Span

_DEBITS = """
WITH asked AS MATERIALIZED (
    SELECT s.loan_id FROM loan_standing s
    WHERE s.number BETWEEN :first AND :last AND s.oldest_due <= :following
        AND :following - s.oldest_due = ANY (CAST(:days_late AS integer[])) AND NOT s.written_off
        AND NOT EXISTS (SELECT FROM repayment r
            WHERE r.loan_id = s.loan_id AND r.state IN ('held', 'unknown'))
)
INSERT INTO repayment (id, loan_id, source, what, channel_order_no, bank_card_id, amount_fen,
    state, business_date, created_at)
SELECT 'rep_' || of_date.digest, l.id, 'auto_debit', 'due', 'co_' || of_date.digest,
    l.bank_card_id, due.fen, 'held', :following, :now
FROM asked a JOIN loan l ON l.id = a.loan_id
CROSS JOIN LATERAL (SELECT substr(encode(sha256(
    convert_to(a.loan_id || :following, 'UTF8')), 'hex'), 1, 32) AS digest) of_date
CROSS JOIN LATERAL (
    SELECT sum(i.principal_fen - i.principal_paid_fen + i.interest_fen - i.interest_paid_fen
        + i.fee_fen - i.fee_paid_fen + i.penalty_fen - i.penalty_paid_fen) AS fen
    FROM instalment_standing i WHERE i.loan_id = a.loan_id AND i.due_date <= :following
) due
WHERE due.fen > 0
ON CONFLICT DO NOTHING
"""
"""The numbers follow from loan and date, so that a second run makes the same and adds nothing."""

_BILLS = """
WITH unbilled AS MATERIALIZED (
    SELECT s.loan_id, s.course_until AS due_date FROM loan_standing s
    WHERE s.number BETWEEN :first AND :last AND s.course_until <= :until AND NOT s.written_off
        AND NOT EXISTS (SELECT FROM bill b
            WHERE b.loan_id = s.loan_id AND b.due_date = s.course_until)
)
INSERT INTO bill (loan_id, due_date, principal_fen, interest_fen, fee_fen, made_on)
SELECT u.loan_id, i.due_date, i.principal_fen - i.principal_paid_fen,
    i.interest_fen - i.interest_paid_fen, i.fee_fen - i.fee_paid_fen, :following
FROM unbilled u JOIN loan l ON l.id = u.loan_id
JOIN instalment i ON i.loan_id = u.loan_id AND i.plan_version = l.plan_version
    AND i.due_date = u.due_date
WHERE i.principal_fen + i.interest_fen + i.fee_fen
    > i.principal_paid_fen + i.interest_paid_fen + i.fee_paid_fen
ON CONFLICT DO NOTHING
"""
"""Most loans that fall due soon are billed already: they are left out before anything is joined."""


def insert_debits(tx: Tx, span: Span, following: date, days_late: list[int]) -> int:
    return tx.touched(
        _DEBITS,
        first=span.first,
        last=span.last,
        following=following,
        days_late=days_late,
        now=tx.now,
    )


def insert_bills(tx: Tx, span: Span, following: date, until: date) -> int:
    return tx.touched(_BILLS, first=span.first, last=span.last, following=following, until=until)


def unsent(tx: Tx, limit: int) -> list[str]:
    """Automatic debits that wait to be sent."""
    rows = tx.all(
        "SELECT id FROM repayment WHERE state = 'held' AND source = 'auto_debit'"
        " ORDER BY id LIMIT :limit",
        limit=limit,
    )
    return [row["id"] for row in rows]
