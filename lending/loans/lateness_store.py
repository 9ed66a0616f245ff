"""The SQL of what partners are told of late loans."""

from collections.abc import Sequence
from datetime import date

from lending.foundation.database import Tx
from lending.foundation.spans import Span

_TELL_LATE = """
WITH late AS (
    SELECT s.number, s.loan_id, l.scenario, l.subject, s.days_past_due, s.principal_open_fen,
        lateness_bucket(s.days_past_due) AS bucket
    FROM loan_standing s JOIN loan l ON l.id = s.loan_id
    WHERE s.number BETWEEN :first AND :last AND s.days_past_due > 0
        AND l.scenario = ANY (CAST(:scenarios AS text[]))
), changed AS (
    SELECT late.* FROM late LEFT JOIN lateness_told t USING (loan_id)
    WHERE t.bucket IS DISTINCT FROM late.bucket
), told AS (
    INSERT INTO lateness_told (loan_id, bucket) SELECT loan_id, bucket FROM changed
    ON CONFLICT (loan_id) DO UPDATE SET bucket = excluded.bucket
    RETURNING loan_id
), news AS (
    INSERT INTO loan_news (scenario, subject, kind, detail, at)
    SELECT scenario, subject, 'overdue', jsonb_build_object(
        'loan_id', loan_id, 'business_date', CAST(:following AS text),
        'days_past_due', days_past_due, 'stage', bucket,
        'outstanding_principal_fen', principal_open_fen), :now
    FROM changed ORDER BY number
)
SELECT count(*) FROM told
"""


def tell_late(tx: Tx, span: Span, following: date, *, scenarios: Sequence[str]) -> int:
    """Writes news where a loan's stage is another than was told; for how many loans."""
    return int(
        tx.scalar(
            _TELL_LATE,
            first=span.first,
            last=span.last,
            scenarios=list(scenarios),
            following=following.isoformat(),
            now=tx.now,
        )
    )


def forget(tx: Tx, loan_id: str) -> bool:
    """Whether anybody had been told that the loan is late; from now on nobody has."""
    return bool(tx.touched("DELETE FROM lateness_told WHERE loan_id = :id", id=loan_id))
