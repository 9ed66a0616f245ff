"""What goes over the wire for mall instalments."""

from typing import cast

from marshmallow import fields, post_load, validate

from gateway import shown
from gateway.fields import Strict, Text, Url, Whole, said
from gateway.shown import Answer
from scenarios.mall_installment.intake import PlaceOrder
from scenarios.mall_installment.orders import Item
from scenarios.mall_installment.servicing import RefundGoods

AMOUNT_MAX_FEN = 100_000_000
NUMBER = r"[A-Za-z0-9_.-]+"
STATES = {
    "created": "The buyer has not finished applying: send them to `checkout_url`.",
    "deciding": "The application is being decided, usually within a second.",
    "referred": "A person decides; `order.approved` or `order.declined` follows.",
    "declined": "The lender will not lend for this order. Offer another way to pay.",
    "approved": "The buyer may choose an offer and sign.",
    "signed": "The contract is made; the payout to you follows.",
    "paying": "The payout is on its way and not yet certain: do not deliver yet.",
    "paid": "You have the money: deliver.",
    "payout_failed": "None of your settlement accounts could be paid; the lender's operators act.",
    "part_refunded": "Some of the price went back.",
    "refunded": "All of the price went back.",
    "cancelled": "Cancelled before any money left.",
    "expired": "The buyer did not sign in time.",
}
SUBSIDY_PAYERS = {
    "none": "Nobody: the borrower pays the interest.",
    "merchant": "You pay it, as `merchant_subsidy_fen`, out of the payout.",
    "lender": "The lender waives it.",
}
REFUND_STATES = {
    "pending": "Booked; what the borrower had repaid is on its way back to their card.",
    "done": "Booked, and the borrower has what is owed.",
}
PRODUCT_CODE = said("Which product of your agreement; left out, the one you have.", "mall-standard")
AMOUNT = said("Price of the goods. In fen.", 599_900)
QUANTITY = said("How many.", 1)
SKU = said("Your number of the goods; once in an order.", "P-1")
GOODS_NAME = said("What the borrower reads in the contract.", "手机")
UNIT_PRICE = said("Price of one. In fen.", 599_900)
CATEGORY = said(
    "What kind of goods: a purpose that the product finances, such as `electronics`,"
    " `appliances`, `furniture`, `clothing`, `sports`, `education_devices`.",
    "electronics",
)
ORDER_NO = said("Your number of the order; each may be used for one order.", "A-77")
RETURN_URL = said("Where the buyer goes when done.", "https://shop.example/orders/A-77")
CANCEL_URL = said("Where the buyer goes when they give up.", "https://shop.example/basket")
METADATA = said("Up to 20 values of yours, given back as they came.", {"till": "7"})
REFUND_NO = said("Your number of the refund; each may be used for one refund.", "R-77-1")
REASON = said("Why, for the records; the borrower may read it.", "七天无理由退货")


class QuoteRequest(Strict):
    """An amount to be quoted."""

    amount_fen = Whole(least=1, most=AMOUNT_MAX_FEN, required=True, metadata=AMOUNT)
    product_code = Text(most=64, pattern=NUMBER, load_default=None, metadata=PRODUCT_CODE)
    periods = fields.List(
        Whole(least=1, most=600),
        load_default=None,
        validate=validate.Length(1, 60),
        metadata=said("Numbers of instalments to quote; left out, all on offer.", [3, 12]),
    )


class ItemSchema(Strict):
    """Goods of one kind."""

    sku = Text(most=64, required=True, metadata=SKU)
    name = Text(most=200, required=True, metadata=GOODS_NAME)
    quantity = Whole(least=1, most=10_000, required=True, metadata=QUANTITY)
    unit_price_fen = Whole(least=1, most=AMOUNT_MAX_FEN, required=True, metadata=UNIT_PRICE)
    category = Text(most=64, pattern=r"[a-z0-9_]+", required=True, metadata=CATEGORY)


class OrderRequest(Strict):
    """An order to be paid by instalments."""

    order_no = Text(most=64, pattern=NUMBER, required=True, metadata=ORDER_NO)
    amount_fen = Whole(
        least=1,
        most=AMOUNT_MAX_FEN,
        required=True,
        metadata=said("Price of all goods: the sum of the items. In fen.", 599_900),
    )
    product_code = Text(most=64, pattern=NUMBER, load_default=None, metadata=PRODUCT_CODE)
    items = fields.List(
        fields.Nested(ItemSchema),
        required=True,
        validate=validate.Length(1, 100),
        metadata=said("What is bought."),
    )
    return_url = Url(required=True, metadata=RETURN_URL)
    cancel_url = Url(load_default=None, metadata=CANCEL_URL)
    metadata = fields.Dict(
        keys=Text(most=40),
        values=Text(least=0, most=500),
        load_default=dict,
        validate=validate.Length(0, 20),
        metadata=METADATA,
    )

    @post_load
    def command(self, data: dict[str, object], **_: object) -> PlaceOrder:
        """The command that the scenario takes."""
        items = tuple(Item(**item) for item in data.pop("items"))  # type: ignore[attr-defined]
        return PlaceOrder(items=items, **data)  # type: ignore[arg-type]


class ReturnedItem(Strict):
    """Goods that came back."""

    sku = Text(most=64, required=True, metadata=said("The sku as it was ordered.", "P-1"))
    quantity = Whole(least=1, most=10_000, required=True, metadata=said("How many came back.", 1))


class RefundRequest(Strict):
    """Goods that came back, and what they cost."""

    refund_no = Text(most=64, pattern=NUMBER, required=True, metadata=REFUND_NO)
    order_id = Text(
        most=64,
        pattern=r"[a-z0-9_]+",
        required=True,
        metadata=said("Which order.", shown.example_id("ord")),
    )
    amount_fen = Whole(
        least=1,
        most=AMOUNT_MAX_FEN,
        required=True,
        metadata=said("How much of the price goes back. In fen.", 599_900),
    )
    items = fields.List(
        fields.Nested(ReturnedItem),
        load_default=list,
        validate=validate.Length(0, 100),
        metadata=said("Which goods came back; may be left out where only money goes back."),
    )
    reason = Text(least=0, most=200, load_default="", metadata=REASON)

    @post_load
    def command(self, data: dict[str, object], **_: object) -> RefundGoods:
        """The command that the scenario takes."""
        items = tuple(cast("list[dict[str, object]]", data.pop("items")))
        return RefundGoods(items=items, **data)  # type: ignore[arg-type]


class PlanRow(Answer):
    """One instalment of an offer."""

    number = shown.whole("Which instalment, from 1.", 1, least=1)
    due_after = shown.whole(
        "When it is due: so many of the offer's `unit` after the payout.", 1, least=1
    )
    principal_fen = shown.fen("Principal in it.", 46_777)
    interest_fen = shown.fen("Interest in it.", 7_199)
    fee_fen = shown.fen("Fees in it.", 0)
    total_fen = shown.fen("What the borrower pays.", 53_976)


class OfferSchema(Answer):
    """One way to repay, with all that it costs."""

    periods = shown.whole("Number of instalments.", 12, least=1)
    every = shown.whole("An instalment falls due every so many of `unit`.", 1, least=1)
    unit = shown.one_of(shown.UNITS, "What `every` counts.", "month")
    instalment_fen = shown.fen("Each instalment but the last.", 53_976)
    instalment_last_fen = shown.fen("The last instalment.", 53_979)
    principal_fen = shown.fen("What is lent.", 599_900)
    interest_total_fen = shown.fen("Interest over the whole term.", 47_815)
    fee_total_fen = shown.fen("Fees over the whole term.", 0)
    cost_total_fen = shown.fen("Interest and fees together.", 47_815)
    rate_annual = shown.rate(
        "The all-in annual rate: the IRR of a period times the periods of a year, 12 months or"
        " 365 days. Show it beside every price.",
        "0.143999",
    )
    rate_annual_effective = shown.rate("The same, compounded.", "0.153893")
    rate_nominal = shown.rate("The product's nominal annual rate.", "0.144000")
    interest_free = shown.flag("Whether the borrower pays no interest.", example=False)
    subsidy_payer = shown.one_of(SUBSIDY_PAYERS, "Who pays the interest of an interest-free offer.")
    merchant_subsidy_fen = shown.fen("What this offer costs you, out of the payout.", 0)
    plan = shown.many(PlanRow, "Every instalment.")


class QuoteSchema(Answer):
    """What an amount costs by instalments."""

    amount_fen = shown.fen("The amount that was quoted.", 599_900, least=1)
    product_code = shown.text("Which product.", "mall-standard")
    product_version = shown.whole("Which version of it.", 1, least=1)
    offers = shown.many(OfferSchema, "What is on offer, by number of instalments.")
    message = shown.text(
        "The line to show beside the price, as the law wants it.",
        "年化利率(单利)14.40% · ¥539.76/月 × 12 期",
    )


class PayoutSchema(Answer):
    """What was paid to you."""

    amount_fen = shown.fen("What reached your account: the price less what follows.", 596_301)
    fee_fen = shown.fen("Your fee, withheld.", 3_599)
    subsidy_fen = shown.fen("Interest that you pay for the buyer, withheld.", 0)
    claims_fen = shown.fen("Taken back for returned goods.", 0)
    business_date = shown.day("On which it is booked.")
    account_last4 = shown.text("End of the account's number.", "0012")
    paid_at = shown.instant("When the bank paid.")
    channel_reference = shown.text("The bank's reference.", "B2026112700000001")


class ItemShown(Answer):
    """Goods of one kind."""

    sku = fields.String(required=True, metadata=SKU)
    name = fields.String(required=True, metadata=GOODS_NAME)
    quantity = shown.whole("How many.", 1, least=1)
    unit_price_fen = shown.fen("Price of one.", 599_900, least=1)
    category = fields.String(required=True, metadata=CATEGORY)


class OrderSchema(Answer):
    """An order and where it is."""

    id = shown.id_("ord", "The lender's id of the order.")
    order_no = fields.String(required=True, metadata=ORDER_NO)
    amount_fen = shown.fen("Price of the goods.", 599_900, least=1)
    currency = shown.text("Always CNY.", "CNY", pattern="^CNY$")
    product_code = shown.text("Which product.", "mall-standard")
    state = shown.one_of(STATES, "Where the order is.")
    items = shown.many(ItemShown, "What is bought.")
    checkout_url = shown.url(
        "Where to send the buyer. Whoever has it may apply for this order: hand it to nobody else.",
        "https://lender.example/checkout/gezdgnbvgy3tqojqgezdgnbvgy3tqojqgezdgnbvgy3",
    )
    return_url = fields.String(required=True, metadata=RETURN_URL | {"format": "uri"})
    cancel_url = fields.String(
        required=True, allow_none=True, metadata=CANCEL_URL | {"format": "uri"}
    )
    metadata = fields.Dict(
        keys=fields.String(), values=fields.String(), required=True, metadata=METADATA
    )
    periods = shown.whole(
        "Instalments that the buyer chose; null before.", None, least=1, nullable=True
    )
    every = shown.whole("An instalment falls due every so many of `unit`.", 1, least=1)
    unit = shown.one_of(shown.UNITS, "What `every` counts.", "month")
    loan_id = fields.String(
        required=True,
        allow_none=True,
        metadata=said("The loan; null before the buyer signed.", None),
    )
    payout_due_on = shown.day(
        "From when you are paid, by the working days agreed; null before the buyer signed.",
        nullable=True,
    )
    paid_fen = shown.fen("What was paid to you.", 0)
    refunded_fen = shown.fen("How much of the price went back.", 0)
    payout = shown.nested(PayoutSchema, "The payout; null before.", nullable=True)
    decline_reason = fields.String(
        required=True,
        allow_none=True,
        metadata=said("`declined_by_lender` or null: the reasons are the applicant's own.", None),
    )
    created_at = shown.instant("When it was placed.")
    updated_at = shown.instant("When it last changed.")
    expires_at = shown.instant("Until when the buyer may sign.")


class OrderList(Answer):
    """A page of orders."""

    data = shown.many(OrderSchema, "The rows of the page, newest first.")
    next_cursor = shown.next_cursor()


class ReturnedShown(Answer):
    """Goods that came back."""

    sku = shown.text("The sku as it was ordered.", "P-1")
    quantity = shown.whole("How many came back.", 1, least=1)


class RefundSchema(Answer):
    """A return of goods and what it did."""

    id = shown.id_("rfd", "The lender's id of the refund.")
    refund_no = fields.String(required=True, metadata=REFUND_NO)
    order_id = shown.id_("ord", "Of which order.")
    order_no = fields.String(required=True, metadata=ORDER_NO)
    loan_id = shown.id_("loan", "Of which loan.", nullable=True)
    amount_fen = shown.fen("How much of the price went back.", 599_900, least=1)
    items = shown.many(ReturnedShown, "Which goods came back.")
    reason = fields.String(required=True, metadata=REASON)
    loan_reduction_fen = shown.fen("What came off the loan.", 599_900)
    borrower_refund_fen = shown.fen("What the borrower had repaid and gets back.", 0)
    merchant_claim_fen = shown.fen("What is taken from your next payouts.", 599_900)
    state = shown.one_of(REFUND_STATES, "Where the refund is.", "done")
    loan_outstanding_principal_fen = shown.fen("What is still owed on the loan.", 0)
    business_date = shown.day("On which it is booked.")
    created_at = shown.instant("When it was booked.")


class RefundList(Answer):
    """A page of refunds."""

    data = shown.many(RefundSchema, "The rows of the page, newest first.")
    next_cursor = shown.next_cursor()
