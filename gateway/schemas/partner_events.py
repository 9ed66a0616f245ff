"""What platforms and guarantors are told of their money."""

from gateway.event_types import EventType
from gateway.schemas.claims import ClaimSchema
from gateway.schemas.commissions import AccrualSchema, BillSchema
from gateway.shown import INSTANT

CONFIRMED = {"state": "confirmed", "confirmed_at": INSTANT}

EVENT_TYPES = (
    EventType(
        "commission.accrued",
        "Something that happened to a loan earned you a commission, or took it back.",
        AccrualSchema,
        subject="loan_id",
    ),
    EventType(
        "commission.bill_ready",
        "A month's bill was made, or a dispute was answered: confirm it or dispute it.",
        BillSchema,
    ),
    EventType(
        "commission.paid",
        "A bill was paid to your settlement account.",
        BillSchema,
        CONFIRMED | {"payment": "paid", "paid_at": INSTANT},
    ),
    EventType(
        "commission.payment_failed",
        "Every settlement account of yours refused a bill's payment; the lender's operators act.",
        BillSchema,
        CONFIRMED | {"payment": "failed"},
    ),
    EventType("claim.filed", "You are asked to pay for a loan that you guarantee.", ClaimSchema),
    EventType(
        "claim.paid",
        "A claim is paid, out of your deposit or by your transfer.",
        ClaimSchema,
        {"state": "paid"},
    ),
    EventType(
        "claim.withdrawn",
        "The borrower paid first: do not pay any more.",
        ClaimSchema,
        {"state": "withdrawn", "because": "the borrower has paid"},
    ),
    EventType(
        "claim.taken_back",
        "Your money for a claim went back to you.",
        ClaimSchema,
        {"state": "taken_back", "because": "bounced"},
    ),
)
