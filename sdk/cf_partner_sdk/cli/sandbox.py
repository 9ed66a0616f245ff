"""`cf-partner trigger` and `cf-partner clock`: make things happen in a sandbox."""

from __future__ import annotations

import argparse
import time
import uuid
from typing import Any, Optional

from cf_partner_sdk import Client, Event, Order

from .output import Stopped
from .session import Session

GOALS = {
    "order.created": None,
    "order.approved": "decide",
    "order.declined": "decide",
    "order.referred": "decide",
    "order.signed": "sign",
    "order.paid": "pay",
    "order.payout_failed": "sign",
    "order.cancelled": None,
    "order.refunded": "pay",
    "loan.repaid": "pay",
}
"""How far the buyer of an order has to go for an event of a type."""
FATES = {"order.declined": "declined", "order.referred": "referred"}
AMOUNTS_FEN = {"order.payout_failed": 133_300}
"""Amounts that a sandbox's bank does not pay."""
EVENT_S_MAX = 20.0
WALK_S_MAX = 120.0


def add(commands: Any) -> None:
    """Add the commands of this group."""
    trigger = commands.add_parser("trigger", help="have an event really happen in the sandbox")
    trigger.add_argument("type", choices=sorted(GOALS), metavar="TYPE", help=", ".join(GOALS))
    trigger.add_argument("--order", metavar="ID", help="an order of yours, else a new one")
    trigger.add_argument("--amount-fen", type=int, help="of a new order")
    trigger.add_argument("--applicant", help="a fate of `cf-partner applicants`")
    trigger.add_argument("--card", default="works", help="a fate of `cf-partner applicants`")
    trigger.add_argument("--periods", type=int, default=12)
    trigger.set_defaults(run=make_happen)
    applicants = commands.add_parser("applicants", help="people and cards with a known fate")
    applicants.set_defaults(run=list_applicants)
    clock = commands.add_parser("clock", help="the sandbox's business date")
    actions = clock.add_subparsers(metavar="COMMAND", required=True)
    show = actions.add_parser("show", help="which date it is there")
    show.set_defaults(run=show_clock)
    advance = actions.add_parser("advance", help="end so many days: plans fall due, debits run")
    advance.add_argument("days", type=int)
    advance.set_defaults(run=advance_clock)


def make_happen(session: Session, given: argparse.Namespace) -> None:
    """Play an order so far that an event of a type is told of; wait for that event."""
    with session.client(deadline_s=WALK_S_MAX) as cf:
        before: set[str] = set()
        if given.order:
            order = cf.mall.orders.get(given.order)
            before = {event.id for event in cf.events.list(type=given.type, subject=order.id)}
        else:
            order = _place(cf, given)
        session.out.note(f"order       {order.id} {order.order_no}")
        _play(cf, order, given)
        event = _heard(cf, given.type, order, before)
    if event is None:
        detail = f"no {given.type} of {order.id} within {EVENT_S_MAX:g} s"
        raise Stopped("event", detail, "Look at `cf-partner events` in a moment.")
    session.out.tell(event, f"{event.type}  {event.id}")


def _place(cf: Client, given: argparse.Namespace) -> Order:
    amount_fen = given.amount_fen or AMOUNTS_FEN.get(given.type, 599_900)
    order_no = f"CLI-{uuid.uuid4().hex[:12].upper()}"
    goods = {"sku": "P-1", "name": "手机", "quantity": 1, "unit_price_fen": amount_fen}
    return cf.mall.orders.create(
        order_no=order_no,
        amount_fen=amount_fen,
        items=[{**goods, "category": "electronics"}],
        return_url="https://example.com/back",
        idempotency_key=order_no,
    )


def _play(cf: Client, order: Order, given: argparse.Namespace) -> None:
    goal = GOALS[given.type]
    fate = given.applicant or FATES.get(given.type, "approved")
    if goal is not None and order.state.value in {"created", "approved"}:
        act = getattr(cf.sandbox.orders, goal)
        act(order.id, applicant=fate, card=given.card, periods=given.periods, wait_s=WALK_S_MAX)
    if given.type == "order.cancelled":
        cf.mall.orders.cancel(order.id)
    if given.type == "loan.repaid":
        cf.sandbox.orders.repay(order.id, card=given.card, wait_s=WALK_S_MAX)
    if given.type == "order.refunded":
        refund_no = f"CLI-{uuid.uuid4().hex[:12].upper()}"
        left_fen = order.amount_fen - order.refunded_fen
        cf.mall.refunds.create(refund_no=refund_no, order_id=order.id, amount_fen=left_fen)


def _heard(cf: Client, kind: str, order: Order, before: set[str]) -> Optional[Event]:
    until = time.monotonic() + EVENT_S_MAX
    while time.monotonic() < until:
        for event in cf.events.list(type=kind, subject=order.id):
            if event.id not in before:
                return event
        time.sleep(0.2)
    return None


def list_applicants(session: Session, given: argparse.Namespace) -> None:
    """List whom to apply as, and what will happen."""
    del given
    columns = ("fate", "kind", "says", "name", "identity_no", "mobile", "card_no", "amount_fen")
    with session.client() as cf:
        session.out.table([vars(one) for one in cf.sandbox.applicants()], columns)


def show_clock(session: Session, given: argparse.Namespace) -> None:
    """Tell the sandbox's date."""
    del given
    with session.client() as cf:
        _tell_clock(session, cf.sandbox.clock.get())


def advance_clock(session: Session, given: argparse.Namespace) -> None:
    """End days, and wait until all that follows is done."""
    with session.client(deadline_s=WALK_S_MAX) as cf:
        session.out.note(f"ending {given.days} days …")
        _tell_clock(session, cf.sandbox.clock.advance(days=given.days))


def _tell_clock(session: Session, clock: Any) -> None:
    text = f"business date {clock.business_date}, {clock.days_ahead} days ahead, {clock.state}"
    session.out.tell(clock, text)
