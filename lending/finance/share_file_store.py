"""The SQL of the files for funders: what moved, how each loan stands for them, what falls due."""

from collections.abc import Iterator, Sequence
from datetime import date

from lending.engine.ageing import BUCKET_DAYS, BUCKETS
from lending.foundation.database import Row, Tx
from lending.ledger.chart import Code
from lending.ledger.model import funder_of

MOVEMENT_TYPES = {
    "lent": "principal that you lent, your part of a loan paid out; below 0",
    "funded": "of what you lent, what you had sent for it beforehand",
    "principal_repaid": "principal that came back to you; below 0 where that was taken back",
    "interest_received": "interest of yours; below 0 where it was taken back",
    "fee_received": "fees of yours; below 0 where they were taken back",
    "penalty_received": "penalty of yours; below 0 where it was taken back",
    "service_fee": "what you pay the leader for serving the loan",
    "cleared": "paid to you, below 0; above 0 paid by you",
}
"""What can move a funder's account with us; the rows of one movement are in this order."""

_MOVEMENTS = """
SELECT m.funder AS partner_id, date_trunc('milliseconds', m.at) AS booked_at, t.type,
    t.fen AS amount_fen, m.loan_id, m.kind AS movement, m.source_id, m.happened_on, m.clearing_id
FROM (
    SELECT seq, 1 AS sort, funder, at, loan_id, kind, source_id, happened_on, clearing_id,
        principal_fen, interest_fen, fee_fen, penalty_fen, service_fee_fen, funded_fen,
        0 AS cleared_fen
    FROM share_movement WHERE business_date = :day
    UNION ALL
    SELECT c.seq, 2, c.funder, c.ended_at, NULL, e.kind, c.id, e.booked_date, c.id,
        0, 0, 0, 0, 0, 0, -c.amount_fen
    FROM clearing c JOIN journal_entry e ON e.id = c.entry_id
    WHERE e.seq >= (SELECT journal_from(:day)) AND e.seq < (SELECT journal_from(:day + 1))
) m, LATERAL (VALUES
    (1, 'lent', CASE WHEN m.kind = 'loan.paid_out' THEN m.principal_fen ELSE 0 END),
    (2, 'funded', m.funded_fen),
    (3, 'principal_repaid', CASE WHEN m.kind = 'loan.paid_out' THEN 0 ELSE m.principal_fen END),
    (4, 'interest_received', m.interest_fen),
    (5, 'fee_received', m.fee_fen),
    (6, 'penalty_received', m.penalty_fen),
    (7, 'service_fee', m.service_fee_fen),
    (8, 'cleared', m.cleared_fen)
) t (place, type, fen)
WHERE t.fen <> 0 AND (CAST(:partner_id AS text) IS NULL OR m.funder = :partner_id)
ORDER BY m.funder COLLATE "C", m.at, m.sort, m.seq, t.place
"""

_POSITIONS = """
SELECT p.funder AS partner_id,
    CASE WHEN s.written_off THEN 'written_off' ELSE s.grade END AS type,
    CASE WHEN s.written_off THEN 0 ELSE
        share_part(s.principal_fen, p.weights, p.place)
        - share_part(s.principal_fen - s.principal_open_fen, p.weights, p.place) END AS amount_fen,
    s.loan_id, c.number AS contract_no, s.product_code, l.start_date,
    p.weights[p.place] AS share_bp,
    share_part(s.principal_fen, p.weights, p.place) AS principal_fen,
    share_part(s.principal_fen - s.principal_open_fen, p.weights, p.place) AS principal_paid_fen,
    share_part(s.interest_accrued_fen, p.incomes, p.place) AS interest_accrued_fen,
    share_part(s.interest_paid_fen, p.incomes, p.place) AS interest_paid_fen,
    s.days_past_due,
    CASE WHEN s.days_past_due > :days * :most THEN 'M' || :most || '+'
        ELSE 'M' || (s.days_past_due + :days - 1) / :days END AS bucket,
    s.oldest_due AS due_date
FROM loan_standing s
JOIN share_party p ON p.split_id = s.split_id AND p.book <> 'own'
JOIN loan l ON l.id = s.loan_id
LEFT JOIN contract c ON c.loan_id = s.loan_id
WHERE s.loan_id NOT IN (SELECT unnest(CAST(:apart AS text[])))
    AND (CAST(:partner_id AS text) IS NULL OR p.funder = :partner_id)
ORDER BY p.funder COLLATE "C", s.loan_id COLLATE "C"
"""

_FORECAST = """
WITH due AS (
    SELECT s.split_id, i.due_date,
        i.principal_fen - i.principal_paid_fen AS principal_fen,
        i.interest_fen - i.interest_paid_fen AS interest_fen,
        s.principal_fen - s.principal_open_fen
            + sum(CAST(i.principal_fen - i.principal_paid_fen AS integer)) OVER following
            AS principal_after_fen,
        s.interest_paid_fen
            + sum(CAST(i.interest_fen - i.interest_paid_fen AS integer)) OVER following
            AS interest_after_fen
    FROM loan_standing s JOIN loan l ON l.id = s.loan_id
    JOIN instalment i ON i.loan_id = s.loan_id AND i.plan_version = l.plan_version
    WHERE s.split_id IS NOT NULL AND NOT s.written_off AND NOT s.claimed
        AND s.loan_id NOT IN (SELECT unnest(CAST(:apart AS text[])))
        AND (i.principal_fen > i.principal_paid_fen OR i.interest_fen > i.interest_paid_fen)
    WINDOW following AS (PARTITION BY i.loan_id ORDER BY i.number)
    UNION ALL
    SELECT s.split_id, s.oldest_due, s.principal_open_fen,
        s.interest_accrued_fen - s.interest_paid_fen, s.principal_fen, s.interest_accrued_fen
    FROM loan_standing s WHERE s.split_id IS NOT NULL AND NOT s.written_off AND s.claimed
        AND s.loan_id NOT IN (SELECT unnest(CAST(:apart AS text[])))
)
SELECT p.funder AS partner_id, d.due_date,
    sum(share_part(d.principal_after_fen, p.weights, p.place)
        - share_part(d.principal_after_fen - d.principal_fen, p.weights, p.place)
        )::bigint AS principal_fen,
    sum(share_part(d.interest_after_fen, p.incomes, p.place)
        - share_part(d.interest_after_fen - d.interest_fen, p.incomes, p.place)
        )::bigint AS interest_fen
FROM due d JOIN share_party p ON p.split_id = d.split_id AND p.book <> 'own'
WHERE (d.principal_fen > 0 OR d.interest_fen > 0)
    AND (CAST(:partner_id AS text) IS NULL OR p.funder = :partner_id)
GROUP BY p.funder, d.due_date
"""
"""Once a guarantor has paid for a loan, what is left to the lenders is due at once. What is open of
an instalment fits in 32 bits (CNY 200,000), so that its running total is a whole number of 64."""


def movements(tx: Tx, day: date, partner_id: str | None) -> Iterator[Row]:
    """What was booked on a date between each funder and us, part by part."""
    return tx.stream(_MOVEMENTS, day=day, partner_id=partner_id)


def balances(tx: Tx, on: date, code: Code) -> dict[str, int]:
    """What an account of each funder's book stands at, at the end of a closed date."""
    rows = tx.all(
        "SELECT book, sum(debit_fen - credit_fen)::bigint AS fen FROM ledger_day"
        " WHERE code = :code AND business_date <= :on AND book LIKE 'funder:%' GROUP BY book",
        code=code.value,
        on=on,
    )
    return {funder_of(row["book"]): row["fen"] for row in rows if row["fen"]}


def moved_since(tx: Tx, day: date) -> list[str]:
    """Shared loans to which something has happened after a date."""
    rows = tx.all(
        "SELECT DISTINCT loan_id FROM share_movement WHERE business_date > :day ORDER BY 1", day=day
    )
    return [row["loan_id"] for row in rows]


def positions(tx: Tx, apart: Sequence[str], partner_id: str | None) -> Iterator[Row]:
    """How each open loan stands for each of its other funders, but for those that are apart."""
    return tx.stream(
        _POSITIONS, apart=list(apart), partner_id=partner_id, days=BUCKET_DAYS, most=BUCKETS
    )


def forecast(tx: Tx, apart: Sequence[str], partner_id: str | None) -> Sequence[Row]:
    """What falls due to each other funder by date, but of loans that are apart."""
    return tx.all(_FORECAST, apart=list(apart), partner_id=partner_id)


def contract_number(tx: Tx, loan_id: str) -> str | None:
    found: str | None = tx.scalar("SELECT number FROM contract WHERE loan_id = :id", id=loan_id)
    return found
