"""The SQL of rate limits."""

from gateway.rate_model import Limit
from lending.foundation.database import Tx

LEASE = """
    INSERT INTO rate_bucket AS bucket (name, tokens, granted, at)
    VALUES (:name, CAST(:quota AS int) - CAST(:lease AS int), CAST(:lease AS int), :now)
    ON CONFLICT (name) DO UPDATE SET (tokens, granted, at) = (
        SELECT filled - least(CAST(:lease AS int), floor(filled)),
            least(CAST(:lease AS int), floor(filled))::int,
            greatest(bucket.at, :now)
        FROM (SELECT least(
            CAST(:quota AS double precision),
            bucket.tokens + greatest(0, extract(epoch FROM :now - bucket.at)::double precision)
                * :quota / :window_s
        ) AS filled) AS at_now)
    RETURNING granted, tokens"""
"""Fills the bucket by the time since it was last asked, then takes up to `lease` whole tokens.

One statement, so that processes that ask at once queue on the row. A clock that is behind fills
nothing, and one that is ahead fills no token twice.
"""


def lease(tx: Tx, name: str, limit: tuple[int, int], *, lease: int) -> tuple[int, float]:
    """Takes tokens out of a bucket of (quota, window in seconds): how many, and what is left."""
    quota, window_s = limit
    granted, tokens = tx.quick(
        LEASE, name=name, quota=quota, window_s=window_s, lease=lease, now=tx.machine_now
    )
    return int(granted), float(tokens)


def limits(tx: Tx, partner_id: str) -> dict[str, Limit]:
    """The limits that were agreed with a partner, by group."""
    rows = tx.all(
        "SELECT rate_group, quota, key_quota, window_s FROM rate_limit WHERE partner_id = :id",
        id=partner_id,
    )
    return {
        row["rate_group"]: Limit(row["quota"], row["key_quota"], row["window_s"]) for row in rows
    }


def set_limit(tx: Tx, partner_id: str, group: str, limit: Limit) -> None:
    tx.run(
        "INSERT INTO rate_limit (partner_id, rate_group, quota, key_quota, window_s)"
        " VALUES (:id, :group, :quota, :key_quota, :window_s)"
        " ON CONFLICT (partner_id, rate_group) DO UPDATE SET quota = :quota,"
        " key_quota = :key_quota, window_s = :window_s",
        id=partner_id,
        group=group,
        quota=limit.quota,
        key_quota=limit.key_quota,
        window_s=limit.window_s,
    )
