"""What moves the fake lender's shares, its clearing, and the three files of a day."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Optional

from cf_partner_sdk import (
    Clearing,
    ClearingState,
    MovementType,
    PlannedInstalment,
    Share,
    ShareClosing,
    ShareDue,
    ShareMovement,
    SharePlan,
    SharePosition,
    ShareState,
    Statement,
    StatementKind,
    StatementSpan,
    StatementSum,
)
from cf_partner_sdk._rounding import half_up

from .wire import rfc3339

if TYPE_CHECKING:
    from .book import Book
    from .clock import FakeClock

FUNDER = "ptn_funder"
EVENTS = {
    "loan.paid_out": "share.active",
    "loan.repaid": "share.repaid",
    "loan.written_off": "share.written_off",
}
COLUMNS = (
    *("line", "business_date", "booked_at", "type", "amount_fen", "balance_fen", "loan_id"),
    *("movement", "source_id", "happened_on", "clearing_id"),
)
NOT_REPAID = ("loan.paid_out", "loan.goods_returned")
"""What makes the loan larger or smaller, and is no payment of the borrower."""
MONTH = timedelta(days=30)


@dataclass
class Standing:
    """How a share stands by what has moved it."""

    principal_fen: int = 0
    principal_paid_fen: int = 0
    interest_paid_fen: int = 0
    service_fee_fen: int = 0
    written_off: bool = False
    bucket: str = "M0"
    grade: str = "normal"
    start: Optional[date] = None
    """Of the plan; None before the payout."""
    periods: int = 1
    late_since: Optional[date] = None
    """Where it was let be late: the due date from which."""
    movements: int = 0

    @property
    def open_fen(self) -> int:
        """Principal that the borrower still owes."""
        return self.principal_fen - self.principal_paid_fen

    @property
    def oldest_due(self) -> Optional[date]:
        """When the oldest open instalment falls due."""
        due = self.due()
        return self.late_since or due[0][0] if due else None

    def due(self) -> list[tuple[date, int]]:
        """Return what is open by due date: equal parts every 30 days, the oldest paid first."""
        found, paid_fen = list[tuple[date, int]](), self.principal_paid_fen
        for at in range(self.periods if self.start is not None else 0):
            ends = [self.principal_fen * each // self.periods for each in (at, at + 1)]
            left = max(ends[1], paid_fen) - max(ends[0], paid_fen)
            if left and self.start is not None:
                found.append((self.start + (at + 1) * MONTH, left))
        return found

    def plan(self) -> SharePlan:
        """Return how the loan runs on, as if all of it were the funder's."""
        rows = () if self.written_off else self.due()
        weights = (0, 10_000)
        return SharePlan(
            place=2,
            principal_weights=weights,
            income_weights=weights,
            rounding="half-up",
            settled_interest_fen=self.interest_paid_fen,
            instalments=tuple(PlannedInstalment(on, fen, 0, 0, on, 0) for on, fen in rows),
        )


class ShareDays:
    """The funder's account with the lender, day by day."""

    def __init__(self, clock: FakeClock, book: Book, shares: Mapping[str, Share]) -> None:
        self._clock, self._book, self._shares = clock, book, shares
        self._standings: dict[str, Standing] = {}
        self._rows: list[dict[str, Any]] = []
        self._owed_before_fen = 0

    @property
    def owed_fen(self) -> int:
        """What the lender owes the funder now, and has not cleared."""
        return self._owed_before_fen + sum(int(row["amount_fen"]) for row in self._rows)

    def standing(self, share_id: str) -> Standing:
        """Return how a share stands."""
        return self._standings.setdefault(share_id, Standing())

    def book(
        self,
        share: Share,
        kind: str,
        *,
        principal_fen: int = 0,
        interest_fen: int = 0,
        funded_fen: int = 0,
    ) -> None:
        """Book what happened to the loan of a share, and tell of it."""
        assert share.loan is not None
        stands, today = self.standing(share.id), self._clock.business_date()
        stands.movements += 1
        stands.start, stands.periods = stands.start or today, share.loan.periods
        if kind in NOT_REPAID:
            stands.principal_fen -= principal_fen
        else:
            stands.principal_paid_fen += principal_fen
        stands.interest_paid_fen += interest_fen
        stands.written_off = stands.written_off or kind == "loan.written_off"
        fee = -half_up(stands.interest_paid_fen * share.service_fee_rate)
        service_fee_fen, stands.service_fee_fen = fee - stands.service_fee_fen, fee
        told = ShareMovement(
            share_id=share.id,
            loan_id=share.loan.id,
            kind=kind,
            source_id=self._book.new_id("rep"),
            happened_on=today,
            principal_fen=principal_fen,
            interest_fen=interest_fen,
            fee_fen=0,
            penalty_fen=0,
            service_fee_fen=service_fee_fen,
            funded_fen=funded_fen,
            due_fen=principal_fen + interest_fen + service_fee_fen + funded_fen,
            principal_open_fen=stands.open_fen,
            business_date=today,
            number=stands.movements,
            loan_principal_paid_fen=stands.principal_paid_fen,
            loan_interest_paid_fen=stands.interest_paid_fen,
            oldest_due=stands.oldest_due,
            plan=stands.plan(),
        )
        for type_, fen in told.by_type().items():
            self._row(type_, fen, told.loan_id, kind, told.source_id)
        is_recovered = stands.written_off and kind == "loan.repaid"
        event = "share.recovered" if is_recovered else EVENTS.get(kind, "share.changed")
        self._book.tell(event, told, share.id)

    def close(self, share: Share) -> None:
        """Tell that nothing is owed on a share any more."""
        assert share.loan is not None
        told = ShareClosing(share.id, share.loan.id, self._clock.business_date())
        self._book.tell("share.closed", told, share.id)

    def clear(self) -> Clearing:
        """Clear what is owed: the lender pays at once, or has the funder's money at once.

        Raises ValueError where nothing is owed.
        """
        amount_fen, today = self.owed_fen, self._clock.business_date()
        if not amount_fen:
            raise ValueError("nothing is owed")
        states = (
            (ClearingState.HELD, ClearingState.PAID)
            if amount_fen > 0
            else (ClearingState.EXPECTED, ClearingState.RECEIVED)
        )
        names = {ClearingState.HELD: "made"}
        clearing_id = self._book.new_id("clr")
        for state in states:
            told = Clearing(clearing_id, today, state, amount_fen, principal_fen=amount_fen)
            self._book.tell(f"clearing.{names.get(state, state.value)}", told, FUNDER)
        self._row(MovementType.CLEARED, -amount_fen, "", "clearing", clearing_id)
        return told

    def end(self) -> tuple[Statement, Statement, Statement]:
        """Make the three files of the date, tell of each, and go on to the next date."""
        day, began = self._clock.business_date(), self._owed_before_fen
        rows = [{**row, "line": line} for line, row in enumerate(self._rows, 1)]
        balance = began
        for row in rows:
            balance += row["amount_fen"]
            row["balance_fen"] = balance
        positions, dues = self._positions(), self._dues()
        made = (
            self._statement(StatementKind.SHARE_MOVEMENTS, COLUMNS, rows, began, balance),
            self._picture(StatementKind.SHARE_POSITIONS, SharePosition, positions),
            self._picture(StatementKind.SHARE_FORECAST, ShareDue, dues),
        )
        self._owed_before_fen, self._rows = balance, []
        self._clock.advance(timedelta(days=1))
        assert self._clock.business_date() > day
        return made

    def _row(
        self, kind: MovementType, fen: int, loan_id: str, movement: str, source_id: str
    ) -> None:
        today = self._clock.business_date().isoformat()
        self._rows.append(
            {
                "business_date": today,
                "booked_at": rfc3339(self._clock.now()),
                "type": kind.value,
                "amount_fen": fen,
                "loan_id": loan_id,
                "movement": movement,
                "source_id": source_id,
                "happened_on": today,
                "clearing_id": "" if loan_id else source_id,
            }
        )

    def _running(self) -> Iterable[tuple[Share, Standing]]:
        for share in self._shares.values():
            if share.state is ShareState.ACTIVE:
                yield share, self.standing(share.id)

    def _positions(self) -> list[SharePosition]:
        found, balance, today = list[SharePosition](), 0, self._clock.business_date()
        following = today + timedelta(days=1)
        for line, (share, stands) in enumerate(self._running(), 1):
            assert share.loan is not None
            assert share.loan.start_date is not None
            amount_fen = 0 if stands.written_off else stands.open_fen
            balance += amount_fen
            due = stands.oldest_due
            found.append(
                SharePosition(
                    line=line,
                    business_date=today,
                    type="written_off" if stands.written_off else stands.grade,
                    amount_fen=amount_fen,
                    balance_fen=balance,
                    loan_id=share.loan.id,
                    product_code=share.product_code or "",
                    start_date=share.loan.start_date,
                    share_bp=int(share.share_rate * 10_000),
                    principal_fen=stands.principal_fen,
                    principal_paid_fen=stands.principal_paid_fen,
                    interest_accrued_fen=stands.interest_paid_fen,
                    interest_paid_fen=stands.interest_paid_fen,
                    days_past_due=max(0, (following - due).days) if due else 0,
                    bucket=stands.bucket,
                    due_date=due,
                )
            )
        return found

    def _dues(self) -> list[ShareDue]:
        """All that is open, by when it falls due."""
        today, balance = self._clock.business_date(), 0
        due, found = Counter[date](), list[ShareDue]()
        for _, stands in self._running():
            due.update(dict(() if stands.written_off else stands.due()))
        for line, (on, fen) in enumerate(sorted(due.items()), 1):
            balance += fen
            found.append(ShareDue(line, today, "principal_due", fen, balance, on))
        return found

    def _picture(self, kind: StatementKind, made: type[Any], rows: Sequence[Any]) -> Statement:
        names = [one.name for one in fields(made)]
        plain = [dict(zip(names, map(_cell, astuple(row)))) for row in rows]
        return self._statement(kind, names, plain, 0, rows[-1].balance_fen if rows else 0)

    def _statement(
        self,
        kind: StatementKind,
        columns: Sequence[str],
        rows: Sequence[Mapping[str, Any]],
        opening_fen: int,
        closing_fen: int,
    ) -> Statement:
        text = io.StringIO(newline="")
        lines = csv.DictWriter(text, columns, lineterminator="\r\n")
        lines.writeheader()
        lines.writerows(rows)
        file, day = text.getvalue().encode("utf-8"), self._clock.business_date()
        types = dict.fromkeys(row["type"] for row in rows)
        made = Statement(
            id=self._book.new_id("stm"),
            kind=kind,
            span=StatementSpan.DAY,
            period=day.isoformat(),
            period_start=day,
            period_end=day,
            rows=len(rows),
            sums=tuple(_sum(name, rows) for name in types),
            opening_balance_fen=opening_fen,
            closing_balance_fen=closing_fen,
            size_bytes=len(file),
            sha256=hashlib.sha256(file).hexdigest(),
            made_at=self._clock.now(),
        )
        self._book.statements.kept[made.id] = made
        self._book.statements.files[made.id] = file
        self._book.tell("statement.ready", made, made.id)
        return made


def _sum(name: str, rows: Sequence[Mapping[str, Any]]) -> StatementSum:
    fen = [row["amount_fen"] for row in rows if row["type"] == name]
    return StatementSum(MovementType(name), len(fen), sum(fen))


def _cell(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
