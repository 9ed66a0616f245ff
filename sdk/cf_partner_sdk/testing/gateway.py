"""The fake lender: one partner, real signatures, orders with a state, faults on request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from types import TracebackType
from typing import Any, Optional, Union

import responses

from cf_partner_sdk import (
    AsyncClient,
    Client,
    CreditLine,
    CreditLineState,
    Event,
    HttpOptions,
    Lead,
    LeadState,
    Order,
    OrderState,
    PrivateKey,
    Refund,
    RefundState,
    WebhookVerifier,
)
from cf_partner_sdk.http_signatures import Message, Verifier

from . import examples
from .book import Book
from .claims import Claims
from .clock import FakeClock
from .commissions import Commissions
from .door import Door
from .failures import CLOCK_SKEW_S, Failure
from .lead_book import LeadBook
from .mounting import Mounted
from .payments import Payments
from .platform_desk import PlatformDesk
from .quoting import FakeProduct
from .shares import Shares
from .signed_events import SignedEvent, require_type, sign_event

OrderRef = Union[Order, str]
"""An order, its id, or the merchant's own number."""

_NEXT = {
    OrderState.DECIDING: (OrderState.CREATED,),
    OrderState.REFERRED: (OrderState.CREATED, OrderState.DECIDING),
    OrderState.APPROVED: (OrderState.CREATED, OrderState.DECIDING, OrderState.REFERRED),
    OrderState.DECLINED: (OrderState.CREATED, OrderState.DECIDING, OrderState.REFERRED),
    OrderState.SIGNED: (OrderState.APPROVED,),
    OrderState.PAYING: (OrderState.SIGNED, OrderState.PAYOUT_FAILED),
    OrderState.PAID: (OrderState.SIGNED, OrderState.PAYING, OrderState.PAYOUT_FAILED),
    OrderState.PAYOUT_FAILED: (OrderState.SIGNED, OrderState.PAYING),
}
"""From which states an order gets to a state."""


class FakeGateway:
    """A lender for tests; a context manager within which its clients need no network.

    It verifies every signature, refuses replays, keeps orders and refunds, answers a repeated
    idempotency key with the first reply, and signs everything with keys of its own. Nothing
    happens to an order unless the test makes it: `approve`, `sign`, `pay`, …; time stands still
    unless the test moves it. What moves an order raises ValueError where the lender could not.

    Give your own `mock` (of the package `responses`) if the test has one running; it then answers
    for the lender too. `products` are what it lends for goods, the first where none is named.
    """

    def __init__(
        self,
        *,
        base_url: str = "https://api.lender.example",
        webhook_url: str = "https://shop.example/cf/webhooks",
        app_id: str = "app_test",
        partner_key: Optional[PrivateKey] = None,
        clock: Optional[FakeClock] = None,
        mock: Optional[responses.RequestsMock] = None,
        products: Sequence[FakeProduct] = (FakeProduct(),),
    ) -> None:
        self.base_url = base_url
        self.webhook_url = webhook_url
        self.app_id = app_id
        self.clock = clock or FakeClock()
        self.partner_key = partner_key or PrivateKey.generate()
        self._book = Book(self.clock, base_url, products)
        self._leads = LeadBook(self.clock, self._book, base_url)
        self._door = Door(self.clock, self._book, self._leads)
        self._mounted = Mounted(base_url, self._door, mock)
        self.accept_key(self.partner_key.public)

    def __enter__(self) -> FakeGateway:
        self._mounted.start()
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        fault: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self._mounted.stop()

    @property
    def root_keyid(self) -> str:
        """The thumbprint of this lender's root key, for a client of your own making."""
        return self._door.root.keyid

    @property
    def calls(self) -> Sequence[Message]:
        """Every request that reached the lender, as it arrived."""
        return tuple(self._door.calls)

    @property
    def events(self) -> Sequence[Event]:
        """Everything that happened, oldest first."""
        self._book.expire_due()
        return tuple(self._book.events.values())

    @property
    def payments(self) -> Payments:
        """Stores and payments there: what customers and the lender do about them."""
        return self._book.payments

    @property
    def commissions(self) -> Commissions:
        """What a platform earns: bills, and what the lender does about them."""
        return self._book.commissions

    @property
    def claims(self) -> Claims:
        """What a guarantor is asked to pay, and what becomes of it."""
        return self._book.claims

    @property
    def shares(self) -> Shares:
        """What a funder is asked for, and what borrowers and the lender do about it."""
        return self._book.shares

    @property
    def platform(self) -> PlatformDesk:
        """What is agreed with the platform: its place on the list, its quotas."""
        return self._book.platform

    def client(
        self, *, key: Optional[PrivateKey] = None, options: Optional[HttpOptions] = None
    ) -> Client:
        """Return a client of this lender, on its clock; close it, or use it as a context."""
        return Client(
            app_id=self.app_id,
            key=key or self.partner_key,
            base_url=self.base_url,
            root_keyid=self.root_keyid,
            options=options,
            clock=self.clock.for_partner(),
        )

    def async_client(
        self, *, key: Optional[PrivateKey] = None, options: Optional[HttpOptions] = None
    ) -> AsyncClient:
        """Return a client for an event loop; it needs the extra `async`, and no context of ours."""
        from .async_mounting import AsyncMounted  # noqa: PLC0415 - httpx is another extra

        return AsyncClient(
            app_id=self.app_id,
            key=key or self.partner_key,
            base_url=self.base_url,
            root_keyid=self.root_keyid,
            options=options,
            clock=self.clock.for_partner(),
            transport=AsyncMounted(self.base_url, self._door),
        )

    def accept_key(self, key: Verifier) -> None:
        """Take another key of the partner in, beside those that sign now."""
        self._door.partner_keys[key.keyid] = key

    def revoke_key(self, keyid: str) -> None:
        """Let a key of the partner sign no more."""
        del self._door.partner_keys[keyid]

    def verifier(self, url: Optional[str] = None) -> WebhookVerifier:
        """Return the verifier of an endpoint that takes this lender's events, on its clock."""
        key = self._door.event.public
        return WebhookVerifier(
            url=url or self.webhook_url,
            key_of={key.keyid: key}.get,
            now=self.clock.for_partner().now,
        )

    def fail(self, failure: Failure, *, times: int = 1) -> None:
        """Have the next calls fail; failures come in the order in which they were asked for."""
        if failure is Failure.CLOCK_SKEW:
            self.clock.skew_s = CLOCK_SKEW_S
        else:
            self._door.failures.extend([failure] * times)

    def order(self, which: OrderRef) -> Order:
        """Return an order as it stands. Raises LookupError."""
        self._book.expire_due()
        wanted = which.id if isinstance(which, Order) else which
        for order in self._book.orders.values():
            if wanted in (order.id, order.order_no):
                return order
        raise LookupError(f"there is no order {wanted}")

    def decide(self, which: OrderRef) -> Order:
        """Let the buyer apply; the lender decides."""
        return self._move(which, OrderState.DECIDING)

    def refer(self, which: OrderRef) -> Order:
        """Have a person decide."""
        return self._move(which, OrderState.REFERRED)

    def approve(self, which: OrderRef) -> Order:
        """Approve the application."""
        return self._move(which, OrderState.APPROVED)

    def decline(self, which: OrderRef) -> Order:
        """Decline the application; as the real lender, without telling why."""
        return self._move(which, OrderState.DECLINED, decline_reason="declined_by_lender")

    def sign(self, which: OrderRef, *, periods: int = 12) -> Order:
        """Let the buyer sign the contract."""
        made = {"loan_id": self._book.new_id("loan"), "payout_due_on": self.clock.business_date()}
        return self._move(which, OrderState.SIGNED, periods=periods, **made)

    def begin_payout(self, which: OrderRef) -> Order:
        """Send the money off; nobody knows yet whether it arrived."""
        return self._move(which, OrderState.PAYING)

    def pay(self, which: OrderRef) -> Order:
        """Let the money arrive at the merchant."""
        return self._book.pay(self._allowed(which, OrderState.PAID).id)

    def fail_payout(self, which: OrderRef) -> Order:
        """Let no account of the merchant take the money."""
        return self._move(which, OrderState.PAYOUT_FAILED)

    def sell(self, which: OrderRef, *, periods: int = 12) -> Order:
        """Approve, sign and pay in one."""
        self.approve(which)
        self.sign(which, periods=periods)
        return self.pay(which)

    def repay(self, which: OrderRef, *, principal_fen: int, interest_fen: int = 0) -> None:
        """Let the buyer pay on the loan."""
        order = self.order(which)
        if order.loan_id is None:
            raise ValueError(f"{order.order_no} has no loan")
        self._book.repay(order.id, principal_fen, interest_fen)

    def open_line(self, *, available_fen: int, **told: Any) -> CreditLine:
        """Let a customer have a line who applied in a store; `told` differs from the example.

        `available_fen` is what it can pay; the merchant only learns whether an amount is within.
        """
        example = examples.line("opened", self.clock.now(), self.clock.now().date())
        line = replace(example, **{"id": self._book.new_id("line"), **told})
        return self._book.open_line(line, available_fen)

    def freeze_line(self, line: CreditLine) -> CreditLine:
        """Have nothing paid by an open line for the time being."""
        return self._move_line(line, CreditLineState.OPEN, CreditLineState.FROZEN, "frozen")

    def unfreeze_line(self, line: CreditLine) -> CreditLine:
        """Let a frozen line be used again."""
        return self._move_line(line, CreditLineState.FROZEN, CreditLineState.OPEN, "unfrozen")

    def close_line(self, line: CreditLine) -> CreditLine:
        """Close an open line."""
        return self._move_line(line, CreditLineState.OPEN, CreditLineState.CLOSED, "closed")

    def expire(self, which: OrderRef) -> Order:
        """Let so much time pass that the order expires unsigned."""
        order = self.order(which)
        if order.expires_at is not None and order.expires_at > self.clock.now():
            self.clock.advance(order.expires_at - self.clock.now())
        return self.order(order.id)

    def lead(self, which: Union[Lead, str]) -> Lead:
        """Return a lead as it stands, by its id or by its number. Raises LookupError."""
        wanted = which.id if isinstance(which, Lead) else which
        for lead in self._leads.leads.values():
            if wanted in (lead.id, lead.lead_no):
                return lead
        raise LookupError(f"there is no lead {wanted}")

    def bar(self, *, identity_no: Optional[str] = None, mobile: Optional[str] = None) -> None:
        """Have pre-checks say from now on that a person may not be sent."""
        known = {"identity_no": identity_no, "mobile": mobile}
        self._leads.barred |= {(kind, value) for kind, value in known.items() if value}

    def move_lead(self, which: Union[Lead, str], state: LeadState, *, periods: int = 12) -> Lead:
        """Let a lead come to a state: handed over, decided, signed, paid, expired, …"""
        lead = self.lead(which)
        if not lead.state.is_open:
            raise ValueError(f"{lead.lead_no} is {lead.state}: it cannot become {state}")
        if state is LeadState.PAID:
            return self._leads.pay(lead.id)
        more: dict[str, Any] = {}
        if state is LeadState.SIGNED:
            more = {"periods": periods, "loan_id": self._book.new_id("loan")}
        if state is LeadState.REFUSED:
            more = {"refuse_reason": "refused_by_lender"}
        return self._leads.move(lead.id, state, **more)

    def repay_lead(
        self, which: Union[Lead, str], *, principal_fen: int, interest_fen: int = 0
    ) -> None:
        """Let the borrower whom a lead became pay on the loan; the last payment settles it."""
        self._leads.repay(self._lent(which), principal_fen, interest_fen)

    def lead_is_late(self, which: Union[Lead, str], days_past_due: int) -> None:
        """Let the loan of a lead be so many days late; with 0 nothing is late any more."""
        self._leads.be_late(self._lent(which), days_past_due)

    def allow_hand_in(self) -> None:
        """Take applications without the lender's page, as the law had it until 2026-09-30."""
        self._leads.own_page_required = False

    def _lent(self, which: Union[Lead, str]) -> Lead:
        lead = self.lead(which)
        if lead.state is not LeadState.PAID:
            raise ValueError(f"{lead.lead_no} has no loan that runs")
        return lead

    def finish_refund(self, refund: Refund) -> Refund:
        """Let what the borrower is owed arrive."""
        kept = self._book.refunds[refund.id]
        done = replace(kept, state=RefundState.DONE)
        self._book.refunds[refund.id] = done
        return done

    def event(
        self, kind: str, about: Any = None, *, url: Optional[str] = None, age_s: int = 0
    ) -> SignedEvent:
        """Return an event of any type as the lender posts it to an endpoint, made up if need be.

        `about` is an order, a refund, an endpoint or a mapping; without it a plausible one is made.
        `age_s` is how long ago it was sent. Raises ValueError for a type that there is not.
        """
        require_type(kind)
        told = about if about is not None else self._book.example(kind)
        subject = getattr(told, "order_id", None) or getattr(told, "id", "") or "ord_example"
        return self.signed(self._book.tell(kind, told, subject), url=url, age_s=age_s)

    def signed(self, event: Event, *, url: Optional[str] = None, age_s: int = 0) -> SignedEvent:
        """Return something that happened, one of `events`, as the lender posts it."""
        at = self.clock.seconds() - age_s
        return sign_event(event, url or self.webhook_url, self._door.event, at=at)

    def advance(self, **by: float) -> None:
        """Let time pass: `hours=3`, `days=1`, as `timedelta` takes them."""
        self.clock.advance(timedelta(**by))
        self._book.expire_due()

    def _move_line(
        self, line: CreditLine, before: CreditLineState, after: CreditLineState, kind: str
    ) -> CreditLine:
        if self._book.lines[line.id].state is not before:
            raise ValueError(f"{line.id} is {self._book.lines[line.id].state}")
        return self._book.move_line(line.id, after, kind)

    def _move(self, which: OrderRef, state: OrderState, **more: Any) -> Order:
        return self._book.move(self._allowed(which, state).id, state, **more)

    def _allowed(self, which: OrderRef, state: OrderState) -> Order:
        order = self.order(which)
        if order.state not in _NEXT[state]:
            raise ValueError(f"{order.order_no} is {order.state}: it cannot become {state}")
        return order
