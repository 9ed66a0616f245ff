"""What goes over the wire for webhooks and events."""

from marshmallow import fields, validate

from gateway import catalogue, shown
from gateway.fields import Choice, Flag, Instant, Strict, Text, Url, Whole, said
from gateway.schemas.endpoint_events import HOOK_URL, NOTE, STATES, EndpointSchema
from gateway.shown import Answer

WANTED = {"*": "Every type, also those that are added later."} | dict(catalogue.SAYS)
URL = said("A public https URL, port 443 or 8443, without a user part.", HOOK_URL)
TYPES = said("Which events it gets; left out, all.", ["order.paid", "order.declined"])
DELIVERY_STATES = {
    "waiting": "It is tried, or tried again, at `next_at`.",
    "delivered": "It was taken.",
    "parked": "Given up; it goes again when you resend it.",
}
CHECK_STATES = {
    "running": "Ask again in a second.",
    "done": "All was sent that was to be sent.",
    "failed": "It could not be finished: ask for another.",
}
VERDICTS = {
    "safe": "Received as it should be.",
    "unsafe": "Your receiver took what it must refuse.",
    "refused": "Your receiver refused what it must take.",
    "no_answer": "Nothing was answered, so that nobody can tell.",
    "not_sent": "Not sent, because the good event was not taken.",
}
OLD_VALID_S, OLD_VALID_S_MAX = 86_400, 7 * 86_400


class EndpointRequest(Strict):
    """A URL that is to receive events."""

    url = Url(required=True, metadata=URL)
    event_types = fields.List(
        Choice(WANTED),
        load_default=lambda: ["*"],
        validate=validate.Length(1, 50),
        metadata=TYPES,
    )
    description = Text(least=0, most=200, load_default="", metadata=NOTE)
    standard_webhooks = Flag(
        load_default=False,
        metadata=said("Whether events bear a Standard Webhooks signature besides.", True),
    )


class EndpointChange(Strict):
    """What is to be another about an endpoint; what is left out stays."""

    url = Url(metadata=URL)
    event_types = fields.List(Choice(WANTED), validate=validate.Length(1, 50), metadata=TYPES)
    description = Text(least=0, most=200, metadata=NOTE)
    state = Choice(
        STATES,
        metadata=said(
            "`disabled` parks what waits; `enabled` begins with what happens from then on.",
            "enabled",
        ),
    )
    standard_webhooks = Flag(
        metadata=said("`false` ends those signatures; rotate_secret begins them.", False)
    )


class EndpointMade(EndpointSchema):
    """A new endpoint."""

    secret = shown.text(
        "For Standard Webhooks signatures, if you asked for them; it is not told again.",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=",
        nullable=True,
    )


class EndpointList(Answer):
    """Your endpoints."""

    data = shown.many(EndpointSchema, "All of them.")
    next_cursor = shown.next_cursor()


class DeletedSchema(Answer):
    """What was removed."""

    id = shown.id_("whe", "The endpoint that was removed.")
    deleted = shown.flag("Always true.", example=True)


class TrialRequest(Strict):
    """Which event is to be sent as a test."""

    type = Choice(
        dict(catalogue.SAYS),
        load_default=catalogue.TEST,
        metadata=said("Which type; left out, `endpoint.test`.", "order.paid"),
    )


class RotateRequest(Strict):
    """How long the secret before stays good."""

    old_valid_s = Whole(
        least=0,
        most=OLD_VALID_S_MAX,
        load_default=OLD_VALID_S,
        metadata=said("For so many seconds events are signed with both; left out, a day.", 3600),
    )


class SecretSchema(Answer):
    """A new secret for Standard Webhooks signatures."""

    endpoint_id = shown.id_("whe", "The endpoint.")
    secret = shown.text(
        "It is not told again.", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
    )
    old_valid_until = shown.instant("Until when the one before signs, too.", nullable=True)


class ResendRequest(Strict):
    """Where an event is to go again."""

    endpoint_id = Text(
        most=64,
        pattern="[a-z0-9_]+",
        load_default=None,
        metadata=said(
            "Only this endpoint; left out, every one that wants it.", shown.example_id("whe")
        ),
    )


class MissedRequest(Strict):
    """What is to be sent again: all since an instant that the endpoint wants and has not taken."""

    since = Instant(required=True, metadata=said("From this instant on.", shown.INSTANT))


class MissedSchema(Answer):
    """What is on its way again."""

    count = shown.whole("How many events.", 3)
    more = shown.flag("Whether there are more: ask once again, with a new key.", example=False)


class EventData(Answer):
    """What an event is about, as it was then."""

    object = fields.Dict(
        required=True,
        metadata=said(
            "The order, refund, loan or endpoint as it was when the event was recorded;"
            " see event_types for the schema of each type.",
            {"id": shown.example_id("ord"), "state": "paid"},
        ),
    )


class EventSchema(Answer):
    """Something that happened."""

    id = shown.id_("evt", "The event; the same as `webhook-id` of its deliveries.")
    type = shown.one_of(catalogue.SAYS, "What happened.", "order.paid")
    created_at = shown.instant("When it happened.")
    api_version = shown.text("Which version of the API `data` is in.", "2026-11-01")
    subject = shown.text(
        "The id of what it is about; events of one subject are delivered in order.",
        shown.example_id("ord"),
    )
    test = shown.flag("Sent to try an endpoint out: nothing has happened.", example=False)
    data = shown.nested(EventData, "What it is about.")


class EventList(Answer):
    """A page of events."""

    data = shown.many(EventSchema, "The rows of the page, newest first.")
    next_cursor = shown.next_cursor()


class EventTypeSchema(Answer):
    """A type of event."""

    type = shown.one_of(catalogue.SAYS, "Its name.", "order.paid")
    description = shown.text("When it is sent.", catalogue.SAYS["order.paid"])
    schema = fields.Dict(
        required=True,
        metadata=said("JSON Schema (2020-12) of `data.object`.", {"type": "object"}),
    )
    example = fields.Dict(
        required=True,
        metadata=said("A `data.object`.", {"id": shown.example_id("ord"), "state": "paid"}),
    )


class EventTypeList(Answer):
    """All types of events."""

    data = shown.many(EventTypeSchema, "All of them.")
    next_cursor = shown.next_cursor()


class AttemptSchema(Answer):
    """One try to deliver an event."""

    event_id = shown.id_("evt", "Which event.")
    event_type = shown.text("Its type.", "order.paid")
    endpoint_id = shown.id_("whe", "To which endpoint.")
    number = shown.whole("Which try of this event at this endpoint, from 1.", 1, least=1)
    at = shown.instant("When.")
    status = shown.whole(
        "What your server answered; null if it did not.", 204, least=100, most=599, nullable=True
    )
    outcome = shown.text("How it went, for people to read.", "delivered")
    duration_ms = shown.whole("How long it took, in milliseconds.", 84)
    next_at = shown.instant("When the next one was to follow; null if none was.", nullable=True)


class AttemptList(Answer):
    """Tries to deliver events."""

    data = shown.many(AttemptSchema, "Of an event oldest first, of an endpoint newest first.")
    next_cursor = shown.next_cursor()


class DeliverySchema(Answer):
    """An event on its way to an endpoint."""

    event_id = shown.id_("evt", "Which event.")
    event_type = shown.text("Its type.", "order.paid")
    endpoint_id = shown.id_("whe", "To which endpoint.")
    subject = shown.text("What it is about.", shown.example_id("ord"))
    state = shown.one_of(DELIVERY_STATES, "Where it is.", "delivered")
    attempts = shown.whole("Tries since it was sent, or sent again.", 1)
    next_at = shown.instant("When it is tried next; null if it is not.", nullable=True)
    outcome = shown.text("How the last try went; null before.", "delivered", nullable=True)


class DeliveryList(Answer):
    """A page of deliveries."""

    data = shown.many(DeliverySchema, "The rows of the page, newest event first.")
    next_cursor = shown.next_cursor()


class CheckResultSchema(Answer):
    """One event of a check, and how it was received."""

    name = shown.text("Which one.", "good")
    sent = shown.text("What was sent.", "a good event")
    expected = shown.text("Which answer is right.", "2xx", pattern="^(2xx|4xx)$")
    status = shown.whole(
        "What your server answered; null if it did not.", 204, least=100, most=599, nullable=True
    )
    duration_ms = shown.whole("How long it took; null if it was not sent.", 84, nullable=True)
    verdict = shown.one_of(VERDICTS, "What that means.")
    says = shown.text("The same in a sentence, with what to mend.", "Taken.")


class CheckSchema(Answer):
    """A check of a receiver."""

    id = shown.id_("whc", "The check.")
    endpoint_id = shown.id_("whe", "Of which endpoint.")
    state = shown.one_of(CHECK_STATES, "Where it is.", "done")
    safe = fields.Boolean(
        required=True,
        allow_none=True,
        metadata=said("Whether every verdict is `safe`; null before it is done.", True),
    )
    results = shown.many(CheckResultSchema, "One for each event that was sent, in their order.")
    limits = shown.text("What cannot be seen from outside.", "Only the status can be seen.")
    created_at = shown.instant("When it was asked for.")
    finished_at = shown.instant("When it ended.", nullable=True)


class CheckList(Answer):
    """A page of checks."""

    data = shown.many(CheckSchema, "The rows of the page, newest first.")
    next_cursor = shown.next_cursor()
