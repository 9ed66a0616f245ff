"""Mall instalments over the wire: each endpoint parses, calls once, answers."""

from functools import partial
from typing import Any

from gateway import pages, shown
from gateway.context import GatewayContext
from gateway.endpoints import Call, Endpoint, Reply
from gateway.fields import Choice, Text, page, said
from gateway.quotables import Quotable
from gateway.rate_model import RateGroup
from gateway.schemas import mall as schemas
from lending.channels import errors as channels
from lending.compliance import errors as compliance
from lending.engine import errors as engine
from lending.loans import errors as loans
from lending.products import errors as products
from scenarios.mall_installment import errors, intake, servicing
from scenarios.mall_installment.servicing import OrderFilter

ADMISSION = (
    channels.PartnerNotListed,
    channels.NoAgreement,
    products.NoSuchProduct,
    products.AmountOutsideProduct,
    engine.CostOverCap,
)
"""What quotes and orders may be refused for."""


def quote(call: Call) -> Reply:
    """Quotes an amount."""
    found = call.context.quotables.get(call.tx, call.partner_id, call.body["product_code"])
    return _quoted(found, call.body)


def quote_at_hand(context: GatewayContext, partner_id: str, asked: dict[str, Any]) -> Reply | None:
    """Quotes an amount of a product that was quoted moments ago."""
    found = context.quotables.at_hand(partner_id, asked["product_code"])
    return _quoted(found, asked) if found else None


def _quoted(found: Quotable, asked: dict[str, Any]) -> Reply:
    product, day = found
    periods = asked["periods"]
    wanted = None if periods is None else tuple(periods)
    return Reply(intake.quote_again(product, asked["amount_fen"], wanted, day))


def place_order(call: Call) -> Reply:
    """Places an order."""
    made = intake.place_order(
        call.tx, call.context.lending.keys, call.partner_id, call.body, _public(call)
    )
    return Reply(made, 201, f"/v1/mall/orders/{made['id']}")


def order(call: Call) -> Reply:
    """One order."""
    keys = call.context.lending.keys
    return Reply(
        servicing.order(call.tx, keys, call.partner_id, call.path["order_id"], _public(call))
    )


def orders(call: Call) -> Reply:
    """A page of orders."""
    keys = call.context.lending.keys
    filters = {name: call.query.get(name) for name in ("order_no", "state")}
    fetch = partial(
        servicing.orders_page,
        call.tx,
        keys,
        call.partner_id,
        _public(call),
        wanted=OrderFilter(**filters),
    )
    return Reply(pages.page_of(keys, call.query, filters, fetch))


def cancel(call: Call) -> Reply:
    """Cancels an order."""
    keys = call.context.lending.keys
    return Reply(
        servicing.cancel(call.tx, keys, call.partner_id, call.path["order_id"], _public(call))
    )


def contract(call: Call) -> Reply:
    """The contract of an order."""
    files = call.context.lending.files
    content = servicing.contract(call.tx, files, call.partner_id, call.path["order_id"])
    return Reply(content, content_type="application/pdf")


def refund(call: Call) -> Reply:
    """Takes goods back."""
    made = servicing.refund(call.tx, call.partner_id, call.body)
    return Reply(made, 201, f"/v1/mall/refunds/{made['id']}")


def refund_by_id(call: Call) -> Reply:
    """One refund."""
    return Reply(servicing.refund_of(call.tx, call.partner_id, call.path["refund_id"]))


def refunds(call: Call) -> Reply:
    """A page of refunds."""
    filters = {"order_id": call.query.get("order_id")}
    fetch = partial(
        servicing.refunds_page,
        call.tx,
        call.partner_id,
        order_id=filters["order_id"],
    )
    return Reply(pages.page_of(call.context.lending.keys, call.query, filters, fetch))


def _public(call: Call) -> str:
    return call.context.lending.settings.public_url


ENDPOINTS = (
    Endpoint(
        "POST",
        "/v1/mall/quotes",
        "quote",
        "What an amount costs by instalments; nothing is stored",
        quote,
        at_hand=quote_at_hand,
        function="mall",
        owner="none",
        request=schemas.QuoteRequest(),
        response=schemas.QuoteSchema,
        group=RateGroup.QUOTES,
        refusals=(*ADMISSION, products.PeriodsNotOffered),
        about="Ask once for each price you show. The offers are good for the day; what the buyer"
        " signs is made anew from the product as it then is.",
    ),
    Endpoint(
        "POST",
        "/v1/mall/orders",
        "place_order",
        "Place an order; send the buyer to its checkout_url",
        place_order,
        function="mall",
        owner="none",
        request=schemas.OrderRequest(),
        response=schemas.OrderSchema,
        status=201,
        writes=True,
        refusals=(
            *ADMISSION,
            compliance.PurposeNotAllowed,
            compliance.SceneBlocked,
            errors.ItemsDoNotAddUp,
            errors.ItemTwice,
            errors.OrderNoTaken,
        ),
        about="The order waits for its buyer until `expires_at`. Deliver when it is `paid`, not"
        " before.",
    ),
    Endpoint(
        "GET",
        "/v1/mall/orders",
        "orders",
        "Your orders, newest first",
        orders,
        function="mall",
        owner="partner",
        scope="orders:read",
        response=schemas.OrderList,
        query={
            "order_no": Text(
                most=64, pattern=schemas.NUMBER, metadata=said("Your number of an order.", "A-77")
            ),
            "state": Choice(schemas.STATES, metadata=said("Only orders in this state.", "paid")),
            **page(),
        },
    ),
    Endpoint(
        "GET",
        "/v1/mall/orders/<order_id>",
        "order",
        "One order",
        order,
        function="mall",
        owner="partner",
        scope="orders:read",
        response=schemas.OrderSchema,
        refusals=(errors.NoSuchOrder,),
    ),
    Endpoint(
        "POST",
        "/v1/mall/orders/<order_id>/cancel",
        "cancel",
        "Cancel an order no money has left for",
        cancel,
        function="mall",
        owner="partner",
        response=schemas.OrderSchema,
        writes=True,
        refusals=(errors.NoSuchOrder, loans.PayoutUnderWay, loans.WrongState),
        about="Cancelling twice does it once. After the payout, refund instead.",
    ),
    Endpoint(
        "GET",
        "/v1/mall/orders/<order_id>/contract",
        "contract",
        "The signed contract",
        contract,
        function="mall",
        owner="partner",
        gives="application/pdf",
        refusals=(errors.NoSuchOrder, loans.NoSuchLoan),
        about="There is none before the buyer has signed: 404 until then.",
    ),
    Endpoint(
        "POST",
        "/v1/mall/refunds",
        "refund",
        "Take goods back: the loan shrinks, the price is claimed from your next payout",
        refund,
        function="mall",
        owner="partner",
        request=schemas.RefundRequest(),
        response=schemas.RefundSchema,
        status=201,
        writes=True,
        refusals=(
            errors.NoSuchOrder,
            errors.NotPaidOut,
            errors.ItemNotInOrder,
            errors.RefundAboveItems,
            errors.RefundNoTaken,
            engine.RefundTooLarge,
            loans.WrongState,
        ),
        about="The sum of all refunds of an order never passes its price.",
    ),
    Endpoint(
        "GET",
        "/v1/mall/refunds",
        "refunds",
        "Your refunds, newest first",
        refunds,
        function="mall",
        owner="partner",
        scope="orders:read",
        response=schemas.RefundList,
        query={
            "order_id": Text(
                most=64,
                pattern=r"[a-z0-9_]+",
                metadata=said("Only refunds of this order.", shown.example_id("ord")),
            ),
            **page(),
        },
    ),
    Endpoint(
        "GET",
        "/v1/mall/refunds/<refund_id>",
        "refund_by_id",
        "One refund",
        refund_by_id,
        function="mall",
        owner="partner",
        scope="orders:read",
        response=schemas.RefundSchema,
        refusals=(errors.NoSuchOrder,),
    ),
)
