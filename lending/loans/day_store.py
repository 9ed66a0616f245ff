"""How the end of day moves open loans on, by set: the SQL of `lending.engine.life.advance`.

Each statement takes a span of `loan_standing` to the beginning of the date `following`, and finds
nothing to do when it is run again. It rounds by the loan's terms, as the engine does: half up, or
half even where `half_even` says so.
"""

from datetime import date

from lending.engine.ageing import GRADE_UP_TO, Grade
from lending.foundation.database import Row, Tx
from lending.foundation.spans import Span

_FALL_DUE = """
WITH turned AS (
    SELECT s.number, i.due_date, i.interest_fen, i.interest_paid_fen, i.earns_from,
        i.earned_before_fen
    FROM loan_standing s JOIN loan l ON l.id = s.loan_id
    LEFT JOIN LATERAL (
        SELECT * FROM instalment i
        WHERE i.loan_id = s.loan_id AND i.plan_version = l.plan_version
            AND i.due_date > s.course_until
        ORDER BY i.number LIMIT 1
    ) i ON true
    WHERE s.number BETWEEN :first AND :last AND s.course_until <= :following
)
UPDATE loan_standing s SET
    settled_interest_fen = s.settled_interest_fen
        + greatest(s.course_paid_fen, s.course_before_fen + s.course_rest_fen)
        - coalesce(t.interest_paid_fen, 0),
    course_from = CASE WHEN t.due_date IS NULL THEN NULL
        ELSE coalesce(t.earns_from, s.course_until) END,
    course_until = t.due_date,
    course_before_fen = coalesce(t.earned_before_fen, 0),
    course_rest_fen = coalesce(t.interest_fen - t.earned_before_fen, 0),
    course_paid_fen = coalesce(t.interest_paid_fen, 0)
FROM turned t WHERE s.number = t.number
"""

_ACCRUE = """
WITH moved AS (
    UPDATE loan_standing SET
        as_of = :following,
        days_past_due = CASE WHEN oldest_due < :following THEN :following - oldest_due
            ELSE days_past_due END,
        interest_accrued_fen = settled_interest_fen + CASE WHEN course_until IS NULL THEN 0
            ELSE greatest(course_paid_fen, course_before_fen + fen_portion(course_rest_fen,
                :following - course_from, course_until - course_from, half_even)) END,
        subsidy_earned_fen = CASE WHEN written_off OR subsidy_fen = 0 THEN subsidy_earned_fen
            ELSE fen_portion(subsidy_fen, least(:following, subsidy_until) - subsidy_from,
                subsidy_until - subsidy_from, half_even) END
    WHERE number BETWEEN :first AND :last AND as_of < :following
    RETURNING product_code, split_id, old.interest_accrued_fen AS interest_before_fen,
        new.interest_accrued_fen AS interest_now_fen,
        old.subsidy_earned_fen AS subsidy_before_fen, new.subsidy_earned_fen AS subsidy_now_fen
)
SELECT product_code, 'own' AS book, count(*) AS loans,
    sum(interest_now_fen - interest_before_fen)::bigint AS interest_fen,
    sum(subsidy_now_fen - subsidy_before_fen)::bigint AS subsidy_fen
FROM moved WHERE split_id IS NULL GROUP BY product_code
UNION ALL
SELECT m.product_code, p.book, count(*),
    sum(share_part(m.interest_now_fen, p.income_cuts, p.place)
        - share_part(m.interest_before_fen, p.income_cuts, p.place))::bigint,
    sum(share_part(m.subsidy_now_fen, p.income_cuts, p.place)
        - share_part(m.subsidy_before_fen, p.income_cuts, p.place))::bigint
FROM moved m JOIN share_party p ON p.split_id = m.split_id GROUP BY m.product_code, p.book
ORDER BY product_code, book
"""

_CLASSIFY = """
WITH graded AS (
    SELECT number, (CAST(:grades AS text[]))[
        1 + width_bucket(days_past_due, CAST(:from_days AS integer[]))] AS grade
    FROM loan_standing
    WHERE number BETWEEN :first AND :last AND days_past_due > 0 AND NOT written_off
)
UPDATE loan_standing s SET grade = graded.grade
FROM graded WHERE s.number = graded.number AND s.grade <> graded.grade
"""


def spans(tx: Tx, size: int) -> list[Span]:
    """All open loans in spans of so many."""
    rows = tx.all(
        "SELECT min(number) AS first, max(number) AS last FROM"
        " (SELECT number, (row_number() OVER (ORDER BY number) - 1) / :size AS part"
        "  FROM loan_standing) t GROUP BY part ORDER BY part",
        size=size,
    )
    return [Span(row["first"], row["last"]) for row in rows]


def behind(tx: Tx, following: date) -> Span | None:
    """From the first to the last open loan that has not come to a date; None when all have."""
    row = tx.one(
        "SELECT min(number) AS first, max(number) AS last FROM loan_standing WHERE as_of < :day",
        day=following,
    )
    return Span(row["first"], row["last"]) if row["first"] else None


def numbers_of(tx: Tx, span: Span) -> list[Row]:
    """The loans of a span."""
    return list(
        tx.all(
            "SELECT number, loan_id FROM loan_standing WHERE number BETWEEN :first AND :last"
            " ORDER BY number",
            first=span.first,
            last=span.last,
        )
    )


def fall_due(tx: Tx, span: Span, following: date) -> int:
    """Instalments that fall due have earned all their interest; the next ones begin to earn."""
    done = 0
    while touched := tx.touched(_FALL_DUE, first=span.first, last=span.last, following=following):
        done += touched
    return done


def accrue(tx: Tx, span: Span, following: date) -> list[Row]:
    """Interest and subsidies earned since, by product and book.

    Every loan bears the date now, and those that are late their days past due (P13).
    """
    return list(tx.all(_ACCRUE, first=span.first, last=span.last, following=following))


def classify(tx: Tx, span: Span) -> int:
    """The grade by days past due (R-CLASS-5)."""
    return tx.touched(
        _CLASSIFY,
        first=span.first,
        last=span.last,
        from_days=[days + 1 for days, _ in GRADE_UP_TO],
        grades=[*(grade.value for _, grade in GRADE_UP_TO), Grade.LOSS.value],
    )
