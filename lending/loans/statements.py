"""A loan as its borrower sees it: the plan, what is paid of it, what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from lending.engine.ageing import days_past_due
from lending.engine.prepayment import OpenInstalment
from lending.foundation import business_day
from lending.foundation.database import Tx
from lending.loans import rules, service, store
from lending.loans.model import Loan


@dataclass(frozen=True, slots=True)
class Statement:
    """A loan with its present plan."""

    loan: Loan
    rows: tuple[OpenInstalment, ...]
    outstanding_principal_fen: int
    days_past_due: int
    """0 when nothing is overdue."""

    @property
    def following(self) -> OpenInstalment | None:
        """The oldest instalment with anything open; None when all is paid."""
        return next((row for row in self.rows if row.open().total_fen), None)


def statement(tx: Tx, loan_id: str) -> Statement:
    """One loan as it stands today. Before the payout it owes nothing yet: the plan is the signed.

    Raises NoSuchLoan.
    """
    loan = service.loan(tx, loan_id)
    rows = store.instalments_now(tx, loan_id)
    return Statement(
        loan=loan,
        rows=tuple(rows),
        outstanding_principal_fen=rules.outstanding_principal_fen(rows) if loan.start_date else 0,
        days_past_due=_days_past_due(rows, business_day.today(tx)) if loan.start_date else 0,
    )


def of_customers(tx: Tx, customer_ids: Sequence[str]) -> list[Statement]:
    """The loans of these customers, newest first."""
    return [statement(tx, each) for each in store.loan_ids_of_customers(tx, customer_ids)]


def _days_past_due(rows: Sequence[OpenInstalment], on: date) -> int:
    return days_past_due((row.due_date for row in rows if row.open().total_fen), on)
