"""What stores are told of."""

from marshmallow import fields

from gateway import shown
from gateway.event_types import EventType
from gateway.schemas.mall_events import PAYOUT
from gateway.schemas.payments import (
    PAYMENT_NO,
    STORE_NO,
    TILL_NO,
    PaymentRefundSchema,
    PaymentSchema,
    ReleasePartSchema,
)
from gateway.schemas.stores import LineOpenedSchema
from gateway.shown import Answer, example_id

CHOSEN = {"pay_url": None, "periods": 3, "loan_id": example_id("loan")}
PLAIN: dict[str, object] = {"release": [], "payout": None}
PAID = CHOSEN | {"release": [], "payout": PAYOUT}


class OfPayment(Answer):
    """Which payment something is about."""

    payment_id = shown.id_("spy", "The payment.")
    payment_no = fields.String(required=True, metadata=PAYMENT_NO)
    store_id = shown.id_("sto", "In which store.")
    store_no = fields.String(required=True, metadata=STORE_NO)
    till_no = fields.String(required=True, metadata=TILL_NO)
    loan_id = shown.id_("loan", "The loan.")


class ReleaseSchema(OfPayment, ReleasePartSchema):
    """A later part of the money for a service paid ahead."""


class ServiceStoppedSchema(OfPayment):
    """A service stopped: what you had not got went off the customer's loan."""

    parts = shown.many(
        fields.Integer(metadata={"minimum": 2, "format": "int64"}),
        "Parts that are not paid any more.",
        examples=[[2, 3]],
    )
    reason = shown.text("Why.", "顾客搬家,停止健身服务")
    amount_fen = shown.fen("What these parts were of the price.", 199_933)
    subsidy_fen = shown.fen("Interest of theirs that you owe all the same.", 4_800)
    loan_reduction_fen = shown.fen("What came off the loan.", 199_933)
    borrower_refund_fen = shown.fen("What the customer had repaid and gets back.", 0)
    business_date = shown.day("On which it is booked.")
    stopped_at = shown.instant("When it was booked.")


class PaymentRepaidSchema(OfPayment):
    """What a customer paid on the loan of a payment."""

    repayment_id = shown.id_("rep", "The repayment.")
    amount_fen = shown.fen("What was paid.", 101_000, least=1)
    principal_fen = shown.fen("How much of it was principal.", 99_967)
    interest_fen = shown.fen("How much of it was interest.", 1_033)
    outstanding_principal_fen = shown.fen("Principal still owed.", 199_933)


def _payment(name: str, says: str, **example: object) -> EventType:
    return EventType(f"payment.{name}", says, PaymentSchema, {"state": name, **PLAIN, **example})


EVENT_TYPES = (
    _payment("created", "A till asked for a payment.", state="waiting"),
    _payment("confirming", "It waits for the customer's word on the phone.", pay_url=None),
    _payment(
        "declined",
        "The lender will not lend for this payment: offer another way to pay.",
        pay_url=None,
        decline_reason="declined_by_lender",
    ),
    _payment("signed", "The customer has agreed; the payout to you follows.", **CHOSEN),
    _payment("paid", "You have the money: hand the goods over.", **PAID),
    _payment("payout_failed", "None of your settlement accounts could be paid.", **CHOSEN),
    _payment("cancelled", "It was cancelled before any money left.", pay_url=None),
    _payment("expired", "Nobody agreed in time.", pay_url=None),
    EventType("payment.refunded", "Money went back.", PaymentRefundSchema, subject="payment_id"),
    EventType(
        "payment.repaid",
        "The customer has paid an instalment of a payment, or all of it.",
        PaymentRepaidSchema,
        subject="payment_id",
    ),
    EventType(
        "release.paid",
        "A later part of the money for a service paid ahead has reached you.",
        ReleaseSchema,
        {"state": "paid", "confirmed": True, "payout": PAYOUT},
        subject="payment_id",
    ),
    EventType(
        "release.failed",
        "None of your settlement accounts could be paid a later part.",
        ReleaseSchema,
        {"state": "failed", "confirmed": True, "payout": None},
        subject="payment_id",
    ),
    EventType(
        "release.stopped",
        "The service stopped: what you had not got went off the customer's loan.",
        ServiceStoppedSchema,
        subject="payment_id",
    ),
    EventType(
        "credit_line.opened",
        "A customer who applied in your store may pay by a line from now on.",
        LineOpenedSchema,
        subject="visit_id",
    ),
)
