"""The SQL of pre-checks: keys, who may not be sent, and how many were asked for."""

from collections.abc import Sequence
from datetime import date, datetime

from lending.foundation.database import Row, Tx

KEY = """
    SELECT number, id, secret_sealed, indexed_at, valid_to FROM precheck_key
    WHERE partner_id = :partner_id AND id = :id"""
KEY_BY_NUMBER = """
    SELECT number, id, secret_sealed, indexed_at, valid_to FROM precheck_key
    WHERE number = :number"""
KEYS = """
    SELECT number, id, secret_sealed, indexed_at, valid_to FROM precheck_key"""

_DUE = """
WITH person AS (
    SELECT l.customer_id AS id FROM loan_standing s JOIN loan l ON l.id = s.loan_id
    WHERE s.days_past_due > 0 OR s.written_off
    UNION
    SELECT customer_id FROM application
    WHERE state = 'declined' AND decided_at > :refused_since AND customer_id IS NOT NULL
    UNION
    SELECT c.id FROM customer c JOIN blacklist_entry b
    ON b.kind = 'identity_no' AND b.value_index = c.identity_no_index
), crowded AS (
    SELECT identity_no_index FROM lead WHERE created_at > :sent_since
    GROUP BY identity_no_index HAVING count(DISTINCT partner_id) >= :platforms_max
), due AS (
    SELECT 'identity_no' AS kind, c.identity_no_index AS value_index,
        c.identity_no_sealed AS value_sealed, 'customer.identity_no:' || c.id AS cell
    FROM customer c JOIN person USING (id)
    UNION ALL
    SELECT 'mobile', c.mobile_index, c.mobile_sealed, 'customer.mobile:' || c.id
    FROM customer c JOIN person USING (id)
    UNION ALL
    SELECT 'identity_no', d.identity_no_index, d.identity_no_sealed, 'lead.identity_no:' || d.id
    FROM lead d JOIN crowded USING (identity_no_index) WHERE d.identity_no_sealed IS NOT NULL
    UNION ALL
    SELECT 'mobile', d.mobile_index, d.mobile_sealed, 'lead.mobile:' || d.id
    FROM lead d JOIN crowded USING (identity_no_index) WHERE d.mobile_sealed IS NOT NULL
    UNION ALL
    SELECT kind, value_index, value_sealed,
        'blacklist_entry.value:' || kind || ':' || encode(value_index, 'hex')
    FROM blacklist_entry WHERE kind IN ('identity_no', 'mobile')
)
"""
_GONE = (
    _DUE
    + """
DELETE FROM precheck_barred b WHERE NOT EXISTS
    (SELECT FROM due WHERE due.kind = b.kind AND due.value_index = b.value_index)"""
)
_NEW = (
    _DUE
    + """
INSERT INTO precheck_barred (kind, value_index, value_sealed, cell)
SELECT DISTINCT ON (kind, value_index) kind, value_index, value_sealed, cell FROM due
WHERE NOT EXISTS (SELECT FROM precheck_barred b
    WHERE b.kind = due.kind AND b.value_index = due.value_index)
RETURNING number, kind, value_sealed, cell"""
)


def key(tx: Tx, partner_id: str, key_id: str) -> Row | None:
    return tx.maybe(KEY, partner_id=partner_id, id=key_id)


def key_by_number(tx: Tx, number: int) -> Row | None:
    return tx.maybe(KEY_BY_NUMBER, number=number)


def keys(tx: Tx) -> Sequence[Row]:
    return tx.all(KEYS)


def end_keys(tx: Tx, partner_id: str, at: datetime) -> None:
    """Keys that have no end yet get one."""
    tx.run(
        "UPDATE precheck_key SET valid_to = :at WHERE partner_id = :id AND valid_to IS NULL",
        at=at,
        id=partner_id,
    )


def insert_key(tx: Tx, key_id: str, partner_id: str, secret_sealed: bytes) -> int:
    row = tx.one(
        "INSERT INTO precheck_key (id, partner_id, secret_sealed, created_at)"
        " VALUES (:id, :partner_id, :sealed, :now) RETURNING number",
        id=key_id,
        partner_id=partner_id,
        sealed=secret_sealed,
        now=tx.now,
    )
    return int(row["number"])


def set_indexed(tx: Tx, number: int) -> None:
    tx.run("UPDATE precheck_key SET indexed_at = :now WHERE number = :n", now=tx.now, n=number)


def prune_keys(tx: Tx) -> None:
    tx.run("DELETE FROM precheck_key WHERE valid_to < :now", now=tx.now)


def lock(tx: Tx) -> None:
    """One at a time changes the list or puts it under a key."""
    tx.scalar("SELECT pg_advisory_xact_lock(7100011)")


def barred_after(tx: Tx, number: int, limit: int) -> Sequence[Row]:
    return tx.all(
        "SELECT number, kind, value_sealed, cell FROM precheck_barred WHERE number > :number"
        " ORDER BY number LIMIT :limit",
        number=number,
        limit=limit,
    )


def renew(
    tx: Tx, *, refused_since: datetime, sent_since: datetime, platforms_max: int
) -> tuple[int, Sequence[Row]]:
    """How many went off the list, and who came on it."""
    since = {
        "refused_since": refused_since,
        "sent_since": sent_since,
        "platforms_max": platforms_max,
    }
    return tx.touched(_GONE, **since), tx.all(_NEW, **since)


def insert_digests(tx: Tx, made: Sequence[tuple[int, bytes, int]]) -> None:
    """Rows of key number, digest and number of who is barred."""
    if not made:
        return
    numbers, digests, barred_numbers = zip(*made, strict=True)
    tx.run(
        "INSERT INTO precheck_digest (key_number, digest, barred_number)"
        " SELECT * FROM unnest(CAST(:keys AS integer[]), CAST(:digests AS bytea[]),"
        " CAST(:barred AS bigint[])) ON CONFLICT DO NOTHING",
        keys=list(numbers),
        digests=list(digests),
        barred=list(barred_numbers),
    )


def barred(tx: Tx, key_number: int, digests: Sequence[bytes]) -> set[bytes]:
    """Those of the digests that are of somebody who may not be sent."""
    rows = tx.all(
        "SELECT digest FROM precheck_digest WHERE key_number = :key AND digest = ANY (:digests)",
        key=key_number,
        digests=list(digests),
    )
    return {bytes(row["digest"]) for row in rows}


def count(tx: Tx, partner_id: str, day: date, asked: int, *, most: int) -> bool:
    """Counts so many questions of a day; False, and none counted, when they would pass the most."""
    tx.run(
        "INSERT INTO precheck_day (partner_id, day, used) VALUES (:id, :day, 0)"
        " ON CONFLICT DO NOTHING",
        id=partner_id,
        day=day,
    )
    return bool(
        tx.touched(
            "UPDATE precheck_day SET used = used + :asked"
            " WHERE partner_id = :id AND day = :day AND used + :asked <= :most",
            id=partner_id,
            day=day,
            asked=asked,
            most=most,
        )
    )
