"""The SQL of OAuth: assertions that were used, tokens by their digest."""

from datetime import datetime
from hashlib import sha256

from lending.foundation.database import Row, Tx


def spend_assertion(tx: Tx, partner_id: str, jti: str, expires_at: datetime) -> bool:
    """Whether this id of an assertion is new for its partner."""
    return bool(
        tx.touched(
            "INSERT INTO oauth_assertion (partner_id, jti, expires_at)"
            " VALUES (:partner_id, :jti, :expires_at) ON CONFLICT DO NOTHING",
            partner_id=partner_id,
            jti=jti,
            expires_at=expires_at,
        )
    )


def insert_token(
    tx: Tx, token: str, *, partner_id: str, keyid: str, scope: str, expires_at: datetime
) -> None:
    """Stores a token by its digest: what is in the table opens nothing."""
    tx.run(
        "INSERT INTO oauth_token (sha256, partner_id, keyid, scope, issued_at, expires_at)"
        " VALUES (:sha256, :partner_id, :keyid, :scope, :now, :expires_at)",
        sha256=_digest(token),
        partner_id=partner_id,
        keyid=keyid,
        scope=scope,
        now=tx.machine_now,
        expires_at=expires_at,
    )


def token(tx: Tx, token: str) -> Row | None:
    """The record of a token, also of one that is past or revoked."""
    return tx.maybe(
        "SELECT sha256, partner_id, keyid, scope, expires_at, revoked_at"
        " FROM oauth_token WHERE sha256 = :sha256",
        sha256=_digest(token),
    )


def revoke_token(tx: Tx, digest: bytes) -> None:
    """Ends a token; one that was ended before keeps its instant."""
    tx.run(
        "UPDATE oauth_token SET revoked_at = coalesce(revoked_at, :now) WHERE sha256 = :sha256",
        sha256=digest,
        now=tx.machine_now,
    )


def prune(tx: Tx) -> int:
    """Forgets assertions and tokens that time has ended; the number of rows."""
    assertions = tx.touched(
        "DELETE FROM oauth_assertion WHERE ctid IN (SELECT ctid FROM oauth_assertion"
        " WHERE expires_at <= :now LIMIT 5000)",
        now=tx.machine_now,
    )
    tokens = tx.touched(
        "DELETE FROM oauth_token WHERE ctid IN (SELECT ctid FROM oauth_token"
        " WHERE expires_at <= :now LIMIT 5000)",
        now=tx.machine_now,
    )
    return assertions + tokens


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
