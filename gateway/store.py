"""The SQL of the gateway: nonces, stored replies."""

from datetime import timedelta

from lending.foundation.database import Database, Row, Tx

NONCE_KEPT = timedelta(seconds=900)
"""Longer than the whole window in which a signature is accepted (T01)."""


SPEND = """
    WITH spent AS (
        INSERT INTO spent_nonce (keyid, nonce, spent_at) VALUES (:keyid, :nonce, :now)
        ON CONFLICT DO NOTHING RETURNING 1
    )
    SELECT count(*) FROM spent"""
SPEND_WITHOUT_WAIT = """
    WITH hurried AS (SELECT set_config('synchronous_commit', 'off', true)),
    spent AS (
        INSERT INTO spent_nonce (keyid, nonce, spent_at)
        SELECT :keyid, :nonce, :now FROM hurried ON CONFLICT DO NOTHING RETURNING 1
    )
    SELECT count(*) FROM spent"""


def spend_nonce(tx: Tx, keyid: str, nonce: str) -> bool:
    """Whether the nonce is new for its key; this unit of work commits before the disk has it."""
    spent = tx.quick(SPEND_WITHOUT_WAIT, keyid=keyid, nonce=nonce, now=tx.machine_now)
    return bool(spent[0])


def spend_nonce_at_once(database: Database, keyid: str, nonce: str) -> bool:
    """Whether the nonce is new for its key; a unit of work by itself."""
    return bool(database.at_once(SPEND, keyid=keyid, nonce=nonce, now=database.clock.now())[0])


def prune_nonces(tx: Tx) -> int:
    return tx.touched(
        "DELETE FROM spent_nonce WHERE ctid IN (SELECT ctid FROM spent_nonce"
        " WHERE spent_at < :before LIMIT 5000)",
        before=tx.machine_now - NONCE_KEPT,
    )


def lock_key(tx: Tx, partner_id: str, key: str) -> bool:
    """Whether nobody else is carrying out a call under this key."""
    return bool(
        tx.scalar(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 71))",
            name=f"{partner_id}|{key}",
        )
    )


def reply(tx: Tx, partner_id: str, key: str) -> Row | None:
    return tx.maybe(
        "SELECT method, path, body_sha256, status, content_type, location, body, is_sealed,"
        " opened_mac FROM stored_reply WHERE partner_id = :partner_id AND key = :key",
        partner_id=partner_id,
        key=key,
    )


def insert_reply(
    tx: Tx,
    partner_id: str,
    key: str,
    call: tuple[str, str, bytes],
    *,
    status: int,
    location: str | None,
    body: bytes,
    is_sealed: bool,
    opened_mac: bytes | None = None,
) -> None:
    """Stores a reply in the unit of work of its effect; `call` is method, path, body's digest."""
    tx.run(
        "INSERT INTO stored_reply (partner_id, key, method, path, body_sha256, status,"
        " content_type, location, body, is_sealed, opened_mac, created_at)"
        " VALUES (:partner_id, :key, :method, :path, :sha256,"
        " :status, 'application/json', :location, :body, :is_sealed, :opened_mac,"
        " :now)",
        partner_id=partner_id,
        key=key,
        method=call[0],
        path=call[1],
        sha256=call[2],
        status=status,
        location=location,
        body=body,
        is_sealed=is_sealed,
        opened_mac=opened_mac,
        now=tx.machine_now,
    )
