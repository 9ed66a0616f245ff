"""The SQL of lines as their merchants see them: through the visit, while the customer agrees."""

from collections.abc import Sequence
from datetime import date

from lending.foundation.database import Row, Tx
from lending.foundation.places import Place, behind

_LINE = """
SELECT l.id, l.state, l.security_needed_fen > 0 AS security_needed, l.review_due, l.created_at,
    l.opened_at, v.id AS visit_id, v.arrived_at, s.id AS store_id, s.store_no, s.partner_id,
    s.scene,
    (SELECT f.staff_no FROM store_staff f WHERE f.id = v.staff_id) AS staff_no,
    ARRAY(SELECT c.scene FROM credit_line_scene c WHERE c.line_id = l.id ORDER BY c.scene) AS scenes
FROM credit_line l
JOIN store_visit v ON v.application_id = l.application_id
JOIN store s ON s.id = v.store_id
WHERE EXISTS (SELECT FROM consent k WHERE k.customer_id = l.customer_id
    AND k.subject = l.application_id AND k.scope = 'sharing' AND k.withdrawn_at IS NULL)
"""
LINE = _LINE + "AND l.id = :id AND s.partner_id = :partner_id"
LINE_OF_ANY = _LINE + "AND l.id = :id"
LINES = (
    _LINE
    + """
AND s.partner_id = :partner_id
    AND (CAST(:store_id AS text) IS NULL OR s.id = :store_id)
    AND (CAST(:state AS text) IS NULL OR l.state = :state)
    AND (CAST(:at AS timestamptz) IS NULL OR (l.created_at, l.id) < (:at, :id))
ORDER BY l.created_at DESC, l.id DESC LIMIT :limit"""
)


def line(tx: Tx, partner_id: str, line_id: str) -> Row | None:
    return tx.maybe(LINE, id=line_id, partner_id=partner_id)


def of_any(tx: Tx, line_id: str) -> Row | None:
    """A line of whatever partner."""
    return tx.maybe(LINE_OF_ANY, id=line_id)


def lines(
    tx: Tx,
    partner_id: str,
    *,
    store_id: str | None,
    state: str | None,
    before: Place | None,
    limit: int,
) -> Sequence[Row]:
    """The newest first, from behind the line `before`."""
    return tx.all(
        LINES,
        partner_id=partner_id,
        store_id=store_id,
        state=state,
        limit=limit,
        **behind(before),
    )


def count_question(tx: Tx, line_id: str, partner_id: str, day: date) -> int:
    """How often a merchant has asked on a day, this time counted."""
    return int(
        tx.scalar(
            "INSERT INTO line_question (line_id, partner_id, business_date, asked)"
            " VALUES (:line_id, :partner_id, :day, 1) ON CONFLICT (line_id, partner_id,"
            " business_date) DO UPDATE SET asked = line_question.asked + 1 RETURNING asked",
            line_id=line_id,
            partner_id=partner_id,
            day=day,
        )
    )
