"""The SQL of webhooks: endpoints, events, deliveries, attempts."""

from collections.abc import Sequence
from datetime import datetime

from lending.foundation import ids
from lending.foundation.database import Row, Tx

ENDPOINTS = """
    SELECT id, url, event_types, description, state, created_at FROM webhook_endpoint
    WHERE partner_id = :partner_id ORDER BY created_at, id"""
ENDPOINT = """
    SELECT id, url, event_types, description, state, created_at FROM webhook_endpoint
    WHERE partner_id = :partner_id AND id = :id"""


def insert_endpoint(
    tx: Tx, partner_id: str, *, url: str, event_types: Sequence[str], description: str
) -> str:
    endpoint_id = ids.new("whe")
    tx.run(
        "INSERT INTO webhook_endpoint (id, partner_id, url, event_types, description, state,"
        " created_at) VALUES (:id, :partner_id, :url, :types, :description, 'enabled', :now)",
        id=endpoint_id,
        partner_id=partner_id,
        url=url,
        types=list(event_types),
        description=description,
        now=tx.now,
    )
    return endpoint_id


def endpoints(tx: Tx, partner_id: str) -> list[Row]:
    return list(tx.all(ENDPOINTS, partner_id=partner_id))


def endpoint(tx: Tx, partner_id: str, endpoint_id: str) -> Row | None:
    return tx.maybe(ENDPOINT, partner_id=partner_id, id=endpoint_id)


def delete_endpoint(tx: Tx, partner_id: str, endpoint_id: str) -> int:
    return tx.run(
        "DELETE FROM webhook_endpoint WHERE partner_id = :partner_id AND id = :id",
        partner_id=partner_id,
        id=endpoint_id,
    )


def count_endpoints(tx: Tx, partner_id: str) -> int:
    return int(
        tx.scalar("SELECT count(*) FROM webhook_endpoint WHERE partner_id = :id", id=partner_id)
    )


def disable_endpoint(tx: Tx, endpoint_id: str) -> None:
    """Nothing more goes to the endpoint, what waits for it included."""
    tx.run("UPDATE webhook_endpoint SET state = 'disabled' WHERE id = :id", id=endpoint_id)
    tx.run(
        "UPDATE webhook_delivery SET state = 'parked' WHERE endpoint_id = :id"
        " AND state = 'waiting'",
        id=endpoint_id,
    )


def is_for_one(tx: Tx, event_id: str) -> None:
    """Keeps an event from being fanned out: it is for the endpoints it is given to."""
    tx.run("UPDATE event SET fanned_out_at = :now WHERE id = :id", id=event_id, now=tx.machine_now)


def events(
    tx: Tx, partner_id: str, *, kind: str | None, before: tuple[datetime, str] | None, limit: int
) -> list[Row]:
    return list(
        tx.all(
            "SELECT id, type, subject, data, created_at FROM event"
            " WHERE partner_id = :partner_id AND (CAST(:kind AS text) IS NULL OR type = :kind)"
            " AND (CAST(:at AS timestamptz) IS NULL OR (created_at, id) < (:at, :id))"
            " ORDER BY created_at DESC, id DESC LIMIT :limit",
            partner_id=partner_id,
            kind=kind,
            at=before[0] if before else None,
            id=before[1] if before else None,
            limit=limit,
        )
    )


def event(tx: Tx, partner_id: str, event_id: str) -> Row | None:
    return tx.maybe(
        "SELECT id, type, subject, data, created_at FROM event"
        " WHERE partner_id = :partner_id AND id = :id",
        partner_id=partner_id,
        id=event_id,
    )


def attempts(tx: Tx, event_id: str) -> list[Row]:
    return list(
        tx.all(
            "SELECT endpoint_id, number, at, status, outcome, duration_ms FROM webhook_attempt"
            " WHERE event_id = :id ORDER BY at, number",
            id=event_id,
        )
    )


def fan_out(tx: Tx, limit: int) -> int:
    """Gives new events to the endpoints that want them, each event exactly once.

    What is waiting is marked and not counted, so that the order of commits does not matter.
    """
    return int(
        tx.scalar(
            "WITH fresh AS (SELECT id, seq, partner_id, type, subject FROM event"
            "   WHERE fanned_out_at IS NULL ORDER BY seq LIMIT :limit FOR UPDATE SKIP LOCKED),"
            " given AS (INSERT INTO webhook_delivery (event_id, endpoint_id, event_seq, subject,"
            "   state, next_at) SELECT f.id, e.id, f.seq, f.subject, 'waiting', :now FROM fresh f"
            "   JOIN webhook_endpoint e ON e.partner_id = f.partner_id AND e.state = 'enabled'"
            "   AND ('*' = ANY (e.event_types) OR f.type = ANY (e.event_types))"
            "   ON CONFLICT DO NOTHING),"
            " marked AS (UPDATE event SET fanned_out_at = :now WHERE id IN (SELECT id FROM fresh)"
            "   RETURNING 1) SELECT count(*) FROM marked",
            limit=limit,
            now=tx.machine_now,
        )
    )


def give(tx: Tx, event_id: str, endpoint_id: str) -> None:
    """Has one event delivered to one endpoint, now, whether or not it was before."""
    tx.run(
        "INSERT INTO webhook_delivery (event_id, endpoint_id, event_seq, subject, state, next_at)"
        " SELECT id, :endpoint_id, seq, subject, 'waiting', :now FROM event WHERE id = :event_id"
        " ON CONFLICT (event_id, endpoint_id) DO UPDATE"
        " SET state = 'waiting', attempts = 0, next_at = :now",
        event_id=event_id,
        endpoint_id=endpoint_id,
        now=tx.machine_now,
    )


def lease_due(tx: Tx, *, limit: int, until: datetime) -> list[Row]:
    """Due deliveries, taken until an instant; per endpoint and subject only the oldest waits."""
    return list(
        tx.all(
            "WITH due AS (SELECT d.event_id, d.endpoint_id FROM webhook_delivery d"
            "   JOIN webhook_endpoint o ON o.id = d.endpoint_id AND o.state = 'enabled'"
            "   WHERE d.state = 'waiting' AND d.next_at <= :now AND NOT EXISTS (SELECT 1"
            "     FROM webhook_delivery b WHERE b.endpoint_id = d.endpoint_id"
            "     AND b.subject = d.subject AND b.state = 'waiting'"
            "     AND b.event_seq < d.event_seq)"
            "   ORDER BY d.event_seq LIMIT :limit FOR UPDATE OF d SKIP LOCKED)"
            " UPDATE webhook_delivery w SET next_at = :until, attempts = w.attempts + 1"
            " FROM due, event e, webhook_endpoint p"
            " WHERE w.event_id = due.event_id AND w.endpoint_id = due.endpoint_id"
            " AND e.id = w.event_id AND p.id = w.endpoint_id"
            " RETURNING w.event_id, w.endpoint_id, w.attempts, p.url, e.type, e.subject, e.data,"
            " e.created_at",
            limit=limit,
            until=until,
            now=tx.machine_now,
        )
    )


def end_attempt(tx: Tx, lease: Row, *, outcome: str, status: int | None, duration_ms: int) -> None:
    tx.run(
        "INSERT INTO webhook_attempt (event_id, endpoint_id, number, at, status, outcome,"
        " duration_ms) VALUES (:event_id, :endpoint_id, (SELECT count(*) + 1 FROM webhook_attempt"
        " WHERE event_id = :event_id AND endpoint_id = :endpoint_id), :now, :status, :outcome,"
        " :duration)",
        event_id=lease["event_id"],
        endpoint_id=lease["endpoint_id"],
        status=status,
        outcome=outcome,
        duration=duration_ms,
        now=tx.machine_now,
    )


def set_delivery(tx: Tx, lease: Row, state: str, next_at: datetime) -> None:
    tx.run(
        "UPDATE webhook_delivery SET state = :state, next_at = :next_at"
        " WHERE event_id = :event_id AND endpoint_id = :endpoint_id",
        event_id=lease["event_id"],
        endpoint_id=lease["endpoint_id"],
        state=state,
        next_at=next_at,
    )
