"""The SQL of what visits and payments show of fraud: counts by index over a short time."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from lending.foundation.database import Row, Tx

Seen = tuple[tuple[int, int], datetime]
"""A place in millionths of a degree, and when."""
HOUR, TRAVEL, DAY, MONTH = (
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(days=1),
    timedelta(days=30),
)
HIGH_PERCENT = 80
"""From here on a payment takes nearly the whole line."""


def visit(tx: Tx, visit_id: str) -> Row:
    return tx.one(
        "SELECT store_id, staff_id, latitude_e6, longitude_e6, distance_m,"
        " coalesce(device ->> 'fingerprint', '') AS fingerprint FROM store_visit WHERE id = :id",
        id=visit_id,
    )


def visits(tx: Tx, customer_id: str, visit_id: str) -> list[Seen]:
    """Where else the customer was lately."""
    rows = tx.all(
        "SELECT latitude_e6, longitude_e6, located_at FROM store_visit"
        " WHERE customer_id = :customer_id AND id <> :id AND located_at > :since",
        customer_id=customer_id,
        id=visit_id,
        since=tx.now - TRAVEL,
    )
    return [((row["latitude_e6"], row["longitude_e6"]), row["located_at"]) for row in rows]


def payments(tx: Tx, line_id: str) -> list[Seen]:
    """Where the line paid lately; what was declined locks nobody out elsewhere."""
    rows = tx.all(
        "SELECT s.latitude_e6, s.longitude_e6, p.created_at FROM store_payment p"
        " JOIN store s ON s.id = p.store_id JOIN application a ON a.id = p.application_id"
        " WHERE p.line_id = :id AND p.created_at > :since AND a.state <> 'declined'"
        " ORDER BY p.created_at DESC LIMIT 5",
        id=line_id,
        since=tx.now - TRAVEL,
    )
    return [((row["latitude_e6"], row["longitude_e6"]), row["created_at"]) for row in rows]


def applications_in_store(tx: Tx, store_id: str) -> int:
    """How many applications were begun in a store within an hour, this one counted."""
    return int(
        tx.scalar(
            "SELECT count(*) FROM store_visit WHERE store_id = :id AND arrived_at > :since"
            " AND application_id IS NOT NULL",
            id=store_id,
            since=tx.now - HOUR,
        )
    )


def refused_of_device(tx: Tx, fingerprint: str) -> Row:
    """How often a device was turned away within a day, and how far from a store it was."""
    return tx.one(
        "SELECT count(*) FILTER (WHERE outcome = 'stale_code') AS stale,"
        " count(*) FILTER (WHERE outcome = 'outside') AS outside, max(farthest_m) AS farthest"
        " FROM store_visit WHERE device ->> 'fingerprint' = :fingerprint AND arrived_at > :since"
        " AND :fingerprint <> ''",
        fingerprint=fingerprint,
        since=tx.now - DAY,
    )


def twins(tx: Tx, store_id: str, here: tuple[int, int], fingerprint: str) -> int:
    """How many other devices told exactly this position in the store within a day."""
    return int(
        tx.scalar(
            "SELECT count(DISTINCT device ->> 'fingerprint') FROM store_visit"
            " WHERE store_id = :store_id AND arrived_at > :since AND latitude_e6 = :latitude"
            " AND longitude_e6 = :longitude AND device ->> 'fingerprint' <> :fingerprint",
            store_id=store_id,
            since=tx.now - DAY,
            latitude=here[0],
            longitude=here[1],
            fingerprint=fingerprint,
        )
    )


def through_staff(tx: Tx, staff_id: str | None) -> Row:
    """Applications through a member of staff; failed: declined, or a payment of it is overdue."""
    return tx.one(
        "SELECT count(*) FILTER (WHERE v.arrived_at > :hour) AS lately, count(*) AS whole,"
        " count(*) FILTER (WHERE a.state = 'declined' OR EXISTS ("
        "  SELECT FROM credit_line c JOIN loan l ON l.credit_line_id = c.id"
        "  JOIN loan_standing s ON s.loan_id = l.id"
        "  WHERE c.application_id = a.id AND s.days_past_due > 0)) AS failed"
        " FROM store_visit v JOIN application a ON a.id = v.application_id"
        " WHERE v.staff_id = :id AND v.arrived_at > :month",
        id=staff_id,
        hour=tx.now - HOUR,
        month=tx.now - MONTH,
    )


def at_till(tx: Tx, till_id: str, payment_id: str) -> Row:
    """What a till took lately: nearly whole lines, lines opened in its store just before; refunds.

    Beside the payment itself.
    """
    return tx.one(
        "SELECT count(*) FILTER (WHERE p.amount_fen * 100 >= :high * (c.limit_fen + c.raise_fen))"
        " AS high,"
        " count(*) FILTER (WHERE c.created_at > p.created_at - :an_hour AND EXISTS ("
        "  SELECT FROM store_visit v WHERE v.application_id = c.application_id"
        "  AND v.store_id = p.store_id)) AS new,"
        " (SELECT count(*) FROM store_payment r WHERE r.till_id = :id AND r.created_at > :day"
        "  AND r.refunded_fen > 0) AS refunds"
        " FROM store_payment p JOIN credit_line c ON c.id = p.line_id"
        " WHERE p.till_id = :id AND p.created_at > :hour AND p.id <> :payment_id",
        id=till_id,
        payment_id=payment_id,
        high=HIGH_PERCENT,
        an_hour=HOUR,
        hour=tx.now - HOUR,
        day=tx.now - DAY,
    )


def refused(tx: Tx, limit: int) -> Sequence[Row]:
    """Visits that were turned away or seen far from their store, the newest first.

    With how often the device was within the day before, and what the device applied for since.
    """
    return tx.all(
        "SELECT v.id, v.outcome, v.arrived_at, v.code_made_at, v.farthest_m, s.store_no,"
        " s.name AS store_name, p.name AS partner_name, v.application_id, d.times,"
        " left(v.device ->> 'fingerprint', 12) AS device, d.application_ids"
        " FROM store_visit v JOIN store s ON s.id = v.store_id"
        " JOIN partner p ON p.id = s.partner_id"
        " LEFT JOIN LATERAL ("
        "  SELECT count(*) FILTER (WHERE o.outcome IN ('stale_code', 'outside')) AS times,"
        "   array_agg(o.application_id ORDER BY o.arrived_at)"
        "    FILTER (WHERE o.application_id IS NOT NULL) AS application_ids"
        "  FROM store_visit o WHERE o.device ->> 'fingerprint' = v.device ->> 'fingerprint'"
        "   AND v.device ->> 'fingerprint' <> ''"
        "   AND o.arrived_at BETWEEN v.arrived_at - :day AND v.arrived_at + :day) d ON true"
        " WHERE v.is_refused ORDER BY v.arrived_at DESC, v.id LIMIT :limit",
        day=DAY,
        limit=limit,
    )
