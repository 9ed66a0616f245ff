"""Stores, payments there and what becomes of them, typed. Amounts are integers of fen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import ClassVar, Optional

from ._instants import instant
from ._models import Model, OpenEnum, Payout, Reader, RefundState, many


class StoreScene(OpenEnum):
    """What a store sells. For services paid ahead the money reaches the merchant by period."""

    APPLIANCES = "appliances"
    FURNITURE = "furniture"
    MEDICAL_BEAUTY = "medical_beauty"
    FITNESS = "fitness"
    """Paid ahead."""
    COURSES = "courses"
    """Paid ahead."""
    RENT = "rent"
    """Paid ahead."""


class StoreState(OpenEnum):
    """Whether a store takes customers."""

    OPEN = "open"
    CLOSED = "closed"
    """Payments that are under way go through."""


class TillState(OpenEnum):
    """Whether a till takes payments."""

    ACTIVE = "active"
    RETIRED = "retired"
    """It does not come back."""


class StaffState(OpenEnum):
    """Whether somebody works in a store."""

    ACTIVE = "active"
    LEFT = "left"


class PaymentState(OpenEnum):
    """Where a payment is."""

    WAITING = "waiting"
    """Waits for a customer to scan `pay_url`."""
    CONFIRMING = "confirming"
    """Waits for the customer's word on the phone."""
    DECLINED = "declined"
    """The lender will not lend for this payment: offer another way to pay."""
    SIGNED = "signed"
    """The customer has agreed; the payout to the merchant follows."""
    PAYING = "paying"
    """The payout is on its way and not yet certain: hand nothing over yet."""
    PAID = "paid"
    """The merchant has the money: hand the goods over."""
    PAYOUT_FAILED = "payout_failed"
    """No settlement account could be paid; the lender's operators act."""
    PART_REFUNDED = "part_refunded"
    """Some of the price went back."""
    REFUNDED = "refunded"
    """All of the price went back."""
    CANCELLED = "cancelled"
    """Cancelled before any money left, by the till or by the customer."""
    EXPIRED = "expired"
    """Nobody agreed in time."""

    @property
    def is_open(self) -> bool:
        """Tell whether it may still become paid: ask again later."""
        return self in _OPEN

    @property
    def is_paid(self) -> bool:
        """Tell whether the merchant has got the money, whatever went back since."""
        return self in _PAID


_OPEN = frozenset(
    (PaymentState.WAITING, PaymentState.CONFIRMING, PaymentState.SIGNED, PaymentState.PAYING)
)
_PAID = frozenset((PaymentState.PAID, PaymentState.PART_REFUNDED, PaymentState.REFUNDED))


class ReleaseState(OpenEnum):
    """Where a later part of the money for a service paid ahead is."""

    PLANNED = "planned"
    """Due on its date, when the service was confirmed."""
    PAYING = "paying"
    PAID = "paid"
    FAILED = "failed"
    """No settlement account could be paid; the lender's operators act."""
    STOPPED = "stopped"
    """The service stopped: it went off the customer's loan instead."""


@dataclass(frozen=True)
class Store(Model):
    """A store; its position is in millionths of a degree (WGS 84)."""

    id: str
    store_no: str
    name: str
    scene: StoreScene
    latitude_e6: int
    longitude_e6: int
    radius_m: int
    state: StoreState
    created_at: Optional[datetime] = None

    _readers: ClassVar[Mapping[str, Reader]] = {
        "scene": StoreScene,
        "state": StoreState,
        "created_at": instant,
    }


@dataclass(frozen=True)
class Till(Model):
    """A till of a store; `keyid` is the thumbprint of its own key."""

    id: str
    store_id: str
    till_no: str
    keyid: str
    state: TillState
    created_at: Optional[datetime] = None

    _readers: ClassVar[Mapping[str, Reader]] = {"state": TillState, "created_at": instant}


@dataclass(frozen=True)
class StaffMember(Model):
    """Somebody who works in a store."""

    id: str
    store_id: str
    staff_no: str
    name_masked: str
    state: StaffState
    created_at: Optional[datetime] = None

    _readers: ClassVar[Mapping[str, Reader]] = {"state": StaffState, "created_at": instant}


@dataclass(frozen=True)
class StoreCode(Model):
    """What the store's screen shows as a QR code until `next_at`."""

    store_id: str
    url: str
    next_at: datetime
    expires_at: datetime

    _readers: ClassVar[Mapping[str, Reader]] = {"next_at": instant, "expires_at": instant}


@dataclass(frozen=True)
class ReleasePart(Model):
    """A later part of the money for a service paid ahead; the first was paid at once.

    It is paid when its date has come, the service was confirmed for it, and nothing holds it.
    """

    part: int
    due_date: date
    gross_fen: int
    fee_fen: int
    subsidy_fen: int
    state: ReleaseState
    confirmed: bool = False
    held: bool = False
    payout: Optional[Payout] = None

    _readers: ClassVar[Mapping[str, Reader]] = {
        "due_date": date.fromisoformat,
        "state": ReleaseState,
        "payout": Payout.from_json,
    }


@dataclass(frozen=True)
class Payment(Model):
    """A payment in a store. Who the customer is, it does not say."""

    id: str
    payment_no: str
    store_id: str
    amount_fen: int
    state: PaymentState
    store_no: Optional[str] = None
    till_id: Optional[str] = None
    till_no: Optional[str] = None
    currency: str = "CNY"
    description: str = ""
    product_code: Optional[str] = None
    pay_url: Optional[str] = None
    """What the till shows for a customer to scan; None with a code, and once somebody has."""
    periods: Optional[int] = None
    loan_id: Optional[str] = None
    payout_due_on: Optional[date] = None
    """From when the merchant is paid, by the working days agreed; None before it is confirmed."""
    refunded_fen: int = 0
    payout: Optional[Payout] = None
    """What the merchant was paid at once; of a service paid ahead, its first part."""
    release_parts: Optional[int] = None
    release: tuple[ReleasePart, ...] = ()
    decline_reason: Optional[str] = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    created_at: Optional[datetime] = None
    updated_at: Optional[datetime] = None
    expires_at: Optional[datetime] = None

    _readers: ClassVar[Mapping[str, Reader]] = {
        "state": PaymentState,
        "payout_due_on": date.fromisoformat,
        "payout": Payout.from_json,
        "release": many(ReleasePart.from_json),
        "created_at": instant,
        "updated_at": instant,
        "expires_at": instant,
    }


@dataclass(frozen=True)
class PaymentRefund(Model):
    """Money that went back.

    `loan_reduction_fen` came off the loan, `borrower_refund_fen` goes to the customer, and
    `merchant_claim_fen` is taken from the merchant's next payouts.
    """

    id: str
    refund_no: str
    payment_id: str
    amount_fen: int
    state: RefundState
    payment_no: Optional[str] = None
    store_id: Optional[str] = None
    store_no: Optional[str] = None
    till_no: Optional[str] = None
    loan_id: Optional[str] = None
    reason: str = ""
    loan_reduction_fen: int = 0
    borrower_refund_fen: int = 0
    merchant_claim_fen: int = 0
    loan_outstanding_principal_fen: Optional[int] = None
    business_date: Optional[date] = None
    created_at: Optional[datetime] = None

    _readers: ClassVar[Mapping[str, Reader]] = {
        "state": RefundState,
        "business_date": date.fromisoformat,
        "created_at": instant,
    }


@dataclass(frozen=True)
class _OfPayment(Model):
    payment_id: str
    payment_no: str
    store_id: str
    store_no: str
    till_no: str
    loan_id: str


@dataclass(frozen=True)
class Release(ReleasePart):
    """A later part of the money, and the payment that it is of."""

    payment_id: str = ""
    payment_no: str = ""
    store_id: str = ""
    store_no: str = ""
    till_no: str = ""
    loan_id: str = ""


@dataclass(frozen=True)
class ServiceStop(_OfPayment):
    """A service that stopped: `amount_fen`, which the merchant had not got, went off the loan.

    `subsidy_fen` of interest of these `parts` the merchant owes all the same.
    """

    parts: tuple[int, ...]
    amount_fen: int
    subsidy_fen: int
    loan_reduction_fen: int
    borrower_refund_fen: int
    business_date: date
    stopped_at: datetime
    reason: str = ""

    _readers: ClassVar[Mapping[str, Reader]] = {
        "parts": tuple,
        "business_date": date.fromisoformat,
        "stopped_at": instant,
    }


@dataclass(frozen=True)
class PaymentRepayment(_OfPayment):
    """What a customer paid on the loan of a payment, and what is still owed."""

    repayment_id: str
    amount_fen: int
    principal_fen: int
    interest_fen: int
    outstanding_principal_fen: int


class CreditLineState(OpenEnum):
    """Whether a customer may pay by a line."""

    WAITING = "waiting"
    """Granted; a guarantee that was asked for is not there yet."""
    OPEN = "open"
    FROZEN = "frozen"
    """Nothing is paid by it for the time being."""
    CLOSED = "closed"


class Guarantee(OpenEnum):
    """How far what was asked for as guarantee is."""

    NOT_NEEDED = "not_needed"
    TO_BE_NAMED = "to_be_named"
    """The customer has yet to say what backs the line."""
    TO_BE_REGISTERED = "to_be_registered"
    """The lender is looking at what the customer named."""
    GIVEN = "given"


@dataclass(frozen=True)
class CreditLine(Model):
    """A line of a customer who applied in the merchant's store; whose and how much is not told."""

    id: str
    visit_id: str
    store_id: str
    store_no: str
    state: CreditLineState
    guarantee: Guarantee
    scenes: tuple[str, ...]
    review_due: date
    """From this day on nothing is paid by it until the lender has reviewed it."""
    arrived_at: Optional[datetime] = None
    opened_at: Optional[datetime] = None
    staff_no: Optional[str] = None

    _readers: ClassVar[Mapping[str, Reader]] = {
        "state": CreditLineState,
        "guarantee": Guarantee,
        "scenes": tuple,
        "review_due": date.fromisoformat,
        "arrived_at": instant,
        "opened_at": instant,
    }


class DisputeState(OpenEnum):
    """Where a dispute is."""

    OPEN = "open"
    DECIDED = "decided"


class DisputeOutcome(OpenEnum):
    """How a dispute ended."""

    CONTINUE = "continue"
    """The service goes on, and so does the merchant's money."""
    STOP = "stop"
    """What the merchant had not got goes off the customer's loan."""


@dataclass(frozen=True)
class Dispute(_OfPayment):
    """A customer disputes a payment; `held_parts` of the money wait for the lender's decision."""

    dispute_id: str
    state: DisputeState
    held_parts: tuple[int, ...]
    answer_by: date
    opened_at: datetime
    outcome: Optional[DisputeOutcome] = None
    decided_at: Optional[datetime] = None

    _readers: ClassVar[Mapping[str, Reader]] = {
        "state": DisputeState,
        "held_parts": tuple,
        "answer_by": date.fromisoformat,
        "opened_at": instant,
        "outcome": DisputeOutcome,
        "decided_at": instant,
    }
