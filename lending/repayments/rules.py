"""Pure rules of repayments: what is asked for, and which entry money received makes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from lending.engine.allocation import Allocation, Due
from lending.engine.prepayment import OpenInstalment, payoff
from lending.ledger.chart import Code
from lending.ledger.model import Account, Leg, credit, debit
from lending.loans.model import Loan
from lending.loans.rules import exposure_relief
from lending.repayments.errors import NothingToPay
from lending.repayments.model import Quote, What


def asked(rows: Sequence[OpenInstalment], what: What, *, start: date, on: date) -> list[Due]:
    """The debts that a payment of this kind settles, oldest first.

    NEXT: all that is overdue, or the next instalment in full; paying it early is paying that
    period's interest. PAYOFF: interest stops on the day (R-PREPAY).
    """
    if what is What.PAYOFF:
        return payoff(rows, start, on)
    dues = [row.open() for row in rows if row.due_date <= on]
    open_dues = [due for due in dues if due.total_fen]
    if open_dues:
        return open_dues
    return [due for due in (row.open() for row in rows) if due.total_fen][:1]


def quote(rows: Sequence[OpenInstalment], what: What, *, start: date, on: date) -> Quote:
    """What is to be paid today, by component.

    Raises NothingToPay.
    """
    dues = asked(rows, what, start=start, on=on)
    if not dues:
        raise NothingToPay
    last = dues[-1].number
    return Quote(
        what=what,
        amount_fen=sum(due.total_fen for due in dues),
        principal_fen=sum(due.principal_fen for due in dues),
        interest_fen=sum(due.interest_fen for due in dues),
        fee_fen=sum(due.fee_fen for due in dues),
        penalty_fen=sum(due.penalty_fen for due in dues),
        number=last,
        due_date=next(row.due_date for row in rows if row.number == last),
    )


def receipt_legs(loan: Loan, amount_fen: int, cut: Allocation) -> tuple[Leg, ...]:
    """The one entry of money received: bank, each component, excess to the borrower's credit.

    P6: the components and the excess sum to the amount.
    """
    return (
        debit(Account(Code.BANK_SETTLEMENT), amount_fen),
        credit(Account(Code.LOAN_PRINCIPAL, loan.id), cut.principal_fen),
        credit(Account(Code.INTEREST_INCOME), cut.interest_fen),
        credit(Account(Code.FEE_INCOME), cut.fee_fen),
        credit(Account(Code.PENALTY_INCOME), cut.penalty_fen),
        credit(Account(Code.BORROWER_CREDIT, loan.customer_id), cut.left_over_fen),
        *exposure_relief(loan.customer_id, cut.principal_fen),
    )


def closed_early(rows: Sequence[OpenInstalment], dues: Sequence[Due]) -> list[OpenInstalment]:
    """The plan of a loan that was paid off: interest and fees not asked for are taken out."""
    asked_for = {due.number: due for due in dues}
    shrunk = []
    for row in rows:
        due = asked_for.get(row.number)
        shrunk.append(
            replace(
                row,
                interest_fen=row.interest_paid_fen + (due.interest_fen if due else 0),
                fee_fen=row.fee_paid_fen + (due.fee_fen if due else 0),
            )
        )
    return shrunk
