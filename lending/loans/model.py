"""Applications, loans, payouts: their states and what is kept of them."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from lending.loans.terms import Terms


class ApplicationState(StrEnum):
    """Where an application is."""

    STARTED = "started"
    """The partner has sent it; the borrower has not finished applying."""
    DECIDING = "deciding"
    """Handed in; the decision is on its way."""
    REFERRED = "referred"
    """A person decides."""
    APPROVED = "approved"
    """May be signed, within the decision's limit and term."""
    DECLINED = "declined"
    """Final, unless the applicant asks for a person (R-PI-MANUAL)."""
    SIGNED = "signed"
    """Became a loan. Final."""
    CANCELLED = "cancelled"
    """Withdrawn by the partner. Final."""
    EXPIRED = "expired"
    """Not signed in time. Final."""


class LoanState(StrEnum):
    """Where a loan is."""

    SIGNED = "signed"
    """The contract stands; nothing is sent yet."""
    PAYING = "paying"
    """Money is on its way, or may be."""
    PAYOUT_FAILED = "payout_failed"
    """Every account of the payee refused; an operator retries or the partner cancels."""
    ACTIVE = "active"
    """Paid out and running."""
    SETTLED = "settled"
    """Nothing is owed any more. Final."""
    CANCELLED = "cancelled"
    """Ended before any money left. Final."""


class PayoutState(StrEnum):
    """Where one payment to somebody is."""

    HELD = "held"
    """Reserved and on record; it may or may not have been sent."""
    UNKNOWN = "unknown"
    """The channel did not answer. Neither pay again nor void: ask until it says."""
    PAID = "paid"
    """The channel says so. Final."""
    FAILED = "failed"
    """The channel says that no money has moved and none will. Final."""


class Purpose(StrEnum):
    """What a payment is for."""

    DISBURSEMENT = "disbursement"
    """The loan, to the merchant (MALL-2)."""
    BORROWER_REFUND = "borrower_refund"
    """What a borrower had repaid of goods that were returned."""


@dataclass(frozen=True, slots=True)
class NewApplication:
    """An application as a scenario hands it in."""

    partner_id: str
    scenario: str
    product_code: str
    product_version: int
    subject: str
    """The id of what it is for: the order."""
    amount_fen: int
    purpose: str
    """The category of the goods (R-PURPOSE)."""


@dataclass(frozen=True, slots=True)
class Application:
    """A wish to borrow."""

    id: str
    partner_id: str
    scenario: str
    product_code: str
    product_version: int
    subject: str
    amount_fen: int
    purpose: str
    customer_id: str | None
    bank_card_id: str | None
    device: dict[str, Any]
    state: ApplicationState
    decision_id: str | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Loan:
    """A contract and what became of it."""

    id: str
    application_id: str
    partner_id: str
    customer_id: str
    bank_card_id: str
    scenario: str
    subject: str
    principal_fen: int
    terms: Terms
    state: LoanState
    signed_at: datetime
    start_date: date | None
    plan_version: int
    exposure_hold: str | None


@dataclass(frozen=True, slots=True)
class Payout:
    """One payment, or one attempt at it under a channel order number of its own."""

    id: str
    loan_id: str
    purpose: Purpose
    refund_id: str
    attempt: int
    channel_order_no: str
    account_id: str
    amount_fen: int
    offset_fen: int
    """What the payee owed us and is withheld."""
    state: PayoutState
    hold_id: str | None
    queries: int
    created_at: datetime
    channel_reference: str
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Signature:
    """What shows that the borrower signed (电子签名法 13, R-ESIGN-4)."""

    showing_id: str
    """Of the cost table that was read and confirmed."""
    method: str
    """Such as `sms_code`."""
    evidence: dict[str, Any]
    """When, from where, with which proof; no personal data in the clear."""


@dataclass(frozen=True, slots=True)
class Contract:
    """The signed document."""

    loan_id: str
    number: str
    document_name: str
    document_sha256: str
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class Reduction:
    """What a return of goods did to a loan."""

    loan_reduction_fen: int
    borrower_refund_fen: int
    merchant_claim_fen: int
    outstanding_principal_fen: int
