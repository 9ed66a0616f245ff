"""The fake lender's orders, refunds, endpoints and events, and what may happen to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from typing import Any, Optional
from urllib.parse import urlsplit

from cf_partner_sdk import (
    CreditLine,
    CreditLineState,
    EndpointState,
    Event,
    Order,
    OrderItem,
    OrderState,
    Payout,
    Refund,
    RefundState,
    Repayment,
    ReturnedItem,
    WebhookEndpoint,
)

from . import examples, quoting
from .claims import Claims
from .clock import FakeClock
from .commissions import Commissions
from .lead_files import LeadFiles
from .payments import Payments
from .platform_desk import PlatformDesk
from .shares import Shares
from .statement_book import Statements
from .wire import Problem, not_found, rfc3339, to_json

API_VERSION = "2026-11-01"
ORDER_GOOD_FOR = timedelta(minutes=120)
REFUNDABLE = (OrderState.PAID, OrderState.PART_REFUNDED)
CANCELLABLE = (
    OrderState.CREATED,
    OrderState.DECIDING,
    OrderState.REFERRED,
    OrderState.APPROVED,
    OrderState.SIGNED,
)
EXPIRES = (OrderState.CREATED, OrderState.APPROVED)


class Book:
    """What the fake lender knows of its one partner; newest last."""

    def __init__(
        self, clock: FakeClock, public_url: str, products: Sequence[quoting.FakeProduct]
    ) -> None:
        self._clock = clock
        self._public_url = public_url
        self._products = products
        self._serial = count(1)
        self._repaid_fen: Counter[str] = Counter()
        self.orders: dict[str, Order] = {}
        self.refunds: dict[str, Refund] = {}
        self.endpoints: dict[str, WebhookEndpoint] = {}
        self.events: dict[str, Event] = {}
        self.payments = Payments(clock, self, public_url)
        self.statements: Statements = Statements(clock, self)
        self.platform: PlatformDesk = PlatformDesk(clock)
        self.commissions: Commissions = Commissions(clock, self)
        self.claims: Claims = Claims(clock, self)
        self.shares: Shares = Shares(clock, self)
        self.lead_files: LeadFiles = LeadFiles(clock, self)
        self.lines: dict[str, CreditLine] = {}
        self.available_fen: dict[str, int] = {}
        """Of each line; the lender tells nobody."""

    def seconds(self) -> int:
        """Return the time, in seconds since 1970."""
        return self._clock.seconds()

    def business_date(self) -> date:
        """Return the date on which things are booked now."""
        return self._clock.business_date()

    def product(self, code: Optional[str]) -> quoting.FakeProduct:
        """Return the product of a code, the first without one. Raises Problem."""
        for each in self._products:
            if code in (None, each.code):
                return each
        raise Problem(
            422,
            "partner.no_agreement",
            "No agreement in force covers this product",
            field="/product_code",
            mend="Use a product that your agreement covers, or leave product_code out.",
        )

    def new_id(self, prefix: str) -> str:
        """Return an id that was not given before, the same in every run."""
        return f"{prefix}_{next(self._serial):026d}"

    def place(self, body: Mapping[str, Any]) -> Order:
        """Take an order in. Raises Problem."""
        product = self.product(body.get("product_code"))
        items = tuple(OrderItem(**item) for item in body["items"])
        _require_items(items, body["amount_fen"])
        quoting.require_amount(body["amount_fen"])
        if any(order.order_no == body["order_no"] for order in self.orders.values()):
            raise _number_taken("order", "/order_no")
        order_id, now = self.new_id("ord"), self._clock.now()
        order = Order(
            id=order_id,
            order_no=body["order_no"],
            amount_fen=body["amount_fen"],
            state=OrderState.CREATED,
            checkout_url=f"{self._public_url}/checkout/{order_id[4:]}",
            product_code=product.code,
            items=items,
            return_url=body["return_url"],
            cancel_url=body.get("cancel_url"),
            metadata=dict(body.get("metadata") or {}),
            created_at=now,
            updated_at=now,
            expires_at=now + ORDER_GOOD_FOR,
            every=product.every,
            unit=product.unit,
        )
        self.orders[order.id] = order
        self.tell("order.created", order, order.id)
        return order

    def open_line(self, line: CreditLine, available_fen: int) -> CreditLine:
        """Let a customer have a line."""
        self.lines[line.id], self.available_fen[line.id] = line, available_fen
        self.tell("credit_line.opened", line, line.id)
        return line

    def move_line(self, line_id: str, state: CreditLineState, kind: str) -> CreditLine:
        """Move a line to a state, and tell of it."""
        line = replace(self.lines[line_id], state=state)
        self.lines[line_id] = line
        self.tell(f"credit_line.{kind}", line, line_id)
        return line

    def order(self, order_id: str) -> Order:
        """Return an order. Raises Problem."""
        self.expire_due()
        if order_id not in self.orders:
            raise not_found()
        return self.orders[order_id]

    def move(self, order_id: str, state: OrderState, **more: Any) -> Order:
        """Move an order to a state, and tell of it where the lender tells."""
        order = replace(self.orders[order_id], state=state, updated_at=self._clock.now(), **more)
        self.orders[order_id] = order
        if state not in (OrderState.DECIDING, OrderState.PAYING):
            self.tell(f"order.{state.value}", order, order.id)
        return order

    def cancel(self, order_id: str) -> Order:
        """Cancel an order that no money has left for; twice does it once. Raises Problem."""
        order = self.order(order_id)
        if order.state is OrderState.CANCELLED:
            return order
        if order.state is OrderState.PAYING:
            raise Problem(
                409,
                "loan.payout_under_way",
                "Money for this loan is on its way",
                mend="Wait for the event that tells how it ended, then cancel or refund.",
                retry_after_s=30,
            )
        if order.state not in CANCELLABLE:
            raise Problem(
                409,
                "loan.wrong_state",
                "The present state does not allow this",
                mend="Ask for the present state, and act on that.",
            )
        return self.move(order_id, OrderState.CANCELLED)

    def pay(self, order_id: str) -> Order:
        """Pay the merchant: the amount less the merchant's fee."""
        order = self.orders[order_id]
        fee = quoting.merchant_fee_fen(order.amount_fen)
        paid_fen = order.amount_fen - fee
        payout = Payout(
            amount_fen=paid_fen,
            account_last4="0012",
            paid_at=self._clock.now(),
            channel_reference=self.new_id("ch"),
            fee_fen=fee,
            subsidy_fen=0,
            claims_fen=0,
            business_date=self._clock.business_date(),
        )
        return self.move(order_id, OrderState.PAID, paid_fen=paid_fen, payout=payout)

    def repay(self, order_id: str, principal_fen: int, interest_fen: int) -> None:
        """Let the buyer pay on the loan."""
        order = self.orders[order_id]
        self._repaid_fen[order_id] += principal_fen
        told = Repayment(
            loan_id=str(order.loan_id),
            repayment_id=self.new_id("rep"),
            amount_fen=principal_fen + interest_fen,
            principal_fen=principal_fen,
            interest_fen=interest_fen,
            outstanding_principal_fen=self._open_fen(order),
            order_id=order.id,
            order_no=order.order_no,
        )
        self.tell("loan.repaid", told, order.id)

    def refund(self, body: Mapping[str, Any]) -> Refund:
        """Take goods back (a merchant's claim and a smaller loan). Raises Problem."""
        order = self.order(body["order_id"])
        amount_fen, items = body["amount_fen"], body.get("items") or []
        self._require_refundable(order, amount_fen, items)
        if any(one.refund_no == body["refund_no"] for one in self.refunds.values()):
            raise _number_taken("refund", "/refund_no")
        reduction = min(amount_fen, self._open_fen(order))
        made = Refund(
            id=self.new_id("rfd"),
            refund_no=body["refund_no"],
            order_id=order.id,
            amount_fen=amount_fen,
            state=RefundState.PENDING if amount_fen > reduction else RefundState.DONE,
            loan_reduction_fen=reduction,
            borrower_refund_fen=amount_fen - reduction,
            merchant_claim_fen=amount_fen,
            loan_outstanding_principal_fen=self._open_fen(order) - reduction,
            created_at=self._clock.now(),
            items=tuple(ReturnedItem(**item) for item in items),
            reason=body.get("reason") or "",
            order_no=order.order_no,
            loan_id=order.loan_id,
            business_date=self._clock.business_date(),
        )
        self.refunds[made.id] = made
        refunded_fen = order.refunded_fen + amount_fen
        whole = refunded_fen == order.amount_fen
        state = OrderState.REFUNDED if whole else OrderState.PART_REFUNDED
        self.orders[order.id] = replace(
            order, state=state, refunded_fen=refunded_fen, updated_at=self._clock.now()
        )
        self.tell("order.refunded", made, order.id)
        return made

    def register(self, body: Mapping[str, Any]) -> WebhookEndpoint:
        """Register an endpoint; it may be https, or on this machine. Raises Problem."""
        parts = urlsplit(body["url"])
        if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "localhost"}:
            raise url_refused()
        made = WebhookEndpoint(
            id=self.new_id("whe"),
            url=body["url"],
            event_types=tuple(body.get("event_types") or ["*"]),
            state=EndpointState.ENABLED,
            description=body.get("description") or "",
            created_at=self._clock.now(),
            updated_at=self._clock.now(),
        )
        self.endpoints[made.id] = made
        return made

    def tell(self, kind: str, about: Any, subject: str, *, test: bool = False) -> Event:
        """Keep an event about something as it now is."""
        event = Event.from_json(
            {
                "id": self.new_id("evt"),
                "type": kind,
                "created_at": rfc3339(self._clock.now()),
                "api_version": API_VERSION,
                "subject": subject,
                "data": {"object": to_json(about)},
                "test": test,
            }
        )
        self.events[event.id] = event
        return event

    def example(self, kind: str) -> Any:
        """Return something that an event of a type could be about; it is not kept."""
        return examples.about(kind, self._clock.now(), self._clock.business_date())

    def expire_due(self) -> None:
        """Expire the orders that were not signed in time."""
        for order in list(self.orders.values()):
            late = order.expires_at is not None and order.expires_at <= self._clock.now()
            if late and order.state in EXPIRES:
                self.move(order.id, OrderState.EXPIRED)

    def _open_fen(self, order: Order) -> int:
        reduced = sum(
            one.loan_reduction_fen for one in self.refunds.values() if one.order_id == order.id
        )
        return order.amount_fen - self._repaid_fen[order.id] - reduced

    def _require_refundable(self, order: Order, amount_fen: int, items: list[Any]) -> None:
        left_fen = order.amount_fen - order.refunded_fen
        if order.state is OrderState.REFUNDED or (
            order.state in REFUNDABLE and amount_fen > left_fen
        ):
            raise Problem(
                422,
                "refund.too_large",
                "The refund is larger than what is left of the order",
                field="/amount_fen",
                mend="Refund at most what is left of the order.",
            )
        if order.state not in REFUNDABLE:
            raise Problem(
                409,
                "refund.not_paid_out",
                "The order is not paid out",
                mend="Cancel the order instead.",
            )
        bought = {item.sku: item for item in order.items}
        left = Counter({item.sku: item.quantity for item in order.items})
        for one in self.refunds.values():
            if one.order_id == order.id:
                left.subtract({back.sku: back.quantity for back in one.items})
        price_fen = 0
        for place, back in enumerate(items):
            left[back["sku"]] -= back["quantity"]
            if left[back["sku"]] < 0:
                raise Problem(
                    422,
                    "refund.item_not_in_order",
                    "This item was not bought in this order",
                    field=f"/items/{place}",
                    mend="Send back what was bought, at most as many.",
                )
            price_fen += bought[back["sku"]].unit_price_fen * back["quantity"]
        if items and amount_fen > price_fen:
            raise Problem(
                422,
                "refund.above_items",
                "The refund is above the price of the returned items",
                field="/amount_fen",
                mend=f"Refund at most {price_fen} fen for these items.",
            )


def _require_items(items: tuple[OrderItem, ...], amount_fen: int) -> None:
    skus = [item.sku for item in items]
    for place, sku in enumerate(skus):
        if sku in skus[:place]:
            raise Problem(
                400,
                "order.item_twice",
                "Two items have the same sku",
                field=f"/items/{place}/sku",
                mend="Send each sku once, with its quantity.",
            )
    if sum(item.quantity * item.unit_price_fen for item in items) != amount_fen:
        raise Problem(
            400,
            "order.items_do_not_add_up",
            "The items do not add up to the amount",
            field="/amount_fen",
            mend="Set amount_fen to the sum of quantity times unit_price_fen.",
        )


def _number_taken(what: str, field: str) -> Problem:
    return Problem(
        409,
        f"{what}.number_taken",
        f"This {what}_no belongs to another {what}",
        field=field,
        mend=f"Use a new {what}_no, or send the same {what} again with its Idempotency-Key.",
    )


def url_refused() -> Problem:
    """Return the refusal of an address that events are not sent to."""
    return Problem(
        422,
        "webhook.url_refused",
        "This URL cannot receive webhooks",
        field="/url",
        mend="Use an https URL with a public address, port 443 or 8443, and no user part.",
    )
