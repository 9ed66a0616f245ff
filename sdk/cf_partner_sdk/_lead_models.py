"""Platforms and the people they send, typed. Amounts are integers of fen."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from typing import ClassVar, Optional

from ._errors import ArgumentInvalid
from ._instants import instant
from ._models import Model, OpenEnum, Reader


class LeadState(OpenEnum):
    """Where a lead is."""

    RECEIVED = "received"
    """The person has not come to the lender's page: send them to `handover_url`."""
    HANDED_OVER = "handed_over"
    """The person is at the lender's page."""
    DECIDING = "deciding"
    """The application is being decided."""
    REFERRED = "referred"
    """A person decides."""
    REFUSED = "refused"
    """The lender will not lend. Why is the person's own affair."""
    APPROVED = "approved"
    """The person may choose an offer and sign."""
    SIGNED = "signed"
    """The contract is made; the payout to the person's account follows."""
    PAYING = "paying"
    """The payout is on its way and not yet certain."""
    PAYOUT_FAILED = "payout_failed"
    """The person's account was refused; they are asked for another."""
    PAID = "paid"
    """The person has the money."""
    CANCELLED = "cancelled"
    """Withdrawn, by the platform or by the person."""
    EXPIRED = "expired"
    """The person did not sign in time."""

    @property
    def is_open(self) -> bool:
        """Tell whether it may still become paid: ask again later."""
        return self.known and self not in _OVER


_NUMBERS = {
    "identity_no": re.compile(r"[0-9]{17}[0-9X]"),
    "mobile": re.compile(r"[0-9]{11}"),
}
_OVER = frozenset((LeadState.REFUSED, LeadState.PAID, LeadState.CANCELLED, LeadState.EXPIRED))


class ListState(OpenEnum):
    """Where a platform is on the lender's list of partners."""

    LISTED = "listed"
    """It may ask and send."""
    STOPPED = "stopped"
    """The lender takes nothing from it for the time being."""
    NOT_IN_FORCE = "not_in_force"
    """Its contract has ended, or has not begun."""
    REMOVED = "removed"
    """It was taken off the list."""


@dataclass(frozen=True)
class PrecheckKey(Model):
    """A key for pre-checks. Its `secret` is given once: keep it as you keep passwords.

    `hashes` gives what is asked with; the identity number and the mobile never leave the program.
    """

    key: str
    secret: str = field(repr=False)
    algorithm: str = "hmac-sha256"
    created_at: Optional[datetime] = None
    old_keys_until: Optional[datetime] = None

    _readers: ClassVar[Mapping[str, Reader]] = {"created_at": instant, "old_keys_until": instant}

    def hashes(
        self, *, identity_no: Optional[str] = None, mobile: Optional[str] = None
    ) -> dict[str, str]:
        """Return a person as the lender is asked for them.

        Raises ArgumentInvalid for nobody, and for a number that is nobody's: its hash could not be
        told from a stranger's.
        """
        known = {
            "identity_no": None if identity_no is None else identity_no.strip().upper(),
            "mobile": None if mobile is None else mobile.strip(),
        }
        made = {name: self._hash(f"{name}:{value}") for name, value in known.items() if value}
        if not made:
            raise ArgumentInvalid(
                "nobody is asked for", field="mobile", mend="Give identity_no, mobile, or both."
            )
        for name, value in known.items():
            if value and _NUMBERS[name].fullmatch(value) is None:
                raise ArgumentInvalid(
                    f"this is no {name}",
                    field=name,
                    mend="Give the 18 characters of an identity number, 11 digits of a mobile.",
                )
        return made

    def _hash(self, text: str) -> str:
        made = hmac.new(bytes.fromhex(self.secret), text.encode("utf-8"), sha256)
        return f"{self.algorithm}:{made.hexdigest()}"


@dataclass(frozen=True)
class LeadConsent:
    """What shows that a person agreed to one kind of data being handed on.

    `scope` is `identity`, `profile`, `device`, `behaviour`, `score` or `attachments`;
    `text_sha256` is of the text that was shown, `given_at` an aware instant.
    """

    scope: str
    text_version: str
    text_sha256: str
    channel: str
    given_at: datetime


@dataclass(frozen=True)
class Lead(Model):
    """A person who was sent, and where their application is."""

    id: str
    lead_no: str
    amount_fen: int
    state: LeadState
    schema_version: str = "1"
    currency: str = "CNY"
    purpose: Optional[str] = None
    product_code: Optional[str] = None
    handover_url: Optional[str] = None
    handover_expires_at: Optional[datetime] = None
    return_url: Optional[str] = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    loan_id: Optional[str] = None
    periods: Optional[int] = None
    paid_fen: int = 0
    paid_at: Optional[datetime] = None
    refuse_reason: Optional[str] = None
    created_at: Optional[datetime] = None
    updated_at: Optional[datetime] = None
    expires_at: Optional[datetime] = None

    _readers: ClassVar[Mapping[str, Reader]] = {
        "state": LeadState,
        "handover_expires_at": instant,
        "paid_at": instant,
        "created_at": instant,
        "updated_at": instant,
        "expires_at": instant,
    }


@dataclass(frozen=True)
class LeadAttachment(Model):
    """A file of a lead, as the lender keeps it: a picture is painted anew."""

    id: str
    lead_id: str
    kind: str
    content_type: str
    size_bytes: int
    sha256: str
    created_at: Optional[datetime] = None

    _readers: ClassVar[Mapping[str, Reader]] = {"created_at": instant}


@dataclass(frozen=True)
class LeadRepayment(Model):
    """What a borrower who was sent has paid, and what is still owed."""

    lead_id: str
    lead_no: str
    loan_id: str
    repayment_id: str
    amount_fen: int
    principal_fen: int
    interest_fen: int
    outstanding_principal_fen: int


@dataclass(frozen=True)
class LeadStanding(Model):
    """How the loan of a person who was sent is repaid, at the beginning of a date.

    `stage` is `M0` where nothing is late, `M1` up to 30 days, … `M6`, `M6+`.
    """

    lead_id: str
    lead_no: str
    loan_id: str
    business_date: date
    days_past_due: int
    stage: str
    outstanding_principal_fen: int

    _readers: ClassVar[Mapping[str, Reader]] = {"business_date": date.fromisoformat}


@dataclass(frozen=True)
class PlatformInfo(Model):
    """What the lender has agreed with a platform, and where it is on the lender's list."""

    name: str
    legal_name: str
    list_state: ListState
    contract_no: str
    contract_from: date
    contract_to: date
    tier: str
    sites: tuple[str, ...]
    prechecks_per_day: int
    prechecks_used: int
    leads_per_day: int
    leads_used: int
    products: tuple[str, ...] = ()
    service: Optional[str] = None
    published_at: Optional[datetime] = None

    _readers: ClassVar[Mapping[str, Reader]] = {
        "list_state": ListState,
        "contract_from": date.fromisoformat,
        "contract_to": date.fromisoformat,
        "sites": tuple,
        "products": tuple,
        "published_at": instant,
    }
