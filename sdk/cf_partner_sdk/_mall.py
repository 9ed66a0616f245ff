"""Instalments in a mall: quotes, orders, refunds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Generic, Optional, Union

from ._calls import Call, Page, ask, body_of, download, pages, read, segment, write
from ._finding import the_one
from ._models import Order, OrderItem, Quote, Refund
from ._service import R, Service, call, listing

Item = Union[OrderItem, Mapping[str, Any]]


def _body(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _item(item: Item) -> dict[str, Any]:
    return asdict(item) if isinstance(item, OrderItem) else dict(item)


class Quotes(Service[R]):
    """What an amount would cost by instalments."""

    @call
    def create(
        self,
        *,
        amount_fen: int,
        product_code: Optional[str] = None,
        periods: Optional[Sequence[int]] = None,
    ) -> Call[Quote]:
        """Quote `amount_fen`, for all numbers of periods or for those given. Nothing is stored."""
        body = _body(
            amount_fen=amount_fen,
            product_code=product_code,
            periods=None if periods is None else list(periods),
        )
        return ask("/v1/mall/quotes", Quote.from_json, body)


class Orders(Service[R]):
    """Orders that a buyer pays by instalments."""

    @call
    def create(
        self,
        *,
        order_no: str,
        amount_fen: int,
        items: Sequence[Item],
        return_url: str,
        product_code: Optional[str] = None,
        cancel_url: Optional[str] = None,
        metadata: Optional[Mapping[str, str]] = None,
        idempotency_key: Optional[str] = None,
    ) -> Call[Order]:
        """Place an order; send the buyer to its `checkout_url`.

        `order_no` is the merchant's own number, one order each. The items' quantities times
        prices must add up to `amount_fen`. Keep `idempotency_key` with your order, so that a later
        try, even after a restart, is the same call; without one the client makes one up, and an
        error tells it.
        """
        body = _body(
            order_no=order_no,
            amount_fen=amount_fen,
            product_code=product_code,
            items=[_item(item) for item in items],
            return_url=return_url,
            cancel_url=cancel_url,
            metadata=None if metadata is None else dict(metadata),
        )
        return write("/v1/mall/orders", Order.from_json, body, idempotency_key)

    @call
    def get(self, order_id: str) -> Call[Order]:
        """Return the order. Raises NotFound."""
        return read(f"/v1/mall/orders/{segment(order_id)}", Order.from_json)

    @call
    def find(self, order_no: str) -> Call[Order]:
        """Return the order with the merchant's own number. Raises NotFound."""
        parse = the_one(Order.from_json, f"order {order_no}")
        return read("/v1/mall/orders", parse, order_no=order_no)

    @listing
    def list(
        self,
        *,
        order_no: Optional[str] = None,
        state: Optional[str] = None,
        limit: Optional[int] = None,
    ) -> Call[Page[Order]]:
        """Go through the orders; pages of `limit` are fetched as they are needed."""
        return pages(
            "/v1/mall/orders", Order.from_json, order_no=order_no, state=state, limit=limit
        )

    @call
    def cancel(self, order_id: str, *, idempotency_key: Optional[str] = None) -> Call[Order]:
        """Cancel an order whose payout has not been sent. Raises Conflict or Refused after that."""
        path = f"/v1/mall/orders/{segment(order_id)}/cancel"
        return write(path, Order.from_json, None, idempotency_key)

    @call
    def contract(self, order_id: str) -> Call[bytes]:
        """Return the signed loan contract as PDF. Raises NotFound before the buyer signed."""
        path = f"/v1/mall/orders/{segment(order_id)}/contract"
        return download(path, "application/pdf", body_of)


class Refunds(Service[R]):
    """Goods that come back after the payout."""

    @call
    def create(
        self,
        *,
        refund_no: str,
        order_id: str,
        amount_fen: int,
        items: Optional[Sequence[Mapping[str, Any]]] = None,
        reason: Optional[str] = None,
        idempotency_key: Optional[str] = None,
    ) -> Call[Refund]:
        """Refund all or a part; `items` are `{"sku", "quantity"}` of what came back."""
        body = _body(
            refund_no=refund_no,
            order_id=order_id,
            amount_fen=amount_fen,
            items=None if items is None else [dict(item) for item in items],
            reason=reason,
        )
        return write("/v1/mall/refunds", Refund.from_json, body, idempotency_key)

    @call
    def get(self, refund_id: str) -> Call[Refund]:
        """Return the refund. Raises NotFound."""
        return read(f"/v1/mall/refunds/{segment(refund_id)}", Refund.from_json)

    @listing
    def list(self, *, order_id: Optional[str] = None) -> Call[Page[Refund]]:
        """Go through the refunds, of one order if it is named."""
        return pages("/v1/mall/refunds", Refund.from_json, order_id=order_id)


class Mall(Generic[R]):
    """The services for a mall."""

    def __init__(self, runner: R) -> None:
        self.quotes = Quotes(runner)
        self.orders = Orders(runner)
        self.refunds = Refunds(runner)
