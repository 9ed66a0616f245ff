"""What a partner that brought a loan hears of how it is repaid: late, cured, settled."""

from datetime import date

from lending.engine.ageing import bucket
from lending.engine.position import Position
from lending.foundation.database import Tx
from lending.foundation.spans import Span
from lending.loans import lateness_store as store
from lending.loans.model import Loan, LoanState
from lending.loans.service import tell

FOLLOWED = ("assisted_lending",)
"""Scenarios that take the news `overdue`, `cured`, `settled` and `reopened` of a loan."""


def warn(tx: Tx, span: Span, following: date) -> int:
    """News of each loan that is late, or late by another stage, than was told; of how many."""
    return store.tell_late(tx, span, following, scenarios=FOLLOWED)


def follow(tx: Tx, loan: Loan, after: Position) -> None:
    """News of a loan that something happened to: late no more, over, or running again.

    `loan` is as it was before. Of one that nobody was told to be late, nobody hears that it is not.
    """
    if loan.scenario not in FOLLOWED:
        return
    was_over = loan.state is LoanState.SETTLED
    if after.is_closed != was_over:
        store.forget(tx, loan.id)
        _tell(tx, loan, "settled" if after.is_closed else "reopened", after)
    elif not after.is_closed and after.days_past_due == 0 and store.forget(tx, loan.id):
        _tell(tx, loan, "cured", after)


def _tell(tx: Tx, loan: Loan, kind: str, after: Position) -> None:
    late = after.days_past_due
    detail: dict[str, object] = {
        "loan_id": loan.id,
        "business_date": after.on.isoformat(),
        "days_past_due": late,
        "stage": bucket(late),
        "outstanding_principal_fen": after.principal_open_fen,
    }
    tell(tx, loan.scenario, loan.subject, kind, detail)
