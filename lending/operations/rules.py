"""Pure rules of tickets."""

from datetime import date, timedelta

from lending.operations.errors import TicketTextMissing, TimeNotLonger
from lending.operations.model import TicketState

UNDECIDED_MAX = 5
"""So many undecided tickets a customer may have."""
TEXT_MIN, TEXT_MAX = 2, 1000


def words(text: str) -> str:
    """A text as it is kept.

    Raises TicketTextMissing.
    """
    kept = text.strip()
    if not TEXT_MIN <= len(kept) <= TEXT_MAX:
        raise TicketTextMissing
    return kept


def answer_by(opened_on: date, days: int) -> date:
    """The last day on which an answer is in time; the day of opening is not counted."""
    return opened_on + timedelta(days=days)


def require_longer(current: date, longer: date) -> None:
    """Refuses a time limit that is not longer than what is there.

    Raises TimeNotLonger.
    """
    if longer <= current:
        raise TimeNotLonger


def after_more(state: TicketState, *, is_assigned: bool) -> TicketState:
    """Where a ticket is once its customer has added something; answered ones are open again."""
    if state is TicketState.OPEN or not is_assigned:
        return TicketState.OPEN
    return TicketState.ASSIGNED
