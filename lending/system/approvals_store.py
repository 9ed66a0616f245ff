"""The SQL of proposals."""

from collections.abc import Mapping, Sequence
from typing import Any

from lending.foundation.database import Row as Row  # noqa: PLC0414  part of what it gives
from lending.foundation.database import Tx, json
from lending.system.model import Operator, Role

OWN = (
    "id",
    "kind",
    "subject",
    "reason",
    "digest",
    "note",
    "result",
    "made_at",
    "expires_at",
    "ended_at",
)
_SELECT = """
    SELECT p.id, p.kind, p.subject, p.payload, p.reason, p.digest, p.expected, p.note,
           p.result, p.made_at, p.expires_at, p.ended_at,
           CASE WHEN p.state = 'open' AND p.expires_at <= :now THEN 'expired' ELSE p.state END
           AS state,
           m.id AS maker_id, m.login AS maker_login, m.name AS maker_name, m.role AS maker_role,
           p.maker_person,
           c.id AS checker_id, c.login AS checker_login, c.name AS checker_name,
           c.role AS checker_role, p.checker_person
    FROM proposal p JOIN operator m ON m.id = p.maker_id LEFT JOIN operator c ON c.id = p.checker_id
"""
_ONE = _SELECT + " WHERE p.id = :id"
_ONE_LOCKED = _ONE + " FOR UPDATE OF p"
_NEWEST = (
    _SELECT
    + """ WHERE (CAST(:subject AS text) IS NULL OR p.subject = :subject)
    AND (NOT :only_open OR (p.state = 'open' AND p.expires_at > :now))
    ORDER BY p.made_at DESC, p.id LIMIT :limit"""
)


def proposal(tx: Tx, proposal_id: str, *, lock: bool = False) -> Row | None:
    return tx.maybe(_ONE_LOCKED if lock else _ONE, id=proposal_id, now=tx.now)


def proposals(tx: Tx, *, subject: str | None, only_open: bool, limit: int = 200) -> Sequence[Row]:
    return tx.all(_NEWEST, subject=subject, only_open=only_open, limit=limit, now=tx.now)


def operator(row: Mapping[str, Any], which: str) -> Operator:
    """The maker or the checker of a row."""
    return Operator(
        row[f"{which}_id"],
        row[f"{which}_login"],
        row[f"{which}_name"],
        Role(row[f"{which}_role"]),
        row[f"{which}_person"],
    )


def expire(tx: Tx) -> None:
    """Marks what nobody has checked in time, so that the same may be proposed anew."""
    tx.run(
        "UPDATE proposal SET state = 'expired', ended_at = expires_at"
        " WHERE state = 'open' AND expires_at <= :now",
        now=tx.now,
    )


def insert(
    tx: Tx, values: Mapping[str, Any], payload: Mapping[str, Any], expected: Mapping[str, Any]
) -> bool:
    """Whether it was put on record: not while the very same is open."""
    return bool(
        tx.touched(
            "INSERT INTO proposal (id, kind, subject, payload, reason, maker_id, maker_person,"
            " digest, expected, state, made_at, expires_at) VALUES (:id, :kind, :subject, :payload,"
            " :reason, :maker_id, :maker_person, :digest, :expected, 'open', :now, :expires_at)"
            " ON CONFLICT DO NOTHING",
            **values,
            payload=json(dict(payload)),
            expected=json(dict(expected)),
            now=tx.now,
        )
    )


def end(
    tx: Tx,
    proposal_id: str,
    state: str,
    checker: Operator,
    *,
    note: str,
    result: Mapping[str, Any] | None,
) -> None:
    tx.run(
        "UPDATE proposal SET state = :state, checker_id = :checker, checker_person = :person,"
        " note = :note, result = :result, ended_at = :now WHERE id = :id",
        id=proposal_id,
        state=state,
        checker=checker.id,
        person=checker.person or checker.id,
        note=note,
        result=json(dict(result)) if result is not None else None,
        now=tx.now,
    )
