"""What a funder's events say of each of its loans at the end of a date."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Optional

from ._models import Event
from ._share_events import (
    ClearingPaid,
    ClearingReceived,
    ShareClosed,
    ShareEvent,
    ShareLate,
    ShareMoved,
)
from ._share_models import ShareMovement

PAID_OUT, RETURNED, WRITTEN_OFF = "loan.paid_out", "loan.goods_returned", "loan.written_off"


@dataclass
class LoanFold:
    """One loan as the events have it; amounts are the funder's part."""

    start_date: Optional[date] = None
    share_bp: Optional[int] = None
    principal_fen: int = 0
    principal_paid_fen: int = 0
    interest_paid_fen: int = 0
    written_off: bool = False
    closed: bool = False
    bucket: str = "M0"
    grade: str = "normal"

    @property
    def open_fen(self) -> int:
        """Principal that the borrower still owes."""
        return self.principal_fen - self.principal_paid_fen

    @property
    def is_over(self) -> bool:
        """Whether the lender lists it no more: nothing is owed, or it never began."""
        return self.start_date is None or (self.closed and not self.open_fen)

    def take(self, movement: ShareMovement) -> None:
        """Book a movement."""
        if movement.kind == PAID_OUT:
            self.start_date = movement.happened_on
            self.principal_fen -= movement.principal_fen
            return
        self.interest_paid_fen += movement.interest_fen
        self.written_off = self.written_off or movement.kind == WRITTEN_OFF
        if movement.kind == RETURNED:
            self.principal_fen -= movement.principal_fen
        else:
            self.principal_paid_fen += movement.principal_fen

    def told(self) -> dict[str, Any]:
        """Return what a row of positions has to say, by column."""
        share = {} if self.share_bp is None else {"share_bp": self.share_bp}
        return {
            "type": "written_off" if self.written_off else self.grade,
            "amount_fen": 0 if self.written_off else self.open_fen,
            "start_date": self.start_date,
            **share,
            "principal_fen": self.principal_fen,
            "principal_paid_fen": self.principal_paid_fen,
            "interest_paid_fen": self.interest_paid_fen,
            "bucket": self.bucket,
        }


class Fold:
    """All events up to the end of a date, each once."""

    def __init__(self, events: Iterable[Event], day: date) -> None:
        self.movements: list[ShareMovement] = []
        self.cleared: dict[str, int] = {}
        self.loans: dict[str, LoanFold] = {}
        late: list[ShareLate] = []
        for event in {event.id: event for event in events}.values():
            if isinstance(event, ShareMoved):
                self._move(event.movement, day)
            elif isinstance(event, (ClearingPaid, ClearingReceived)):
                self.cleared[event.clearing.id] = event.clearing.amount_fen
            elif isinstance(event, ShareClosed):
                self._loan(event.closing.loan_id).closed = True
            elif isinstance(event, ShareEvent) and event.share.loan is not None:
                loan = self._loan(event.share.loan.id)
                loan.share_bp = int(event.share.share_rate * 10_000)
            elif isinstance(event, ShareLate):
                late.append(event)
        for event in sorted(late, key=lambda one: (one.lateness.happened_on, one.created_at)):
            if event.lateness.happened_on <= day + timedelta(days=1):  # as of the date that follows
                loan = self._loan(event.lateness.loan_id)
                loan.bucket, loan.grade = event.lateness.bucket, event.lateness.grade

    def _move(self, movement: ShareMovement, day: date) -> None:
        self.movements.append(movement)
        if movement.business_date is not None and movement.business_date <= day:
            self._loan(movement.loan_id).take(movement)

    def _loan(self, loan_id: str) -> LoanFold:
        return self.loans.setdefault(loan_id, LoanFold())
