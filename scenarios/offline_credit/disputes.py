"""A customer disputes a payment: the merchant's money waits until two persons have decided."""

from typing import Any

from lending.compliance import complaints
from lending.credit_lines import service as credit_lines
from lending.foundation.audit import Actor
from lending.foundation.clock import rfc3339
from lending.foundation.database import Tx
from lending.loans import releases
from lending.loans import service as loans
from lending.loans.errors import NothingToStop
from lending.loans.model import ReleasePart
from lending.loans.release_rules import LATER
from lending.operations import service as tickets
from lending.operations.errors import NotADispute
from lending.operations.model import NewTicket, Outcome, Ticket, TicketKind
from scenarios.offline_credit import payments_store, servicing
from scenarios.offline_credit.errors import NotPaidYet
from scenarios.offline_credit.model import SCENARIO, Payment


def open_dispute(tx: Tx, payment: Payment, text: str, actor: Actor) -> str:
    """Opens the ticket of a disputed payment; its id. What the merchant has not got is held.

    A second dispute of the payment is added to the first until that is decided.

    Raises NotPaidYet, TicketTextMissing, TooManyTickets.
    """
    if payment.loan_id is None or payment.line_id is None:
        raise NotPaidYet
    there = tickets.undecided_dispute(tx, payment.id)
    new = NewTicket(
        kind=TicketKind.DISPUTE,
        text=text,
        answer_by=complaints.answer_by(tx),
        subject=payment.id,
        customer_id=credit_lines.get(tx, payment.line_id).customer_id,
        partner_id=payment.partner_id,
    )
    ticket_id = tickets.open_ticket(tx, new, actor)
    if there is None:
        held = _later(tx, payment.loan_id)
        if held:
            releases.hold(tx, payment.loan_id, because=f"争议 {ticket_id}", actor=actor)
        detail = _told(tx, ticket_id, held=[each.part for each in held])
        loans.tell(tx, SCENARIO, payment.id, "disputed", detail)
    return ticket_id


def decide(tx: Tx, ticket_id: str, outcome: Outcome, text: str, actor: Actor) -> dict[str, Any]:
    """Ends a dispute as two persons decided: the service goes on, or it stops.

    Gives the amounts in fen that it moved.

    Raises NoSuchTicket, NotADispute, TicketDecided, TicketTextMissing, PartUnderWay.
    """
    payment = _disputed(tx, tickets.get(tx, ticket_id))
    loan_id = payment.loan_id or ""
    tickets.decide(tx, ticket_id, outcome, text, actor)
    moved = 0
    if outcome is Outcome.CONTINUE:
        before = sum(each.gross_fen for each in _later(tx, loan_id))
        releases.let_go(tx, loan_id, actor=actor)
        moved = before - sum(each.gross_fen for each in _later(tx, loan_id))
    else:
        try:
            stopped = servicing.stop_service(tx, payment, because=text.strip(), actor=actor)
            moved = stopped.loan_reduction_fen + stopped.borrower_refund_fen
        except NothingToStop:
            pass  # the service was stopped before, or nothing was paid ahead
    detail = _told(tx, ticket_id, held=[])
    loans.tell(tx, SCENARIO, payment.id, "dispute_decided", detail)
    return {"amount_fen": moved}


def payment_at(tx: Tx, subject: str) -> Payment | None:
    """The payment that a ticket is about, if it is about one."""
    return payments_store.payment_by_id(tx, subject)


def _disputed(tx: Tx, ticket: Ticket) -> Payment:
    found = payment_at(tx, ticket.subject)
    if ticket.kind is not TicketKind.DISPUTE or found is None:
        raise NotADispute
    locked = payments_store.lock_payment(tx, None, found.id)
    assert locked is not None
    return locked


def _later(tx: Tx, loan_id: str) -> list[ReleasePart]:
    return [each for each in releases.of_loan(tx, loan_id) if each.state in LATER]


def _told(tx: Tx, ticket_id: str, *, held: list[int]) -> dict[str, object]:
    """What the merchant is told: that and how, not in the customer's words."""
    ticket = tickets.get(tx, ticket_id)
    return {
        "dispute_id": ticket.id,
        "state": "open" if ticket.is_undecided else "decided",
        "outcome": ticket.outcome or None,
        "held_parts": held,
        "answer_by": ticket.answer_by.isoformat(),
        "opened_at": rfc3339(ticket.created_at),
        "decided_at": rfc3339(ticket.answered_at) if ticket.answered_at else None,
    }
