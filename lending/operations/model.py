"""Tickets: what somebody wants looked into, and what was done about it (M9, R-COMPLAINT)."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class TicketKind(StrEnum):
    """What a ticket is."""

    COMPLAINT = "complaint"
    """A customer is not content with us or with a merchant."""
    DISPUTE = "dispute"
    """A customer disputes a payment: what the merchant has not got is held until it is decided.
    Or a platform disputes its bill, which is not paid until it is answered."""
    QUERY = "query"
    """Somebody asks."""
    FAULT = "fault"
    """A rule found something that a person has to look at."""


class TicketState(StrEnum):
    """Where a ticket is."""

    OPEN = "open"
    """Nobody has taken it yet."""
    ASSIGNED = "assigned"
    """An operator works on it."""
    WAITING = "waiting"
    """The customer was asked for something; the time limit runs on."""
    ANSWERED = "answered"
    """The customer has the answer and may still object."""
    CLOSED = "closed"
    """Final."""


UNDECIDED = (TicketState.OPEN, TicketState.ASSIGNED, TicketState.WAITING)


class Outcome(StrEnum):
    """How a dispute ends."""

    CONTINUE = "continue"
    """The service goes on, and so does the merchant's money."""
    STOP = "stop"
    """What the merchant has not got goes off the customer's loan."""


class Act(StrEnum):
    """One thing that is done to a ticket."""

    OPENED = "opened"
    TAKEN = "taken"
    """By an operator, from whoever had it."""
    NOTED = "noted"
    """For operators only."""
    ASKED = "asked"
    """The customer for something more."""
    ADDED = "added"
    """By the customer."""
    EXTENDED = "extended"
    """The time limit, by two persons."""
    ANSWERED = "answered"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class NewTicket:
    """A ticket to be opened."""

    kind: TicketKind
    text: str
    answer_by: date
    """The last day on which an answer is in time."""
    subject: str = ""
    customer_id: str | None = None
    partner_id: str | None = None
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket and where it is."""

    id: str
    kind: TicketKind
    subject: str
    customer_id: str | None
    partner_id: str | None
    text: str
    opened_by: str
    rule: str
    state: TicketState
    operator_id: str | None
    operator_name: str | None
    answer_by: date
    answer: str
    outcome: str
    created_at: datetime
    answered_at: datetime | None
    closed_at: datetime | None

    @property
    def is_undecided(self) -> bool:
        """Whether an answer is still owed."""
        return self.state in UNDECIDED

    def is_overdue(self, day: date) -> bool:
        """Whether its answer is late on a day."""
        return self.is_undecided and day > self.answer_by


@dataclass(frozen=True, slots=True)
class TicketStep:
    """One line of a ticket's history."""

    seq: int
    at: datetime
    actor: str
    act: Act
    text: str
    is_shown: bool
    """Whether the customer may read it."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tickets a list is of."""

    state: TicketState | None = None
    kind: TicketKind | None = None
    operator_id: str | None = None
    overdue_on: date | None = None
    subject: str | None = None
