"""What other funders are told of how a joint loan runs on, so that they can follow it (JOINT-6).

The plan is told as the loan is paid out, and anew with whatever changes it otherwise than payments
of what falls due, the oldest first. With each movement come the loan's totals: whoever lays what
they have risen by on the plan, the oldest instalment first, has the plan as it stands. Amounts are
the whole loan's: each funder's part is that of a running total, never that of a single instalment.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from lending.engine.life import following
from lending.engine.position import Position, Sums
from lending.engine.prepayment import OpenInstalment, interest_earned_fen, period_starts
from lending.loans.model import Loan


def told(
    loan: Loan, position: Position, sums: Sums, before: Sequence[OpenInstalment] = ()
) -> dict[str, Any]:
    """What is told with a movement; `before` is the plan as it was, empty where none was told.

    `sums` is how the lenders' books have the loan.
    """
    oldest = following(position)
    is_as_told = (
        position.written_off_on is None
        and position.claim is None
        and len(before) == len(position.rows)
        and all(map(_same, before, position.rows))
        and _oldest_first(before, position.rows)
    )
    return {
        "loan_principal_paid_fen": sums.principal_paid_fen,
        "loan_interest_paid_fen": sums.interest_paid_fen,
        "oldest_due": oldest.due_date.isoformat() if oldest else None,
        "plan": None if is_as_told else _plan(loan, position, sums),
    }


def _same(was: OpenInstalment, now: OpenInstalment) -> bool:
    return (
        was.due_date == now.due_date
        and was.principal_fen == now.principal_fen
        and was.interest_fen == now.interest_fen
        and was.earns_from == now.earns_from
        and was.earned_before_fen == now.earned_before_fen
    )


def _oldest_first(before: Sequence[OpenInstalment], after: Sequence[OpenInstalment]) -> bool:
    """Whether more was paid, if anything, and nothing while an older instalment stayed open."""
    principal_open = interest_open = False
    for was, now in zip(before, after, strict=True):
        principal_fen = now.principal_paid_fen - was.principal_paid_fen
        interest_fen = now.interest_paid_fen - was.interest_paid_fen
        if principal_fen < 0 or (principal_fen and principal_open):
            return False
        if interest_fen < 0 or (interest_fen and interest_open):
            return False
        principal_open = principal_open or now.principal_paid_fen < now.principal_fen
        interest_open = interest_open or now.interest_paid_fen < now.interest_fen
    return True


def _plan(loan: Loan, position: Position, sums: Sums) -> dict[str, Any]:
    """The open instalments; all interest that belongs to no open one is `settled_interest_fen`."""
    rows = open_rows(position, sums)
    still_earning_fen = sum(
        max(interest_earned_fen(row, begin, position.on, position.rounding), row.interest_paid_fen)
        for row, begin in rows
    )
    return {
        "settled_interest_fen": sums.interest_accrued_fen - still_earning_fen,
        "rounding": position.rounding,
        "principal_weights": [share.weight for share in loan.terms.shares],
        "income_weights": [share.income for share in loan.terms.shares],
        "instalments": [
            {
                "due_date": row.due_date.isoformat(),
                "principal_open_fen": row.principal_fen - row.principal_paid_fen,
                "interest_fen": row.interest_fen,
                "interest_paid_fen": row.interest_paid_fen,
                "earns_from": (row.earns_from or begin).isoformat(),
                "earned_before_fen": row.earned_before_fen,
            }
            for row, begin in rows
        ],
    }


def open_rows(position: Position, sums: Sums) -> list[tuple[OpenInstalment, date]]:
    """Instalments with principal or interest open, each with the day on which its period begins.

    A loan that is given up expects none. Once a guarantor has paid, what is left is due at once.
    """
    oldest = following(position)
    if position.written_off_on is not None or oldest is None:
        return []
    if position.claim is not None:
        owed_fen = sums.interest_receivable_fen
        left = OpenInstalment(
            oldest.number,
            oldest.due_date,
            sums.principal_open_fen,
            owed_fen,
            0,
            earned_before_fen=owed_fen,
        )
        return [(left, position.start)] if sums.principal_open_fen or owed_fen else []
    begins = period_starts(position.rows, position.start)
    return [
        (row, begin)
        for row, begin in zip(position.rows, begins, strict=True)
        if row.principal_fen > row.principal_paid_fen or row.interest_fen > row.interest_paid_fen
    ]
