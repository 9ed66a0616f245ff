"""Partners, their keys, agreements and accounts."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

KEYS_FUNCTION = "keys"
"""Managing its keys, which every partner may do; a key may be registered without it."""


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


FUNCTIONS: dict[PartnerKind, tuple[str, ...]] = {
    PartnerKind.MERCHANT: ("mall", "statements", "webhooks"),
    PartnerKind.STORE: ("stores", "payments", "statements", "webhooks"),
    PartnerKind.PLATFORM: ("leads", "commissions", "statements", "webhooks"),
    PartnerKind.FUNDER: ("shares", "statements", "webhooks"),
    PartnerKind.GUARANTOR: ("claims", "statements", "webhooks"),
}
"""What a partner may call, by its kind."""


class KeyState(StrEnum):
    """Where a key is in its life."""

    PENDING = "pending"
    """Registered; nothing that it signs is accepted yet."""
    ACTIVE = "active"
    """Signs."""
    RETIRING = "retiring"
    """Still verifies until its end, so that a rotation loses no call."""
    REVOKED = "revoked"
    """Never again; also when a retiring key has reached its end."""


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
    description: str
    functions: tuple[str, ...] | None
    """What calls signed with it may do; None: all that its partner may."""
    registered_at: datetime
    registered_by: str
    """Who registered it, as the audit log names actors."""
    valid_from: datetime | None
    valid_to: datetime | None
    revoked_at: datetime | None

    def verifies(self, at: datetime) -> bool:
        """Whether a signature of this key is accepted at an instant."""
        return (
            self.state in (KeyState.ACTIVE, KeyState.RETIRING)
            and self.valid_from is not None
            and self.valid_from <= at
            and (self.valid_to is None or at < self.valid_to)
        )

    def state_at(self, at: datetime) -> KeyState:
        """The state, in which a retiring key whose end is past is revoked."""
        over = self.state is KeyState.RETIRING and self.valid_to is not None and self.valid_to <= at
        return KeyState.REVOKED if over else self.state

    def opens(self, partner: Partner) -> tuple[str, ...]:
        """The functions that a call of its partner, signed with it, may use."""
        all_ = (*partner.functions, KEYS_FUNCTION)
        return all_ if self.functions is None else tuple(f for f in all_ if f in self.functions)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was agreed with a partner for one product."""

    partner_id: str
    product_code: str
    merchant_fee_rate: Decimal
    """Part of each order's amount that the merchant pays us, withheld from its payout."""
    valid_from: date
    valid_to: date | None
    settlement_days: int = 0
    """The n of T+n (MALL-6): on which working day after the signature the partner is paid."""


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
class NewListing:
    """A place on the published list, with the contract behind it."""

    legal_name: str
    credit_code: str
    """统一社会信用代码, of 18 characters."""
    service: str
    """What it does for us, as the list says."""
    contract_no: str
    contract_from: date
    contract_to: date


@dataclass(frozen=True, slots=True)
class Listing:
    """A partner's place on the published list (名单制)."""

    partner_id: str
    kind: PartnerKind
    name: str
    legal_name: str
    credit_code: str
    service: str
    contract_no: str
    contract_from: date
    contract_to: date
    stopped_because: str
    """Why nothing new is taken from it; empty while it is not stopped."""
    stopped_at: datetime | None
    published_at: datetime
    listed_to: date | None
    """The last day on the list; before today it was taken off."""


@dataclass(frozen=True, slots=True)
class NewPartner:
    """What is needed to take a partner on."""

    app_id: str
    environment: str
    kind: PartnerKind
    name: str
    functions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewKey:
    """A public key to be registered; whoever brings it has shown that they hold the private one."""

    partner_id: str
    keyid: str
    algorithm: str
    public_jwk: dict[str, Any]
    description: str = ""
    functions: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A settlement account to be registered."""

    holder: str
    bank_name: str
    number: str
    priority: int
