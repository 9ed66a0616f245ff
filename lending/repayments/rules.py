"""Pure rules of repayments: what is asked for, and which event money makes of a loan."""

from collections.abc import Sequence
from datetime import date

from lending.engine import life
from lending.engine.allocation import Due
from lending.engine.errors import EventImpossible
from lending.engine.events import Paid, PaidOff, PartPrepaid
from lending.engine.position import Course, Position
from lending.repayments.errors import NothingToPay
from lending.repayments.model import Preview, Quote, What

PART = (What.PART_SHORTER, What.PART_SMALLER)
PaidEvent = PaidOff | PartPrepaid | Paid
"""What money makes of a loan."""


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


def event(what: What, amount_fen: int, *, until_number: int, on: date) -> PaidEvent:
    """What happens to the loan when this money is here."""
    if what is What.PAYOFF:
        return PaidOff(on, amount_fen)
    if what in PART:
        return PartPrepaid(on, amount_fen, shorter=what is What.PART_SHORTER)
    return Paid(on, amount_fen, until_number)


def possible(terms: Course, position: Position, wanted: PaidEvent) -> PaidEvent:
    """The event that money which is here makes: what was meant, if the loan still takes it (T20).

    Otherwise (something else closed the loan meanwhile) it pays what is due, and the rest is the
    borrower's credit: money that came is never turned away.
    """
    try:
        life.require_possible(terms, position, wanted)
    except EventImpossible:
        return Paid(wanted.on, wanted.amount_fen)
    return wanted


def preview(terms: Course, position: Position, what: What, amount_fen: int) -> Preview:
    """The loan as it would be after a payment on the day of the position (R-PREPAY).

    A part ahead of its time is `amount_fen`; anything else is what is asked for.

    Raises NothingToPay, EventImpossible.
    """
    until = 0
    if what not in PART:
        asked_for = quote(terms, position, what)
        amount_fen = asked_for.amount_fen
        until = asked_for.number if what is What.NEXT else 0
    wanted = event(what, amount_fen, until_number=until, on=position.on)
    life.require_possible(terms, position, wanted)
    done = life.happen(terms, position, wanted)
    before, after = position.sums(), done.sums()
    interest = after.interest_paid_fen - before.interest_paid_fen
    return Preview(
        what=what,
        amount_fen=amount_fen,
        principal_fen=after.principal_paid_fen - before.principal_paid_fen,
        interest_fen=interest,
        fee_fen=after.fee_paid_fen - before.fee_paid_fen,
        penalty_fen=after.penalty_paid_fen - before.penalty_paid_fen,
        interest_saved_fen=_interest_open(position) - interest - _interest_open(done),
        before=position.rows,
        after=done.rows,
    )


def _interest_open(position: Position) -> int:
    return sum(row.open().interest_fen for row in position.rows)
