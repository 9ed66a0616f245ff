"""What two people may do to a running loan beside taking money: waive, move, charge, give up."""

from datetime import date
from typing import Any

from lending.compliance import cost_showing
from lending.engine.events import DueDatesMoved, Event, FeeCharged, Waived, WrittenOff
from lending.foundation import business_day, ids
from lending.foundation.database import Tx
from lending.loans import life
from lending.loans import store as loan_store
from lending.loans.life import Recorded
from lending.loans.model import Loan
from lending.repayments.errors import ChargeNotDisclosed, NotOverdue

BY_DAYS = "penalty"
"""The contingent charge that the days themselves bring about; nobody charges it by hand."""


def waive(
    tx: Tx, loan_id: str, *, fee_fen: int = 0, penalty_fen: int = 0, interest_fen: int = 0
) -> Recorded:
    """Stops asking for debts as of today, the oldest first; at most what is open.

    Raises NoSuchLoan, WrongState, EventImpossible naming the part that is too large.
    """
    event = Waived(business_day.today(tx), fee_fen, penalty_fen, interest_fen)
    return _record(tx, life.locked(tx, loan_id), event, "loan.waived")


def move_due_dates(tx: Tx, loan_id: str, first_due: date) -> Recorded:
    """The next instalment falls due on another date; those after it follow.

    Raises NoSuchLoan, WrongState, EventImpossible.
    """
    event = DueDatesMoved(business_day.today(tx), first_due)
    return _record(tx, life.locked(tx, loan_id), event, "loan.due_dates_moved")


def charge(tx: Tx, loan_id: str, *, name: str, amount_fen: int) -> Recorded:
    """Charges a contingent fee that the confirmed cost table names (R-COST-NOTHINGELSE).

    Where the table says an amount, no more than that.

    Raises NoSuchLoan, WrongState, ChargeNotDisclosed, EventImpossible.
    """
    loan = life.locked(tx, loan_id)
    item = next((one for one in contingent(tx, loan) if one["name"] == name), None)
    if item is None or amount_fen > item.get("amount_fen", amount_fen):
        raise ChargeNotDisclosed
    event = FeeCharged(business_day.today(tx), amount_fen)
    return _record(tx, loan, event, "loan.fee_charged")


def write_off(tx: Tx, loan_id: str) -> Recorded:
    """Gives a loan in arrears up in our books; the borrower owes what they owe.

    Raises NoSuchLoan, WrongState, NotOverdue, EventImpossible.
    """
    loan = life.locked(tx, loan_id)
    today = business_day.today(tx)
    if not life.position(tx, loan, today).days_past_due:
        raise NotOverdue
    return _record(tx, loan, WrittenOff(today), "loan.written_off")


def contingent(tx: Tx, loan: Loan) -> list[dict[str, Any]]:
    """The charges by hand that the signed cost table names, as it was confirmed.

    Raises ChargeNotDisclosed when the table that is kept is not the one that was signed.
    """
    signed = loan.terms.cost_table_sha256
    shown = cost_showing.require_confirmed(
        tx,
        loan_store.showing_signed(tx, loan.id),
        application_id=loan.application_id,
        sha256=signed,
    )
    if cost_showing.table_sha256(shown.table) != signed:
        raise ChargeNotDisclosed
    return [item for item in shown.table["contingent"] if item["name"] != BY_DAYS]


def _record(tx: Tx, loan: Loan, event: Event, kind: str) -> Recorded:
    return life.record(tx, loan, event, source_id=ids.new("lev"), kind=kind)
