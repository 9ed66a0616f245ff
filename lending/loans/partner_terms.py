"""What a contract carries for the partners beside its payee: a platform's pay, a guarantee."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any


class Basis(StrEnum):
    """What a platform's commission is a part of."""

    INTEREST = "interest"
    """Of interest that the borrower has paid."""
    PRINCIPAL = "principal"
    """Of principal that the borrower has repaid."""
    LOAN = "loan"
    """Of nothing: an amount for each loan that was paid out."""


@dataclass(frozen=True, slots=True)
class Commission:
    """What a platform earns on a loan that it brought (ASSIST-8, R-FEE-CAP); VAT is left out."""

    platform_id: str
    agreement_id: str
    basis: Basis
    rate: Decimal
    """The part of what was received that is earned."""
    per_loan_fen: int
    """Where the basis is the loan: what it earns."""
    cap_fen: int
    """The most that the loan earns, fen."""
    clawback_days: int
    """A loan that is written off or claimed up to so many days after its payout gives back …"""
    clawback_rate: Decimal
    """… this part of what it has earned, and earns no more than the rest of it afterwards."""


@dataclass(frozen=True, slots=True)
class Guarantee:
    """Who pays for the loan when its borrower does not, and for what (ASSIST-6)."""

    guarantor_id: str
    agreement_id: str
    fee_period_fen: int
    """What the borrower pays to the guarantor with each instalment; the lender collects it."""
    lender_fee_rate: Decimal
    """What the lender pays to the guarantor, of interest that it has received."""
    trigger_days: int
    """A claim is filed when an instalment is so many days past due."""
    covers_interest: bool
    covers_penalty: bool


def commission_from_json(stored: dict[str, Any]) -> Commission:
    """As it was stored."""
    return Commission(
        **{
            **stored,
            "basis": Basis(stored["basis"]),
            "rate": Decimal(stored["rate"]),
            "clawback_rate": Decimal(stored["clawback_rate"]),
        }
    )


def guarantee_from_json(stored: dict[str, Any]) -> Guarantee:
    """As it was stored."""
    return Guarantee(**{**stored, "lender_fee_rate": Decimal(stored["lender_fee_rate"])})
