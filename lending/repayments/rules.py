"""Pure rules of repayments: what is asked for, and which event money makes of a loan."""

from collections.abc import Sequence
from datetime import date

from lending.engine import life
from lending.engine.allocation import Due
from lending.engine.events import Event, Paid, PaidOff, PartPrepaid
from lending.engine.position import Course, Position
from lending.repayments.errors import NothingToPay
from lending.repayments.model import Quote, What

PART = (What.PART_SHORTER, What.PART_SMALLER)


def asked(terms: Course, position: Position, what: What) -> list[Due]:
    """The debts that a payment of this kind settles on the day of the position, oldest first.

    NEXT: all that is due, or the next instalment in full; paying it early is paying that period's
    interest. PAYOFF: interest stops on the day (R-PREPAY).
    """
    if what is What.PAYOFF:
        return life.payoff_quote(terms, position)
    due = life.dues(position)
    following = life.following(position)
    if due or what is not What.NEXT or following is None:
        return due
    return life.dues(position, following.number)


def quote(terms: Course, position: Position, what: What) -> Quote:
    """What is to be paid, by component.

    Raises NothingToPay.
    """
    dues = asked(terms, position, what)
    if not dues:
        raise NothingToPay
    last = dues[-1].number
    return Quote(
        what=what,
        amount_fen=_sum(dues, "total_fen"),
        principal_fen=_sum(dues, "principal_fen"),
        interest_fen=_sum(dues, "interest_fen"),
        fee_fen=_sum(dues, "fee_fen"),
        penalty_fen=_sum(dues, "penalty_fen"),
        number=last,
        due_date=next(row.due_date for row in position.rows if row.number == last),
    )


def _sum(dues: Sequence[Due], name: str) -> int:
    return sum(getattr(due, name) for due in dues)


def event(what: What, amount_fen: int, *, until_number: int, on: date) -> Event:
    """What happens to the loan when this money is here."""
    if what is What.PAYOFF:
        return PaidOff(on, amount_fen)
    if what in PART:
        return PartPrepaid(on, amount_fen, shorter=what is What.PART_SHORTER)
    return Paid(on, amount_fen, until_number)
