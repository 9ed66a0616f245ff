"""The SQL of how loans are shared, and of what their funders are owed."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from lending.foundation.database import Row, Tx, json
from lending.foundation.spans import Span
from lending.ledger.chart import Code
from lending.ledger.model import OWN, funder_book
from lending.loans.model import ShareMovement
from lending.loans.terms import Terms

SCENARIO = "joint_lending"
"""Who takes the news of a loan's shares, one for each other funder that it concerns."""


def split_id(tx: Tx, terms: Terms) -> int | None:
    """The number of a way to share loans, written down where it is new; None for own funds only."""
    if not terms.is_joint:
        return None
    shares = json(terms.to_json()["shares"])
    found = tx.scalar("SELECT id FROM share_split WHERE shares = :shares", shares=shares)
    if found is None:
        found = tx.scalar(
            "INSERT INTO share_split (shares) VALUES (:shares)"
            " ON CONFLICT (shares) DO UPDATE SET shares = excluded.shares RETURNING id",
            shares=shares,
        )
        tx.run_many(
            "INSERT INTO share_party (split_id, place, funder, book, weights, incomes) VALUES"
            " (:split_id, :place, :funder, :book, :weights, :incomes) ON CONFLICT DO NOTHING",
            [
                {
                    "split_id": found,
                    "place": place,
                    "funder": share.funder,
                    "book": OWN if share.is_own else funder_book(share.funder),
                    "weights": [each.weight for each in terms.shares],
                    "incomes": [each.income for each in terms.shares],
                }
                for place, share in enumerate(terms.shares, 1)
            ],
        )
    return int(found)


_INSERT = """
WITH moved AS (
    SELECT one ->> 0 AS loan_id, one -> 1 AS told, number
    FROM jsonb_array_elements(:moved) WITH ORDINALITY AS t (one, number)
), news AS (
    INSERT INTO loan_news (scenario, subject, kind, detail, at)
    SELECT :scenario, moved.loan_id, 'share_moved',
        told || jsonb_build_object('business_date', d.business_date, 'number', 1 + (
            SELECT count(*) FROM share_movement m
            WHERE m.loan_id = moved.loan_id AND m.funder = told ->> 'funder')), :now
    FROM moved, business_day d ORDER BY number
)
INSERT INTO share_movement (funder, loan_id, kind, source_id, business_date, happened_on, at,
    principal_fen, interest_fen, fee_fen, penalty_fen, service_fee_fen, funded_fen,
    principal_open_fen)
SELECT m.funder, moved.loan_id, m.kind, m.source_id, b.business_date, m.happened_on, :now,
    m.principal_fen, m.interest_fen, m.fee_fen, m.penalty_fen, m.service_fee_fen, m.funded_fen,
    m.principal_open_fen
FROM moved, business_day b, jsonb_to_record(moved.told) AS m (funder text, kind text,
    source_id text, happened_on date, principal_fen bigint, interest_fen bigint, fee_fen bigint,
    penalty_fen bigint, service_fee_fen bigint, funded_fen bigint, principal_open_fen bigint)
ORDER BY moved.number
"""
"""Every payment of a shared loan runs it: the movements, and the news of them, in one trip."""


def insert_movements(
    tx: Tx, moved: Sequence[tuple[str, dict[str, Any], ShareMovement]], *, scenario: str
) -> None:
    """Writes what moved for each funder, and news of it for a scenario.

    By loan, with what else the news are to tell: at least when it happened, `happened_on`.
    """
    tx.run(
        _INSERT,
        scenario=scenario,
        moved=json([(loan_id, {**each.columns(), **told}) for loan_id, told, each in moved]),
        now=tx.now,
    )


def movements(tx: Tx, loan_id: str) -> Sequence[Row]:
    """All that moved for the other funders of a loan, the oldest first."""
    return tx.all("SELECT * FROM share_movement WHERE loan_id = :id ORDER BY seq", id=loan_id)


def own_with_groups(tx: Tx) -> dict[str, int]:
    """Our open principal in loans with each funder and its affiliates; under "" that in all.

    A loan that two of one group fund with us counts once.
    """
    rows = tx.all(
        "WITH by_split AS (SELECT l.split_id, sum(s.principal_open_fen) AS fen"
        "  FROM share_standing s JOIN loan_standing l USING (loan_id)"
        "  WHERE s.book = :own AND NOT s.written_off GROUP BY l.split_id)"
        " SELECT w.key, sum(w.fen)::bigint AS fen FROM (SELECT DISTINCT b.split_id,"
        "  coalesce(nullif(f.group_code, ''), o.funder) AS key, b.fen FROM by_split b"
        "  JOIN share_party o ON o.split_id = b.split_id AND o.book <> :own"
        "  LEFT JOIN funder f ON f.partner_id = o.funder) w GROUP BY w.key"
        " UNION ALL SELECT '', coalesce(sum(fen), 0)::bigint FROM by_split",
        own=OWN,
    )
    return {row["key"]: row["fen"] for row in rows}


def groups_counted(tx: Tx) -> list[str]:
    """Under what funders were ever counted: one that changed its group is still under the old."""
    rows = tx.all("SELECT owner FROM ledger_account WHERE code = :c", c=Code.JOINT_FUNDER.value)
    return [row["owner"] for row in rows]


def of_funders(tx: Tx) -> dict[tuple[str, str], int]:
    """The open principal of each funder in the loans of each product that it agreed to."""
    rows = tx.all(
        "SELECT a.partner_id, a.product_code, coalesce(sum(s.principal_open_fen), 0)::bigint AS fen"
        " FROM (SELECT DISTINCT partner_id, product_code FROM funder_agreement) a"
        " LEFT JOIN share_standing s ON s.funder = a.partner_id"
        "  AND s.product_code = a.product_code GROUP BY a.partner_id, a.product_code"
    )
    return {(row["partner_id"], row["product_code"]): row["fen"] for row in rows}


def funders(tx: Tx) -> list[str]:
    """All that have ever shared a loan with us."""
    rows = tx.all("SELECT DISTINCT funder FROM share_party WHERE book <> :own ORDER BY 1", own=OWN)
    return [row["funder"] for row in rows]


_TELL_LATENESS = """
WITH seen AS (
    SELECT s.*, lateness_bucket(s.days_past_due) AS bucket
    FROM loan_standing s
    WHERE s.number BETWEEN :first AND :last AND s.split_id IS NOT NULL
), changed AS (
    SELECT s.*, coalesce(t.bucket, 'M0') AS bucket_before,
        coalesce(t.grade, 'normal') AS grade_before
    FROM seen s LEFT JOIN share_told t ON t.loan_id = s.loan_id
    WHERE (s.bucket, s.grade) <> (coalesce(t.bucket, 'M0'), coalesce(t.grade, 'normal'))
), told AS (
    INSERT INTO share_told (loan_id, bucket, grade) SELECT loan_id, bucket, grade FROM changed
    ON CONFLICT (loan_id) DO UPDATE SET bucket = excluded.bucket, grade = excluded.grade
    RETURNING loan_id
), news AS (
    INSERT INTO loan_news (scenario, subject, kind, detail, at)
    SELECT :scenario, c.loan_id, w.kind, jsonb_build_object(
        'funder', p.funder, 'happened_on', CAST(:following AS text),
        'days_past_due', c.days_past_due, 'oldest_due', c.oldest_due,
        'bucket', c.bucket, 'bucket_before', c.bucket_before,
        'grade', c.grade, 'grade_before', c.grade_before,
        'principal_open_fen', share_part(c.principal_fen, p.weight_cuts, p.place)
            - share_part(c.principal_fen - c.principal_open_fen, p.weight_cuts, p.place)), :now
    FROM changed c JOIN share_party p ON p.split_id = c.split_id AND p.book <> :own,
        LATERAL (VALUES ('share_overdue', c.bucket <> c.bucket_before),
            ('share_stage_changed', c.grade <> c.grade_before)) w (kind, holds)
    WHERE w.holds ORDER BY c.number, p.place, w.kind
)
SELECT count(*) FROM told
"""


def tell_lateness(tx: Tx, span: Span, following: date, *, scenario: str) -> int:
    """Writes news where a loan is later, or less late, than was told; for how many loans."""
    return int(
        tx.scalar(
            _TELL_LATENESS,
            first=span.first,
            last=span.last,
            scenario=scenario,
            following=following.isoformat(),
            own=OWN,
            now=tx.now,
        )
    )
