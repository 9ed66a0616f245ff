"""The borrower's complaints and questions, and what became of them (M9, R-COMPLAINT)."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hosted import my_line
from hosted import session as sessions
from hosted.problems import told
from hosted.session import Session
from lending.compliance import complaints, parameters
from lending.foundation.audit import Actor
from lending.foundation.context import Context
from lending.foundation.database import Tx
from lending.foundation.errors import Problem
from lending.loans.errors import NoSuchLoan
from lending.operations import service
from lending.operations.errors import NoSuchTicket
from lending.operations.model import NewTicket, Ticket, TicketKind

ASKED_HERE = (TicketKind.COMPLAINT, TicketKind.QUERY)


class MyTickets:
    """The pages and forms of `/me/tickets`."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def add(self, blueprint: Blueprint) -> None:
        """Adds the pages to a blueprint."""
        add = blueprint.add_url_rule
        add("/me/tickets", "me_tickets", self.listed)
        add("/me/tickets", "me_open_ticket", self.open, methods=["POST"])
        add("/me/tickets/<ticket_id>", "me_ticket", self.one)
        add("/me/tickets/<ticket_id>", "me_add_to_ticket", self.more, methods=["POST"])

    def listed(self, problem: str | None = None) -> ResponseReturnValue:
        """All that the borrower ever asked, and a form to ask."""
        with self._context.database.unit_of_work() as tx:
            session = self._signed_in(tx)
            page = render_template(
                "hosted/me_tickets.html",
                session=session,
                tickets=service.of_customers(tx, _customers(session)),
                days=parameters.today(tx).whole("complaint.answer_days"),
                problem=problem,
            )
        return page, 422 if problem else 200

    def open(self) -> ResponseReturnValue:
        """Takes a complaint or a question."""
        with self._context.database.unit_of_work() as tx:
            session = self._posted(tx)
        kind, text = request.form.get("kind", ""), request.form.get("text", "")
        if kind not in ASKED_HERE:
            return self.listed("请选择投诉或咨询")
        try:
            with self._context.database.unit_of_work() as tx:
                if not _customers(session):
                    raise NoSuchLoan("这个手机号下没有借款记录", mend="请致电客服热线。")
                customer_id = _customers(session)[0]
                new = NewTicket(
                    TicketKind(kind), text, complaints.answer_by(tx), customer_id=customer_id
                )
                made = service.open_ticket(tx, new, Actor("customer", customer_id))
        except Problem as problem:
            return self.listed(" ".join(told(problem)).strip())
        return redirect(url_for("hosted.me_ticket", ticket_id=made), 303)

    def one(self, ticket_id: str, problem: str | None = None) -> ResponseReturnValue:
        """One ticket with its answer."""
        with self._context.database.unit_of_work() as tx:
            session = self._signed_in(tx)
            page = render_template(
                "hosted/me_ticket.html",
                session=session,
                ticket=self._mine(tx, session, ticket_id),
                steps=service.history(tx, ticket_id, is_customer=True),
                problem=problem,
            )
        return page, 422 if problem else 200

    def more(self, ticket_id: str) -> ResponseReturnValue:
        """The borrower says more, or objects to the answer."""
        try:
            with self._context.database.unit_of_work() as tx:
                found = self._mine(tx, self._posted(tx), ticket_id)
                actor = Actor("customer", found.customer_id or "")
                service.add(tx, ticket_id, request.form.get("text", ""), actor)
        except NoSuchTicket:
            raise
        except Problem as problem:
            return self.one(ticket_id, " ".join(told(problem)).strip())
        return redirect(url_for("hosted.me_ticket", ticket_id=ticket_id), 303)

    def _mine(self, tx: Tx, session: Session, ticket_id: str) -> Ticket:
        """The ticket, if it is the borrower's own; another's looks like none."""
        found = service.get(tx, ticket_id)
        if found.customer_id not in _customers(session):
            raise NoSuchTicket
        return found

    def _signed_in(self, tx: Tx) -> Session:
        session = my_line.signed_in(tx, self._context)
        if session is None:
            raise NoSuchLoan("请先登录", mend="请返回“我的借款”登录。")
        return session

    def _posted(self, tx: Tx) -> Session:
        session = self._signed_in(tx)
        sessions.check_form(session)
        return session


def _customers(session: Session) -> list[str]:
    return list(session.state.get("customer_ids", ()))
