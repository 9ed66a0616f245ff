"""Pure rules of money that a merchant gets as it serves (STORE-6)."""

from datetime import date

from lending.foundation.calendar import add_months
from lending.loans.errors import PartHeld, PartNotDue, PartNotPlanned, ServiceNotConfirmed
from lending.loans.model import Loan, ReleasePart, ReleaseState
from lending.loans.rules import Part, parts

LATER = (ReleaseState.PLANNED, ReleaseState.FAILED)
"""What the merchant does not have and is not on its way to it."""


def planned(loan: Loan, start: date) -> list[ReleasePart]:
    """The later parts of a loan that is paid out on a day, each with its date; none without a plan.

    The first part goes on that day; the second one interval later, on the day of the month of the
    first.
    """
    release = loan.terms.release
    if release is None:
        return []
    return [
        ReleasePart(
            loan_id=loan.id,
            part=number,
            due_date=add_months(start, (number - 1) * release.every_months),
            gross_fen=each.gross_fen,
            fee_fen=each.fee_fen,
            subsidy_fen=each.subsidy_fen,
            state=ReleaseState.PLANNED,
            confirmed_at=None,
            confirmed_by="",
            held_because="",
        )
        for number, each in enumerate(parts(loan)[1:], start=2)
    ]


def part_of(row: ReleasePart) -> Part:
    """Its amounts."""
    return Part(row.gross_fen, row.fee_fen, row.subsidy_fen)


def require_payable(part: ReleasePart, day: date) -> None:
    """Whether a part may go to the merchant on a day.

    Raises PartNotPlanned, PartHeld, PartNotDue, ServiceNotConfirmed.
    """
    if part.state not in LATER:
        raise PartNotPlanned(f"part {part.part} is {part.state.value}")
    if part.held_because:
        raise PartHeld(f"part {part.part}: {part.held_because}")
    if part.due_date > day:
        raise PartNotDue(f"part {part.part} is due on {part.due_date}")
    if part.confirmed_at is None:
        raise ServiceNotConfirmed(f"part {part.part}")
