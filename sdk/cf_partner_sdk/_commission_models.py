"""Commission bills and what they are the sum of, typed. Amounts are integers of fen, before VAT."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar, Optional

from ._instants import instant
from ._models import Model, OpenEnum, Reader, many


class BillState(OpenEnum):
    """Whether you have agreed to a bill."""

    OPEN = "open"
    DISPUTED = "disputed"
    """You said what is wrong; the lender looks into it."""
    CONFIRMED = "confirmed"
    """You agreed; it never changes again."""


class BillPayment(OpenEnum):
    """Where a bill's payment is."""

    NONE = "none"
    PAYING = "paying"
    PAID = "paid"
    FAILED = "failed"
    CARRIED = "carried"
    """It was below 0 and went into a later bill."""


class CommissionBasis(OpenEnum):
    """What a commission is a part of."""

    INTEREST = "interest"
    PRINCIPAL = "principal"
    LOAN = "loan"
    """Of nothing: an amount for each loan that was paid out."""


@dataclass(frozen=True)
class TierTaken(Model):
    """What a tier took off a product's month: `part` of `earned_fen` is kept, half up."""

    product_code: str
    by: str
    volume_fen: int
    overdue_rate: Decimal
    part: Decimal
    earned_fen: int
    tier_fen: int

    _readers: ClassVar[Mapping[str, Reader]] = {"overdue_rate": Decimal, "part": Decimal}


@dataclass(frozen=True)
class CommissionBill(Model):
    """What you are owed for a month (`2026-11`).

    `payable_fen` is the sum of `accrued_fen`, `clawback_fen`, `tier_fen`, `carried_fen` and
    `adjustment_fen`; below 0 it is carried to a later month. `statement_id` names the month's
    statement, whose rows it is the sum of.
    """

    id: str
    month: str
    state: BillState
    payment: BillPayment
    loans: int
    rows: int
    accrued_fen: int
    clawback_fen: int
    tier_fen: int
    carried_fen: int
    adjustment_fen: int
    payable_fen: int
    pdf_sha256: str
    pdf_size_bytes: int
    tiers: tuple[TierTaken, ...] = ()
    volume_fen: int = 0
    overdue_rate: Optional[Decimal] = None
    statement_id: Optional[str] = None
    statement_sha256: Optional[str] = None
    currency: str = "CNY"
    dispute: str = ""
    answer: str = ""
    made_at: Optional[datetime] = None
    confirmed_at: Optional[datetime] = None
    disputed_at: Optional[datetime] = None
    paid_at: Optional[datetime] = None
    bank_reference: Optional[str] = None

    _readers: ClassVar[Mapping[str, Reader]] = {
        "state": BillState,
        "payment": BillPayment,
        "tiers": many(TierTaken.from_json),
        "overdue_rate": Decimal,
        "made_at": instant,
        "confirmed_at": instant,
        "disputed_at": instant,
        "paid_at": instant,
    }


@dataclass(frozen=True)
class CommissionAccrual(Model):
    """What something that happened to a loan earned you, and all that it follows from.

    `earned_fen` is the least of `cap_fen` and the part `rate` of `received_fen`, half up; where the
    loan has gone bad, less the part `clawback_rate` of that. `amount_fen` is what that is more than
    `earned_before_fen`.
    """

    id: str
    type: str
    loan_id: str
    lead_id: str
    amount_fen: int
    received_before_fen: int
    received_fen: int
    earned_before_fen: int
    earned_fen: int
    is_bad: bool
    basis: CommissionBasis
    rate: Decimal
    per_loan_fen: int
    cap_fen: int
    clawback_rate: Decimal
    business_date: date
    booked_at: datetime
    lead_no: Optional[str] = None

    _readers: ClassVar[Mapping[str, Reader]] = {
        "basis": CommissionBasis,
        "rate": Decimal,
        "clawback_rate": Decimal,
        "business_date": date.fromisoformat,
        "booked_at": instant,
    }


@dataclass(frozen=True)
class OverdueStage(Model):
    """Open principal that is overdue for about as long: M1 up to 30 days, M2 up to 60."""

    stage: str
    open_fen: int


@dataclass(frozen=True)
class LoanVintage(Model):
    """The loans that began in a month, as they stand now."""

    month: str
    loans: int
    lent_fen: int
    late_rate: Decimal

    _readers: ClassVar[Mapping[str, Reader]] = {"late_rate": Decimal}


@dataclass(frozen=True)
class ProductFigures(Model):
    """What came of the people whom you sent for a product."""

    product_code: str
    month: str
    leads: int
    submitted: int
    approved: int
    signed: int
    paid: int
    lent_fen: int
    open_fen: int
    overdue_rate: Decimal
    bad_rate: Decimal
    first_default_rate: Decimal
    claim_rate: Decimal
    commission_fen: int
    income_fen: int = 0
    """Earned in the month, before its tier."""
    cost_fen: int = 0
    """Given back in the month, of what was earned earlier."""
    profit_fen: int = 0
    growth_rate: Optional[Decimal] = None
    stages: tuple[OverdueStage, ...] = ()
    vintages: tuple[LoanVintage, ...] = ()

    _readers: ClassVar[Mapping[str, Reader]] = {
        **dict.fromkeys(
            (
                "overdue_rate",
                "bad_rate",
                "first_default_rate",
                "claim_rate",
                "growth_rate",
            ),
            Decimal,
        ),
        "stages": many(OverdueStage.from_json),
        "vintages": many(LoanVintage.from_json),
    }


@dataclass(frozen=True)
class PlatformStatistics(Model):
    """What came of the people whom you sent in a month, by product."""

    month: str
    prechecks: int
    products: tuple[ProductFigures, ...]

    _readers: ClassVar[Mapping[str, Reader]] = {"products": many(ProductFigures.from_json)}


class ClaimState(OpenEnum):
    """Where a claim is."""

    FILED = "filed"
    PAID = "paid"
    WITHDRAWN = "withdrawn"
    TAKEN_BACK = "taken_back"


@dataclass(frozen=True)
class Claim(Model):
    """What a guarantor is asked to pay for a loan: send exactly `amount_fen`."""

    id: str
    loan_id: str
    state: ClaimState
    filed_on: date
    days_past_due: int
    principal_fen: int
    interest_fen: int
    penalty_fen: int
    amount_fen: int
    paid_fen: int = 0
    payment_reference: Optional[str] = None
    payment_confirmed_at: Optional[datetime] = None
    paid_by: Optional[str] = None
    paid_on: Optional[date] = None
    because: str = ""
    filed_at: Optional[datetime] = None

    _readers: ClassVar[Mapping[str, Reader]] = {
        "state": ClaimState,
        "filed_on": date.fromisoformat,
        "paid_on": date.fromisoformat,
        "payment_confirmed_at": instant,
        "filed_at": instant,
    }
