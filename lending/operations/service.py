"""Tickets: opened by customers, operators and rules; worked on; answered in time; closed (M9).

What a ticket is about is known by its id alone: who opens one knows what it means, and who decides
a dispute acts on it in the same unit of work.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from lending.foundation import ids
from lending.foundation.audit import SYSTEM, Actor
from lending.foundation.database import Tx
from lending.operations import rules, store
from lending.operations.errors import (
    DisputeNeedsDecision,
    NoSuchTicket,
    NotADispute,
    TicketDecided,
    TicketNotAnswered,
    TicketNotYours,
    TooManyTickets,
)
from lending.operations.model import (
    Act,
    NewTicket,
    Outcome,
    Ticket,
    TicketKind,
    TicketState,
    TicketStep,
    Wanted,
)

LISTED = 200


def open_ticket(tx: Tx, new: NewTicket, actor: Actor) -> str:
    """Opens a ticket; its id.

    Where the same thing is disputed already, the text is added to that ticket: there is one.

    Raises TicketTextMissing, TooManyTickets.
    """
    kept = replace(new, text=rules.words(new.text))
    if new.customer_id:
        store.lock_customer(tx, new.customer_id)
    there = store.undecided(tx, new.subject, new.kind) if new.kind is TicketKind.DISPUTE else None
    if there is not None:
        add(tx, there.id, kept.text, actor)
        return there.id
    if new.customer_id and store.count_undecided(tx, new.customer_id) >= rules.UNDECIDED_MAX:
        raise TooManyTickets
    ticket_id = ids.new("tkt")
    if store.insert(tx, ticket_id, kept, str(actor)):
        store.add_step(tx, ticket_id, Act.OPENED, str(actor), kept.text, is_shown=True)
        return ticket_id
    # Somebody else was a moment earlier with the same.
    there = store.undecided(tx, new.subject, new.kind, new.rule)
    assert there is not None
    return there.id


def by_rule(tx: Tx, rule: str, *, subject: str, text: str, answer_by: date) -> str:
    """A rule has something looked into; while that is undecided it opens no other. Its id."""
    new = NewTicket(TicketKind.FAULT, text, answer_by, subject=subject, rule=rule)
    return open_ticket(tx, new, SYSTEM)


def get(tx: Tx, ticket_id: str) -> Ticket:
    """One ticket.

    Raises NoSuchTicket.
    """
    found = store.ticket(tx, ticket_id)
    if found is None:
        raise NoSuchTicket
    return found


def history(tx: Tx, ticket_id: str, *, is_customer: bool = False) -> list[TicketStep]:
    """What was done to a ticket, the oldest first; for its customer without operators' notes."""
    return [each for each in store.steps(tx, ticket_id) if each.is_shown or not is_customer]


def of_customers(tx: Tx, customer_ids: Sequence[str]) -> list[Ticket]:
    """The tickets of customers who are one person, the newest first."""
    return store.of_customers(tx, customer_ids)


def of_subject(tx: Tx, subject: str) -> list[Ticket]:
    """All tickets about one thing, the newest first."""
    return store.of_subject(tx, subject)


def undecided_dispute(tx: Tx, subject: str) -> Ticket | None:
    """The dispute of a thing that waits for its decision."""
    return store.undecided(tx, subject, TicketKind.DISPUTE)


def find(tx: Tx, wanted: Wanted) -> list[Ticket]:
    """Tickets by what is wanted, the most urgent first."""
    return store.tickets(tx, wanted, LISTED)


def take(tx: Tx, ticket_id: str, operator_id: str) -> None:
    """An operator takes a ticket, from whoever had it. Taking it twice does it once.

    Raises NoSuchTicket, TicketDecided.
    """
    found = _undecided(tx, ticket_id)
    if found.operator_id == operator_id and found.state is TicketState.ASSIGNED:
        return
    store.save(tx, replace(found, state=TicketState.ASSIGNED, operator_id=operator_id))
    _add(tx, ticket_id, Act.TAKEN, Actor("operator", operator_id))


def note(tx: Tx, ticket_id: str, text: str, actor: Actor) -> None:
    """Notes something for operators; the customer does not read it.

    Raises NoSuchTicket, TicketTextMissing.
    """
    _locked(tx, ticket_id)
    _add(tx, ticket_id, Act.NOTED, actor, rules.words(text), is_shown=False)


def ask(tx: Tx, ticket_id: str, text: str, operator_id: str) -> None:
    """Asks the customer for something more. The time limit runs on.

    Raises NoSuchTicket, TicketDecided, TicketNotYours, TicketTextMissing.
    """
    found = _own(tx, ticket_id, operator_id)
    store.save(tx, replace(found, state=TicketState.WAITING))
    _add(tx, ticket_id, Act.ASKED, Actor("operator", operator_id), rules.words(text))


def add(tx: Tx, ticket_id: str, text: str, actor: Actor) -> None:
    """The customer says more; a ticket that was answered is open again.

    Its time limit does not begin anew. A dispute that was decided stays so: another is opened.

    Raises NoSuchTicket, TicketDecided for one that is closed, TicketTextMissing.
    """
    found = _locked(tx, ticket_id)
    if found.state is TicketState.CLOSED or (found.outcome and not found.is_undecided):
        raise TicketDecided
    state = rules.after_more(found.state, is_assigned=found.operator_id is not None)
    store.save(tx, replace(found, state=state, answered_at=None))
    _add(tx, ticket_id, Act.ADDED, actor, rules.words(text))


def extend(tx: Tx, ticket_id: str, *, until: date, actor: Actor) -> None:
    """Gives a ticket more time, as two persons agreed (R-COMPLAINT).

    Raises NoSuchTicket, TicketDecided, TimeNotLonger.
    """
    found = _undecided(tx, ticket_id)
    rules.require_longer(found.answer_by, until)
    store.save(tx, replace(found, answer_by=until))
    _add(tx, ticket_id, Act.EXTENDED, actor, until.isoformat())


def answer(tx: Tx, ticket_id: str, text: str, operator_id: str) -> None:
    """Answers a ticket; its customer reads the answer and may object.

    Raises NoSuchTicket, TicketDecided, TicketNotYours, TicketTextMissing, DisputeNeedsDecision.
    """
    found = _own(tx, ticket_id, operator_id)
    if found.kind is TicketKind.DISPUTE:
        raise DisputeNeedsDecision
    _answer(tx, found, text, Actor("operator", operator_id))


def decide(tx: Tx, ticket_id: str, outcome: Outcome, text: str, actor: Actor) -> None:
    """Ends a dispute; who calls does to the money what the outcome says, in the same unit of work.

    Raises NoSuchTicket, NotADispute, TicketDecided, TicketTextMissing.
    """
    found = _undecided(tx, ticket_id)
    if found.kind is not TicketKind.DISPUTE:
        raise NotADispute
    _answer(tx, replace(found, outcome=outcome.value), text, actor)


def settle(tx: Tx, subject: str, text: str, actor: Actor, *, rule: str = "") -> None:
    """What a ticket was about is decided elsewhere: answers and closes it, where there is one.

    The ticket is the dispute of `subject`, or the one that a rule opened about it.
    """
    kind = TicketKind.FAULT if rule else TicketKind.DISPUTE
    there = store.undecided(tx, subject, kind, rule)
    if there is not None:
        _answer(tx, _locked(tx, there.id), text, actor)
        close(tx, there.id, actor)


def close(tx: Tx, ticket_id: str, actor: Actor) -> None:
    """Closes a ticket that was answered. Closing twice does it once.

    Raises NoSuchTicket, TicketNotAnswered.
    """
    found = _locked(tx, ticket_id)
    if found.state is TicketState.CLOSED:
        return
    if found.state is not TicketState.ANSWERED:
        raise TicketNotAnswered
    store.save(tx, replace(found, state=TicketState.CLOSED, closed_at=tx.now))
    _add(tx, ticket_id, Act.CLOSED, actor)


def _answer(tx: Tx, found: Ticket, text: str, actor: Actor) -> None:
    kept = rules.words(text)
    answered = replace(found, state=TicketState.ANSWERED, answer=kept, answered_at=tx.now)
    store.save(tx, answered)
    _add(tx, found.id, Act.ANSWERED, actor, kept)


def _locked(tx: Tx, ticket_id: str) -> Ticket:
    found = store.ticket(tx, ticket_id, lock=True)
    if found is None:
        raise NoSuchTicket
    return found


def _undecided(tx: Tx, ticket_id: str) -> Ticket:
    found = _locked(tx, ticket_id)
    if not found.is_undecided:
        raise TicketDecided
    return found


def _own(tx: Tx, ticket_id: str, operator_id: str) -> Ticket:
    found = _undecided(tx, ticket_id)
    if found.operator_id != operator_id:
        raise TicketNotYours
    return found


def _add(
    tx: Tx, ticket_id: str, act: Act, actor: Actor, text: str = "", *, is_shown: bool = True
) -> None:
    store.add_step(tx, ticket_id, act, str(actor), text, is_shown=is_shown)
