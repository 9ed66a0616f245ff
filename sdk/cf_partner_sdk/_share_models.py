"""Shares of joint loans, typed. Amounts are integers of fen, signed as the funder sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Optional

from ._instants import instant
from ._models import Model, OpenEnum, PeriodUnit, Reader, many
from ._statement_models import MovementType


class ShareState(OpenEnum):
    """Where a share is that a funder was asked for."""

    INVITED = "invited"
    """Decide until `decide_by`."""
    ACCEPTED = "accepted"
    """The borrower has not signed yet."""
    CALLED = "called"
    """Signed: send the money as `call` says."""
    FUNDED = "funded"
    """The lender has the money, or lays it out as agreed."""
    ACTIVE = "active"
    """The loan is paid out and runs."""
    CLOSED = "closed"
    """Nothing is owed on it any more."""
    DECLINED = "declined"
    EXPIRED = "expired"
    """Not answered, or not paid, in time."""
    WITHDRAWN = "withdrawn"
    """The loan is not made: release what was reserved."""

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more comes of it."""
        return self in _OVER


_OVER = frozenset(
    (ShareState.CLOSED, ShareState.DECLINED, ShareState.EXPIRED, ShareState.WITHDRAWN)
)


class DeclineReason(OpenEnum):
    """Why a funder does not take a share."""

    CREDIT = "credit"
    IDENTITY = "identity"
    POLICY = "policy"
    QUOTA = "quota"
    OTHER = "other"


@dataclass(frozen=True)
class FundingCall(Model):
    """Where a share's money is to be sent."""

    account_no: str
    account_name: str
    amount_fen: int
    remark: str
    fund_by: datetime
    sent_at: Optional[datetime] = None
    funded_at: Optional[datetime] = None

    _readers: ClassVar[Mapping[str, Reader]] = {
        "fund_by": instant,
        "sent_at": instant,
        "funded_at": instant,
    }


@dataclass(frozen=True)
class Lender(Model):
    """One lender of a joint loan."""

    name: str
    share_rate: Decimal

    _readers: ClassVar[Mapping[str, Reader]] = {"share_rate": Decimal}


@dataclass(frozen=True)
class SignedLoan(Model):
    """What the borrower signed."""

    id: str
    state: str
    principal_fen: int
    periods: int
    method: str
    rate_annual: Decimal
    penalty_rate_annual: Decimal
    cost_rate_annual: Decimal
    signed_at: Optional[datetime] = None
    start_date: Optional[date] = None
    lenders: tuple[Lender, ...] = ()
    every: int = 1
    unit: PeriodUnit = PeriodUnit.MONTH

    _readers: ClassVar[Mapping[str, Reader]] = {
        "rate_annual": Decimal,
        "penalty_rate_annual": Decimal,
        "cost_rate_annual": Decimal,
        "signed_at": instant,
        "start_date": date.fromisoformat,
        "lenders": many(Lender.from_json),
        "unit": PeriodUnit,
    }


@dataclass(frozen=True)
class Share(Model):
    """A share of a joint loan; `packet` is in that of `client.shares.get` alone.

    `open_packet` of `cf_partner_sdk` decrypts what the packet says of the borrower.
    """

    id: str
    request_id: str
    generation: int
    state: ShareState
    share_rate: Decimal
    amount_fen: int
    loan_amount_fen: int
    rate_annual: Decimal
    decide_by: datetime
    service_fee_rate: Decimal = Decimal(0)
    income_rate: Decimal = Decimal(1)
    """Of the income that falls on the share, what the funder gets."""
    periods_max: int = 0
    purpose: str = ""
    product_code: Optional[str] = None
    product_version: Optional[int] = None
    is_prefunded: bool = False
    lead_decided_at: Optional[datetime] = None
    lead_decision_id: Optional[str] = None
    invited_at: Optional[datetime] = None
    decision_reference: Optional[str] = None
    decided_at: Optional[datetime] = None
    reason_code: Optional[DeclineReason] = None
    call: Optional[FundingCall] = None
    loan: Optional[SignedLoan] = None
    packet: Optional[Mapping[str, Any]] = None
    updated_at: Optional[datetime] = None

    _readers: ClassVar[Mapping[str, Reader]] = {
        "state": ShareState,
        "share_rate": Decimal,
        "rate_annual": Decimal,
        "service_fee_rate": Decimal,
        "income_rate": Decimal,
        "decide_by": instant,
        "lead_decided_at": instant,
        "invited_at": instant,
        "decided_at": instant,
        "updated_at": instant,
        "reason_code": DeclineReason,
        "call": FundingCall.from_json,
        "loan": SignedLoan.from_json,
    }


@dataclass(frozen=True)
class Applicant:
    """Who wants to borrow, decrypted: keep it as long as the decision needs it."""

    name: str
    identity_no: str
    mobile: str


@dataclass(frozen=True)
class ReturnedMoney(Model):
    """Money of the funder that is on its way back."""

    share_id: str
    reference: str
    amount_fen: int
    reason: str
    loan_id: Optional[str] = None


@dataclass(frozen=True)
class PlannedInstalment(Model):
    """An instalment of the whole loan with principal or interest open.

    Its interest is earned evenly by days from `earns_from` to `due_date`, but for what was earned
    before.
    """

    due_date: date
    principal_open_fen: int
    interest_fen: int
    interest_paid_fen: int
    earns_from: date
    earned_before_fen: int

    _readers: ClassVar[Mapping[str, Reader]] = {
        "due_date": date.fromisoformat,
        "earns_from": date.fromisoformat,
    }


@dataclass(frozen=True)
class SharePlan(Model):
    """How the whole loan is to run on; the funder's part is cut from running totals by weights."""

    place: int
    """The funder's place among the lenders, from 1."""
    principal_weights: tuple[int, ...]
    income_weights: tuple[int, ...]
    rounding: str
    """Of interest earned: `half-up` or `half-even`."""
    settled_interest_fen: int
    """Interest earned beside that of the instalments."""
    instalments: tuple[PlannedInstalment, ...]

    _readers: ClassVar[Mapping[str, Reader]] = {
        "principal_weights": tuple,
        "income_weights": tuple,
        "instalments": many(PlannedInstalment.from_json),
    }


@dataclass(frozen=True)
class ShareMovement(Model):
    """What something that happened to a loan means for a share.

    `due_fen` is what the lender owes for it: the sum of the parts. `principal_open_fen` is what the
    borrower owes of the share afterwards.
    """

    share_id: str
    loan_id: str
    kind: str
    source_id: str
    happened_on: date
    principal_fen: int
    interest_fen: int
    fee_fen: int
    penalty_fen: int
    service_fee_fen: int
    funded_fen: int
    due_fen: int
    principal_open_fen: int
    business_date: Optional[date] = None
    """In which day's file it is."""
    number: Optional[int] = None
    """Counts what happened to the loan of this share, from 1."""
    loan_principal_paid_fen: Optional[int] = None
    loan_interest_paid_fen: Optional[int] = None
    """Of the whole loan, in all."""
    oldest_due: Optional[date] = None
    """Of the oldest open instalment."""
    plan: Optional[SharePlan] = None
    """How it runs on; None while it is the plan told before, the oldest instalments paid first."""

    def by_type(self) -> dict[MovementType, int]:
        """Return its parts as the file of movements lists them; none of them is 0."""
        is_payout = self.kind == "loan.paid_out"
        principal = MovementType.LENT if is_payout else MovementType.PRINCIPAL_REPAID
        amounts = {
            principal: self.principal_fen,
            MovementType.FUNDED: self.funded_fen,
            MovementType.INTEREST_RECEIVED: self.interest_fen,
            MovementType.FEE_RECEIVED: self.fee_fen,
            MovementType.PENALTY_RECEIVED: self.penalty_fen,
            MovementType.SERVICE_FEE: self.service_fee_fen,
        }
        return {kind: fen for kind, fen in amounts.items() if fen}

    _readers: ClassVar[Mapping[str, Reader]] = {
        "happened_on": date.fromisoformat,
        "business_date": date.fromisoformat,
        "oldest_due": date.fromisoformat,
        "plan": SharePlan.from_json,
    }


@dataclass(frozen=True)
class ShareClosing(Model):
    """Nothing is owed on a share any more."""

    share_id: str
    loan_id: str
    happened_on: date

    _readers: ClassVar[Mapping[str, Reader]] = {"happened_on": date.fromisoformat}


@dataclass(frozen=True)
class ShareLateness(Model):
    """How late the loan of a share is, beside what was told before."""

    share_id: str
    loan_id: str
    happened_on: date
    days_past_due: int
    bucket: str
    bucket_before: str
    grade: str
    grade_before: str
    principal_open_fen: int
    oldest_due: Optional[date] = None

    _readers: ClassVar[Mapping[str, Reader]] = {
        "happened_on": date.fromisoformat,
        "oldest_due": date.fromisoformat,
    }


@dataclass(frozen=True)
class ShareFraud(Model):
    """The borrower of a share is held for a fraud (`flagged`), or not any more (`lifted`)."""

    share_id: str
    flag_id: str
    state: str
    kind: str
    happened_on: date
    loan_id: Optional[str] = None
    """None before the contract is signed."""

    _readers: ClassVar[Mapping[str, Reader]] = {"happened_on": date.fromisoformat}


class ClearingState(OpenEnum):
    """Where a clearing is."""

    HELD = "held"
    """The lender pays: the money is on its way."""
    EVEN = "even"
    EXPECTED = "expected"
    """The funder owes it."""
    PAID = "paid"
    FAILED = "failed"
    """It goes into the next clearing."""
    RECEIVED = "received"


@dataclass(frozen=True)
class Clearing(Model):
    """What is settled with a funder at one time; above 0 the lender pays."""

    id: str
    business_date: date
    state: ClearingState
    amount_fen: int
    movements: int = 0
    principal_fen: int = 0
    interest_fen: int = 0
    fee_fen: int = 0
    penalty_fen: int = 0
    service_fee_fen: int = 0
    funded_fen: int = 0
    carried_fen: int = 0
    payment_reference: Optional[str] = None

    _readers: ClassVar[Mapping[str, Reader]] = {
        "business_date": date.fromisoformat,
        "state": ClearingState,
    }


@dataclass(frozen=True)
class PortfolioMark(Model):
    """What a funder's loans together have crossed.

    `kind` is `first_payment_default`, `m1` or `concentration`.
    """

    kind: str
    rate: Decimal
    threshold: Decimal
    loans: int
    principal_open_fen: int
    business_date: date

    _readers: ClassVar[Mapping[str, Reader]] = {
        "rate": Decimal,
        "threshold": Decimal,
        "business_date": date.fromisoformat,
    }
