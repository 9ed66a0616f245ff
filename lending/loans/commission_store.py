"""The SQL of what platforms earn on single loans."""

from typing import Any

from lending.foundation.database import Row, Tx

_INSERT = """
INSERT INTO commission_movement (id, platform_id, loan_id, lead_id, lead_no, kind, amount_fen,
    received_before_fen, received_fen, earned_before_fen, earned_fen, is_bad, source_id,
    business_date, at)
SELECT :id, :platform_id, :loan_id, l.subject, n.number, :kind, :amount_fen, :received_before_fen,
    :received_fen, :earned_before_fen, :earned_fen, :is_bad, :source_id, b.business_date, :now
FROM business_day b JOIN loan l ON l.id = :loan_id LEFT JOIN partner_number n ON n.id = l.subject
RETURNING *
"""


def insert(tx: Tx, movement: dict[str, Any]) -> Row:
    """Writes a movement; with it the platform's own number of who it sent."""
    return tx.one(_INSERT, **movement, now=tx.now)
