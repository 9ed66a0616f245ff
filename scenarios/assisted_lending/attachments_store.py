"""The SQL of attachments."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lending.foundation.database import Row, Tx
from lending.foundation.files import StoredFile

if TYPE_CHECKING:
    from scenarios.assisted_lending.attachments import Attachment

ONE = """
    SELECT id, lead_id, kind, content_type, size_bytes, sha256, file_name, file_sha256, key_sealed,
        created_at
    FROM lead_attachment WHERE id = :id"""
OF_LEAD = """
    SELECT id, lead_id, kind, content_type, size_bytes, sha256, file_name, file_sha256, key_sealed,
        created_at
    FROM lead_attachment WHERE lead_id = :id ORDER BY created_at, id"""


def insert(tx: Tx, made: "Attachment", kept: StoredFile, key_sealed: bytes) -> None:
    tx.run(
        "INSERT INTO lead_attachment (id, lead_id, kind, content_type, size_bytes, sha256,"
        " file_name, file_sha256, key_sealed, created_at) VALUES (:id, :lead_id, :kind,"
        " :content_type, :size_bytes, :sha256, :file_name, :file_sha256, :key_sealed, :created_at)",
        id=made.id,
        lead_id=made.lead_id,
        kind=made.kind,
        content_type=made.content_type,
        size_bytes=made.size_bytes,
        sha256=made.sha256,
        file_name=kept.name,
        file_sha256=kept.sha256,
        key_sealed=key_sealed,
        created_at=made.created_at,
    )


def count(tx: Tx, lead_id: str) -> int:
    return int(tx.scalar("SELECT count(*) FROM lead_attachment WHERE lead_id = :id", id=lead_id))


def one(tx: Tx, attachment_id: str) -> Row | None:
    return tx.maybe(ONE, id=attachment_id)


def of_lead(tx: Tx, lead_id: str) -> Sequence[Row]:
    return tx.all(OF_LEAD, id=lead_id)
