"""How a loan began, and how it stands."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lending.engine.ageing import days_past_due
from lending.engine.prepayment import OpenInstalment, interest_earned_fen, period_starts


@dataclass(frozen=True, slots=True)
class Course:
    """What the contract says: the plan as it began, and the rules for what may come."""

    start: date
    rows: tuple[OpenInstalment, ...]
    penalty_rate_annual: Decimal = Decimal(0)
    grace_days: int = 0
    """Whoever pays within so many days pays no penalty; later it counts from the due date."""
    prepayment_fee_rate: Decimal = Decimal(0)
    """The part of principal paid before it is due that prepaying costs."""
    every: int = 1
    unit: str = "month"


@dataclass(frozen=True, slots=True)
class Position:
    """How a loan stands at the beginning of a day, or after what has happened on it so far."""

    on: date
    start: date
    rows: tuple[OpenInstalment, ...]
    credit_fen: int = 0
    """Paid beyond what was owed, in all."""
    credit_returned_fen: int = 0
    """Repaid of goods that were returned, in all: the borrower's too."""
    written_off_on: date | None = None
    earned_at_write_off_fen: tuple[int, ...] = ()
    """Of each instalment, once written off: the loan earns nothing after (P3)."""

    @property
    def principal_open_fen(self) -> int:
        """Principal not repaid."""
        return sum(row.principal_fen - row.principal_paid_fen for row in self.rows)

    @property
    def interest_accrued_fen(self) -> int:
        """Interest that belongs to the time until `on`, and what was paid ahead of it (P3)."""
        begins = period_starts(self.rows, self.start)
        earned = self.earned_at_write_off_fen or [
            interest_earned_fen(row, begin, self.on)
            for row, begin in zip(self.rows, begins, strict=True)
        ]
        return sum(
            max(fen, row.interest_paid_fen) for row, fen in zip(self.rows, earned, strict=True)
        )

    @property
    def days_past_due(self) -> int:
        """0 when nothing is overdue (P13)."""
        return days_past_due((row.due_date for row in self.rows if row.open().total_fen), self.on)

    @property
    def is_closed(self) -> bool:
        """Whether nothing is open any more."""
        return not any(row.open().total_fen for row in self.rows)

    def sums(self) -> "Sums":
        """What the ledger has to know of it."""
        return Sums(
            principal_fen=sum(row.principal_fen for row in self.rows),
            principal_paid_fen=sum(row.principal_paid_fen for row in self.rows),
            interest_paid_fen=sum(row.interest_paid_fen for row in self.rows),
            fee_paid_fen=sum(row.fee_paid_fen for row in self.rows),
            penalty_paid_fen=sum(row.penalty_paid_fen for row in self.rows),
            credit_fen=self.credit_fen,
            credit_returned_fen=self.credit_returned_fen,
            interest_accrued_fen=self.interest_accrued_fen,
            written_off=self.written_off_on is not None,
        )


@dataclass(frozen=True, slots=True)
class Sums:
    """A position in totals since the payout, fen."""

    principal_fen: int
    """Lent, less goods returned."""
    principal_paid_fen: int = 0
    interest_paid_fen: int = 0
    fee_paid_fen: int = 0
    penalty_paid_fen: int = 0
    credit_fen: int = 0
    credit_returned_fen: int = 0
    interest_accrued_fen: int = 0
    subsidy_earned_fen: int = 0
    """Of what somebody else pays in the borrower's place."""
    written_off: bool = False

    @property
    def principal_open_fen(self) -> int:
        """Principal not repaid."""
        return self.principal_fen - self.principal_paid_fen

    @property
    def interest_receivable_fen(self) -> int:
        """Accrued and not paid; never below 0."""
        return self.interest_accrued_fen - self.interest_paid_fen

    @property
    def cash_fen(self) -> int:
        """All that the borrower has paid (P6)."""
        return (
            self.principal_paid_fen
            + self.interest_paid_fen
            + self.fee_paid_fen
            + self.penalty_paid_fen
            + self.credit_fen
        )
