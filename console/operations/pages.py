"""Tickets: find, open, take, note, ask, answer, close; what moves money two persons do (M9)."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from console import forms, proposing, session
from lending.compliance import complaints
from lending.foundation.audit import Actor
from lending.foundation.clock import shanghai_date
from lending.foundation.context import Context
from lending.foundation.database import Tx
from lending.loans import service as loans
from lending.operations import service
from lending.operations.model import NewTicket, TicketKind, TicketState, Wanted
from lending.system import approvals
from lending.system import service as system
from lending.system.approvals import Kinds
from lending.system.errors import PayloadWrong
from lending.system.model import Right
from scenarios.offline_credit import disputes

FORMS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "dispute.decide": lambda: {"outcome": forms.text("outcome"), "answer": forms.text("answer")},
    "ticket.extend": dict,
}
"""What the form of each kind carries."""
OPENED_HERE = (TicketKind.COMPLAINT, TicketKind.DISPUTE, TicketKind.QUERY)


def add(console: Blueprint, context: Context, kinds: Kinds) -> None:
    """Adds these pages to the console."""
    _add_reading(console, context, kinds)
    _add_working(console, context)

    @console.post("/tickets/<ticket_id>/propose")
    def propose_ticket(ticket_id: str) -> ResponseReturnValue:
        return proposing.propose(context, kinds, FORMS, ticket_id)


def _add_reading(console: Blueprint, context: Context, kinds: Kinds) -> None:
    @console.get("/tickets")
    def tickets() -> ResponseReturnValue:
        operator = session.operator()
        system.require(operator, Right.SEE_TICKETS)
        state, kind = request.args.get("state", ""), request.args.get("kind", "")
        with context.database.unit_of_work() as tx:
            today = shanghai_date(tx.now)
            wanted = Wanted(
                state=TicketState(state) if state in set(TicketState) else None,
                kind=TicketKind(kind) if kind in set(TicketKind) else None,
                operator_id=operator.id if request.args.get("mine") else None,
                overdue_on=today if request.args.get("overdue") else None,
                subject=request.args.get("q", "").strip() or None,
            )
            found = service.find(tx, wanted)
        return render_template(
            "console/tickets.html", tickets=found, today=today, asked=request.args
        )

    @console.get("/tickets/<ticket_id>")
    def ticket(ticket_id: str) -> ResponseReturnValue:
        system.require(session.operator(), Right.SEE_TICKETS)
        with context.database.unit_of_work() as tx:
            found = service.get(tx, ticket_id)
            return render_template(
                "console/ticket.html",
                ticket=found,
                steps=service.history(tx, ticket_id),
                proposals=approvals.newest(tx, subject=ticket_id),
                kinds=kinds,
                loan_id=_loan_of(tx, found.subject),
                today=shanghai_date(tx.now),
            )


def _add_working(console: Blueprint, context: Context) -> None:
    @console.post("/tickets")
    def open_ticket() -> ResponseReturnValue:
        operator = session.operator()
        system.require(operator, Right.WORK_TICKETS)
        with context.database.unit_of_work() as tx:
            made = _open(tx, Actor("operator", operator.id))
        return redirect(url_for("console.ticket", ticket_id=made), 303)

    def work(ticket_id: str, act: Callable[[Tx, str], None]) -> ResponseReturnValue:
        operator = session.operator()
        system.require(operator, Right.WORK_TICKETS)
        with context.database.unit_of_work() as tx:
            act(tx, operator.id)
        return redirect(url_for("console.ticket", ticket_id=ticket_id), 303)

    @console.post("/tickets/<ticket_id>/take")
    def take_ticket(ticket_id: str) -> ResponseReturnValue:
        return work(ticket_id, lambda tx, me: service.take(tx, ticket_id, me))

    @console.post("/tickets/<ticket_id>/note")
    def note_ticket(ticket_id: str) -> ResponseReturnValue:
        text = forms.text("text")
        return work(
            ticket_id, lambda tx, me: service.note(tx, ticket_id, text, Actor("operator", me))
        )

    @console.post("/tickets/<ticket_id>/ask")
    def ask_ticket(ticket_id: str) -> ResponseReturnValue:
        text = forms.text("text")
        return work(ticket_id, lambda tx, me: service.ask(tx, ticket_id, text, me))

    @console.post("/tickets/<ticket_id>/answer")
    def answer_ticket(ticket_id: str) -> ResponseReturnValue:
        text = forms.text("text")
        return work(ticket_id, lambda tx, me: service.answer(tx, ticket_id, text, me))

    @console.post("/tickets/<ticket_id>/close")
    def close_ticket(ticket_id: str) -> ResponseReturnValue:
        return work(ticket_id, lambda tx, me: service.close(tx, ticket_id, Actor("operator", me)))


def _open(tx: Tx, actor: Actor) -> str:
    """Opens what the form tells; what it is about may be a payment, a loan, or nothing of ours.

    Raises PayloadWrong, NoSuchLoan, and what opening it raises.
    """
    kind, subject, text = (forms.text(name) for name in ("kind", "subject", "text"))
    if kind not in OPENED_HERE:
        raise PayloadWrong(field="/kind", mend="请选择工单类型。")
    payment = disputes.payment_at(tx, subject)
    if kind == TicketKind.DISPUTE:
        if payment is None:
            raise PayloadWrong(field="/subject", mend="争议须填写付款编号。")
        return disputes.open_dispute(tx, payment, text, actor)
    loan_id = (payment.loan_id if payment else None) or subject
    loan = loans.loan(tx, loan_id) if loan_id.startswith("loan_") else None
    new = NewTicket(
        kind=TicketKind(kind),
        text=text,
        answer_by=complaints.answer_by(tx),
        subject=subject,
        customer_id=loan.customer_id if loan else None,
        partner_id=loan.partner_id if loan else None,
    )
    return service.open_ticket(tx, new, actor)


def _loan_of(tx: Tx, subject: str) -> str | None:
    if subject.startswith("loan_"):
        return subject
    payment = disputes.payment_at(tx, subject)
    return payment.loan_id if payment else None
