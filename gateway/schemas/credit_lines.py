"""What goes over the wire for lines, as the merchant sees them in whose stores they began."""

from marshmallow import fields

from gateway import shown
from gateway.fields import said
from gateway.schemas.stores import SCENES, STAFF_NO, STORE_NO
from gateway.shown import Answer

LINE_STATES = {
    "waiting": "Granted; a guarantee that was asked for is not there yet.",
    "open": "The customer may pay by it.",
    "frozen": "Nothing is paid by it for the time being.",
    "closed": "Nothing is paid by it any more.",
}
GUARANTEES = {
    "not_needed": "None was asked for.",
    "to_be_named": "The customer has yet to say what backs the line.",
    "to_be_registered": "The lender is looking at what the customer named.",
    "given": "What was asked for is there.",
}


class CreditLineSchema(Answer):
    """A line of a customer who applied in your store; who it is and how much, you do not learn."""

    id = shown.id_("line", "The line.")
    visit_id = shown.id_("vis", "The visit in which they applied.")
    store_id = shown.id_("sto", "To which store.")
    store_no = fields.String(required=True, metadata=STORE_NO)
    staff_no = fields.String(
        required=True,
        allow_none=True,
        metadata=said(f"Who helped, where the customer said so. {STAFF_NO['description']}", "E-17"),
    )
    state = shown.one_of(LINE_STATES, "Whether it can be used.", "open")
    guarantee = shown.one_of(GUARANTEES, "How far what was asked for as guarantee is.")
    scenes = shown.many(
        shown.one_of(SCENES, "A kind of purchase.", "appliances"),
        "What may be paid by it.",
        examples=[["appliances"]],
    )
    review_due = shown.day("Until the day before it may be used; then the lender reviews it.")
    arrived_at = shown.instant("When the customer scanned the store's code.")
    opened_at = shown.instant("Since when it can be used; null before.", nullable=True)


class CreditLineList(Answer):
    """A page of lines."""

    data = shown.many(CreditLineSchema, "The rows of the page, newest first.")
    next_cursor = shown.next_cursor()


class CanPaySchema(Answer):
    """Whether a line could pay an amount at the moment."""

    line_id = shown.id_("line", "The line.")
    amount_fen = shown.fen("What was asked for.", 299_900, least=1)
    can_pay = shown.flag("Whether it could; nothing is held for it.", example=True)
