"""The SQL of the files for funders: what moved, how each loan stands for them, what falls due."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from lending.foundation.database import Row, Tx, json
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

_LINES_TABLE = """
CREATE TEMP TABLE share_line (partner_id text, type text, amount_fen bigint, loan_id text,
    contract_no text, product_code text, start_date date, share_bp integer, principal_fen bigint,
    principal_paid_fen bigint, interest_accrued_fen bigint, interest_paid_fen bigint,
    days_past_due integer, bucket text, due_date date) ON COMMIT DROP
"""
_APART_TABLE = "CREATE TEMP TABLE share_apart (loan_id text) ON COMMIT DROP"

_LAY_OUT = """
WITH since AS MATERIALIZED (
    SELECT DISTINCT loan_id FROM share_movement WHERE business_date > :day
), apart AS (
    INSERT INTO share_apart SELECT loan_id FROM since
)
INSERT INTO share_line
SELECT p.funder, CASE WHEN s.written_off THEN 'written_off' ELSE s.grade END,
    CASE WHEN s.written_off THEN 0 ELSE t.principal_fen - t.principal_paid_fen END,
    s.loan_id, c.number, s.product_code, s.subsidy_from, p.weights[p.place], t.principal_fen,
    t.principal_paid_fen, share_part(s.interest_accrued_fen, p.income_cuts, p.place),
    share_part(s.interest_paid_fen, p.income_cuts, p.place), s.days_past_due,
    lateness_bucket(s.days_past_due), s.oldest_due
FROM loan_standing s
JOIN share_party p ON p.split_id = s.split_id AND p.book <> 'own'
LEFT JOIN contract c ON c.loan_id = s.loan_id
CROSS JOIN LATERAL (SELECT share_part(s.principal_fen, p.weight_cuts, p.place) AS principal_fen,
    share_part(s.principal_fen - s.principal_open_fen, p.weight_cuts, p.place)
        AS principal_paid_fen OFFSET 0) t
WHERE s.loan_id NOT IN (SELECT loan_id FROM since)
"""
"""A subsidy is earned from the day on which the loan began, and so for every loan bears that day.
One statement: what has happened to a loan meanwhile is seen in both places or in neither."""

_LINES = (
    "INSERT INTO share_line SELECT * FROM jsonb_populate_recordset(CAST(NULL AS share_line), :l)"
)

_WRITE = """
COPY (SELECT row_number() OVER by_loan, CAST(:day AS date), type, amount_fen,
    sum(amount_fen) OVER by_loan, loan_id, contract_no,
    CASE WHEN product_code ~ :live THEN '''' || product_code ELSE product_code END, start_date,
    share_bp, principal_fen, principal_paid_fen, interest_accrued_fen, interest_paid_fen,
    days_past_due, bucket, due_date
FROM share_line WHERE partner_id = :partner_id
WINDOW by_loan AS (ORDER BY loan_id COLLATE "C" ROWS UNBOUNDED PRECEDING)
ORDER BY loan_id COLLATE "C") TO STDOUT (FORMAT csv)
"""

_PUT_ON = """
WITH since AS MATERIALIZED (
    SELECT DISTINCT loan_id FROM share_movement
    WHERE business_date > :day AND loan_id = ANY (:loans)
), asked AS MATERIALIZED (
    SELECT id FROM unnest(CAST(:loans AS text[])) AS t (id)
    WHERE id NOT IN (SELECT loan_id FROM since)
), put AS (INSERT INTO share_due (loan_id, split_id, due_dates, principal_fen, interest_fen,
    principal_paid_fen, interest_paid_fen)
SELECT s.loan_id, s.split_id, i.due_dates, i.principal_fen, i.interest_fen,
    s.principal_fen - s.principal_open_fen, s.interest_paid_fen
FROM asked
JOIN loan_standing s ON s.loan_id = asked.id JOIN loan l ON l.id = s.loan_id
CROSS JOIN LATERAL (
    SELECT array_agg(due_date ORDER BY number) AS due_dates,
        array_agg(principal_fen - principal_paid_fen ORDER BY number) AS principal_fen,
        array_agg(interest_fen - interest_paid_fen ORDER BY number) AS interest_fen
    FROM instalment WHERE loan_id = s.loan_id AND plan_version = l.plan_version
        AND (principal_fen > principal_paid_fen OR interest_fen > interest_paid_fen)
) i
WHERE s.split_id IS NOT NULL AND NOT s.written_off AND NOT s.claimed AND i.due_dates IS NOT NULL
UNION ALL
SELECT s.loan_id, s.split_id, ARRAY[s.oldest_due], ARRAY[s.principal_open_fen],
    ARRAY[s.interest_accrued_fen - s.interest_paid_fen], s.principal_fen - s.principal_open_fen,
    s.interest_paid_fen
FROM asked JOIN loan_standing s ON s.loan_id = asked.id
WHERE s.split_id IS NOT NULL AND NOT s.written_off AND s.claimed AND s.oldest_due IS NOT NULL
)
SELECT loan_id FROM since ORDER BY loan_id
"""
"""Once a guarantor has paid for a loan, what is left to the lenders is due at once."""

_PUT_AS_IT_WAS = """
INSERT INTO share_due SELECT * FROM jsonb_populate_recordset(CAST(NULL AS share_due), :rows)
"""

_COUNT = """
INSERT INTO share_due_total AS t (funder, due_date, principal_fen, interest_fen)
SELECT p.funder, d.due_date,
    :times * sum(share_part(d.principal_after_fen, p.weight_cuts, p.place)
        - share_part(d.principal_after_fen - d.principal_fen, p.weight_cuts, p.place))::bigint,
    :times * sum(share_part(d.interest_after_fen, p.income_cuts, p.place)
        - share_part(d.interest_after_fen - d.interest_fen, p.income_cuts, p.place))::bigint
FROM share_due o
CROSS JOIN LATERAL (
    SELECT u.due_date, u.principal_fen, u.interest_fen,
        o.principal_paid_fen + CAST(sum(u.principal_fen) OVER following AS bigint)
            AS principal_after_fen,
        o.interest_paid_fen + CAST(sum(u.interest_fen) OVER following AS bigint)
            AS interest_after_fen
    FROM unnest(o.due_dates, o.principal_fen, o.interest_fen) WITH ORDINALITY
        AS u (due_date, principal_fen, interest_fen, number)
    WINDOW following AS (ORDER BY u.number)
) d
JOIN share_party p ON p.split_id = o.split_id AND p.book <> 'own'
WHERE o.loan_id = ANY (:loans)
GROUP BY p.funder, d.due_date ORDER BY p.funder, d.due_date
ON CONFLICT (funder, due_date) DO UPDATE SET
    principal_fen = t.principal_fen + excluded.principal_fen,
    interest_fen = t.interest_fen + excluded.interest_fen
"""


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


def lay_out_positions(tx: Tx, day: date) -> list[str]:
    """Lays out how each open loan stands for each of its other funders.

    But for those to which something has happened after the date: these are given back.
    """
    tx.touched(_LINES_TABLE)
    tx.touched(_APART_TABLE)
    tx.run(_LAY_OUT, day=day)
    return [row["loan_id"] for row in tx.all("SELECT loan_id FROM share_apart ORDER BY 1")]


def add_positions(tx: Tx, lines: Sequence[Mapping[str, Any]]) -> Sequence[Row]:
    """Adds those that are apart, as they were; by partner and type, how many rows and fen."""
    tx.run(_LINES, l=json([{name: _plain(value) for name, value in one.items()} for one in lines]))
    return tx.all(
        "SELECT partner_id, type, count(*) AS rows, sum(amount_fen)::bigint AS amount_fen"
        ' FROM share_line GROUP BY partner_id, type ORDER BY partner_id COLLATE "C", type'
    )


def write_positions(tx: Tx, day: date, partner_id: str, live: str) -> Iterator[bytes]:
    """The rows of a partner as they were laid out, as CSV; `live`: how no text may begin."""
    return tx.copy(_WRITE, day=day, partner_id=partner_id, live=live)


def due_day(tx: Tx) -> date | None:
    """The date at whose end `share_due` stands."""
    found: date | None = tx.scalar("SELECT business_date FROM share_due_day FOR UPDATE")
    return found


def set_due_day(tx: Tx, day: date) -> None:
    tx.run(
        "INSERT INTO share_due_day (business_date) VALUES (:day)"
        " ON CONFLICT (is_one) DO UPDATE SET business_date = excluded.business_date",
        day=day,
    )


def moved_between(tx: Tx, after: date | None, until: date) -> list[str]:
    """Shared loans to which something has happened after a date and up to another; or all."""
    if after is None:
        rows = tx.all("SELECT id FROM loan WHERE split_id IS NOT NULL ORDER BY id")
    else:
        rows = tx.all(
            "SELECT DISTINCT loan_id AS id FROM share_movement"
            " WHERE business_date > :after AND business_date <= :until ORDER BY 1",
            after=after,
            until=until,
        )
    return [row["id"] for row in rows]


def take_off(tx: Tx, loan_ids: Sequence[str]) -> None:
    """Loans count no more in what falls due."""
    tx.run(_COUNT, loans=list(loan_ids), times=-1)
    tx.run("DELETE FROM share_due WHERE loan_id = ANY (:loans)", loans=list(loan_ids))


def put_on(tx: Tx, day: date, loan_ids: Sequence[str]) -> list[str]:
    """Loans count as they stand; those with nothing open do not.

    But for those to which something has happened after the date: these are given back.
    """
    rows = tx.all(_PUT_ON, loans=list(loan_ids), day=day)
    return [row["loan_id"] for row in rows]


def count_on(tx: Tx, loan_ids: Sequence[str], as_they_were: Sequence[Mapping[str, Any]]) -> None:
    """Counts loans that were put on, some of them as they were."""
    tx.run(_PUT_AS_IT_WAS, rows=json(as_they_were))
    tx.run(_COUNT, loans=list(loan_ids), times=1)
    tx.run("DELETE FROM share_due_total WHERE principal_fen = 0 AND interest_fen = 0")


def due_totals(tx: Tx) -> Sequence[Row]:
    """What falls due to each funder by date."""
    return tx.all(
        "SELECT funder, due_date, principal_fen, interest_fen FROM share_due_total"
        ' ORDER BY funder COLLATE "C", due_date'
    )


def contract_number(tx: Tx, loan_id: str) -> str | None:
    found: str | None = tx.scalar("SELECT number FROM contract WHERE loan_id = :id", id=loan_id)
    return found


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
