"""Instalments in a mall: quotes, orders, refunds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Optional, Union

from ._errors import NotFound
from ._models import Order, OrderItem, Quote, Refund
from ._pages import pages
from ._transport import Call, Transport, read, segment, write

Item = Union[OrderItem, Mapping[str, Any]]


def _body(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _item(item: Item) -> dict[str, Any]:
    return asdict(item) if isinstance(item, OrderItem) else dict(item)


class Quotes:
    """What an amount would cost by instalments."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        *,
        amount_fen: int,
        product_code: Optional[str] = None,
        periods: Optional[Sequence[int]] = None,
    ) -> Quote:
        """Quote `amount_fen`, for all numbers of periods or for those given. Nothing is stored."""
        body = _body(
            amount_fen=amount_fen,
            product_code=product_code,
            periods=None if periods is None else list(periods),
        )
        call = Call("POST", "/v1/mall/quotes", body=body, repeatable=True)
        return Quote.from_json(self._transport.json(call))


class Orders:
    """Orders that a buyer pays by instalments."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

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
    ) -> Order:
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
        call = write("/v1/mall/orders", body, idempotency_key)
        return Order.from_json(self._transport.json(call))

    def get(self, order_id: str) -> Order:
        """Return the order. Raises NotFound."""
        return Order.from_json(self._transport.json(read(f"/v1/mall/orders/{segment(order_id)}")))

    def find(self, order_no: str) -> Order:
        """Return the order with the merchant's own number. Raises NotFound."""
        for order in self.list(order_no=order_no):
            return order
        raise NotFound(404, {"code": "order.not_found", "detail": f"no order {order_no!r}"})

    def list(
        self,
        *,
        order_no: Optional[str] = None,
        state: Optional[str] = None,
        limit: Optional[int] = None,
    ) -> Iterator[Order]:
        """Go through the orders; pages of `limit` are fetched as they are needed."""
        call = read("/v1/mall/orders", order_no=order_no, state=state, limit=limit)
        return pages(self._transport, call, Order.from_json)

    def cancel(self, order_id: str, *, idempotency_key: Optional[str] = None) -> Order:
        """Cancel an order whose payout has not been sent. Raises Conflict or Refused after that."""
        path = f"/v1/mall/orders/{segment(order_id)}/cancel"
        return Order.from_json(self._transport.json(write(path, None, idempotency_key)))

    def contract(self, order_id: str) -> bytes:
        """Return the signed loan contract as PDF. Raises NotFound before the buyer signed."""
        call = read(f"/v1/mall/orders/{segment(order_id)}/contract")
        return self._transport.send(call, accept="application/pdf").body


class Refunds:
    """Goods that come back after the payout."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        *,
        refund_no: str,
        order_id: str,
        amount_fen: int,
        items: Optional[Sequence[Mapping[str, Any]]] = None,
        reason: Optional[str] = None,
        idempotency_key: Optional[str] = None,
    ) -> Refund:
        """Refund all or a part; `items` are `{"sku", "quantity"}` of what came back."""
        body = _body(
            refund_no=refund_no,
            order_id=order_id,
            amount_fen=amount_fen,
            items=None if items is None else [dict(item) for item in items],
            reason=reason,
        )
        call = write("/v1/mall/refunds", body, idempotency_key)
        return Refund.from_json(self._transport.json(call))

    def get(self, refund_id: str) -> Refund:
        """Return the refund. Raises NotFound."""
        call = read(f"/v1/mall/refunds/{segment(refund_id)}")
        return Refund.from_json(self._transport.json(call))

    def list(self, *, order_id: Optional[str] = None) -> Iterator[Refund]:
        """Go through the refunds, of one order if it is named."""
        call = read("/v1/mall/refunds", order_id=order_id)
        return pages(self._transport, call, Refund.from_json)


class Mall:
    """The services for a mall."""

    def __init__(self, transport: Transport) -> None:
        self.quotes = Quotes(transport)
        self.orders = Orders(transport)
        self.refunds = Refunds(transport)
