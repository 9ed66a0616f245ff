"""What stores are told of."""

from marshmallow import fields

from gateway import shown
from gateway.event_types import EventType
from gateway.schemas.credit_lines import CreditLineSchema
from gateway.schemas.mall_events import PAYOUT
from gateway.schemas.payments import (
    PAYMENT_NO,
    STORE_NO,
    TILL_NO,
    PaymentRefundSchema,
    PaymentSchema,
    ReleasePartSchema,
)
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


DISPUTE_STATES = {"open": "The lender looks into it.", "decided": "It is over."}
DISPUTE_OUTCOMES = {
    "continue": "The service goes on, and so does your money.",
    "stop": "The service stops: what you had not got goes off the customer's loan.",
}


class DisputeSchema(OfPayment):
    """A customer disputes a payment, such as that a service paid ahead is not given."""

    dispute_id = shown.id_("tkt", "The dispute: name it when you call the lender.")
    state = shown.one_of(DISPUTE_STATES, "Where it is.")
    outcome = shown.one_of(DISPUTE_OUTCOMES, "How it ended; null before.", nullable=True)
    held_parts = shown.many(
        fields.Integer(metadata={"minimum": 2, "format": "int64"}),
        "Parts of the money that wait for the decision.",
        examples=[[2, 3]],
    )
    answer_by = shown.day("By when the lender decides.")
    opened_at = shown.instant("When it was opened.")
    decided_at = shown.instant("When it was decided; null before.", nullable=True)


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
        CreditLineSchema,
    ),
    EventType(
        "credit_line.raised",
        "For a time a customer may pay more by a line.",
        CreditLineSchema,
    ),
    EventType(
        "credit_line.frozen",
        "Nothing is paid by a line for the time being; payments under way go through.",
        CreditLineSchema,
        {"state": "frozen"},
    ),
    EventType("credit_line.unfrozen", "A frozen line can be used again.", CreditLineSchema),
    EventType(
        "credit_line.closed",
        "Nothing is paid by a line any more.",
        CreditLineSchema,
        {"state": "closed"},
    ),
    EventType(
        "payment.disputed",
        "A customer disputes a payment: what you have not got waits for the lender's decision.",
        DisputeSchema,
        {"state": "open", "outcome": None, "decided_at": None},
        subject="payment_id",
    ),
    EventType(
        "payment.dispute_decided",
        "A dispute is over: the money goes on, or the service stops and `release.stopped` follows.",
        DisputeSchema,
        {"state": "decided", "held_parts": []},
        subject="payment_id",
    ),
)
