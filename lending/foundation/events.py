"""News for partners: rows that commit with what they tell of. The gateway delivers them."""

from typing import Any

from lending.foundation import ids
from lending.foundation.database import Tx, json


def publish(tx: Tx, *, partner_id: str, kind: str, subject: str, data: dict[str, Any]) -> str:
    """Records an event such as `order.paid` for a partner; its id.

    `subject` is the id of what it is about; events of one subject are delivered in order.
    """
    event_id = ids.new("evt")
    tx.run(
        "INSERT INTO event (id, partner_id, type, subject, data, created_at)"
        " VALUES (:id, :partner_id, :type, :subject, :data, :now)",
        id=event_id,
        partner_id=partner_id,
        type=kind,
        subject=subject,
        data=json(data),
        now=tx.now,
    )
    return event_id
