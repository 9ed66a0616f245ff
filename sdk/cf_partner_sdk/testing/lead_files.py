"""The fake lender's files of leads, and applications that come without its page."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from cf_partner_sdk import LeadAttachment
from cf_partner_sdk._leads import FILE_TYPES

from . import bodies, sealing
from .asking import Asked, answered, route
from .wire import Answer, Problem

if TYPE_CHECKING:
    from .book import Book
    from .clock import FakeClock
    from .lead_book import LeadBook

KINDS = ("identity_front", "identity_back", "income", "employment", "other")
PER_LEAD_MAX = 10
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
    found = next((kind for begins, kind in FILE_TYPES.items() if content.startswith(begins)), None)
    is_document = found == "application/pdf"
    if found is None or (
        is_document and (_ACTIVE.search(content) or b"%%EOF" not in content[-1024:])
    ):
        raise _refused(
            "attachment.type_refused",
            "This file is not taken",
            "Send a JPEG, a PNG, or a PDF without scripts, forms, attachments or encryption.",
        )
    return found if is_document else "image/jpeg"  # the lender paints a picture anew as one


def _refused(code: str, title: str, mend: str) -> Problem:
    return Problem(422, code, title, mend=mend)


def _attach(asked: Asked) -> Answer:
    kind = asked.query.get("kind", "")
    if kind not in KINDS:
        raise bodies.refused("/kind", f"must be one of {', '.join(KINDS)}")
    return answered(asked.book.lead_files.take(asked.leads, asked.ids[0], kind, asked.file), 201)


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
        files=tuple(FILE_TYPES.values()),
        query=("kind",),
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
