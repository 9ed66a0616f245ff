"""What goes over the wire for payments in stores and their refunds."""

from marshmallow import fields, post_load, validate

from gateway import shown
from gateway.fields import Strict, Text, Whole, said
from gateway.schemas.mall import (
    AMOUNT_MAX_FEN,
    NUMBER,
    PRODUCT_CODE,
    REFUND_STATES,
    PayoutSchema,
)
from gateway.shown import Answer, example_id
from scenarios.offline_credit.model import TakePayment
from scenarios.offline_credit.servicing import RefundPayment

STATES = {
    "waiting": "Waits for a customer to scan `pay_url`.",
    "confirming": "Waits for the customer's word on the phone.",
    "declined": "The lender will not lend for this payment. Offer another way to pay.",
    "signed": "The customer has agreed; the payout to you follows.",
    "paying": "The payout is on its way and not yet certain: hand nothing over yet.",
    "paid": "You have the money: hand the goods over.",
    "payout_failed": "None of your settlement accounts could be paid; the lender's operators act.",
    "part_refunded": "Some of the price went back.",
    "refunded": "All of the price went back.",
    "cancelled": "Cancelled before any money left, by you, by the customer or by us.",
    "expired": "Nobody agreed in time.",
}
PART_STATES = {
    "planned": "Due on its date, when the service was confirmed.",
    "paying": "On its way to you.",
    "paid": "You have it.",
    "failed": "None of your settlement accounts could be paid; the lender's operators act.",
    "stopped": "The service stopped: it went off the customer's loan instead.",
}
PAYMENT_NO = said("Your number of the payment; each may be used for one payment.", "P-20261127-1")
AMOUNT = said("What the customer pays. In fen.", 299_900)
PAID_FOR = said("What for, as the customer reads it.", "冰箱 BCD-520")
METADATA = said("Up to 20 values of yours, given back as they came.", {"shift": "2"})
STORE_NO = said("Your number of the store.", "S-001")
TILL_NO = said("Your number of the till.", "T-1")
CODE = said(
    "What the customer's phone shows, typed or scanned: good once and for a minute. Left out, the"
    " till shows `pay_url` for the customer to scan.",
    "68123456789012345678",
)
PARTS = said(
    "Of a service paid ahead: into how many monthly parts your money is cut. The first is paid at"
    " once, each later one when its date has come and the service was confirmed.",
    None,
)
REFUND_NO = said("Your number of the refund; each may be used for one refund.", "PR-1")
REASON = said("Why, for the records; the customer may read it.", "七天无理由退货")


class PaymentRequest(Strict):
    """A payment that a till takes."""

    payment_no = Text(most=64, pattern=NUMBER, required=True, metadata=PAYMENT_NO)
    amount_fen = Whole(least=1, most=AMOUNT_MAX_FEN, required=True, metadata=AMOUNT)
    store_id = Text(
        most=64,
        pattern=r"[a-z0-9_]+",
        required=True,
        metadata=said("The till's own store.", example_id("sto")),
    )
    code = Text(most=32, pattern=r"[0-9]+", load_default=None, allow_none=True, metadata=CODE)
    description = Text(least=0, most=100, load_default="", metadata=PAID_FOR)
    release_parts = Whole(least=2, most=36, load_default=None, allow_none=True, metadata=PARTS)
    product_code = Text(most=64, pattern=NUMBER, load_default=None, metadata=PRODUCT_CODE)
    metadata = fields.Dict(
        keys=Text(most=40),
        values=Text(least=0, most=500),
        load_default=dict,
        validate=validate.Length(0, 20),
        metadata=METADATA,
    )

    @post_load
    def command(self, data: dict[str, object], **_: object) -> TakePayment:
        """The command that the scenario takes."""
        return TakePayment(**data)  # type: ignore[arg-type]


class ConfirmRequest(Strict):
    """That a service goes on."""

    part = Whole(
        least=2,
        most=36,
        required=True,
        metadata=said("Which part of the money it is for; the first was paid at once.", 2),
    )


class StopRequest(Strict):
    """That a service has stopped."""

    reason = Text(most=200, required=True, metadata=said("Why.", "顾客搬家,停止健身服务"))


class PaymentRefundRequest(Strict):
    """Money that goes back."""

    refund_no = Text(most=64, pattern=NUMBER, required=True, metadata=REFUND_NO)
    payment_id = Text(
        most=64,
        pattern=r"[a-z0-9_]+",
        required=True,
        metadata=said("Which payment.", example_id("spy")),
    )
    amount_fen = Whole(
        least=1,
        most=AMOUNT_MAX_FEN,
        required=True,
        metadata=said("How much of the price goes back. In fen.", 299_900),
    )
    reason = Text(least=0, most=200, load_default="", metadata=REASON)

    @post_load
    def command(self, data: dict[str, object], **_: object) -> RefundPayment:
        """The command that the scenario takes."""
        return RefundPayment(**data)  # type: ignore[arg-type]


class ReleasePartSchema(Answer):
    """A later part of the money for a service paid ahead."""

    part = shown.whole("Which part; the first was paid at once.", 2, least=2, most=36)
    due_date = shown.day("From when it may be paid.")
    gross_fen = shown.fen("What it is of the price.", 99_967)
    fee_fen = shown.fen("Your fee in it, withheld.", 600)
    subsidy_fen = shown.fen("Interest that you pay for the customer in it, withheld.", 2_400)
    state = shown.one_of(PART_STATES, "Where it is.")
    confirmed = shown.flag("Whether the service was confirmed for it.", example=False)
    held = shown.flag("Whether the lender holds it, as while a complaint is open.", example=False)
    payout = shown.nested(PayoutSchema, "What was paid to you for it; null before.", nullable=True)


class PaymentSchema(Answer):
    """A payment in a store. Who the customer is, it does not say."""

    id = shown.id_("spy", "The payment.")
    payment_no = fields.String(required=True, metadata=PAYMENT_NO)
    store_id = shown.id_("sto", "In which store.")
    store_no = fields.String(required=True, metadata=STORE_NO)
    till_id = shown.id_("til", "At which till.")
    till_no = fields.String(required=True, metadata=TILL_NO)
    amount_fen = shown.fen("What the customer pays.", 299_900, least=1)
    currency = shown.text("Always CNY.", "CNY", pattern="^CNY$")
    description = fields.String(required=True, metadata=PAID_FOR)
    product_code = shown.text("The product it is lent under.", "store-standard")
    state = shown.one_of(STATES, "Where it is.", "confirming")
    pay_url = shown.url(
        "What the till shows for a customer to scan; null with a code, and once somebody has.",
        "https://lender.example/pay/gezdgnbvgy3tqojqgezdgnbvgy3tqojqgezdgnbvgy3",
        nullable=True,
    )
    periods = shown.whole(
        "Instalments that the customer chose; null before.", None, least=1, nullable=True
    )
    loan_id = fields.String(
        required=True,
        allow_none=True,
        metadata=said("The loan; null before the customer agreed.", None),
    )
    payout_due_on = shown.day(
        "From when you are paid, by the working days agreed; null before the customer agreed.",
        nullable=True,
    )
    refunded_fen = shown.fen("How much of the price went back.", 0)
    payout = shown.nested(
        PayoutSchema,
        "What was paid to you at once; null before. Of a service paid ahead, its first part.",
        nullable=True,
    )
    release_parts = shown.whole(
        "Parts of the money of a service paid ahead; else null.", None, least=2, nullable=True
    )
    release = shown.many(ReleasePartSchema, "The later parts, once it is paid out.")
    decline_reason = fields.String(
        required=True,
        allow_none=True,
        metadata=said("`declined_by_lender` or null: the reasons are the customer's own.", None),
    )
    metadata = fields.Dict(
        keys=fields.String(), values=fields.String(), required=True, metadata=METADATA
    )
    created_at = shown.instant("When it was asked for.")
    updated_at = shown.instant("When it last changed.")
    expires_at = shown.instant("Until when the customer may agree.")


class PaymentList(Answer):
    """A page of payments."""

    data = shown.many(PaymentSchema, "The rows of the page, newest first.")
    next_cursor = shown.next_cursor()


class PaymentRefundSchema(Answer):
    """Money that went back, and what it did."""

    id = shown.id_("srf", "The refund.")
    refund_no = fields.String(required=True, metadata=REFUND_NO)
    payment_id = shown.id_("spy", "Of which payment.")
    payment_no = fields.String(required=True, metadata=PAYMENT_NO)
    store_id = shown.id_("sto", "In which store.")
    store_no = fields.String(required=True, metadata=STORE_NO)
    till_no = shown.text("At which till the payment was taken.", "T-1")
    loan_id = shown.id_("loan", "Of which loan.", nullable=True)
    amount_fen = shown.fen("How much of the price went back.", 299_900, least=1)
    reason = fields.String(required=True, metadata=REASON)
    loan_reduction_fen = shown.fen("What came off the loan.", 299_900)
    borrower_refund_fen = shown.fen("What the customer had repaid and gets back.", 0)
    merchant_claim_fen = shown.fen("What is taken from your next payouts.", 299_900)
    state = shown.one_of(REFUND_STATES, "Where the refund is.", "done")
    loan_outstanding_principal_fen = shown.fen("What is still owed on the loan.", 0)
    business_date = shown.day("On which it is booked.")
    created_at = shown.instant("When it was booked.")


class PaymentRefundList(Answer):
    """A page of refunds."""

    data = shown.many(PaymentRefundSchema, "The rows of the page, newest first.")
    next_cursor = shown.next_cursor()
