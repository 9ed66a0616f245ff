"""The SQL of hosted sessions."""

from datetime import datetime
from typing import Any

from lending.foundation.database import Row, Tx, json


def insert(tx: Tx, id_sha256: bytes, *, subject: str | None, csrf: str) -> None:
    tx.run(
        "INSERT INTO hosted_session (id_sha256, subject, csrf, created_at, seen_at)"
        " VALUES (:id, :subject, :csrf, :now, :now)",
        id=id_sha256,
        subject=subject,
        csrf=csrf,
        now=tx.machine_now,
    )


def touch(tx: Tx, id_sha256: bytes, *, seen_after: datetime, created_after: datetime) -> Row | None:
    return tx.maybe(
        "UPDATE hosted_session SET seen_at = :now WHERE id_sha256 = :id"
        " AND seen_at > :seen_after AND created_at > :created_after"
        " RETURNING subject, csrf, state, mobile_sealed",
        id=id_sha256,
        seen_after=seen_after,
        created_after=created_after,
        now=tx.machine_now,
    )


def save(tx: Tx, id_sha256: bytes, state: dict[str, Any], mobile_sealed: bytes | None) -> None:
    tx.run(
        "UPDATE hosted_session SET state = :state, mobile_sealed = :mobile WHERE id_sha256 = :id",
        id=id_sha256,
        state=json(state),
        mobile=mobile_sealed,
    )


def rename(tx: Tx, id_sha256: bytes, new_id_sha256: bytes, mobile_sealed: bytes | None) -> None:
    tx.run(
        "UPDATE hosted_session SET id_sha256 = :new, mobile_sealed = :mobile WHERE id_sha256 = :id",
        id=id_sha256,
        new=new_id_sha256,
        mobile=mobile_sealed,
    )


def delete(tx: Tx, id_sha256: bytes) -> None:
    tx.run("DELETE FROM hosted_session WHERE id_sha256 = :id", id=id_sha256)
