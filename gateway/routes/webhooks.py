"""Webhook endpoints and events over the wire."""

from typing import Any

from gateway import addresses, delivery_store, pages, webhook_store
from gateway.endpoints import Call, Endpoint, Reply
from gateway.errors import UrlRefused
from gateway.fields import Choice, page, said
from gateway.schemas import webhooks as schemas
from gateway.webhook_sending import event_view
from lending.foundation import events
from lending.foundation.clock import rfc3339
from lending.foundation.database import Row
from lending.foundation.errors import Conflict, NotFound

ENDPOINTS_MAX = 20
TEST = "endpoint.test"
SHOWN = ("id", "url", "event_types", "description", "state")
TRIED = ("endpoint_id", "number", "status", "outcome", "duration_ms")


class NoSuchEndpoint(NotFound):
    """There is no such webhook endpoint or event, or it is another partner's."""


class EndpointDisabled(Conflict):
    """The endpoint answered 410 once: nothing goes there any more."""

    code, title = "webhook.endpoint_disabled", "This endpoint is disabled"
    mend = "Delete it and register the URL again."


class TooManyEndpoints(Conflict):
    """A partner has as many endpoints as it may have."""

    code, title = "webhook.too_many_endpoints", "There are too many endpoints already"
    mend = "Delete one that you no longer use."


def create_endpoint(call: Call) -> Reply:
    """Registers an endpoint."""
    addresses.check_url(
        call.body["url"], loopback_allowed=call.context.lending.settings.webhook_loopback
    )
    if webhook_store.count_endpoints(call.tx, call.partner_id) >= ENDPOINTS_MAX:
        raise TooManyEndpoints
    endpoint_id = webhook_store.insert_endpoint(call.tx, call.partner_id, **call.body)
    found = _endpoint(call, endpoint_id)
    return Reply(found, 201, f"/v1/webhook_endpoints/{endpoint_id}")


def endpoints(call: Call) -> Reply:
    """All endpoints."""
    found = [_endpoint_view(row) for row in webhook_store.endpoints(call.tx, call.partner_id)]
    return Reply({"data": found, "next_cursor": None})


def endpoint(call: Call) -> Reply:
    """One endpoint."""
    return Reply(_endpoint(call, call.path["endpoint_id"]))


def delete_endpoint(call: Call) -> Reply:
    """Removes an endpoint."""
    endpoint_id = call.path["endpoint_id"]
    if not webhook_store.delete_endpoint(call.tx, call.partner_id, endpoint_id):
        raise NoSuchEndpoint
    return Reply({"id": endpoint_id, "deleted": True})


def test_endpoint(call: Call) -> Reply:
    """Sends a test event to one endpoint."""
    endpoint_id = call.path["endpoint_id"]
    shown = _endpoint(call, endpoint_id)
    if shown["state"] != "enabled":
        raise EndpointDisabled
    event_id = events.publish(
        call.tx,
        partner_id=call.partner_id,
        kind=TEST,
        subject=endpoint_id,
        data={"object": shown},
    )
    delivery_store.is_a_test(call.tx, event_id)
    delivery_store.give(call.tx, event_id, endpoint_id)
    return Reply(_event(call, event_id), 201)


def events_page(call: Call) -> Reply:
    """A page of events."""
    keys = call.context.lending.keys
    filters = {"type": call.query.get("type")}
    limit = pages.limit_of(call.query)
    found = delivery_store.events(
        call.tx,
        call.partner_id,
        delivery_store.EventFilter(kind=filters["type"]),
        before=pages.place_of(keys, call.query, filters),
        limit=limit + 1,
    )
    page = found[:limit]
    following = (page[-1]["created_at"], page[-1]["id"]) if len(found) > limit else None
    shown = [event_view(row) for row in page]
    return Reply({"data": shown, "next_cursor": pages.cursor_of(keys, following, filters)})


def event(call: Call) -> Reply:
    """One event."""
    return Reply(_event(call, call.path["event_id"]))


def resend(call: Call) -> Reply:
    """Delivers an event again to every endpoint that wants it."""
    shown = _event(call, call.path["event_id"])
    for endpoint_id in delivery_store.endpoints_of(call.tx, call.partner_id, shown["id"]):
        delivery_store.give(call.tx, shown["id"], endpoint_id)
    return Reply(shown)


def attempts(call: Call) -> Reply:
    """Every try to deliver an event."""
    shown = _event(call, call.path["event_id"])
    rows = delivery_store.attempts_of_event(call.tx, shown["id"])
    found = [{**{name: row[name] for name in TRIED}, "at": rfc3339(row["at"])} for row in rows]
    return Reply({"data": found, "next_cursor": None})


def _endpoint(call: Call, endpoint_id: str) -> dict[str, Any]:
    row = webhook_store.endpoint(call.tx, call.partner_id, endpoint_id)
    if row is None:
        raise NoSuchEndpoint
    return _endpoint_view(row)


def _endpoint_view(row: Row) -> dict[str, Any]:
    return {**{name: row[name] for name in SHOWN}, "created_at": rfc3339(row["created_at"])}


def _event(call: Call, event_id: str) -> dict[str, Any]:
    row = delivery_store.event(call.tx, call.partner_id, event_id)
    if row is None:
        raise NoSuchEndpoint
    return event_view(row)


def _owned(  # noqa: PLR0917  a row of the table below
    method: str, path: str, name: str, summary: str, act: Any, response: Any, **more: Any
) -> Endpoint:
    return Endpoint(
        method,
        path,
        name,
        summary,
        act,
        function="webhooks",
        owner="partner",
        response=response,
        **more,
    )


_ONE, _EVENT = "/v1/webhook_endpoints/<endpoint_id>", "/v1/events/<event_id>"

ENDPOINTS = (
    _owned(
        "POST",
        "/v1/webhook_endpoints",
        "create_endpoint",
        "Register a URL that is to receive events",
        create_endpoint,
        schemas.EndpointSchema,
        request=schemas.EndpointRequest(),
        status=201,
        writes=True,
        refusals=(UrlRefused, TooManyEndpoints),
    ),
    _owned(
        "GET",
        "/v1/webhook_endpoints",
        "endpoints",
        "Your endpoints",
        endpoints,
        schemas.EndpointList,
    ),
    _owned(
        "GET",
        _ONE,
        "endpoint",
        "One endpoint",
        endpoint,
        schemas.EndpointSchema,
        refusals=(NoSuchEndpoint,),
    ),
    _owned(
        "DELETE",
        _ONE,
        "delete_endpoint",
        "Remove an endpoint",
        delete_endpoint,
        schemas.DeletedSchema,
        writes=True,
        refusals=(NoSuchEndpoint,),
    ),
    _owned(
        "POST",
        f"{_ONE}/test",
        "test_endpoint",
        "Send a test event to this endpoint",
        test_endpoint,
        schemas.EventSchema,
        status=201,
        writes=True,
        refusals=(NoSuchEndpoint, EndpointDisabled),
    ),
    _owned(
        "GET",
        "/v1/events",
        "events",
        "What happened, newest first",
        events_page,
        schemas.EventList,
        scope="events:read",
        query={
            "type": Choice(schemas.EVENT_TYPES, metadata=said("Only events of this type.")),
            **page(),
        },
    ),
    _owned(
        "GET",
        _EVENT,
        "event",
        "One event",
        event,
        schemas.EventSchema,
        scope="events:read",
        refusals=(NoSuchEndpoint,),
    ),
    _owned(
        "POST",
        f"{_EVENT}/resend",
        "resend",
        "Deliver an event again",
        resend,
        schemas.EventSchema,
        writes=True,
        refusals=(NoSuchEndpoint,),
    ),
    _owned(
        "GET",
        f"{_EVENT}/attempts",
        "attempts",
        "Every try to deliver an event",
        attempts,
        schemas.AttemptList,
        scope="events:read",
        refusals=(NoSuchEndpoint,),
    ),
)
