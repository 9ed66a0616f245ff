"""What a funder's events say of each of its loans at the end of a date."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Optional

from ._models import Event
from ._share_course import Course, followed
from ._share_events import (
    ClearingPaid,
    ClearingReceived,
    ShareClosed,
    ShareEvent,
    ShareLate,
    ShareMoved,
)
from ._share_models import ShareLateness, ShareMovement

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
    oldest_due: Optional[date] = None
    moved_on: Optional[date] = None
    """The date of the last movement."""
    course: Optional[Course] = None
    """None where no plan was told."""

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
        self.course = followed(self.course, movement)
        self.oldest_due, self.moved_on = movement.oldest_due, movement.business_date
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

    def be_late(self, lateness: ShareLateness) -> None:
        """Book how late it is; what has moved it since tells better what is oldest."""
        self.bucket, self.grade = lateness.bucket, lateness.grade
        if self.moved_on is None or lateness.happened_on > self.moved_on:
            self.oldest_due = lateness.oldest_due or self.oldest_due

    def told(self, following: date) -> dict[str, Any]:
        """Return what a row of positions has to say as the following date begins, by column."""
        runs = {}
        if self.course is not None:
            late = (following - self.oldest_due).days if self.oldest_due is not None else 0
            runs = {
                "interest_accrued_fen": self.course.interest_accrued_fen(following),
                "due_date": self.oldest_due,
                "days_past_due": max(0, late),
            }
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
            **runs,
        }


class Fold:
    """All events up to the end of a date, each once."""

    def __init__(self, events: Iterable[Event], day: date) -> None:
        self.following = day + timedelta(days=1)
        self.movements: list[ShareMovement] = []
        self.cleared: dict[str, int] = {}
        self.loans: dict[str, LoanFold] = {}
        late: list[ShareLate] = []
        moved: list[ShareMovement] = []
        for event in {event.id: event for event in events}.values():
            if isinstance(event, ShareMoved):
                moved.append(event.movement)
            elif isinstance(event, (ClearingPaid, ClearingReceived)):
                self.cleared[event.clearing.id] = event.clearing.amount_fen
            elif isinstance(event, ShareClosed):
                self._loan(event.closing.loan_id).closed = True
            elif isinstance(event, ShareEvent) and event.share.loan is not None:
                loan = self._loan(event.share.loan.id)
                loan.share_bp = int(event.share.share_rate * 10_000)
            elif isinstance(event, ShareLate):
                late.append(event)
        for movement in sorted(moved, key=lambda one: one.number or 0):
            self._move(movement, day)
        for told in sorted(late, key=lambda one: (one.lateness.happened_on, one.created_at)):
            if told.lateness.happened_on <= self.following:
                self._loan(told.lateness.loan_id).be_late(told.lateness)

    def _move(self, movement: ShareMovement, day: date) -> None:
        self.movements.append(movement)
        if movement.business_date is not None and movement.business_date <= day:
            self._loan(movement.loan_id).take(movement)

    def _loan(self, loan_id: str) -> LoanFold:
        return self.loans.setdefault(loan_id, LoanFold())
