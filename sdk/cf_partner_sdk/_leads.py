"""Platforms: ask whom to send, send them, follow them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import timezone
from pathlib import Path
from typing import Any, BinaryIO, Optional, Union

from ._calls import Call, File, Page, Sealed, ask, pages, read, segment, upload, write
from ._commission_models import PlatformStatistics
from ._errors import AnswerNotUnderstood, ArgumentInvalid
from ._finding import the_one
from ._lead_models import Lead, LeadAttachment, LeadConsent, PlatformInfo, PrecheckKey
from ._service import R, Service, call, listing

BATCH_MAX = 1_000
FILE_BYTES_MAX = 10 * 1024 * 1024
FILE_TYPES = {
    b"%PDF-": "application/pdf",
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
}
"""Content types by how a file begins."""
Person = Mapping[str, Optional[str]]
"""`identity_no`, `mobile`, or both."""


class Leads(Service[R]):
    """People whom a platform sends to the lender."""

    @call
    def precheck(
        self,
        *,
        key: PrecheckKey,
        identity_no: Optional[str] = None,
        mobile: Optional[str] = None,
    ) -> Call[bool]:
        """Tell whether a person may be sent, without telling the lender who they are.

        Both are hashed here, under your key. With both, either can say no. It counts against the
        quota of the day, again at each retry.
        """
        body = {"key": key.key, **key.hashes(identity_no=identity_no, mobile=mobile)}
        return ask("/v1/prechecks", _may, body)

    @call
    def precheck_batch(self, people: Sequence[Person], *, key: PrecheckKey) -> Call[list[bool]]:
        """Tell whether each of up to 1,000 people may be sent, in their order."""
        if not 1 <= len(people) <= BATCH_MAX:
            raise ArgumentInvalid(
                f"a batch has 1 to {BATCH_MAX} people",
                field="people",
                mend="Ask for more people in several batches, for nobody not at all.",
            )
        hashed = [
            key.hashes(identity_no=each.get("identity_no"), mobile=each.get("mobile"))
            for each in people
        ]

        def answers(data: Any) -> list[bool]:
            may = data.get("may_be_sent") if isinstance(data, Mapping) else None
            if not isinstance(may, list) or len(may) != len(hashed):
                raise AnswerNotUnderstood("not one answer for each person")
            return [value is True for value in may]

        return ask("/v1/prechecks/batch", answers, {"key": key.key, "people": hashed})

    @call
    def submit(
        self,
        *,
        lead_no: str,
        amount_fen: int,
        purpose: str,
        name: str,
        identity_no: str,
        mobile: str,
        consents: Sequence[LeadConsent],
        return_url: str,
        profile: Optional[Mapping[str, Any]] = None,
        device: Optional[Mapping[str, Any]] = None,
        behaviour: Optional[Mapping[str, Any]] = None,
        score: Optional[Mapping[str, Any]] = None,
        product_code: Optional[str] = None,
        metadata: Optional[Mapping[str, str]] = None,
        idempotency_key: Optional[str] = None,
    ) -> Call[Lead]:
        """Send a person; hand them over to the lender's page by the lead's `handover_url`.

        Name, identity number and mobile travel encrypted. All of it is input: nothing here can set
        what the lender decides. Each kind of data needs its consent. `purpose` is one of those in
        the lender's documentation.
        """
        body: dict[str, Any] = {
            "schema_version": "1",
            "lead_no": lead_no,
            "amount_fen": amount_fen,
            "purpose": purpose,
            "applicant": {
                "name": Sealed(name),
                "identity_no": Sealed(identity_no),
                "mobile": Sealed(mobile),
            },
            "consents": [_consent(each) for each in consents],
            "return_url": return_url,
        }
        more = {
            "profile": profile,
            "device": device,
            "behaviour": behaviour,
            "score": score,
            "product_code": product_code,
            "metadata": metadata,
        }
        body.update({name: value for name, value in more.items() if value is not None})
        return write("/v1/leads", Lead.from_json, body, idempotency_key)

    @call
    def get(self, lead_id: str) -> Call[Lead]:
        """Return the lead. Raises NotFound."""
        return read(_path(lead_id), Lead.from_json)

    @call
    def find(self, lead_no: str) -> Call[Lead]:
        """Return the lead with the platform's own number. Raises NotFound."""
        return read("/v1/leads", the_one(Lead.from_json, f"lead {lead_no}"), lead_no=lead_no)

    @listing
    def list(self, *, state: Optional[str] = None, limit: Optional[int] = None) -> Call[Page[Lead]]:
        """Go through the leads, newest first; pages of `limit` are fetched as they are needed."""
        return pages("/v1/leads", Lead.from_json, state=state, limit=limit)

    @call
    def hand_over(self, lead_id: str, *, idempotency_key: Optional[str] = None) -> Call[Lead]:
        """Have a new link made for a person who comes back; each is good once, for half an hour."""
        return write(_path(lead_id, "handover"), Lead.from_json, None, idempotency_key)

    @call
    def attach(
        self,
        lead_id: str,
        *,
        kind: str,
        file: Union[str, os.PathLike[str], bytes, BinaryIO],
        idempotency_key: Optional[str] = None,
    ) -> Call[LeadAttachment]:
        """Attach a JPEG, PNG or PDF of at most 10 MiB: its path, its bytes, or the open file.

        `kind` is `identity_front`, `identity_back`, `income`, `employment` or `other`. Needs the
        person's consent for `attachments`. Raises ArgumentInvalid for any other file, and OSError.
        """
        path = _path(lead_id, "attachments")
        return upload(path, LeadAttachment.from_json, _file(file), idempotency_key, kind=kind)

    @call
    def hand_in(
        self,
        lead_id: str,
        *,
        card_no: str,
        suitability: Mapping[str, Any],
        consents: Sequence[Mapping[str, str]],
        idempotency_key: Optional[str] = None,
    ) -> Call[Lead]:
        """Hand an application in without the lender's page. Raises Refused while the law wants it.

        The card number travels encrypted. `consents` are to the lender's own texts.
        """
        body = {
            "card_no": Sealed(card_no),
            "suitability": dict(suitability),
            "consents": [dict(each) for each in consents],
        }
        return write(_path(lead_id, "application"), Lead.from_json, body, idempotency_key)

    @call
    def withdraw(self, lead_id: str, *, idempotency_key: Optional[str] = None) -> Call[Lead]:
        """Take a lead back that nothing was signed for."""
        return write(_path(lead_id, "withdraw"), Lead.from_json, None, idempotency_key)


class Platform(Service[R]):
    """What the lender has agreed with a platform."""

    @call
    def get(self) -> Call[PlatformInfo]:
        """Return the agreement, the list state, and how much of the day's quotas is used."""
        return read("/v1/platform", PlatformInfo.from_json)

    @call
    def statistics(self, *, month: Optional[str] = None) -> Call[PlatformStatistics]:
        """Return what came of the people whom you sent, in this month or one such as `2026-11`."""
        return read("/v1/platform/statistics", PlatformStatistics.from_json, month=month)

    @call
    def new_precheck_key(self, *, idempotency_key: Optional[str] = None) -> Call[PrecheckKey]:
        """Have a new key for pre-checks made. Keep its secret: it is shown this once.

        It is ready within seconds; the keys before it are good for a week more.
        """
        path = "/v1/platform/precheck_keys"
        return write(path, PrecheckKey.from_json, None, idempotency_key)


def _may(data: Any) -> bool:
    may = data.get("may_be_sent") if isinstance(data, Mapping) else None
    if not isinstance(may, bool):
        raise AnswerNotUnderstood("a pre-check has no answer")
    return may


def _consent(consent: LeadConsent) -> dict[str, str]:
    if consent.given_at.tzinfo is None:
        raise ArgumentInvalid(
            "given_at has no time zone", field="consents", mend="Give an aware datetime."
        )
    given_at = consent.given_at.astimezone(timezone.utc)
    return {
        "scope": consent.scope,
        "text_version": consent.text_version,
        "text_sha256": consent.text_sha256,
        "channel": consent.channel,
        "given_at": given_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def _file(given: Union[str, os.PathLike[str], bytes, BinaryIO]) -> File:
    if isinstance(given, bytes):
        content = given
    elif isinstance(given, (str, os.PathLike)):
        with Path(given).open("rb") as opened:
            content = opened.read(FILE_BYTES_MAX + 1)
    else:
        content = given.read(FILE_BYTES_MAX + 1)
    if not isinstance(content, bytes):
        raise ArgumentInvalid(
            "the file is not opened for bytes", field="file", mend='Open it by open(path, "rb").'
        )
    if len(content) > FILE_BYTES_MAX:
        raise ArgumentInvalid(
            "a file has at most 10 MiB", field="file", mend="Send a smaller picture or fewer pages."
        )
    for begin, content_type in FILE_TYPES.items():
        if content.startswith(begin):
            return File(content_type, content)
    raise ArgumentInvalid(
        "this is no JPEG, PNG or PDF", field="file", mend="Convert it: its content says what it is."
    )


def _path(lead_id: str, *more: str) -> str:
    return "/".join(("/v1/leads", segment(lead_id), *more))
