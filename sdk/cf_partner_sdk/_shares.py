"""Shares of joint loans: for funders."""

from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from typing import Any, Optional

from ._calls import Call, Page, pages, read, segment, write
from ._errors import ArgumentInvalid
from ._models import Event
from ._service import R, Service, call, listing
from ._share_models import Applicant, Share

PERSONAL = ("/applicant/name", "/applicant/identity_no", "/applicant/mobile")


class Shares(Service[R]):
    """Shares that the funder is asked for, and what it answers."""

    @call
    def get(self, share_id: str) -> Call[Share]:
        """Return the share with what decides on it. Raises NotFound."""
        return read(_path(share_id), Share.from_json)

    @listing
    def list(
        self, *, state: Optional[str] = None, limit: Optional[int] = None
    ) -> Call[Page[Share]]:
        """Go through the shares, newest first; pages of `limit` are fetched as they are needed."""
        return pages("/v1/shares", Share.from_json, state=state, limit=limit)

    @call
    def accept(
        self,
        share_id: str,
        *,
        decision_reference: str,
        decided_at: datetime,
        idempotency_key: Optional[str] = None,
    ) -> Call[Share]:
        """Take the share that was asked for, on a decision of your own.

        Raises Conflict with the code `share.expired` when its time is over.
        """
        body = _decision(decision_reference, decided_at)
        return write(_path(share_id, "accept"), Share.from_json, body, idempotency_key)

    @call
    def counter(
        self,
        share_id: str,
        *,
        share_rate: Decimal,
        decision_reference: str,
        decided_at: datetime,
        idempotency_key: Optional[str] = None,
    ) -> Call[Share]:
        """Take a smaller share than was asked for, such as `Decimal("0.4")`."""
        body = {
            **_decision(decision_reference, decided_at),
            "share_rate": f"{share_rate:.4f}",
        }
        return write(_path(share_id, "accept"), Share.from_json, body, idempotency_key)

    @call
    def decline(
        self,
        share_id: str,
        *,
        reason_code: str,
        reason_text: Optional[str] = None,
        idempotency_key: Optional[str] = None,
    ) -> Call[Share]:
        """Do not take the share; `reason_code` is one of `DeclineReason`."""
        body = {"reason_code": str(reason_code)}
        if reason_text is not None:
            body["reason_text"] = reason_text
        return write(_path(share_id, "decline"), Share.from_json, body, idempotency_key)

    @call
    def confirm_funding(
        self, share_id: str, *, bank_reference: str, idempotency_key: Optional[str] = None
    ) -> Call[Share]:
        """Say that the money is sent, so that the lender looks at its account at once."""
        body = {"bank_reference": bank_reference}
        return write(_path(share_id, "confirm_funding"), Share.from_json, body, idempotency_key)

    @listing
    def events(self, share_id: str) -> Call[Page[Event]]:
        """Go through all that was told of a share, newest first."""
        return pages("/v1/events", Event.from_json, subject=share_id)


def open_packet(share: Share, *, key: Any) -> Applicant:
    """Decrypt whom a share's packet is about; `key` is your RSA private key (pycryptodome).

    Raises ArgumentInvalid when the share has no packet, and FieldNotReadable (of
    `cf_partner_sdk.field_encryption`) when it is not for this key.
    """
    from .field_encryption import decrypt  # noqa: PLC0415 - brings pycryptodome

    if share.packet is None:
        raise ArgumentInvalid(
            "the share has no packet",
            mend="Take it from `client.shares.get` while you may answer.",
        )
    return Applicant(**decrypt(share.packet, PERSONAL, key=key)["applicant"])


def _decision(reference: str, decided_at: datetime) -> dict[str, str]:
    if decided_at.tzinfo is None:
        raise ArgumentInvalid(
            "decided_at has no time zone", field="decided_at", mend="Give an aware datetime."
        )
    at = decided_at.astimezone(timezone.utc).isoformat(timespec="microseconds")
    return {"decision_reference": reference, "decided_at": at.replace("+00:00", "Z")}


def _path(share_id: str, *more: str) -> str:
    return "/".join(("/v1/shares", segment(share_id), *more))
