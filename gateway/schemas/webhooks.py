"""What goes over the wire for webhooks and events."""

from marshmallow import fields, validate

from gateway import shown
from gateway.fields import Choice, Strict, Text, Url, said
from gateway.shown import Answer
from scenarios.mall_installment.news import KINDS

EVENT_TYPES = {
    "order.created": "You placed an order.",
    "order.approved": "The buyer may choose an offer and sign.",
    "order.referred": "A person decides.",
    "order.declined": "The lender will not lend for this order.",
    "order.signed": "The contract is made; the payout follows.",
    "order.paid": "You have the money: deliver.",
    "order.payout_failed": "None of your settlement accounts could be paid.",
    "order.cancelled": "The order was cancelled before any money left.",
    "order.expired": "The buyer did not sign in time.",
    "order.refunded": "Goods were taken back.",
    "loan.repaid": "The borrower has paid an instalment, or the whole loan.",
    "statement.ready": "A statement was made: fetch its file.",
    "endpoint.test": "You asked for a test event.",
    "endpoint.disabled": "Another of your endpoints gets nothing any more.",
    "sandbox.clock_ready": "The sandbox's clock is where you sent it.",
}
assert set(KINDS.values()) <= set(EVENT_TYPES)
ENDPOINT_STATES = {
    "enabled": "Events go there.",
    "disabled": "It answered 410: nothing goes there any more.",
}
WANTED = {"*": "Every type, also those that are added later."} | EVENT_TYPES
HOOK_URL = "https://hooks.shop.example/cf"
DESCRIPTION = said("Your note.", "production")


class EndpointRequest(Strict):
    """A URL that is to receive events."""

    url = Url(
        required=True,
        metadata=said("A public https URL, port 443 or 8443, without a user part.", HOOK_URL),
    )
    event_types = fields.List(
        Choice(WANTED),
        load_default=lambda: ["*"],
        validate=validate.Length(1, 50),
        metadata=said("Which events it gets; left out, all.", ["order.paid", "order.declined"]),
    )
    description = Text(least=0, most=200, load_default="", metadata=DESCRIPTION)


class EndpointSchema(Answer):
    """A URL that receives events."""

    id = shown.id_("whe", "The endpoint.")
    url = shown.url("Where events go.", HOOK_URL)
    event_types = shown.many(shown.one_of(WANTED, "A type."), "Which events it gets.")
    state = shown.one_of(ENDPOINT_STATES, "Whether events go there.")
    description = fields.String(required=True, metadata=DESCRIPTION)
    created_at = shown.instant("When it was registered.")


class EndpointList(Answer):
    """Your endpoints."""

    data = shown.many(EndpointSchema, "All of them.")
    next_cursor = shown.next_cursor()


class DeletedSchema(Answer):
    """What was removed."""

    id = shown.id_("whe", "The endpoint that was removed.")
    deleted = shown.flag("Always true.", example=True)


class EventData(Answer):
    """What an event is about, as it was then."""

    object = fields.Dict(
        required=True,
        metadata=said(
            "The order, refund, loan or endpoint as it was when the event was recorded.",
            {"id": shown.example_id("ord"), "state": "paid"},
        ),
    )


class EventSchema(Answer):
    """Something that happened."""

    id = shown.id_("evt", "The event; the same as `webhook-id` of its deliveries.")
    type = shown.one_of(EVENT_TYPES, "What happened.", "order.paid")
    created_at = shown.instant("When it happened.")
    api_version = shown.text("Which version of the API `data` is in.", "2026-11-01")
    subject = shown.text(
        "The id of what it is about; events of one subject are delivered in order.",
        shown.example_id("ord"),
    )
    data = shown.nested(EventData, "What it is about.")


class EventList(Answer):
    """A page of events."""

    data = shown.many(EventSchema, "The rows of the page, newest first.")
    next_cursor = shown.next_cursor()


class AttemptSchema(Answer):
    """One try to deliver an event."""

    endpoint_id = shown.id_("whe", "To which endpoint.")
    number = shown.whole("Which try to this endpoint, from 1.", 1, least=1)
    at = shown.instant("When.")
    status = shown.whole(
        "What your server answered; null if it did not.", 204, least=100, most=599, nullable=True
    )
    outcome = shown.text("How it went, for people to read.", "delivered")
    duration_ms = shown.whole("How long it took, in milliseconds.", 84)


class AttemptList(Answer):
    """Every try to deliver an event."""

    data = shown.many(AttemptSchema, "The tries, oldest first.")
    next_cursor = shown.next_cursor()
