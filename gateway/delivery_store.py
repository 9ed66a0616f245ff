"""The SQL of events on their way: events, deliveries, tries."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lending.foundation.database import Row, Tx

EVENTS = """
    SELECT id, type, subject, data, is_test, created_at FROM event WHERE partner_id = :partner_id
    AND (CAST(:kind AS text) IS NULL OR type = :kind)
    AND (CAST(:subject AS text) IS NULL OR subject = :subject)
    AND (CAST(:since AS timestamptz) IS NULL OR created_at >= :since)
    AND (CAST(:at AS timestamptz) IS NULL OR (created_at, id) < (:at, :id))
    ORDER BY created_at DESC, id DESC LIMIT :limit"""
AGAIN_AT_ONCE = 10_000
"""How many events one call sends again."""
TRIES_MAX = 10
ATTEMPTS_KEPT_DAYS = 90


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events a partner lists."""

    kind: str | None = None
    subject: str | None = None
    since: datetime | None = None


def events(
    tx: Tx,
    partner_id: str,
    wanted: EventFilter,
    *,
    before: tuple[datetime, str] | None,
    limit: int,
) -> list[Row]:
    """The partner's events, newest first."""
    at, event_id = before or (None, None)
    return list(
        tx.all(
            EVENTS,
            partner_id=partner_id,
            kind=wanted.kind,
            subject=wanted.subject,
            since=wanted.since,
            at=at,
            id=event_id,
            limit=limit,
        )
    )


def event(tx: Tx, partner_id: str, event_id: str) -> Row | None:
    return tx.maybe(
        "SELECT id, type, subject, data, is_test, created_at FROM event"
        " WHERE partner_id = :partner_id AND id = :id",
        partner_id=partner_id,
        id=event_id,
    )


def is_a_test(tx: Tx, event_id: str) -> None:
    """Marks an event as one that tells of nothing, and keeps it from being fanned out."""
    tx.run(
        "UPDATE event SET is_test = true, fanned_out_at = :now WHERE id = :id",
        id=event_id,
        now=tx.machine_now,
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
    """Has one event delivered to one endpoint, now, whether or not it was before.

    Tests wait for no other event.
    """
    tx.run(
        "INSERT INTO webhook_delivery (event_id, endpoint_id, event_seq, subject, state, next_at)"
        " SELECT id, :endpoint_id, seq, CASE WHEN is_test THEN id ELSE subject END, 'waiting', :now"
        " FROM event WHERE id = :event_id"
        " ON CONFLICT (event_id, endpoint_id) DO UPDATE"
        " SET state = 'waiting', attempts = 0, next_at = :now, leased_until = NULL",
        event_id=event_id,
        endpoint_id=endpoint_id,
        now=tx.machine_now,
    )


def endpoints_of(tx: Tx, partner_id: str, event_id: str) -> list[str]:
    """The enabled endpoints that an event is for: a test is for those it was given to."""
    return [
        str(row["id"])
        for row in tx.all(
            "SELECT p.id FROM webhook_endpoint p JOIN event e ON e.id = :event_id"
            " WHERE p.partner_id = :partner_id AND p.state = 'enabled' AND CASE WHEN e.is_test"
            " THEN EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.event_id = e.id"
            "   AND d.endpoint_id = p.id)"
            " ELSE '*' = ANY (p.event_types) OR e.type = ANY (p.event_types) END",
            partner_id=partner_id,
            event_id=event_id,
        )
    ]


def give_again(tx: Tx, partner_id: str, endpoint_id: str, since: datetime) -> int:
    """Has everything since an instant delivered that an endpoint wants and has not taken."""
    return tx.touched(
        "INSERT INTO webhook_delivery (event_id, endpoint_id, event_seq, subject, state, next_at)"
        " SELECT e.id, p.id, e.seq, e.subject, 'waiting', :now"
        " FROM webhook_endpoint p JOIN event e ON e.partner_id = p.partner_id"
        " LEFT JOIN webhook_delivery d ON d.event_id = e.id AND d.endpoint_id = p.id"
        " WHERE p.id = :endpoint_id AND e.partner_id = :partner_id AND e.created_at >= :since"
        " AND e.fanned_out_at IS NOT NULL AND (d.state = 'parked' OR (d.state IS NULL"
        "   AND NOT e.is_test AND ('*' = ANY (p.event_types) OR e.type = ANY (p.event_types))))"
        " ORDER BY e.seq LIMIT :limit"
        " ON CONFLICT (event_id, endpoint_id) DO UPDATE"
        " SET state = 'waiting', attempts = 0, next_at = :now, leased_until = NULL",
        partner_id=partner_id,
        endpoint_id=endpoint_id,
        since=since,
        limit=AGAIN_AT_ONCE,
        now=tx.machine_now,
    )


def lease_due(tx: Tx, *, slow: bool, each: int, limit: int, until: datetime) -> list[Row]:
    """Due deliveries, taken until an instant: at most `each` at once for one endpoint.

    Each endpoint is looked at by itself, so that a long queue hides no other. Of a subject only the
    oldest event that waits is taken.
    """
    return list(
        tx.all(
            "WITH due AS (SELECT h.event_id, h.endpoint_id FROM webhook_endpoint o"
            "   CROSS JOIN LATERAL (SELECT d.event_id, d.endpoint_id, d.next_at"
            "     FROM webhook_delivery d WHERE d.endpoint_id = o.id AND d.state = 'waiting'"
            "     AND d.next_at <= :now AND d.attempts < :tries AND NOT EXISTS (SELECT 1"
            "       FROM webhook_delivery b WHERE b.endpoint_id = d.endpoint_id"
            "       AND b.subject = d.subject AND b.state = 'waiting'"
            "       AND b.event_seq < d.event_seq)"
            "     ORDER BY d.next_at, d.event_seq LIMIT greatest(0, :each - (SELECT count(*)"
            "       FROM webhook_delivery r WHERE r.endpoint_id = o.id AND r.state = 'waiting'"
            "       AND r.leased_until > :now))"
            "     FOR UPDATE SKIP LOCKED) h"
            "   WHERE o.state = 'enabled' AND o.is_slow = :slow"
            "   AND (o.resume_at IS NULL OR o.resume_at <= :now)"
            "   ORDER BY h.next_at LIMIT :limit)"
            " UPDATE webhook_delivery w SET next_at = :until, leased_until = :until,"
            " attempts = w.attempts + 1"
            " FROM due, event e, webhook_endpoint p"
            " WHERE w.event_id = due.event_id AND w.endpoint_id = due.endpoint_id"
            " AND e.id = w.event_id AND p.id = w.endpoint_id"
            " RETURNING w.endpoint_id, w.attempts, p.url, p.secret_sealed, p.old_secret_sealed,"
            " p.old_secret_until, e.id, e.type, e.subject, e.data, e.is_test, e.created_at",
            slow=slow,
            each=each,
            limit=limit,
            tries=TRIES_MAX,
            until=until,
            now=tx.machine_now,
        )
    )


def park_deadly(tx: Tx) -> int:
    """Gives up events that were taken ten times and never ended: they may kill who sends them."""
    return tx.touched(
        "UPDATE webhook_delivery SET state = 'parked', leased_until = NULL,"
        " outcome = 'sending it did not end, ten times'"
        " WHERE state = 'waiting' AND attempts > 9 AND next_at <= :now",
        now=tx.machine_now,
    )


def end_attempt(
    tx: Tx,
    lease: Row,
    *,
    outcome: str,
    status: int | None,
    duration_ms: int,
    next_at: datetime | None,
) -> None:
    tx.run(
        "INSERT INTO webhook_attempt (event_id, endpoint_id, number, at, status, outcome,"
        " duration_ms, next_at) VALUES (:event_id, :endpoint_id,"
        " (SELECT coalesce(max(number), 0) + 1 FROM webhook_attempt"
        "  WHERE event_id = :event_id AND endpoint_id = :endpoint_id), :now,"
        " :status, :outcome, :duration, :next_at)",
        event_id=lease["id"],
        endpoint_id=lease["endpoint_id"],
        status=status,
        outcome=outcome,
        duration=duration_ms,
        next_at=next_at,
        now=tx.machine_now,
    )


def set_delivery(
    tx: Tx, lease: Row, state: str, *, outcome: str, next_at: datetime | None = None
) -> None:
    tx.run(
        "UPDATE webhook_delivery SET state = :state, outcome = :outcome, leased_until = NULL,"
        " next_at = coalesce(:next_at, next_at)"
        " WHERE event_id = :event_id AND endpoint_id = :endpoint_id",
        event_id=lease["id"],
        endpoint_id=lease["endpoint_id"],
        state=state,
        outcome=outcome,
        next_at=next_at,
    )


def deliveries(
    tx: Tx,
    endpoint_id: str,
    state: str | None,
    *,
    before: tuple[datetime, str] | None,
    limit: int,
) -> list[Row]:
    return list(
        tx.all(
            "SELECT d.event_id, e.type AS event_type, d.endpoint_id, d.subject, d.state,"
            " d.attempts, CASE WHEN d.state = 'waiting' THEN d.next_at END AS next_at, d.outcome,"
            " e.created_at FROM webhook_delivery d JOIN event e ON e.id = d.event_id"
            " WHERE d.endpoint_id = :endpoint_id"
            " AND (CAST(:state AS text) IS NULL OR d.state = :state)"
            " AND (CAST(:id AS text) IS NULL"
            "   OR d.event_seq < (SELECT seq FROM event WHERE id = :id))"
            " ORDER BY d.event_seq DESC LIMIT :limit",
            endpoint_id=endpoint_id,
            state=state,
            id=before[1] if before else None,
            limit=limit,
        )
    )


def attempts_of_event(tx: Tx, event_id: str) -> list[Row]:
    return list(
        tx.all(
            "SELECT a.event_id, e.type AS event_type, a.endpoint_id, a.number, a.at, a.status,"
            " a.outcome, a.duration_ms, a.next_at"
            " FROM webhook_attempt a JOIN event e ON e.id = a.event_id"
            " WHERE a.event_id = :id ORDER BY a.at, a.endpoint_id, a.number",
            id=event_id,
        )
    )


def attempts_at_endpoint(
    tx: Tx, endpoint_id: str, *, before: tuple[datetime, str] | None, limit: int
) -> list[Row]:
    at, event_id = before or (None, None)
    return list(
        tx.all(
            "SELECT a.event_id, e.type AS event_type, a.endpoint_id, a.number, a.at, a.status,"
            " a.outcome, a.duration_ms, a.next_at"
            " FROM webhook_attempt a JOIN event e ON e.id = a.event_id"
            " WHERE a.endpoint_id = :endpoint_id"
            " AND (CAST(:at AS timestamptz) IS NULL OR (a.at, a.event_id) < (:at, :id))"
            " ORDER BY a.at DESC, a.event_id DESC, a.number DESC LIMIT :limit",
            endpoint_id=endpoint_id,
            at=at,
            id=event_id,
            limit=limit,
        )
    )


def prune_attempts(tx: Tx) -> int:
    """Forgets tries that are older than their log is kept."""
    return tx.touched(
        "DELETE FROM webhook_attempt WHERE ctid IN (SELECT ctid FROM webhook_attempt"
        " WHERE at < :before LIMIT 5000)",
        before=tx.machine_now - timedelta(days=ATTEMPTS_KEPT_DAYS),
    )
