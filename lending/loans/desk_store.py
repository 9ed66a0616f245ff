"""The SQL of the operators' desk."""

from collections.abc import Sequence

from lending.foundation.database import Row, Tx

APPLICATIONS = """
    SELECT a.id, a.subject, a.amount_fen, a.state, a.purpose, a.product_code, a.customer_id,
           a.created_at, a.decided_at, p.name AS partner, l.id AS loan_id, l.state AS loan_state
    FROM application a JOIN partner p ON p.id = a.partner_id
    LEFT JOIN loan l ON l.application_id = a.id
    WHERE (CAST(:state AS text) IS NULL OR a.state = :state)
    AND (CAST(:id AS text) IS NULL OR a.id = :id)
    ORDER BY a.created_at DESC, a.id LIMIT :limit"""


def applications(
    tx: Tx, *, state: str | None = None, application_id: str | None = None, limit: int = 200
) -> Sequence[Row]:
    return tx.all(APPLICATIONS, state=state, id=application_id, limit=limit)
