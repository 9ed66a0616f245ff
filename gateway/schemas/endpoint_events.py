"""Endpoints, and what partners are told of them."""

from marshmallow import fields

from gateway import shown
from gateway.event_types import EventType
from gateway.fields import said
from gateway.shown import INSTANT, Answer

STATES = {"enabled": "Events go there.", "disabled": "Nothing goes there."}
REASONS = {
    "by_partner": "You disabled it.",
    "gone": "It answered 410.",
    "failing": "It took nothing for about three days, in ten tries or more.",
}
HOOK_URL = "https://hooks.shop.example/cf"
NOTE = said("Your note.", "production")


class EndpointSchema(Answer):
    """A URL that receives events."""

    id = shown.id_("whe", "The endpoint.")
    url = shown.url("Where events go.", HOOK_URL)
    event_types = shown.many(shown.text("A type, or `*` for all.", "*"), "Which events it gets.")
    state = shown.one_of(STATES, "Whether events go there.")
    disabled_reason = shown.one_of(REASONS, "Why nothing goes there.", nullable=True)
    disabled_at = shown.instant("Since when nothing goes there.", nullable=True)
    failing_since = shown.instant("Since when each try has failed.", nullable=True)
    standard_webhooks = shown.flag(
        "Whether events bear a Standard Webhooks signature (`v1`) besides.", example=False
    )
    description = fields.String(required=True, metadata=NOTE)
    created_at = shown.instant("When it was registered.")
    updated_at = shown.instant("When it was last changed, by you or by its answers.")


EVENT_TYPES = (
    EventType(
        "endpoint.test",
        "You asked for it, to see whether events arrive.",
        EndpointSchema,
        {"disabled_reason": None, "disabled_at": None, "failing_since": None},
    ),
    EventType(
        "endpoint.disabled",
        "Another endpoint of yours gets nothing any more: mend it, enable it, and resend.",
        EndpointSchema,
        {"state": "disabled", "disabled_reason": "failing", "failing_since": INSTANT},
    ),
)
