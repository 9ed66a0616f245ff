"""Events and their types over the wire."""

from gateway import catalogue, delivery_store, pages, webhook_store
from gateway.endpoints import Call, Endpoint, Reply
from gateway.fields import Choice, Instant, Text, page, said
from gateway.routes.webhooks import EndpointDisabled, NoSuchEndpoint
from gateway.schemas import webhooks as schemas
from gateway.shown import INSTANT, example_id
from gateway.webhook_sending import event_view
from gateway.webhook_views import attempt_view
from lending.foundation.database import Row
from lending.foundation.errors import NotFound

FILTERS: dict[str, Text | Choice] = {
    "type": Choice(dict(catalogue.SAYS), metadata=said("Only events of this type.")),
    "subject": Text(
        most=64,
        pattern="[a-z0-9_]+",
        metadata=said("Only events about this order or endpoint.", example_id("ord")),
    ),
    "since": Instant(metadata=said("Only what happened at this instant or later.", INSTANT)),
}


class NoSuchEvent(NotFound):
    """There is no such event, or it is another partner's."""


def event_types(_call: Call) -> Reply:
    """The catalogue."""
    found = [catalogue.described(each) for each in catalogue.EVENT_TYPES]
    return Reply({"data": found, "next_cursor": None})


def events_page(call: Call) -> Reply:
    """A page of events."""
    keys = call.context.lending.keys
    since = call.query.get("since")
    filters = {
        "type": call.query.get("type"),
        "subject": call.query.get("subject"),
        "since": since and since.isoformat(),
    }
    limit = pages.limit_of(call.query)
    found = delivery_store.events(
        call.tx,
        call.partner_id,
        delivery_store.EventFilter(filters["type"], filters["subject"], since),
        before=pages.place_of(keys, call.query, filters),
        limit=limit + 1,
    )
    by = ("created_at", "id")
    return Reply(pages.listed(keys, filters, found, limit, by=by, view=event_view))


def event(call: Call) -> Reply:
    """One event."""
    return Reply(event_view(_found(call)))


def resend(call: Call) -> Reply:
    """Delivers an event again to every endpoint that wants it, or to one."""
    row, only = _found(call), call.body["endpoint_id"]
    wanting = delivery_store.endpoints_of(call.tx, call.partner_id, row["id"])
    if only is not None:
        found = webhook_store.endpoint(call.tx, call.partner_id, only)
        if found is None:
            raise NoSuchEndpoint(field="/endpoint_id")
        if found["state"] != "enabled":
            raise EndpointDisabled(field="/endpoint_id")
        wanting = [only]
    for endpoint_id in wanting:
        delivery_store.give(call.tx, row["id"], endpoint_id)
    return Reply(event_view(row))


def attempts(call: Call) -> Reply:
    """Every try to deliver an event."""
    rows = delivery_store.attempts_of_event(call.tx, _found(call)["id"])
    return Reply({"data": [attempt_view(row) for row in rows], "next_cursor": None})


def _found(call: Call) -> Row:
    row = delivery_store.event(call.tx, call.partner_id, call.path["event_id"])
    if row is None:
        raise NoSuchEvent
    return row


_EVENT = "/v1/events/<event_id>"

ENDPOINTS = (
    Endpoint(
        "GET",
        "/v1/event_types",
        "event_types",
        "What you can be told of, with the schema of each",
        event_types,
        function="webhooks",
        owner="none",
        scope="events:read",
        response=schemas.EventTypeList,
    ),
    Endpoint(
        "GET",
        "/v1/events",
        "events",
        "What happened, newest first",
        events_page,
        function="webhooks",
        owner="partner",
        scope="events:read",
        response=schemas.EventList,
        query={**FILTERS, **page()},
    ),
    Endpoint(
        "GET",
        _EVENT,
        "event",
        "One event",
        event,
        function="webhooks",
        owner="partner",
        scope="events:read",
        response=schemas.EventSchema,
        refusals=(NoSuchEvent,),
    ),
    Endpoint(
        "POST",
        f"{_EVENT}/resend",
        "resend",
        "Deliver an event again, to every endpoint that wants it or to one",
        resend,
        function="webhooks",
        owner="partner",
        request=schemas.ResendRequest(),
        response=schemas.EventSchema,
        writes=True,
        refusals=(NoSuchEvent, EndpointDisabled),
    ),
    Endpoint(
        "GET",
        f"{_EVENT}/attempts",
        "attempts",
        "Every try to deliver an event",
        attempts,
        function="webhooks",
        owner="partner",
        scope="events:read",
        response=schemas.AttemptList,
        refusals=(NoSuchEvent,),
    ),
)
