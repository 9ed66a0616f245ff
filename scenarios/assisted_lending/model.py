"""Platforms, the people they send, and what shows that these agreed to be sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from lending.risk.model import Value

SCENARIO = "assisted_lending"

PURPOSES = {
    "renovation": "家居装修",
    "travel": "旅游",
    "education": "成人教育培训",
    "electronics": "数码产品",
    "appliances": "家用电器",
    "wedding": "婚庆",
    "medical": "医疗健康",
    "daily": "日常消费",
}
"""What such a loan may be for, as the borrower reads it."""

OVER = ("refused", "signed", "paying", "paid", "cancelled", "expired")
"""States of a lead in which nothing is left to do on our page, and nothing more is taken in."""


class Scope(StrEnum):
    """What a person agreed that a platform hands on; each is agreed to by itself (PIPL 23, 29)."""

    IDENTITY = "identity"
    """Name, identity number and mobile. Without it nobody can be sent."""
    PROFILE = "profile"
    """What they told of work, income and household."""
    DEVICE = "device"
    """The device and from where it came."""
    BEHAVIOUR = "behaviour"
    """What they did on the platform."""
    SCORE = "score"
    """What the platform makes of it."""
    ATTACHMENTS = "attachments"
    """Documents and pictures."""


@dataclass(frozen=True, slots=True)
class Platform:
    """What was agreed with a platform beyond its place on the list."""

    partner_id: str
    name: str
    tier: str
    """A to C: how well its people repay, as we judge it."""
    sites: tuple[str, ...]
    """Host names from which it sends people: one hop and no other page between (R-REDIRECT)."""
    mandate_no: str
    """Of the written mandate to market for us."""
    prechecks_per_day: int
    leads_per_day: int


@dataclass(frozen=True, slots=True)
class NewPlatform:
    """What is agreed with a platform."""

    tier: str
    sites: tuple[str, ...]
    mandate_no: str
    prechecks_per_day: int
    leads_per_day: int


@dataclass(frozen=True, slots=True)
class Consent:
    """What shows that a person agreed to one kind of data being handed on."""

    scope: Scope
    text_version: str
    text_sha256: str
    """Of the text that was shown."""
    channel: str
    """Where it was shown, such as `app`."""
    given_at: datetime


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who is sent; sealed at rest."""

    name: str = field(repr=False)
    identity_no: str = field(repr=False)
    mobile: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewLead:
    """A person as a platform sends them. Inputs only: nothing in it can set what we decide."""

    schema_version: str
    lead_no: str
    amount_fen: int
    purpose: str
    applicant: Applicant
    consents: tuple[Consent, ...]
    return_url: str
    product_code: str | None = None
    told: Mapping[Scope, Mapping[str, Value]] = field(default_factory=dict)
    """What the platform says, by the consent that covers it."""
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead with the state of its application and loan."""

    id: str
    partner_id: str
    lead_no: str
    schema_version: str
    amount_fen: int
    purpose: str
    name_sealed: bytes | None = field(repr=False)
    """As the two that follow: None once it ended without an application, when nothing personal is
    kept."""
    identity_no_sealed: bytes | None = field(repr=False)
    mobile_sealed: bytes | None = field(repr=False)
    return_url: str
    metadata: dict[str, str]
    application_id: str
    page_token_sealed: bytes = field(repr=False)
    handover_no: int
    """Which link is the one that is good; each is good once."""
    handover_expires_at: datetime
    handover_used_at: datetime | None
    suitability: dict[str, Any] | None
    created_at: datetime
    expires_at: datetime
    updated_at: datetime
    product_code: str
    product_version: int
    state: str
    decision_id: str | None = None
    loan_id: str | None = None
    periods: int | None = None
    paid_fen: int | None = None
    paid_at: datetime | None = None
