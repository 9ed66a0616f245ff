"""Statements and their rows, typed. Amounts are integers of fen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, ClassVar, Optional

from ._instants import instant
from ._models import Model, OpenEnum, Reader, many


class StatementKind(OpenEnum):
    """What a statement is about."""

    SETTLEMENT = "settlement"
    """A merchant's account: orders paid, what was withheld, goods claimed, payouts."""
    COMMISSION = "commission"
    """A platform's account: what it earned on each loan, gave back and was paid."""
    GUARANTEE = "guarantee"
    """A guarantor's account: claims, fees, what borrowers repaid, what it was paid."""
    SHARE_MOVEMENTS = "share_movements"
    """A funder's account: what it lent and was owed for each loan, what was cleared."""
    SHARE_POSITIONS = "share_positions"
    """A funder's part of each open loan at the end of a date, with its grade."""
    SHARE_FORECAST = "share_forecast"
    """What falls due to a funder by date."""


class StatementSpan(OpenEnum):
    """How long a statement's period is."""

    DAY = "day"
    MONTH = "month"
    """The sum of its days."""


class MovementType(OpenEnum):
    """What moved."""

    ORDER_PAID = "order_paid"
    """An order was paid out: its amount is owed to you."""
    RETAINED = "retained"
    """Kept back until you have served, below 0; above 0 given free."""
    FEE = "fee"
    """Your fee, withheld."""
    SUBSIDY = "subsidy"
    """What you pay for a loan free of interest, withheld."""
    PAYOUT = "payout"
    """Paid to your settlement account."""
    REFUND_CLAIM = "refund_claim"
    """Goods came back: claimed from you, taken from your next payouts."""
    SERVICE_STOPPED = "service_stopped"
    """A service stopped: claimed from you, met by what was kept back."""
    ACCRUED = "accrued"
    """More was received on a loan: you have earned a part of it."""
    CLAWBACK = "clawback"
    """A payment was taken back or a loan went bad: you give back."""
    TIER = "tier"
    """What the month's tier takes off."""
    PAID = "paid"
    """A bill was paid to your settlement account."""
    CLAIM = "claim"
    """A claim was paid by you: you owed it."""
    CLAIM_PAID = "claim_paid"
    """Your money for it, out of your deposit or by transfer."""
    RECOVERY = "recovery"
    """Repaid by a borrower of what you paid."""
    REMITTED = "remitted"
    """What was held for you, paid to your settlement account."""
    LENT = "lent"
    """Principal that a funder lent; below 0."""
    FUNDED = "funded"
    """Of what it lent, what it had sent beforehand."""
    PRINCIPAL_REPAID = "principal_repaid"
    INTEREST_RECEIVED = "interest_received"
    FEE_RECEIVED = "fee_received"
    PENALTY_RECEIVED = "penalty_received"
    SERVICE_FEE = "service_fee"
    """What a funder leaves to the lender; below 0."""
    CLEARED = "cleared"
    """Paid to a funder, below 0; above 0 paid by it."""
    ADJUSTMENT = "adjustment"
    """A correction by the lender."""


@dataclass(frozen=True)
class StatementSum(Model):
    """All movements of one type together."""

    type: MovementType
    rows: int
    amount_fen: int

    _readers: ClassVar[Mapping[str, Reader]] = {"type": MovementType}


@dataclass(frozen=True)
class StoreSum(Model):
    """All movements of one type in one store together."""

    store_no: str
    type: MovementType
    rows: int
    amount_fen: int

    _readers: ClassVar[Mapping[str, Reader]] = {"type": MovementType}


@dataclass(frozen=True)
class Statement(Model):
    """What a statement's file holds, and by what the file is known.

    Balances are what is owed to you; below 0 you owe. `period` is a date or a month. A correction
    has a higher `version` and names in `corrects` the statement that it replaces.
    """

    id: str
    kind: StatementKind
    span: StatementSpan
    period: str
    period_start: date
    period_end: date
    rows: int
    sums: tuple[StatementSum, ...]
    opening_balance_fen: int
    closing_balance_fen: int
    size_bytes: int
    sha256: str
    version: int = 1
    corrects: Optional[str] = None
    corrected_by: Optional[str] = None
    because: str = ""
    currency: str = "CNY"
    content_type: str = "text/csv"
    made_at: Optional[datetime] = None
    schema: Mapping[str, Any] = field(default_factory=dict)
    store_sums: tuple[StoreSum, ...] = ()
    """The rows of payments in stores, by store and type."""

    _readers: ClassVar[Mapping[str, Reader]] = {
        "kind": StatementKind,
        "span": StatementSpan,
        "period_start": date.fromisoformat,
        "period_end": date.fromisoformat,
        "sums": many(StatementSum.from_json),
        "store_sums": many(StoreSum.from_json),
        "made_at": instant,
    }


class DifferenceState(OpenEnum):
    """Whether a difference is settled."""

    OPEN = "open"
    SETTLED = "settled"


@dataclass(frozen=True)
class ReconciliationDifference(Model):
    """A payout to you on which the bank's file of a date and the lender's books did not agree.

    `bank_fen` is what the bank says was paid, `lender_fen` what the lender says; None where one of
    them does not know the payment. `age_days` is how long it has been open, or was.
    """

    id: str
    state: DifferenceState
    kind: str
    business_date: date
    order_id: Optional[str] = None
    order_no: Optional[str] = None
    loan_id: Optional[str] = None
    bank_fen: Optional[int] = None
    lender_fen: Optional[int] = None
    age_days: int = 0
    found_at: Optional[datetime] = None
    settled_at: Optional[datetime] = None

    _readers: ClassVar[Mapping[str, Reader]] = {
        "state": DifferenceState,
        "business_date": date.fromisoformat,
        "found_at": instant,
        "settled_at": instant,
    }


@dataclass(frozen=True)
class StatementRow:
    """One movement. `amount_fen` above 0 is owed to you, below 0 is taken or paid.

    Of a payment in a store, `order_id` and `order_no` are its id and payment_no; `release_part` is
    a later part of a service paid ahead. `balance_fen` is what is owed to you after it. `extra` has
    the columns that this version of the package does not know.
    """

    line: int
    business_date: date
    booked_at: datetime
    type: MovementType
    amount_fen: int
    balance_fen: int
    order_id: Optional[str] = None
    order_no: Optional[str] = None
    loan_id: Optional[str] = None
    refund_id: Optional[str] = None
    refund_no: Optional[str] = None
    bank_reference: Optional[str] = None
    account_last4: Optional[str] = None
    store_no: Optional[str] = None
    till_no: Optional[str] = None
    release_part: Optional[int] = None
    movement_id: Optional[str] = None
    lead_id: Optional[str] = None
    lead_no: Optional[str] = None
    received_before_fen: Optional[int] = None
    received_fen: Optional[int] = None
    earned_before_fen: Optional[int] = None
    earned_fen: Optional[int] = None
    bill_id: Optional[str] = None
    claim_id: Optional[str] = None
    extra: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class SharePosition:
    """A funder's part of an open loan at the end of a date.

    `amount_fen` is principal in the funder's book: nothing once the loan is written off.
    `balance_fen` is that of all rows up to this one.
    """

    line: int
    business_date: date
    type: str
    """The grade: `normal` to `loss`, or `written_off`."""
    amount_fen: int
    balance_fen: int
    loan_id: str
    product_code: str
    start_date: date
    share_bp: int
    principal_fen: int
    """What was lent, less goods returned."""
    principal_paid_fen: int
    interest_accrued_fen: int
    interest_paid_fen: int
    days_past_due: int
    bucket: str
    contract_no: Optional[str] = None
    due_date: Optional[date] = None
    """Of the oldest instalment that is open."""


@dataclass(frozen=True)
class ShareDue:
    """What falls due to a funder on a date, if borrowers pay by plan; `balance_fen` of principal.

    `type` is `principal_due` or `interest_due`.
    """

    line: int
    business_date: date
    type: str
    amount_fen: int
    balance_fen: int
    due_date: date
