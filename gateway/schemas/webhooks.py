"""What goes over the wire for webhooks and events."""

from marshmallow import fields, validate

from gateway.fields import Strict, Text, Url
from scenarios.mall_installment.news import KINDS

EVENT_TYPES = (*KINDS.values(), "endpoint.test", "endpoint.disabled", "sandbox.clock_ready")


class EndpointRequest(Strict):
    """A URL that is to receive events."""

    url = Url(required=True)
    event_types = fields.List(
        fields.String(validate=validate.OneOf(("*", *EVENT_TYPES))),
        load_default=lambda: ["*"],
        validate=validate.Length(1, 50),
    )
    description = Text(least=0, most=200, load_default="")


class EndpointSchema(Strict):
    """A URL that receives events."""

    id = fields.String()
    url = fields.String()
    event_types = fields.List(fields.String())
    state = fields.String(metadata={"enum": ["enabled", "disabled"]})
    description = fields.String()
    created_at = fields.String()


class EndpointList(Strict):
    """Your endpoints."""

    data = fields.List(fields.Nested(EndpointSchema))
    next_cursor = fields.String(allow_none=True)


class DeletedSchema(Strict):
    """What was removed."""

    id = fields.String()
    deleted = fields.Boolean()


class EventData(Strict):
    """What an event is about, as it was then."""

    object = fields.Dict()


class EventSchema(Strict):
    """Something that happened."""

    id = fields.String()
    type = fields.String(metadata={"enum": list(EVENT_TYPES)})
    created_at = fields.String()
    api_version = fields.String()
    subject = fields.String()
    data = fields.Nested(EventData)


class EventList(Strict):
    """A page of events."""

    data = fields.List(fields.Nested(EventSchema))
    next_cursor = fields.String(allow_none=True)


class AttemptSchema(Strict):
    """One try to deliver an event."""

    endpoint_id = fields.String()
    number = fields.Integer()
    at = fields.String()
    status = fields.Integer(allow_none=True)
    outcome = fields.String()
    duration_ms = fields.Integer()


class AttemptList(Strict):
    """Every try to deliver an event."""

    data = fields.List(fields.Nested(AttemptSchema))
    next_cursor = fields.String(allow_none=True)
