"""How a loan began, and how it stands."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from lending.engine.ageing import days_past_due
from lending.engine.prepayment import OpenInstalment, interest_earned_fen, period_starts
from lending.foundation.money import HALF_UP


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
    rounding: str = HALF_UP
    """By which everything that happens to the loan is rounded, as its plan was."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a guarantor has paid for a loan, and what had been repaid by then, fen."""

    on: date
    paid_fen: int
    """In all, also beyond what was owed."""
    principal_fen: int
    interest_fen: int
    penalty_fen: int
    principal_before_fen: int
    interest_before_fen: int
    penalty_before_fen: int


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
    claim: Claim | None = None
    """Once a guarantor has paid: the loan earns nothing after, and no penalty counts."""
    rounding: str = HALF_UP
    """The course's."""

    @property
    def principal_open_fen(self) -> int:
        """Principal not repaid."""
        return sum(row.principal_fen - row.principal_paid_fen for row in self.rows)

    @property
    def interest_accrued_fen(self) -> int:
        """Interest that belongs to the time until `on`, and what was paid ahead of it (P3)."""
        earned = self.earned_at_write_off_fen or self.earned_by_row()
        return sum(
            max(fen, row.interest_paid_fen) for row, fen in zip(self.rows, earned, strict=True)
        )

    def earned_by_row(self) -> tuple[int, ...]:
        """The interest that each instalment has earned until `on`."""
        begins = period_starts(self.rows, self.start)
        return tuple(
            interest_earned_fen(row, begin, self.on, self.rounding)
            for row, begin in zip(self.rows, begins, strict=True)
        )

    @property
    def days_past_due(self) -> int:
        """0 when nothing is overdue (P13)."""
        return days_past_due((row.due_date for row in self.rows if row.is_open), self.on)

    @property
    def is_closed(self) -> bool:
        """Whether nothing is open any more."""
        return not any(row.is_open for row in self.rows)

    def sums(self) -> "Sums":
        """What the ledger has to know of it."""
        sums = Sums(
            principal_fen=sum(row.principal_fen for row in self.rows),
            principal_paid_fen=sum(row.principal_paid_fen for row in self.rows),
            interest_paid_fen=sum(row.interest_paid_fen for row in self.rows),
            fee_paid_fen=sum(row.fee_paid_fen for row in self.rows),
            penalty_paid_fen=sum(row.penalty_paid_fen for row in self.rows),
            credit_fen=self.credit_fen,
            credit_returned_fen=self.credit_returned_fen,
            interest_accrued_fen=self.interest_accrued_fen,
            written_off=self.written_off_on is not None,
            guarantee_fee_paid_fen=sum(row.guarantee_fee_paid_fen for row in self.rows),
        )
        return self._claimed(sums, self.claim) if self.claim else sums

    def _claimed(self, sums: "Sums", claim: Claim) -> "Sums":
        """What the guarantor has paid, and what of it is still owed to it: it is repaid first."""
        penalty_open = sum(row.open().penalty_fen for row in self.rows)
        back = (
            min(claim.principal_fen, sums.principal_paid_fen - claim.principal_before_fen),
            min(claim.interest_fen, sums.interest_paid_fen - claim.interest_before_fen),
            min(claim.penalty_fen, sums.penalty_paid_fen - claim.penalty_before_fen),
        )
        return replace(
            sums,
            claimed_fen=claim.paid_fen,
            principal_recovered_fen=back[0],
            interest_recovered_fen=back[1],
            guarantor_principal_fen=min(claim.principal_fen - back[0], sums.principal_open_fen),
            guarantor_interest_fen=min(claim.interest_fen - back[1], sums.interest_receivable_fen),
            guarantor_penalty_fen=min(claim.penalty_fen - back[2], penalty_open),
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
    guarantee_fee_paid_fen: int = 0
    """Of the fees paid: the guarantor's."""
    claimed_fen: int = 0
    """Paid by a guarantor, in all."""
    principal_recovered_fen: int = 0
    interest_recovered_fen: int = 0
    """Repaid since by the borrower of what the guarantor paid: the guarantor's."""
    guarantor_principal_fen: int = 0
    guarantor_interest_fen: int = 0
    guarantor_penalty_fen: int = 0
    """Of what is open: owed to the guarantor, and not to the lender."""
    commission_received_fen: int = 0
    """What a platform's commission is a part of."""
    commission_fen: int = 0
    """What the platform has earned."""
    commission_is_bad: bool = False
    """Whether the loan has gone bad in the time in which a part is given back."""
    guarantee_cost_fen: int = 0
    """What the lender owes the guarantor for its guarantee."""

    @property
    def principal_open_fen(self) -> int:
        """Principal not repaid."""
        return self.principal_fen - self.principal_paid_fen

    @property
    def interest_receivable_fen(self) -> int:
        """Accrued and not paid; never below 0."""
        return self.interest_accrued_fen - self.interest_paid_fen

    def of_lender(self) -> "Sums":
        """The same as the lender's books see it.

        What the guarantor paid has come back to it; what the borrower repays of that, and the
        guarantor's own fee, are not its own.
        """
        return replace(
            self,
            principal_paid_fen=self.principal_paid_fen + self.guarantor_principal_fen,
            interest_paid_fen=self.interest_paid_fen + self.guarantor_interest_fen,
            penalty_paid_fen=self.penalty_paid_fen + self.guarantor_penalty_fen,
            fee_paid_fen=self.fee_paid_fen - self.guarantee_fee_paid_fen,
        )

    @property
    def guarantor_open_fen(self) -> int:
        """What the borrower owes to the guarantor."""
        return (
            self.guarantor_principal_fen + self.guarantor_interest_fen + self.guarantor_penalty_fen
        )

    @property
    def guarantor_due_fen(self) -> int:
        """What the guarantor is to have back, in all: what it paid and the borrower owes no more.

        P17: with what is still owed to it, it is what it paid, to the fen.
        """
        return self.claimed_fen - self.guarantor_open_fen

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
