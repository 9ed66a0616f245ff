"""The SQL of pinned versions."""

from lending.foundation.database import Tx


def pinned(tx: Tx, partner_id: str) -> str | None:
    """The version that a partner's calls have when they name none; None before its first call."""
    found = tx.scalar("SELECT version FROM pinned_version WHERE partner_id = :id", id=partner_id)
    return None if found is None else str(found)


def pin_first(tx: Tx, partner_id: str, day: str) -> str:
    """Pins a partner at its first call, unless another process just did; the version it has."""
    tx.run(
        "INSERT INTO pinned_version (partner_id, version, pinned_at) VALUES (:id, :day, :now)"
        " ON CONFLICT (partner_id) DO NOTHING",
        id=partner_id,
        day=day,
        now=tx.now,
    )
    return pinned(tx, partner_id) or day


def pin(tx: Tx, partner_id: str, day: str) -> None:
    tx.run(
        "INSERT INTO pinned_version (partner_id, version, pinned_at) VALUES (:id, :day, :now)"
        " ON CONFLICT (partner_id) DO UPDATE SET version = :day, pinned_at = :now",
        id=partner_id,
        day=day,
        now=tx.now,
    )
