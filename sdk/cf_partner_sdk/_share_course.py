"""How a joint loan runs on after the last that was told of it: what is due, what is earned.

Amounts of instalments are the whole loan's. A funder's part is that of a running total: the first
lender's is cut half up, the second's from what that leaves, and the last has the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Optional

from ._rounding import HALF_UP, rounded
from ._share_models import PlannedInstalment, ShareMovement, SharePlan


@dataclass(frozen=True)
class Course:
    """The plan as the last movement left it."""

    plan: SharePlan
    principal_paid_fen: int
    interest_paid_fen: int
    """Of the whole loan, in all."""

    def due(self) -> Iterator[tuple[date, int, int]]:
        """Go through due dates: the funder's part of principal and of interest still open."""
        principal_fen, interest_fen = self.principal_paid_fen, self.interest_paid_fen
        for row in self.plan.instalments:
            principal_to = principal_fen + row.principal_open_fen
            interest_to = interest_fen + row.interest_fen - row.interest_paid_fen
            yield (
                row.due_date,
                self._principal(principal_to) - self._principal(principal_fen),
                self._income(interest_to) - self._income(interest_fen),
            )
            principal_fen, interest_fen = principal_to, interest_to

    def interest_accrued_fen(self, on: date) -> int:
        """Return the funder's part of all interest that the loan has earned until a day begins."""
        rounding = self.plan.rounding
        earned = (
            max(_earned_fen(row, on, rounding), row.interest_paid_fen)
            for row in self.plan.instalments
        )
        return self._income(self.plan.settled_interest_fen + sum(earned))

    def _principal(self, total_fen: int) -> int:
        return _part(total_fen, self.plan.principal_weights, self.plan.place)

    def _income(self, total_fen: int) -> int:
        return _part(total_fen, self.plan.income_weights, self.plan.place)


def followed(course: Optional[Course], movement: ShareMovement) -> Optional[Course]:
    """Return the course after a movement; None where no plan was ever told."""
    principal, interest = movement.loan_principal_paid_fen, movement.loan_interest_paid_fen
    if principal is None or interest is None:
        return None
    if movement.plan is not None:
        return Course(movement.plan, principal, interest)
    if course is None:
        return None
    principal_fen = principal - course.principal_paid_fen
    interest_fen = interest - course.interest_paid_fen
    rows = []
    for row in course.plan.instalments:
        principal_part = min(principal_fen, row.principal_open_fen)
        interest_part = min(interest_fen, row.interest_fen - row.interest_paid_fen)
        principal_fen, interest_fen = principal_fen - principal_part, interest_fen - interest_part
        rows.append(
            replace(
                row,
                principal_open_fen=row.principal_open_fen - principal_part,
                interest_paid_fen=row.interest_paid_fen + interest_part,
            )
        )
    return Course(replace(course.plan, instalments=tuple(rows)), principal, interest)


def _earned_fen(row: PlannedInstalment, on: date, rounding: str) -> int:
    """Return the interest that an instalment has earned until a day begins."""
    rest = row.interest_fen - row.earned_before_fen
    if on >= row.due_date or not rest:
        return row.interest_fen
    days = max(0, (on - row.earns_from).days)
    return row.earned_before_fen + rounded(
        rest * days, (row.due_date - row.earns_from).days, rounding
    )


def _part(total_fen: int, weights: Sequence[int], place: int) -> int:
    """Return one lender's part of a running total."""
    left, weight_left = total_fen, sum(weights)
    for weight in weights[: place - 1]:
        left, weight_left = left - _cut(left, weight, weight_left), weight_left - weight
    return left if place == len(weights) else _cut(left, weights[place - 1], weight_left)


def _cut(total_fen: int, weight: int, whole: int) -> int:
    return rounded(total_fen * weight, whole, HALF_UP) if whole else 0
