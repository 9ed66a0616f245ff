"""What platforms are told of."""

from marshmallow import fields

from gateway import shown
from gateway.event_types import EventType
from gateway.schemas.leads import LEAD_NO, LeadSchema
from gateway.shown import Answer, example_id

OVER: dict[str, object] = {"handover_url": None}
CHOSEN = OVER | {"periods": 12, "loan_id": example_id("loan")}
PAID = CHOSEN | {"paid_fen": 1_000_000, "paid_at": shown.INSTANT}


class LeadRepaidSchema(Answer):
    """What a borrower whom you sent has paid."""

    lead_id = shown.id_("led", "The lead.")
    lead_no = fields.String(required=True, metadata=LEAD_NO)
    loan_id = shown.id_("loan", "The loan.")
    repayment_id = shown.id_("rep", "The repayment.")
    amount_fen = shown.fen("What was paid.", 92_000, least=1)
    principal_fen = shown.fen("How much of it was principal.", 78_000)
    interest_fen = shown.fen("How much of it was interest.", 14_000)
    outstanding_principal_fen = shown.fen("Principal still owed.", 922_000)


class LeadStandingSchema(Answer):
    """How the loan of a person whom you sent is repaid. Told as long as they consent to it."""

    lead_id = shown.id_("led", "The lead.")
    lead_no = fields.String(required=True, metadata=LEAD_NO)
    loan_id = shown.id_("loan", "The loan.")
    business_date = shown.day("When it was so.")
    days_past_due = shown.whole("Days since the oldest due date that is not paid.", 1)
    stage = shown.text("`M0` not late, `M1` up to 30 days, … `M6`, `M6+`.", "M1")
    outstanding_principal_fen = shown.fen("Principal still owed.", 922_000)


def _standing(name: str, says: str, example: dict[str, object]) -> EventType:
    return EventType(f"lead.{name}", says, LeadStandingSchema, example, subject="lead_id")


def _lead(name: str, says: str, example: dict[str, object]) -> EventType:
    return EventType(f"lead.{name}", says, LeadSchema, {"state": name, **example})


EVENT_TYPES = (
    _lead("received", "A lead was taken.", {}),
    _lead("handed_over", "The person came to the lender's page.", OVER),
    _lead("referred", "A person decides; `lead.approved` or `lead.refused` follows.", OVER),
    _lead("approved", "The person may choose an offer and sign.", OVER),
    _lead(
        "refused",
        "The lender will not lend. The person has been told why, and may ask for a person.",
        OVER | {"refuse_reason": "refused_by_lender"},
    ),
    _lead("signed", "The contract is made; the payout to the person's account follows.", CHOSEN),
    _lead("paid", "The person has the money.", PAID),
    _lead("payout_failed", "The person's account was refused; they are asked for another.", CHOSEN),
    _lead("cancelled", "It was ended before any money left.", OVER),
    _lead("expired", "The person did not sign in time.", OVER),
    EventType(
        "lead.repaid",
        "A borrower whom you sent has paid an instalment, or the whole loan.",
        LeadRepaidSchema,
        subject="lead_id",
    ),
    _standing("overdue", "A loan is late, or late by another stage, since the date began.", {}),
    _standing(
        "cured",
        "Nothing is late any more; comes just before the `lead.repaid` of what was paid.",
        {"days_past_due": 0, "stage": "M0"},
    ),
    _standing(
        "settled",
        "The loan is over; comes just before the `lead.repaid` of what was paid last.",
        {"days_past_due": 0, "stage": "M0", "outstanding_principal_fen": 0},
    ),
    _standing(
        "reopened",
        "A settled loan runs again: what had settled it went back.",
        {"days_past_due": 0, "stage": "M0"},
    ),
)
