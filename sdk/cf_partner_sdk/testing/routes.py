"""The calls that the fake lender answers, each on its book."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

from cf_partner_sdk import CreditLineState

from . import (
    bodies,
    claims,
    commissions,
    lead_files,
    platform_desk,
    quoting,
    sealing,
    shares,
    statement_book,
)
from .asking import PAGE as _PAGE
from .asking import Asked, Route
from .asking import answered as _json
from .asking import one_of as _one
from .asking import page_of as _page
from .asking import route as _route
from .book import url_refused
from .signed_events import sign_event
from .wire import Answer, Problem, not_found, to_json


def _quote(asked: Asked) -> Answer:
    product = asked.book.product(asked.body.get("product_code"))
    today = asked.book.business_date()
    return _json(quoting.quote(product, asked.body["amount_fen"], asked.body.get("periods"), today))


def _place(asked: Asked) -> Answer:
    made = asked.book.place(asked.body)
    return _json(made, 201, f"/v1/mall/orders/{made.id}")


def _orders(asked: Asked) -> Answer:
    asked.book.expire_due()
    wanted = {name: asked.query[name] for name in ("order_no", "state") if name in asked.query}
    found = [
        order
        for order in asked.book.orders.values()
        if all(to_json(order)[name] == value for name, value in wanted.items())
    ]
    return _page(asked, found)


def _contract(asked: Asked) -> Answer:
    order = asked.book.order(asked.ids[0])
    if order.loan_id is None:
        raise not_found()
    text = f"%PDF-1.4\n% contract of {order.loan_id}, by the fake lender\n%%EOF\n".encode("ascii")
    return Answer(200, text, {"Content-Type": "application/pdf", "Cache-Control": "no-store"})


def _refund(asked: Asked) -> Answer:
    made = asked.book.refund(asked.body)
    return _json(made, 201, f"/v1/mall/refunds/{made.id}")


def _refunds(asked: Asked) -> Answer:
    wanted = asked.query.get("order_id")
    found = [one for one in asked.book.refunds.values() if wanted in (None, one.order_id)]
    return _page(asked, found)


def _lines(asked: Asked) -> Answer:
    wanted = {name: asked.query[name] for name in ("store_id", "state") if name in asked.query}
    found = [
        line
        for line in asked.book.lines.values()
        if all(to_json(line)[name] == value for name, value in wanted.items())
    ]
    return _page(asked, found)


def _can_pay(asked: Asked) -> Answer:
    line = _one(asked.book.lines, asked.ids[0])
    raw = asked.query.get("amount_fen", "")
    if re.fullmatch("[1-9][0-9]{0,8}", raw, re.ASCII) is None:
        raise Problem(400, "fields.refused", "amount_fen cannot be read", field="/amount_fen")
    within = int(raw) <= asked.book.available_fen[line.id]
    told = {"line_id": line.id, "amount_fen": int(raw)}
    return _json({**told, "can_pay": within and line.state == CreditLineState.OPEN})


def _take(asked: Asked) -> Answer:
    made = asked.book.payments.create(asked.body)
    return _json(made, 201, f"/v1/payments/{made.id}")


def _payments(asked: Asked) -> Answer:
    asked.book.payments.expire_due()
    names = ("payment_no", "store_id", "state")
    wanted = {name: asked.query[name] for name in names if name in asked.query}
    found = [
        one
        for one in asked.book.payments.kept.values()
        if all(to_json(one)[name] == value for name, value in wanted.items())
    ]
    return _page(asked, found)


def _payment_refund(asked: Asked) -> Answer:
    made = asked.book.payments.refund(asked.body)
    return _json(made, 201, f"/v1/payment_refunds/{made.id}")


def _payment_refunds(asked: Asked) -> Answer:
    wanted = asked.query.get("payment_id")
    kept = asked.book.payments.refunds.values()
    return _page(asked, [one for one in kept if wanted in (None, one.payment_id)])


def _confirm_service(asked: Asked) -> Answer:
    return _json(asked.book.payments.confirm_service(asked.ids[0], asked.body["part"]))


def _stop_service(asked: Asked) -> Answer:
    return _json(asked.book.payments.stop_service(asked.ids[0], asked.body["reason"]))


def _stores(asked: Asked) -> Answer:
    wanted = asked.query.get("store_no")
    kept = asked.book.payments.stores.values()
    return _page(asked, [one for one in kept if wanted in (None, one.store_no)])


def _register(asked: Asked) -> Answer:
    made = asked.book.register(asked.body)
    return _json(made, 201, f"/v1/webhook_endpoints/{made.id}")


def _delete(asked: Asked) -> Answer:
    _one(asked.book.endpoints, asked.ids[0])
    del asked.book.endpoints[asked.ids[0]]
    return _json({"id": asked.ids[0], "deleted": True})


def _try_endpoint(asked: Asked) -> Answer:
    endpoint = _one(asked.book.endpoints, asked.ids[0])
    return _json(asked.book.tell("endpoint.test", endpoint, endpoint.id, test=True), 201)


def _events(asked: Asked) -> Answer:
    asked.book.expire_due()
    of_type, of_subject = asked.query.get("type"), asked.query.get("subject")
    found = [
        event
        for event in asked.book.events.values()
        if of_type in (None, event.type) and of_subject in (None, event.subject)
    ]
    return _page(asked, found)


def _submit(asked: Asked) -> Answer:
    made = asked.leads.submit(sealing.opened(asked.body))
    return _json(made, 201, f"/v1/leads/{made.id}")


def _leads(asked: Asked) -> Answer:
    wanted = {name: asked.query[name] for name in ("lead_no", "state") if name in asked.query}
    found = [
        lead
        for lead in asked.leads.leads.values()
        if all(to_json(lead)[name] == value for name, value in wanted.items())
    ]
    return _page(asked, found)


def _new_key(asked: Asked) -> Answer:
    asked.book.platform.require()
    made = asked.leads.new_key()
    return _json({**to_json(made), "secret": made.secret}, 201)


def _precheck(asked: Asked) -> Answer:
    may = asked.leads.may_be_sent(asked.body["key"], asked.body)
    asked.book.platform.take("prechecks")
    return _json({"may_be_sent": may})


def _prechecks(asked: Asked) -> Answer:
    may = [
        asked.leads.may_be_sent(asked.body["key"], person, f"/people/{place}")
        for place, person in enumerate(asked.body["people"])
    ]
    asked.book.platform.take("prechecks", len(may))
    return _json({"may_be_sent": may})


def _sign(asked: Asked) -> Answer:
    url = asked.body["url"]
    if urlsplit(url).hostname not in {"127.0.0.1", "localhost"}:
        raise url_refused()
    event = _one(asked.book.events, asked.ids[0])
    posted = sign_event(event, url, asked.event_key, at=asked.book.seconds())
    return _json({"url": url, "headers": posted.headers, "body": posted.body.decode("utf-8")})


ROUTES = (
    *lead_files.ROUTES,
    *platform_desk.ROUTES,
    *commissions.ROUTES,
    *claims.ROUTES,
    *shares.ROUTES,
    *statement_book.ROUTES,
    _route("GET", "/v1/credit_lines", _lines, query=("store_id", "state", *_PAGE)),
    _route(
        "GET",
        "/v1/credit_lines/<id>",
        lambda asked: _json(_one(asked.book.lines, asked.ids[0])),
    ),
    _route("GET", "/v1/credit_lines/<id>/can_pay", _can_pay, query=("amount_fen",)),
    _route("POST", "/v1/mall/quotes", _quote, checks=bodies.QUOTE),
    _route("POST", "/v1/mall/orders", _place, checks=bodies.ORDER, writes=True),
    _route("GET", "/v1/mall/orders", _orders, query=("order_no", "state", *_PAGE)),
    _route("GET", "/v1/mall/orders/<id>", lambda asked: _json(asked.book.order(asked.ids[0]))),
    _route(
        "POST",
        "/v1/mall/orders/<id>/cancel",
        lambda asked: _json(asked.book.cancel(asked.ids[0])),
        writes=True,
    ),
    _route("GET", "/v1/mall/orders/<id>/contract", _contract),
    _route("POST", "/v1/mall/refunds", _refund, checks=bodies.REFUND, writes=True),
    _route("GET", "/v1/mall/refunds", _refunds, query=("order_id", *_PAGE)),
    _route(
        "GET",
        "/v1/mall/refunds/<id>",
        lambda asked: _json(_one(asked.book.refunds, asked.ids[0])),
    ),
    _route("GET", "/v1/stores", _stores, query=("store_no", *_PAGE)),
    _route(
        "GET",
        "/v1/stores/<id>",
        lambda asked: _json(_one(asked.book.payments.stores, asked.ids[0])),
    ),
    _route("POST", "/v1/payments", _take, checks=bodies.PAYMENT, writes=True),
    _route("GET", "/v1/payments", _payments, query=("payment_no", "store_id", "state", *_PAGE)),
    _route("GET", "/v1/payments/<id>", lambda asked: _json(asked.book.payments.get(asked.ids[0]))),
    _route(
        "POST",
        "/v1/payments/<id>/cancel",
        lambda asked: _json(asked.book.payments.cancel(asked.ids[0])),
        writes=True,
    ),
    _route(
        "POST",
        "/v1/payments/<id>/confirm_service",
        _confirm_service,
        checks=bodies.CONFIRM,
        writes=True,
    ),
    _route(
        "POST", "/v1/payments/<id>/stop_service", _stop_service, checks=bodies.STOP, writes=True
    ),
    _route(
        "POST",
        "/v1/payment_refunds",
        _payment_refund,
        checks=bodies.PAYMENT_REFUND,
        writes=True,
    ),
    _route("GET", "/v1/payment_refunds", _payment_refunds, query=("payment_id", *_PAGE)),
    _route(
        "GET",
        "/v1/payment_refunds/<id>",
        lambda asked: _json(_one(asked.book.payments.refunds, asked.ids[0])),
    ),
    _route("POST", "/v1/prechecks", _precheck, checks=bodies.PRECHECK),
    _route("POST", "/v1/prechecks/batch", _prechecks, checks=bodies.PRECHECKS),
    _route(
        "POST",
        "/v1/platform/precheck_keys",
        _new_key,
        writes=True,
    ),
    _route("POST", "/v1/leads", _submit, checks=bodies.LEAD, writes=True),
    _route("GET", "/v1/leads", _leads, query=("lead_no", "state", *_PAGE)),
    _route("GET", "/v1/leads/<id>", lambda asked: _json(asked.leads.lead(asked.ids[0]))),
    _route(
        "POST",
        "/v1/leads/<id>/handover",
        lambda asked: _json(asked.leads.hand_over(asked.ids[0])),
        writes=True,
    ),
    _route(
        "POST",
        "/v1/leads/<id>/withdraw",
        lambda asked: _json(asked.leads.withdraw(asked.ids[0])),
        writes=True,
    ),
    _route("POST", "/v1/webhook_endpoints", _register, checks=bodies.ENDPOINT, writes=True),
    _route(
        "GET",
        "/v1/webhook_endpoints",
        lambda asked: _json({"data": list(asked.book.endpoints.values()), "next_cursor": None}),
    ),
    _route(
        "GET",
        "/v1/webhook_endpoints/<id>",
        lambda asked: _json(_one(asked.book.endpoints, asked.ids[0])),
    ),
    _route("DELETE", "/v1/webhook_endpoints/<id>", _delete, writes=True),
    _route("POST", "/v1/webhook_endpoints/<id>/test", _try_endpoint, writes=True),
    _route("GET", "/v1/events", _events, query=("type", "subject", "since", *_PAGE)),
    _route("GET", "/v1/events/<id>", lambda asked: _json(_one(asked.book.events, asked.ids[0]))),
    _route("POST", "/v1/events/<id>/sign", _sign, checks=bodies.SIGN),
    _route(
        "POST",
        "/v1/events/<id>/resend",
        lambda asked: _json(_one(asked.book.events, asked.ids[0])),
        writes=True,
    ),
)


def query_of(route: Route, raw: str) -> dict[str, str]:
    """Return the query, each parameter known and given once. Raises Problem."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(raw, keep_blank_values=True):
        if name not in route.query or name in found:
            raise Problem(
                400,
                "fields.refused",
                "this query parameter is not known here, or is given twice",
                field=f"/{name}",
                mend=f"Use at most once each: {', '.join(route.query) or 'none'}.",
            )
        found[name] = value
    return found
