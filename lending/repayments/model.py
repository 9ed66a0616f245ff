"""Repayments and what is asked for."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from lending.engine.prepayment import OpenInstalment


class RepaymentState(StrEnum):
    """Where one repayment is."""

    HELD = "held"
    """On record; it may or may not have been sent to the channel."""
    UNKNOWN = "unknown"
    """The channel did not answer. Ask until it says; never debit again."""
    RECEIVED = "received"
    """The money is here and divided. Final."""
    FAILED = "failed"
    """No money has moved and none will. Final."""
    REVERSED = "reversed"
    """The money went back: the loan is as if it had never come. Final."""


class Source(StrEnum):
    """How money comes in."""

    ACTIVE_DEBIT = "active_debit"
    """The borrower pays by their own hand from the card."""
    AUTO_DEBIT = "auto_debit"
    """Collected on the due date."""
    TRANSFER = "transfer"
    """A bank transfer, entered and checked by two people."""


class What(StrEnum):
    """What a borrower pays for."""

    DUE = "due"
    """All that is due; what is over is the borrower's credit."""
    NEXT = "next"
    """All that is due, or else the next instalment ahead of its time."""
    PAYOFF = "payoff"
    """The whole loan, interest to the day."""
    PART_SHORTER = "part_shorter"
    """What is due, then principal of the last instalments: the plan ends earlier."""
    PART_SMALLER = "part_smaller"
    """What is due, then principal of all that are left: each gets smaller."""


@dataclass(frozen=True, slots=True)
class Quote:
    """What is to be paid for something today."""

    what: What
    amount_fen: int
    principal_fen: int
    interest_fen: int
    fee_fen: int
    penalty_fen: int
    number: int
    """Of the last instalment that it covers."""
    due_date: date
    """Of that instalment."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a payment would do to a loan: the plan before and after, and where the money goes."""

    what: What
    amount_fen: int
    principal_fen: int
    interest_fen: int
    fee_fen: int
    penalty_fen: int
    interest_saved_fen: int
    """Of the plan, because principal comes back earlier."""
    before: tuple[OpenInstalment, ...]
    after: tuple[OpenInstalment, ...]

    @property
    def open_before(self) -> tuple[OpenInstalment, ...]:
        """Instalments with anything to pay, as they are."""
        return tuple(row for row in self.before if row.open().total_fen)

    @property
    def open_after(self) -> tuple[OpenInstalment, ...]:
        """Instalments with anything to pay, as they would be."""
        return tuple(row for row in self.after if row.open().total_fen)


@dataclass(frozen=True, slots=True)
class Repayment:
    """One repayment."""

    id: str
    loan_id: str
    source: Source
    what: What
    until_number: int
    """The last instalment that it pays ahead of its time; 0 where it pays none."""
    channel_order_no: str
    """Empty for a bank transfer, as is the card."""
    bank_card_id: str
    amount_fen: int
    state: RepaymentState
    queries: int
    code: str
    message: str
    business_date: date
    created_at: datetime
    ended_at: datetime | None
