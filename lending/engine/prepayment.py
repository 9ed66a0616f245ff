"""Paying a loan off before its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from lending.engine.allocation import Due
from lending.foundation.money import portion


@dataclass(frozen=True, slots=True)
class OpenInstalment:
    """An instalment of a running plan with what has been paid on it."""

    number: int
    due_date: date
    principal_fen: int
    interest_fen: int
    fee_fen: int
    penalty_fen: int = 0
    principal_paid_fen: int = 0
    interest_paid_fen: int = 0
    fee_paid_fen: int = 0
    penalty_paid_fen: int = 0

    def open(self) -> Due:
        """What is still to be paid."""
        return Due(
            number=self.number,
            fee_fen=self.fee_fen - self.fee_paid_fen,
            penalty_fen=self.penalty_fen - self.penalty_paid_fen,
            interest_fen=self.interest_fen - self.interest_paid_fen,
            principal_fen=self.principal_fen - self.principal_paid_fen,
        )


def interest_earned_fen(row: OpenInstalment, period_start: date, on: date) -> int:
    """The interest of a running instalment up to a day: by days of its period, half up.

    Nothing before the period begins, all of it from the due date on; additive in time (P3), since
    the running total is rounded and not the single day.
    """
    if on >= row.due_date:
        return row.interest_fen
    days = max(0, (on - period_start).days)
    return portion(row.interest_fen, days, (row.due_date - period_start).days)


def payoff(rows: Sequence[OpenInstalment], start: date, on: date) -> list[Due]:
    """What closes the loan exactly on a day (P9, R-PREPAY): interest stops that day.

    What is due stays due in full; of the running period the interest earned so far is asked for;
    of later ones the principal alone. Fees not yet due are not asked for.
    """
    dues, period_start = [], start
    for row in sorted(rows, key=lambda one: one.number):
        due = row.open()
        if row.due_date > on:
            earned = interest_earned_fen(row, period_start, on)
            due = Due(
                number=due.number,
                fee_fen=0,
                penalty_fen=due.penalty_fen,
                interest_fen=max(0, earned - row.interest_paid_fen),
                principal_fen=due.principal_fen,
            )
        period_start = row.due_date
        if due.total_fen:
            dues.append(due)
    return dues
