"""What was agreed with guarantors and insurers."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class LicenceKind(StrEnum):
    """What allows somebody to stand behind loans (R-ENH-LICENSE)."""

    GUARANTEE = "guarantee"
    """融资担保业务经营许可证."""
    INSURANCE = "insurance"
    """保险许可证."""


class FeePayer(StrEnum):
    """Who pays for the guarantee."""

    BORROWER = "borrower"
    """With each instalment; it counts in the all-in cost (ASSIST-7)."""
    LENDER = "lender"
    """Out of the interest that it receives."""


@dataclass(frozen=True, slots=True)
class NewAgreement:
    """What is agreed with a guarantor for a product (ASSIST-6)."""

    guarantor_id: str
    product_code: str
    licence_kind: LicenceKind
    licence_no: str
    licence_to: date
    fee_payer: FeePayer
    fee_rate: Decimal
    """A year of the amount lent, where the borrower pays; of interest received, where we do."""
    trigger_days: int
    """A claim is filed when an instalment is so many days past due."""
    covers_interest: bool
    covers_penalty: bool
    quota_fen: int
    """The most principal that it guarantees at one time."""
    claims_cap_fen: int
    """The most that it pays in claims, in all."""
    pool_min_fen: int
    """Below this its deposit is to be topped up, and no new loan is guaranteed."""
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Agreement(NewAgreement):
    """An agreement as it is kept."""

    id: str = ""

    def in_force(self, on: date) -> bool:
        """Whether it and the licence behind it hold on a day."""
        return self.valid_from <= on <= self.licence_to and (
            self.valid_to is None or on <= self.valid_to
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """How much a guarantor stands behind, fen."""

    guaranteed_fen: int
    """Our principal that it guarantees, paid out or signed."""
    pool_fen: int
    """Its deposit with us."""
    claimed_fen: int
    """Claims filed and paid, in all."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """Our loans with a guarantee beside all our loans (R-GUAR-50), fen."""

    guaranteed_fen: int
    loans_fen: int

    @property
    def rate(self) -> Decimal:
        """The part of all loans; 0 where there are none."""
        return Decimal(self.guaranteed_fen) / self.loans_fen if self.loans_fen else Decimal(0)
