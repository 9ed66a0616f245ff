"""Claims on guarantors, and the money that guarantors send."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class ClaimState(StrEnum):
    """Where a claim is."""

    FILED = "filed"
    """The guarantor is asked to pay."""
    PAID = "paid"
    """It has paid; the borrower owes it what it paid."""
    WITHDRAWN = "withdrawn"
    """The borrower paid first. Final."""
    TAKEN_BACK = "taken_back"
    """The guarantor's money went back: the loan is as if it had never paid. Final."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a guarantor is asked to pay for a loan, fen."""

    id: str
    loan_id: str
    guarantor_id: str
    agreement_id: str
    state: ClaimState
    filed_on: date
    days_past_due: int
    principal_fen: int
    interest_fen: int
    penalty_fen: int
    amount_fen: int
    announced_reference: str
    """The bank's number of the transfer, as the guarantor says; empty while it has said nothing."""
    announced_at: datetime | None
    paid_by: str
    """`pool`, `transfer`, or empty."""
    paid_on: date | None
    paid_fen: int
    money_entry_id: str | None
    filed_at: datetime
    because: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """Money of a guarantor on our account."""

    amount_fen: int
    reference: str
    """The bank's own number of it."""
    arrived_on: date


@dataclass(frozen=True, slots=True)
class Outstanding:
    """What a loan owes to its lenders, fen."""

    principal_fen: int
    interest_fen: int
    penalty_fen: int
