"""Partners, their keys, agreements and accounts."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any


class PartnerKind(StrEnum):
    """What a partner is to us."""

    MERCHANT = "merchant"
    """Sells goods and is paid by entrusted payment."""
    STORE = "store"
    """Sells on its premises."""
    PLATFORM = "platform"
    """Sends applicants."""
    FUNDER = "funder"
    """Funds a share of joint loans."""
    GUARANTOR = "guarantor"
    """Backs loans with a guarantee."""


class KeyState(StrEnum):
    """Where a key is in its life."""

    PENDING = "pending"
    """Registered, not yet to be used."""
    ACTIVE = "active"
    """Signs."""
    RETIRING = "retiring"
    """Still verifies until its end, so that a rotation loses no call."""
    REVOKED = "revoked"
    """Never again."""


@dataclass(frozen=True, slots=True)
class Partner:
    """Somebody we work with, on our list (名单制) between two dates."""

    id: str
    app_id: str
    environment: str
    kind: PartnerKind
    name: str
    listed_from: date | None
    listed_to: date | None
    functions: tuple[str, ...]

    def listed(self, on: date) -> bool:
        """Whether the partner is on the published list that day (R-LIST-PARTNER)."""
        return (
            self.listed_from is not None
            and self.listed_from <= on
            and (self.listed_to is None or on <= self.listed_to)
        )


@dataclass(frozen=True, slots=True)
class PartnerKey:
    """A public key; `keyid` is its RFC 7638 thumbprint."""

    keyid: str
    partner_id: str
    algorithm: str
    public_jwk: dict[str, Any]
    state: KeyState
    valid_from: datetime
    valid_to: datetime | None

    def verifies(self, at: datetime) -> bool:
        """Whether a signature of this key is accepted at an instant."""
        return (
            self.state in (KeyState.ACTIVE, KeyState.RETIRING)
            and self.valid_from <= at
            and (self.valid_to is None or at < self.valid_to)
        )


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was agreed with a partner for one product."""

    partner_id: str
    product_code: str
    merchant_fee_rate: Decimal
    """Part of each order's amount that the merchant pays us, withheld from its payout."""
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class SettlementAccount:
    """A merchant's own bank account, verified with the bank; the lowest priority is used first."""

    id: str
    partner_id: str
    holder: str
    bank_name: str
    last4: str
    priority: int


@dataclass(frozen=True, slots=True)
class NewPartner:
    """What is needed to take a partner on."""

    app_id: str
    environment: str
    kind: PartnerKind
    name: str
    functions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A settlement account to be registered."""

    holder: str
    bank_name: str
    number: str
    priority: int
