"""What shops are told of."""

from gateway import shown
from gateway.event_types import EventType
from gateway.schemas.mall import OrderSchema, PayoutSchema, RefundSchema
from gateway.shown import Answer, example_id

CHOSEN = {"periods": 12, "loan_id": example_id("loan")}
PAYOUT = {name: field.metadata["examples"][0] for name, field in PayoutSchema().fields.items()}
PAID = CHOSEN | {"paid_fen": PAYOUT["amount_fen"], "payout": PAYOUT}


class RepaymentSchema(Answer):
    """What a borrower paid on a loan."""

    loan_id = shown.id_("loan", "The loan.")
    repayment_id = shown.id_("rep", "The repayment.")
    order_id = shown.id_("ord", "The order that the loan paid for.")
    order_no = shown.text("Your number of the order.", "A-77")
    amount_fen = shown.fen("What was paid.", 53_976, least=1)
    principal_fen = shown.fen("How much of it was principal.", 46_777)
    interest_fen = shown.fen("How much of it was interest.", 7_199)
    outstanding_principal_fen = shown.fen("Principal still owed.", 553_123)


def _order(name: str, says: str, **example: object) -> EventType:
    return EventType(f"order.{name}", says, OrderSchema, {"state": name, **example})


EVENT_TYPES = (
    _order("created", "You placed an order."),
    _order("approved", "The buyer may choose an offer and sign."),
    _order("referred", "A person decides; `order.approved` or `order.declined` follows."),
    _order(
        "declined",
        "The lender will not lend for this order: offer another way to pay.",
        decline_reason="declined_by_lender",
    ),
    _order("signed", "The contract is made; the payout to you follows.", **CHOSEN),
    _order("paid", "You have the money: deliver.", **PAID),
    _order("payout_failed", "None of your settlement accounts could be paid.", **CHOSEN),
    _order("cancelled", "The order was cancelled before any money left."),
    _order("expired", "The buyer did not sign in time."),
    EventType("order.refunded", "Goods were taken back.", RefundSchema, subject="order_id"),
    EventType(
        "loan.repaid",
        "The borrower has paid an instalment, or the whole loan.",
        RepaymentSchema,
        subject="order_id",
    ),
)
