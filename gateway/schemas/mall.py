"""What goes over the wire for mall instalments."""

from typing import cast

from marshmallow import fields, post_load, validate

from gateway.fields import Strict, Text, Url, Whole
from scenarios.mall_installment.intake import PlaceOrder
from scenarios.mall_installment.orders import Item
from scenarios.mall_installment.servicing import RefundGoods

AMOUNT_MAX_FEN = 100_000_000
NUMBER = r"[A-Za-z0-9_.-]+"
STATES = (
    "created",
    "deciding",
    "referred",
    "declined",
    "approved",
    "signed",
    "paying",
    "paid",
    "payout_failed",
    "part_refunded",
    "refunded",
    "cancelled",
    "expired",
)


class QuoteRequest(Strict):
    """An amount to be quoted."""

    amount_fen = Whole(least=1, most=AMOUNT_MAX_FEN, required=True)
    product_code = Text(most=64, pattern=NUMBER, load_default=None)
    periods = fields.List(
        Whole(least=1, most=120), load_default=None, validate=validate.Length(1, 60)
    )


class ItemSchema(Strict):
    """Goods of one kind."""

    sku = Text(most=64, required=True)
    name = Text(most=200, required=True)
    quantity = Whole(least=1, most=10_000, required=True)
    unit_price_fen = Whole(least=1, most=AMOUNT_MAX_FEN, required=True)
    category = Text(most=64, pattern=r"[a-z0-9_]+", required=True)


class OrderRequest(Strict):
    """An order to be paid by instalments."""

    order_no = Text(most=64, pattern=NUMBER, required=True)
    amount_fen = Whole(least=1, most=AMOUNT_MAX_FEN, required=True)
    product_code = Text(most=64, pattern=NUMBER, load_default=None)
    items = fields.List(
        fields.Nested(ItemSchema),
        required=True,
        validate=validate.Length(1, 100),
    )
    return_url = Url(required=True)
    cancel_url = Url(load_default=None)
    metadata = fields.Dict(
        keys=Text(most=40),
        values=Text(least=0, most=500),
        load_default=dict,
        validate=validate.Length(0, 20),
    )

    @post_load
    def command(self, data: dict[str, object], **_: object) -> PlaceOrder:
        """The command that the scenario takes."""
        items = tuple(Item(**item) for item in data.pop("items"))  # type: ignore[attr-defined]
        return PlaceOrder(items=items, **data)  # type: ignore[arg-type]


class ReturnedItem(Strict):
    """Goods that came back."""

    sku = Text(most=64, required=True)
    quantity = Whole(least=1, most=10_000, required=True)


class RefundRequest(Strict):
    """Goods that came back, and what they cost."""

    refund_no = Text(most=64, pattern=NUMBER, required=True)
    order_id = Text(most=64, pattern=r"[a-z0-9_]+", required=True)
    amount_fen = Whole(least=1, most=AMOUNT_MAX_FEN, required=True)
    items = fields.List(
        fields.Nested(ReturnedItem), load_default=list, validate=validate.Length(0, 100)
    )
    reason = Text(least=0, most=200, load_default="")

    @post_load
    def command(self, data: dict[str, object], **_: object) -> RefundGoods:
        """The command that the scenario takes."""
        items = tuple(cast("list[dict[str, object]]", data.pop("items")))
        return RefundGoods(items=items, **data)  # type: ignore[arg-type]


class PlanRow(Strict):
    """One instalment of an offer."""

    number = fields.Integer()
    due_in_months = fields.Integer()
    principal_fen = fields.Integer()
    interest_fen = fields.Integer()
    fee_fen = fields.Integer()
    total_fen = fields.Integer()


class OfferSchema(Strict):
    """One way to repay; `rate_annual` is the all-in annual rate, 12 x the monthly IRR."""

    periods = fields.Integer()
    instalment_fen = fields.Integer()
    instalment_last_fen = fields.Integer()
    principal_fen = fields.Integer()
    interest_total_fen = fields.Integer()
    fee_total_fen = fields.Integer()
    cost_total_fen = fields.Integer()
    rate_annual = fields.String()
    rate_annual_effective = fields.String()
    rate_nominal = fields.String()
    interest_free = fields.Boolean()
    subsidy_payer = fields.String()
    merchant_subsidy_fen = fields.Integer()
    plan = fields.List(fields.Nested(PlanRow))


class QuoteSchema(Strict):
    """What an amount costs by instalments."""

    amount_fen = fields.Integer()
    product_code = fields.String()
    product_version = fields.Integer()
    offers = fields.List(fields.Nested(OfferSchema))
    message = fields.String()


class PayoutSchema(Strict):
    """What was paid to the merchant."""

    amount_fen = fields.Integer(metadata={"description": "what reached your account"})
    fee_fen = fields.Integer(metadata={"description": "your fee, withheld"})
    subsidy_fen = fields.Integer(metadata={"description": "interest you pay, withheld"})
    claims_fen = fields.Integer(metadata={"description": "taken back for returned goods"})
    business_date = fields.Date(metadata={"description": "date it is booked on"})
    account_last4 = fields.String()
    paid_at = fields.String()
    channel_reference = fields.String()


class OrderSchema(Strict):
    """An order and where it is."""

    id = fields.String()
    order_no = fields.String()
    amount_fen = fields.Integer()
    currency = fields.String()
    product_code = fields.String()
    state = fields.String(metadata={"enum": list(STATES)})
    items = fields.List(fields.Nested(ItemSchema))
    checkout_url = fields.String()
    return_url = fields.String()
    cancel_url = fields.String(allow_none=True)
    metadata = fields.Dict(keys=fields.String(), values=fields.String())
    periods = fields.Integer(allow_none=True)
    loan_id = fields.String(allow_none=True)
    paid_fen = fields.Integer()
    refunded_fen = fields.Integer()
    payout = fields.Nested(PayoutSchema, allow_none=True)
    decline_reason = fields.String(allow_none=True)
    created_at = fields.String()
    updated_at = fields.String()
    expires_at = fields.String()


class OrderList(Strict):
    """A page of orders."""

    data = fields.List(fields.Nested(OrderSchema))
    next_cursor = fields.String(allow_none=True)


class RefundSchema(Strict):
    """A return of goods and what it did."""

    id = fields.String()
    refund_no = fields.String()
    order_id = fields.String()
    order_no = fields.String()
    loan_id = fields.String(allow_none=True)
    amount_fen = fields.Integer()
    items = fields.List(fields.Nested(ReturnedItem))
    reason = fields.String()
    loan_reduction_fen = fields.Integer()
    borrower_refund_fen = fields.Integer()
    merchant_claim_fen = fields.Integer()
    state = fields.String()
    loan_outstanding_principal_fen = fields.Integer()
    business_date = fields.Date(metadata={"description": "date it is booked on"})
    created_at = fields.String()


class RefundList(Strict):
    """A page of refunds."""

    data = fields.List(fields.Nested(RefundSchema))
    next_cursor = fields.String(allow_none=True)
