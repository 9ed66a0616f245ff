"""What is agreed with platforms, and what they are owed for a month (ASSIST-8). VAT is left out."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from lending.loans.partner_terms import Basis


class TierBy(StrEnum):
    """What decides how much of the full rate a month earns."""

    NONE = "none"
    VOLUME = "volume"
    """What was lent in the month through the platform, fen."""
    OVERDUE = "overdue"
    """The part of the open principal of its loans that is overdue at the end of the month."""


@dataclass(frozen=True, slots=True)
class Tier:
    """From this measure on, a month earns this part of the full rate."""

    at_least: Decimal
    """Fen of volume, or a part of the portfolio that is overdue."""
    part: Decimal
    """At most 1, so that no tier passes a loan's cap."""


@dataclass(frozen=True, slots=True)
class NewAgreement:
    """What a platform earns on loans of a product."""

    platform_id: str
    product_code: str
    basis: Basis
    rate: Decimal
    per_loan_fen: int
    cap_rate: Decimal
    """The most that a loan earns, as a part of what was lent (R-FEE-CAP)."""
    clawback_days: int
    clawback_rate: Decimal
    valid_from: date
    valid_to: date | None = None
    tier_by: TierBy = TierBy.NONE
    tiers: tuple[Tier, ...] = ()
    """Rising; below the first one a month earns in full."""


@dataclass(frozen=True, slots=True)
class Agreement(NewAgreement):
    """An agreement as it is kept."""

    id: str = ""


class BillState(StrEnum):
    """Where a month's bill is."""

    OPEN = "open"
    """The platform is to confirm it or to say what is wrong."""
    DISPUTED = "disputed"
    """The platform has said what is wrong; an operator looks into it."""
    CONFIRMED = "confirmed"
    """Never changes again; it is paid, or carried to the next month where it is below 0. Final."""


class PaymentState(StrEnum):
    """Where the payment of a confirmed bill is."""

    NONE = "none"
    """Nothing is to be paid yet."""
    PAYING = "paying"
    PAID = "paid"
    FAILED = "failed"
    """Every account of the platform refused."""
    CARRIED = "carried"
    """It was below 0 and went into a later bill."""


@dataclass(frozen=True, slots=True)
class Bill:
    """What a platform is owed for a month, fen."""

    id: str
    platform_id: str
    month: date
    state: BillState
    payment: PaymentState
    statement_id: str | None
    statement_sha256: str | None
    loans: int
    rows: int
    accrued_fen: int
    clawback_fen: int
    volume_fen: int
    overdue_rate: Decimal
    tier_fen: int
    tiers: list[dict[str, Any]]
    carried_fen: int
    adjustment_fen: int
    payable_fen: int
    pdf_name: str
    pdf_sha256: str
    pdf_size_bytes: int
    made_at: datetime
    confirmed_at: datetime | None
    disputed_at: datetime | None
    dispute: str
    answer: str
    paid_at: datetime | None
    bank_reference: str


@dataclass(frozen=True, slots=True)
class ProductMonth:
    """One product of a platform in a month."""

    product_code: str
    earned_fen: int
    """Accrued less clawed back."""
    volume_fen: int
    overdue_fen: int
    open_fen: int

    @property
    def overdue_rate(self) -> Decimal:
        """The part of the open principal that is overdue; 0 where nothing is open."""
        return Decimal(self.overdue_fen) / self.open_fen if self.open_fen else Decimal(0)
