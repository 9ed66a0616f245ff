"""The SQL of webhooks: endpoints, their health and secrets, checks."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from lending.foundation import ids
from lending.foundation.database import Row, Tx, json

ENDPOINTS = """
    SELECT id, url, event_types, description, state, disabled_reason, disabled_at, failing_since,
        secret_sealed IS NOT NULL AS standard_webhooks, created_at, updated_at
    FROM webhook_endpoint
    WHERE partner_id = :partner_id AND (CAST(:id AS text) IS NULL OR id = :id)
    ORDER BY created_at, id"""
CHECKS = """
    SELECT id, endpoint_id, state, results, created_at, finished_at FROM webhook_check
    WHERE endpoint_id = :endpoint_id AND (CAST(:only AS text) IS NULL OR id = :only)
    AND (CAST(:at AS timestamptz) IS NULL OR (created_at, id) < (:at, :id))
    ORDER BY created_at DESC, id DESC LIMIT :limit"""


def insert_endpoint(
    tx: Tx, partner_id: str, *, url: str, event_types: Sequence[str], description: str
) -> str:
    endpoint_id = ids.new("whe")
    tx.run(
        "INSERT INTO webhook_endpoint (id, partner_id, url, event_types, description, state,"
        " created_at, updated_at) VALUES (:id, :partner_id, :url, :types, :description, 'enabled',"
        " :now, :now)",
        id=endpoint_id,
        partner_id=partner_id,
        url=url,
        types=list(event_types),
        description=description,
        now=tx.machine_now,
    )
    return endpoint_id


def endpoints(tx: Tx, partner_id: str) -> list[Row]:
    return list(tx.all(ENDPOINTS, partner_id=partner_id, id=None))


def endpoint(tx: Tx, partner_id: str, endpoint_id: str) -> Row | None:
    return tx.maybe(ENDPOINTS, partner_id=partner_id, id=endpoint_id)


def lock_endpoint(tx: Tx, partner_id: str, endpoint_id: str) -> Row | None:
    """The endpoint, which nobody else changes until this unit of work ends."""
    tx.run(
        "SELECT 1 FROM webhook_endpoint WHERE partner_id = :partner_id AND id = :id FOR UPDATE",
        partner_id=partner_id,
        id=endpoint_id,
    )
    return endpoint(tx, partner_id, endpoint_id)


def update_endpoint(
    tx: Tx, endpoint_id: str, *, url: str, event_types: Sequence[str], description: str
) -> None:
    tx.run(
        "UPDATE webhook_endpoint SET url = :url, event_types = :types, description = :description,"
        " updated_at = :now WHERE id = :id",
        id=endpoint_id,
        url=url,
        types=list(event_types),
        description=description,
        now=tx.machine_now,
    )


def delete_endpoint(tx: Tx, partner_id: str, endpoint_id: str) -> int:
    return tx.touched(
        "DELETE FROM webhook_endpoint WHERE partner_id = :partner_id AND id = :id",
        partner_id=partner_id,
        id=endpoint_id,
    )


def count_endpoints(tx: Tx, partner_id: str) -> int:
    return int(
        tx.scalar("SELECT count(*) FROM webhook_endpoint WHERE partner_id = :id", id=partner_id)
    )


def enable_endpoint(tx: Tx, endpoint_id: str) -> None:
    """Events go there again from now on; what was parked stays so until it is asked for."""
    tx.run(
        "UPDATE webhook_endpoint SET state = 'enabled', disabled_reason = NULL, disabled_at = NULL,"
        " failures = 0, failing_since = NULL, resume_at = NULL, is_slow = false, updated_at = :now"
        " WHERE id = :id AND state = 'disabled'",
        id=endpoint_id,
        now=tx.machine_now,
    )


def disable_endpoint(tx: Tx, endpoint_id: str, reason: str) -> str | None:
    """Nothing more goes there, what waits included; whose it is, or None if it was so before."""
    partner_id: str | None = tx.scalar(
        "UPDATE webhook_endpoint SET state = 'disabled', disabled_reason = :reason,"
        " disabled_at = :now, updated_at = :now WHERE id = :id AND state = 'enabled'"
        " RETURNING partner_id",
        id=endpoint_id,
        reason=reason,
        now=tx.machine_now,
    )
    tx.run(
        "UPDATE webhook_delivery SET state = 'parked', leased_until = NULL,"
        " outcome = coalesce(outcome, 'the endpoint was disabled')"
        " WHERE endpoint_id = :id AND state = 'waiting'",
        id=endpoint_id,
    )
    return partner_id


def took(tx: Tx, endpoint_id: str, *, is_slow: bool) -> None:
    """The endpoint has taken an event; a row is written only where that is news."""
    tx.run(
        "UPDATE webhook_endpoint SET failures = 0, failing_since = NULL, resume_at = NULL,"
        " is_slow = :is_slow WHERE id = :id AND (failures > 0 OR is_slow <> :is_slow)",
        id=endpoint_id,
        is_slow=is_slow,
    )


def failed(tx: Tx, endpoint_id: str) -> Row | None:
    """The endpoint has not taken an event: how often in a row, and since when."""
    return tx.maybe(
        "UPDATE webhook_endpoint SET failures = failures + 1, is_slow = true,"
        " failing_since = coalesce(failing_since, :now) WHERE id = :id AND state = 'enabled'"
        " RETURNING failures, failing_since",
        id=endpoint_id,
        now=tx.machine_now,
    )


def rest(tx: Tx, endpoint_id: str, until: datetime) -> None:
    tx.run(
        "UPDATE webhook_endpoint SET resume_at = :until WHERE id = :id", id=endpoint_id, until=until
    )


def secret(tx: Tx, endpoint_id: str) -> bytes | None:
    """The endpoint's secret, sealed; nobody else renews it until this unit of work ends."""
    found: bytes | None = tx.scalar(
        "SELECT secret_sealed FROM webhook_endpoint WHERE id = :id FOR UPDATE", id=endpoint_id
    )
    return found


def set_secrets(
    tx: Tx,
    endpoint_id: str,
    secret: bytes | None,
    old: bytes | None = None,
    old_until: datetime | None = None,
) -> None:
    tx.run(
        "UPDATE webhook_endpoint SET secret_sealed = :secret, old_secret_sealed = :old,"
        " old_secret_until = :old_until, updated_at = :now WHERE id = :id",
        id=endpoint_id,
        secret=secret,
        old=old,
        old_until=old_until,
        now=tx.machine_now,
    )


def insert_check(tx: Tx, endpoint_id: str, event_id: str) -> str | None:
    """A new check's id; None while another one of the endpoint is running."""
    check_id = ids.new("whc")
    made = tx.touched(
        "INSERT INTO webhook_check (id, endpoint_id, event_id, state, results, created_at)"
        " VALUES (:id, :endpoint_id, :event_id, 'running', '[]', :now) ON CONFLICT DO NOTHING",
        id=check_id,
        endpoint_id=endpoint_id,
        event_id=event_id,
        now=tx.machine_now,
    )
    return check_id if made else None


def checks(
    tx: Tx, endpoint_id: str, *, before: tuple[datetime, str] | None, limit: int
) -> list[Row]:
    at, check_id = before or (None, None)
    return list(tx.all(CHECKS, endpoint_id=endpoint_id, only=None, at=at, id=check_id, limit=limit))


def check(tx: Tx, endpoint_id: str, check_id: str) -> Row | None:
    return tx.maybe(CHECKS, endpoint_id=endpoint_id, only=check_id, at=None, id=None, limit=1)


def lease_checks(tx: Tx, *, limit: int, until: datetime) -> list[Row]:
    """Checks to carry out, with what they need; one that was begun three times has failed."""
    tx.run(
        "UPDATE webhook_check SET state = 'failed', finished_at = :now"
        " WHERE state = 'running' AND tries >= 3 AND leased_until <= :now",
        now=tx.machine_now,
    )
    return list(
        tx.all(
            "WITH due AS (SELECT id FROM webhook_check WHERE state = 'running'"
            "   AND (leased_until IS NULL OR leased_until <= :now)"
            "   ORDER BY created_at LIMIT :limit FOR UPDATE SKIP LOCKED)"
            " UPDATE webhook_check c SET leased_until = :until, tries = tries + 1"
            " FROM due, event e, webhook_endpoint p"
            " WHERE c.id = due.id AND e.id = c.event_id AND p.id = c.endpoint_id"
            " RETURNING c.id AS check_id, c.endpoint_id, p.url, p.secret_sealed, e.id, e.type,"
            " e.subject, e.data, e.is_test, e.created_at",
            limit=limit,
            until=until,
            now=tx.machine_now,
        )
    )


def end_check(tx: Tx, check_id: str, results: Sequence[Mapping[str, Any]]) -> None:
    tx.run(
        "UPDATE webhook_check SET state = 'done', results = :results, finished_at = :now"
        " WHERE id = :id AND state = 'running'",
        id=check_id,
        results=json(list(results)),
        now=tx.machine_now,
    )
