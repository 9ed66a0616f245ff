"""Documents and pictures that come with a lead, never kept as they were sent.

What a file is, its content says: names and types that are sent along count for nothing. Each is
kept under a key of its own, and forgetting the key forgets the file.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from lending.foundation import audit, ids
from lending.foundation.audit import Actor
from lending.foundation.clock import rfc3339
from lending.foundation.crypto import FieldKeys, open_file, seal_file
from lending.foundation.database import Row, Tx
from lending.foundation.files import FileStore, StoredFile
from lending.loans.errors import WrongState
from scenarios.assisted_lending import attachments_store as store
from scenarios.assisted_lending import leads_store, servicing
from scenarios.assisted_lending.cleaning import CleanFile
from scenarios.assisted_lending.errors import (
    NoSuchLead,
    ScopeMissing,
    TooManyAttachments,
)
from scenarios.assisted_lending.model import OVER, Scope

KINDS = {
    "identity_front": "The identity card, front.",
    "identity_back": "The identity card, back.",
    "income": "What shows an income.",
    "employment": "What shows an employment.",
    "other": "Something else.",
}
KINDS_ZH = {
    "identity_front": "身份证人像面",
    "identity_back": "身份证国徽面",
    "income": "收入证明",
    "employment": "工作证明",
    "other": "其他",
}
PER_LEAD_MAX = 10


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a lead, as it is kept."""

    id: str
    lead_id: str
    kind: str
    content_type: str
    size_bytes: int
    sha256: str
    """Of the content as it is kept."""
    created_at: datetime


def attach(
    tx: Tx,
    keys: FieldKeys,
    files: FileStore,
    partner_id: str,
    *,
    lead_id: str,
    kind: str,
    file: CleanFile,
) -> dict[str, object]:
    """Takes a file in for a lead that is still open; the file as its platform sees it.

    Raises NoSuchLead, WrongState for one that is over, ScopeMissing, TooManyAttachments. Nothing is
    kept then.
    """
    servicing.found(tx, partner_id, lead_id)
    lead = leads_store.lead_by_id(tx, lead_id, lock=True)
    assert lead is not None
    if lead.state in OVER:
        raise WrongState(f"the lead is {lead.state}")
    if not leads_store.consented(tx, lead_id, Scope.ATTACHMENTS.value):
        raise ScopeMissing("there is no consent for attachments")
    if store.count(tx, lead.id) >= PER_LEAD_MAX:
        raise TooManyAttachments
    attachment_id = ids.new("att")
    with files.writer("attachment", ".sealed") as writer:
        key = seal_file(file.content, writer.write, at=attachment_id)
        kept, _ = writer.done()
    made = Attachment(
        id=attachment_id,
        lead_id=lead.id,
        kind=kind,
        content_type=file.content_type,
        size_bytes=len(file.content),
        sha256=sha256(file.content).hexdigest(),
        created_at=tx.now,
    )
    key_sealed = keys.seal(key.hex(), at=_cell(attachment_id))
    store.insert(tx, made, kept, key_sealed)
    audit.record(tx, Actor("partner", partner_id), "lead.attach", lead.id, {"id": attachment_id})
    return view(made)


def of_lead(tx: Tx, lead_id: str) -> list[Attachment]:
    """The files of a lead, the first at the front."""
    return [_attachment(row) for row in store.of_lead(tx, lead_id)]


def opened(
    tx: Tx, keys: FieldKeys, files: FileStore, attachment_id: str, actor: Actor, *, lead_id: str
) -> tuple[Attachment, bytes]:
    """A file and its content, for somebody who is named in the log.

    Raises NoSuchLead, FileChanged.
    """
    row = store.one(tx, attachment_id)
    if row is None or row["lead_id"] != lead_id:
        raise NoSuchLead
    made = _attachment(row)
    key = bytes.fromhex(keys.open(bytes(row["key_sealed"]), at=_cell(made.id)))
    sealed = files.get(StoredFile(row["file_name"], row["file_sha256"]))
    audit.record(tx, actor, "lead.see_attachment", made.lead_id, {"id": made.id})
    return made, open_file(key, sealed, at=made.id)


def view(made: Attachment) -> dict[str, object]:
    """A file as its platform sees it."""
    return {
        "id": made.id,
        "lead_id": made.lead_id,
        "kind": made.kind,
        "content_type": made.content_type,
        "size_bytes": made.size_bytes,
        "sha256": made.sha256,
        "created_at": rfc3339(made.created_at),
    }


def _attachment(row: Row) -> Attachment:
    names = Attachment.__dataclass_fields__
    return Attachment(**{name: row[name] for name in names})


def _cell(attachment_id: str) -> str:
    return f"lead_attachment.key:{attachment_id}"
