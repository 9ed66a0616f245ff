"""The fake lender's files of leads, and applications that come without its page."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import TYPE_CHECKING, Any, Optional

from cf_partner_sdk import LeadAttachment

from . import bodies, sealing
from .asking import Asked, answered, route
from .wire import Answer, Problem

if TYPE_CHECKING:
    from .book import Book
    from .clock import FakeClock
    from .lead_book import LeadBook

KINDS = ("identity_front", "identity_back", "income", "employment", "other")
BYTES_MAX = 700 * 1024
PER_LEAD_MAX = 10
_TYPES = {
    b"%PDF-": "application/pdf",
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/jpeg",
}
"""What a file is by how it begins; the lender paints a picture anew as a JPEG."""
_ACTIVE = re.compile(
    rb"/(JavaScript|JS|Launch|EmbeddedFile|OpenAction|AA|RichMedia|XFA|SubmitForm|GoToE|Encrypt)\b"
)


class LeadFiles:
    """Files of leads by id; unlike the lender, this one keeps pictures as they came."""

    def __init__(self, clock: FakeClock, book: Book) -> None:
        self._clock, self._book = clock, book
        self.kept: dict[str, LeadAttachment] = {}

    def take(self, leads: LeadBook, lead_id: str, kind: str, content: bytes) -> LeadAttachment:
        """Take a file in. Raises Problem."""
        lead = leads.lead(lead_id)
        if "attachments" not in leads.scopes[lead.id]:
            raise _refused(
                "lead.consent_scope_missing",
                "The person's consent does not cover this",
                "Send only what the person agreed to hand on, with the evidence of each consent.",
            )
        content_type = _type_of(content)
        if sum(each.lead_id == lead.id for each in self.kept.values()) >= PER_LEAD_MAX:
            raise _refused(
                "attachment.too_many",
                "The lead has as many files as it may have",
                "Send the most telling ones, at most ten.",
                field=None,
            )
        made = LeadAttachment(
            id=self._book.new_id("att"),
            lead_id=lead.id,
            kind=kind,
            content_type=content_type,
            size_bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            created_at=self._clock.now(),
        )
        self.kept[made.id] = made
        return made


def _type_of(content: bytes) -> str:
    if len(content) > BYTES_MAX:
        raise _refused(
            "attachment.too_large",
            "The file is too large",
            "Send at most 700 KiB and 40 million pixels.",
        )
    found = next((kind for begins, kind in _TYPES.items() if content.startswith(begins)), None)
    is_document = found == "application/pdf"
    if found is None or (
        is_document and (_ACTIVE.search(content) or b"%%EOF" not in content[-1024:])
    ):
        raise _refused(
            "attachment.type_refused",
            "This file is not taken",
            "Send a JPEG, a PNG, or a PDF without scripts, forms, attachments or encryption.",
        )
    return found


def _refused(
    code: str, title: str, mend: str, *, field: Optional[str] = "/content_base64"
) -> Problem:
    return Problem(422, code, title, field=field, mend=mend)


def _base64(value: Any, at: str) -> None:
    bodies.text(4 * -(-BYTES_MAX // 3), r"[A-Za-z0-9+/]*={0,2}")(value, at)
    try:
        base64.b64decode(value, validate=True)
    except binascii.Error:
        raise bodies.refused(at, "must be base64") from None


def _attach(asked: Asked) -> Answer:
    content = base64.b64decode(asked.body["content_base64"])
    kept = asked.book.lead_files.take(asked.leads, asked.ids[0], asked.body["kind"], content)
    return answered(kept, 201)


def _hand_in(asked: Asked) -> Answer:
    sealing.opened(asked.body)
    return answered(asked.leads.hand_in(asked.ids[0]))


_CONSENT = {
    "scope": bodies.text(32, r"[a-z_]+"),
    "text_version": bodies.text(64),
    "text_sha256": bodies.text(64, r"[0-9a-f]{64}", 64),
}
ROUTES = (
    route(
        "POST",
        "/v1/leads/<id>/attachments",
        _attach,
        checks={"kind": bodies.text(32, "|".join(KINDS)), "content_base64": _base64},
        writes=True,
    ),
    route(
        "POST",
        "/v1/leads/<id>/application",
        _hand_in,
        checks={
            "card_no": sealing.check,
            "suitability": bodies.anything,
            "consents": bodies.several(bodies.members(_CONSENT), 1, 3),
            "encryption": bodies.anything,
        },
        writes=True,
    ),
)
