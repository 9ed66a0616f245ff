"""Applications, loans, payouts: their states and what is kept of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from lending.foundation.ports import AccountKind
from lending.ledger.chart import Code
from lending.ledger.model import Account
from lending.loans.terms import Terms
from lending.risk.model import Value


class ApplicationState(StrEnum):
    """Where an application is."""

    STARTED = "started"
    """The partner has sent it; the borrower has not finished applying."""
    DECIDING = "deciding"
    """Handed in; the decision is on its way."""
    REFERRED = "referred"
    """A person decides."""
    FUNDING = "funding"
    """We lend; the other lenders of a joint loan decide (JOINT-2). Partners see `deciding`."""
    APPROVED = "approved"
    """May be signed, within the decision's limit and term."""
    DECLINED = "declined"
    """Final, unless the applicant asks for a person (R-PI-MANUAL)."""
    SIGNED = "signed"
    """Became a loan. Final."""
    CANCELLED = "cancelled"
    """Withdrawn, or ended by us before any money left. Final."""
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
    WRITTEN_OFF = "written_off"
    """Given up in our books, still owed."""
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
    """The loan, to its payee (MALL-2, ASSIST-5)."""
    RELEASE = "release"
    """A later part of a loan whose merchant is paid as it serves (STORE-6)."""
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
    partner_signals: Mapping[str, Value] = field(default_factory=dict)
    """What the partner says of the applicant: kept, and read by no rule (ASSIST-3)."""
    is_for_line: bool = False
    """Whether a credit line is asked for: then less than the amount is of use, too."""


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
    wallet_id: str | None
    """Where the money is to go, where that is not the card."""
    device: dict[str, Any]
    signals: dict[str, Value]
    """What the scenario saw, as features of the decision."""
    partner_signals: dict[str, Value]
    is_for_line: bool
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
    product_code: str
    subject: str
    principal_fen: int
    terms: Terms
    state: LoanState
    signed_at: datetime
    start_date: date | None
    plan_version: int
    contract_version: int
    """The plan that ran from the payout, before anything happened to it."""
    exposure_holds: tuple[str, ...]
    """What the loan holds of the borrower's limits until it is paid out."""
    wallet_id: str | None = None
    """The borrower's wallet that it is paid to; None: to its payee's bank accounts."""
    split_id: int | None = None
    """How it is shared among funders, as stored; None for own funds only."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How an open loan stands at the beginning of `as_of`: what the end of day moves on.

    Interest accrued is `settled_interest_fen` and, of the running instalment, the larger of what is
    paid and `course_before_fen` with the part of `course_rest_fen` that the days since
    `course_from` have of those until `course_until`, half up.
    """

    loan_id: str
    product_code: str
    as_of: date
    principal_fen: int
    """Lent, less goods returned."""
    principal_open_fen: int
    """Owed to lenders."""
    interest_accrued_fen: int
    """In the ledger already."""
    interest_paid_fen: int
    settled_interest_fen: int
    first_due: date
    """Of the first instalment."""
    course_from: date | None
    course_until: date | None
    course_before_fen: int
    course_rest_fen: int
    course_paid_fen: int
    subsidy_fen: int
    """What the merchant paid so that the loan is free of interest; earned evenly by days."""
    subsidy_earned_fen: int
    subsidy_from: date
    subsidy_until: date
    oldest_due: date | None
    """Of the oldest instalment with anything open."""
    days_past_due: int
    grade: str
    penalty_as_of: date
    penalty_rate_annual: Decimal
    grace_days: int
    half_even: bool
    """Whether the terms round half to even; else half up."""
    written_off: bool
    claimed: bool = False
    """Whether a guarantor has paid: no penalty counts any more."""
    guarantor_principal_fen: int = 0
    """Principal that is owed to the guarantor and so is not in the books of lenders."""
    claim_after_days: int | None = None
    """How many days past due a guarantor is asked to pay; None where nobody guarantees it."""
    split_id: int | None = None
    """How the loan is shared among funders; None for own funds only."""


@dataclass(frozen=True, slots=True)
class ShareMovement:
    """What a funder is owed for something that happened to a loan, signed as it sees it."""

    funder: str
    kind: str
    """That of the journal entry, such as `loan.repaid`."""
    source_id: str
    principal_fen: int
    """Repaid to it; below 0 lent by it."""
    interest_fen: int
    fee_fen: int
    penalty_fen: int
    service_fee_fen: int
    """Below 0: what it pays the leader."""
    funded_fen: int
    """Of what it lends, what it had sent for the loan beforehand."""
    principal_open_fen: int
    """Its part of what the borrower owes, afterwards."""

    def columns(self) -> dict[str, Any]:
        """By name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True, slots=True)
class Payout:
    """One payment, or one attempt at it under a channel order number of its own."""

    id: str
    loan_id: str
    purpose: Purpose
    refund_id: str
    part: int
    """Which part of a release; 0 for all else."""
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
    kind: AccountKind = AccountKind.BANK
    """Who keeps the account that it goes to."""


def paid_from(kind: AccountKind) -> Account:
    """Our own account from which accounts of a kind are paid."""
    return Account(Code.WALLET_SETTLEMENT if kind is AccountKind.WALLET else Code.BANK_SETTLEMENT)


@dataclass(frozen=True, slots=True)
class Payable:
    """What one payment to a merchant is to be, before what it owes us is taken off."""

    purpose: Purpose
    part: int
    amount_fen: int
    """Fee and subsidy are off already."""
    debit: Account
    """What the payment is held on until it is made."""


class ReleaseState(StrEnum):
    """Where a part is that was kept back from a merchant."""

    PLANNED = "planned"
    """Waits for its date and for the word that the service goes on."""
    PAYING = "paying"
    """On its way to the merchant."""
    PAID = "paid"
    """The merchant has it. Final."""
    FAILED = "failed"
    """Every account of the merchant refused; an operator has it tried again."""
    STOPPED = "stopped"
    """The service stopped: it went off the loan. Final."""


@dataclass(frozen=True, slots=True)
class ReleasePart:
    """A part of a loan that the merchant gets later."""

    loan_id: str
    part: int
    due_date: date
    gross_fen: int
    fee_fen: int
    subsidy_fen: int
    state: ReleaseState
    confirmed_at: datetime | None
    """When somebody said that the service goes on."""
    confirmed_by: str
    held_because: str
    """Why it is not paid although it is due, such as a complaint; empty where nothing holds it."""


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
