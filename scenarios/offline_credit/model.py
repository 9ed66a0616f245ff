"""Stores, tills, visits, codes, payments."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from lending.foundation.calendar import working_days_after
from lending.foundation.clock import shanghai_date

SCENARIO = "offline_credit"
SCENES = {
    "appliances": "家电",
    "furniture": "家居",
    "medical_beauty": "医疗美容",
    "fitness": "健身",
    "courses": "课程",
    "rent": "租房",
}
"""Kinds of stores that we lend in, each with its name."""
PREPAID_SCENES = frozenset({"fitness", "courses", "rent"})
"""Where the customer pays ahead: the merchant gets its money by period (STORE-6)."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where a phone says that it is; degrees in millionths."""

    latitude_e6: int
    longitude_e6: int
    accuracy_m: int


@dataclass(frozen=True, slots=True)
class NewStore:
    """A store to be registered."""

    store_no: str
    name: str
    scene: str
    latitude_e6: int
    longitude_e6: int
    radius_m: int


@dataclass(frozen=True, slots=True)
class Store:
    """The premises of a partner."""

    id: str
    partner_id: str
    store_no: str
    name: str
    scene: str
    latitude_e6: int
    longitude_e6: int
    radius_m: int
    state: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Till:
    """A till of a store; what its key signs comes from there."""

    id: str
    store_id: str
    till_no: str
    keyid: str
    state: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody who scanned a store's code."""

    id: str
    store_id: str
    staff_id: str | None
    outcome: str
    """`arrived`, `inside`, `outside` or `stale_code`."""
    distance_m: int | None
    customer_id: str | None
    application_id: str | None
    arrived_at: datetime
    located_at: datetime | None


@dataclass(frozen=True, slots=True)
class PaymentCode:
    """A customer's code for one payment."""

    id: str
    line_id: str
    bank_card_id: str
    device: dict[str, Any]
    latitude_e6: int | None
    longitude_e6: int | None
    quick_max_fen: int
    """Up to here the customer has confirmed beforehand; 0: every payment is confirmed."""
    quick_periods: int | None
    quick_showing_id: str | None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class TakePayment:
    """A payment as a till asks for it."""

    payment_no: str
    amount_fen: int
    store_id: str
    code: str | None = None
    """The customer's code; None: the till shows a code of its own, which the customer scans."""
    description: str = ""
    release_parts: int | None = None
    product_code: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewPayment:
    """A payment to be written."""

    id: str
    store: Store
    till: Till
    product_code: str
    product_version: int
    command: TakePayment
    token_sha256: bytes | None
    token_sealed: bytes | None
    """Of the code that the till shows; None where the customer showed one."""
    code_id: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a customer, as its decision looks at it."""

    id: str
    """The payment's."""
    store: Store
    till_id: str
    product_code: str
    product_version: int
    amount_fen: int
    release_parts: int | None


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment with the state of its application and loan."""

    id: str
    partner_id: str
    store_id: str
    store_no: str
    store_name: str
    till_id: str
    till_no: str
    payment_no: str
    amount_fen: int
    scene: str
    description: str
    release_parts: int | None
    metadata: dict[str, str]
    product_code: str
    product_version: int
    token_sealed: bytes | None
    code_id: str | None
    line_id: str | None
    application_id: str | None
    refunded_fen: int
    state: str
    """`waiting` for a customer, `confirming` on the phone, then that of the loan; see the docs."""
    decision_id: str | None
    loan_id: str | None
    periods: int | None
    payout_date: date | None
    payout_fen: int | None
    payout_at: datetime | None
    payout_claims_fen: int | None
    payout_reference: str | None
    payout_last4: str | None
    payout_fee_fen: int | None
    """Of what was paid at once; each later part has its own."""
    payout_subsidy_fen: int | None
    signed_at: datetime | None
    settlement_days: int | None
    created_at: datetime
    updated_at: datetime
    expires_at: datetime

    @property
    def payout_due_on(self) -> date | None:
        """From which date on its merchant is paid; None before the customer has confirmed."""
        if self.signed_at is None:
            return None
        return working_days_after(shanghai_date(self.signed_at), self.settlement_days or 0)


@dataclass(frozen=True, slots=True)
class Refund:
    """Money that a store gives back, and what that did to the loan."""

    id: str
    payment_id: str
    partner_id: str
    refund_no: str
    amount_fen: int
    reason: str
    loan_reduction_fen: int
    borrower_refund_fen: int
    merchant_claim_fen: int
    outstanding_principal_fen: int
    business_date: date
    created_at: datetime
    is_pending: bool
    payment_no: str
    store_id: str
    store_no: str
    till_no: str
    loan_id: str | None
