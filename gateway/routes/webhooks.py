"""Webhook endpoints over the wire: registered, changed, tried out, looked into, checked."""

from datetime import datetime, timedelta
from typing import Any

from gateway import addresses, catalogue, delivery_store, pages, webhook_store
from gateway import webhook_sending as sending
from gateway.context import GatewayContext
from gateway.delivery_store import ATTEMPTS_KEPT_DAYS
from gateway.endpoints import Call, Endpoint, Reply
from gateway.errors import UrlRefused
from gateway.fields import Choice, page, said
from gateway.schemas import webhooks as schemas
from gateway.schemas.endpoint_events import EndpointSchema
from gateway.webhook_sending import event_view
from gateway.webhook_views import attempt_view, check_view, delivery_view, endpoint_view
from lending.foundation import events, ids
from lending.foundation.clock import rfc3339
from lending.foundation.database import Row
from lending.foundation.errors import Conflict, NotFound

ENDPOINTS_MAX = 20


class NoSuchEndpoint(NotFound):
    """There is no such webhook endpoint, event or check, or it is another partner's."""


class EndpointDisabled(Conflict):
    """Nothing goes to this endpoint."""

    code, title = "webhook.endpoint_disabled", "This endpoint is disabled"
    mend = "Mend what disabled_reason tells of, then enable the endpoint."


class TooManyEndpoints(Conflict):
    """A partner has as many endpoints as it may have."""

    code, title = "webhook.too_many_endpoints", "There are too many endpoints already"
    mend = "Delete one that you no longer use."


class NoSecretYet(Conflict):
    """Standard Webhooks signatures were asked for without a secret."""

    code, title = "webhook.no_secret", "This endpoint has no secret"
    mend = "Call rotate_secret: it gives a secret, and signatures begin with it."


class CheckRunning(Conflict):
    """One check of an endpoint at a time."""

    code, title = "webhook.check_running", "A check of this endpoint is running"
    mend = "Wait for its report: it is the newest in the list of checks."
    retry_after_s = 5


def url_leads_out(context: GatewayContext, body: dict[str, Any]) -> dict[str, Any]:
    """Refuses a URL that leads inside.

    Raises UrlRefused.
    """
    if "url" in body:
        loopback = context.lending.settings.webhook_loopback
        addresses.check_now(body["url"], loopback_allowed=loopback, resolver=context.resolver)
    return body


def create_endpoint(call: Call) -> Reply:
    """Registers an endpoint."""
    if webhook_store.count_endpoints(call.tx, call.partner_id) >= ENDPOINTS_MAX:
        raise TooManyEndpoints
    wanted = dict(call.body)
    wants_secret = wanted.pop("standard_webhooks")
    endpoint_id = webhook_store.insert_endpoint(call.tx, call.partner_id, **wanted)
    secret = _renew_secret(call, endpoint_id) if wants_secret else None
    made = {**endpoint_view(_found(call, endpoint_id)), "secret": secret}
    return Reply(made, 201, f"/v1/webhook_endpoints/{endpoint_id}", is_secret=wants_secret)


def endpoints(call: Call) -> Reply:
    """All endpoints."""
    found = [endpoint_view(row) for row in webhook_store.endpoints(call.tx, call.partner_id)]
    return Reply({"data": found, "next_cursor": None})


def endpoint(call: Call) -> Reply:
    """One endpoint."""
    return Reply(endpoint_view(_found(call)))


def update_endpoint(call: Call) -> Reply:
    """Changes what is given, and leaves the rest."""
    endpoint_id = call.path["endpoint_id"]
    row = webhook_store.lock_endpoint(call.tx, call.partner_id, endpoint_id)
    if row is None:
        raise NoSuchEndpoint
    changes = dict(call.body)
    state, standard = changes.pop("state", None), changes.pop("standard_webhooks", None)
    if standard and not row["standard_webhooks"]:
        raise NoSecretYet
    kept = {name: row[name] for name in ("url", "event_types", "description")}
    webhook_store.update_endpoint(call.tx, endpoint_id, **{**kept, **changes})
    if standard is False:
        webhook_store.set_secrets(call.tx, endpoint_id, None)
    if state == "disabled":
        webhook_store.disable_endpoint(call.tx, endpoint_id, "by_partner")
    elif state == "enabled":
        webhook_store.enable_endpoint(call.tx, endpoint_id)
    return Reply(endpoint_view(_found(call)))


def delete_endpoint(call: Call) -> Reply:
    """Removes an endpoint."""
    endpoint_id = call.path["endpoint_id"]
    if not webhook_store.delete_endpoint(call.tx, call.partner_id, endpoint_id):
        raise NoSuchEndpoint
    return Reply({"id": endpoint_id, "deleted": True})


def rotate_secret(call: Call) -> Reply:
    """Gives a new secret; the one before signs, too, for a while."""
    endpoint_id = _found(call)["id"]
    before, valid_s = webhook_store.secret(call.tx, endpoint_id), call.body["old_valid_s"]
    until = call.tx.machine_now + timedelta(seconds=valid_s) if before and valid_s else None
    secret = _renew_secret(call, endpoint_id, before=before, until=until)
    shown = {
        "endpoint_id": endpoint_id,
        "secret": secret,
        "old_valid_until": rfc3339(until) if until else None,
    }
    return Reply(shown, is_secret=True)


def test_endpoint(call: Call) -> Reply:
    """Sends a test event to one endpoint."""
    row = _enabled(call)
    kind = catalogue.BY_NAME[call.body["type"]]
    if kind.name == catalogue.TEST:
        carried, subject = endpoint_view(row), row["id"]
    else:
        carried = catalogue.example(kind)
        if kind.subject in carried:
            carried[kind.subject] = ids.new(carried[kind.subject].partition("_")[0])
        subject = kind.subject_of(carried)
    event_id = events.publish(
        call.tx,
        partner_id=call.partner_id,
        kind=kind.name,
        subject=subject,
        data={"object": carried},
    )
    delivery_store.is_a_test(call.tx, event_id)
    delivery_store.give(call.tx, event_id, row["id"])
    return Reply(_event(call, event_id), 201, f"/v1/events/{event_id}")


def resend_missed(call: Call) -> Reply:
    """Delivers all since an instant that the endpoint wants and has not taken."""
    row, since = _enabled(call), call.body["since"]
    count = delivery_store.give_again(call.tx, call.partner_id, row["id"], since)
    return Reply({"count": count, "more": count == delivery_store.AGAIN_AT_ONCE})


def deliveries(call: Call) -> Reply:
    """A page of what went or is to go to an endpoint."""
    endpoint_id = _found(call)["id"]
    keys = call.context.lending.keys
    filters = {"endpoint": endpoint_id, "state": call.query.get("state")}
    limit = pages.limit_of(call.query)
    found = delivery_store.deliveries(
        call.tx,
        endpoint_id,
        filters["state"],
        before=pages.place_of(keys, call.query, filters),
        limit=limit + 1,
    )
    by = ("created_at", "event_id")
    return Reply(pages.listed(keys, filters, found, limit, by=by, view=delivery_view))


def endpoint_attempts(call: Call) -> Reply:
    """A page of the tries to deliver anything to an endpoint."""
    endpoint_id = _found(call)["id"]
    keys = call.context.lending.keys
    filters: dict[str, str | None] = {"tries_of": endpoint_id}
    limit = pages.limit_of(call.query)
    found = delivery_store.attempts_at_endpoint(
        call.tx,
        endpoint_id,
        before=pages.place_of(keys, call.query, filters),
        limit=limit + 1,
    )
    by = ("at", "event_id")
    return Reply(pages.listed(keys, filters, found, limit, by=by, view=attempt_view))


def check_endpoint(call: Call) -> Reply:
    """Asks for a check; it is carried out by the process that delivers events."""
    row = _found(call)
    event_id = events.publish(
        call.tx,
        partner_id=call.partner_id,
        kind=catalogue.TEST,
        subject=row["id"],
        data={"object": endpoint_view(row)},
    )
    delivery_store.is_a_test(call.tx, event_id)
    check_id = webhook_store.insert_check(call.tx, row["id"], event_id)
    if check_id is None:
        raise CheckRunning
    return Reply(
        _check(call, check_id), 201, f"/v1/webhook_endpoints/{row['id']}/checks/{check_id}"
    )


def checks(call: Call) -> Reply:
    """A page of the checks of an endpoint."""
    endpoint_id = _found(call)["id"]
    keys = call.context.lending.keys
    filters: dict[str, str | None] = {"checks_of": endpoint_id}
    limit = pages.limit_of(call.query)
    before = pages.place_of(keys, call.query, filters)
    found = webhook_store.checks(call.tx, endpoint_id, before=before, limit=limit + 1)
    by = ("created_at", "id")
    return Reply(pages.listed(keys, filters, found, limit, by=by, view=check_view))


def check(call: Call) -> Reply:
    """One check."""
    _found(call)
    return Reply(_check(call, call.path["check_id"]))


def _found(call: Call, endpoint_id: str | None = None) -> Row:
    row = webhook_store.endpoint(call.tx, call.partner_id, endpoint_id or call.path["endpoint_id"])
    if row is None:
        raise NoSuchEndpoint
    return row


def _enabled(call: Call) -> Row:
    row = _found(call)
    if row["state"] != "enabled":
        raise EndpointDisabled
    return row


def _event(call: Call, event_id: str) -> dict[str, Any]:
    row = delivery_store.event(call.tx, call.partner_id, event_id)
    if row is None:
        raise NoSuchEndpoint
    return event_view(row)


def _check(call: Call, check_id: str) -> dict[str, Any]:
    row = webhook_store.check(call.tx, call.path["endpoint_id"], check_id)
    if row is None:
        raise NoSuchEndpoint
    return check_view(row)


def _renew_secret(
    call: Call, endpoint_id: str, *, before: bytes | None = None, until: datetime | None = None
) -> str:
    keys, secret = call.context.lending.keys, sending.new_secret()
    old = None
    if before is not None and until is not None:
        (text,) = sending.opened(keys, before, sending.secret_cell(endpoint_id))
        old = keys.seal(text, at=sending.old_secret_cell(endpoint_id))
    sealed = keys.seal(secret, at=sending.secret_cell(endpoint_id))
    webhook_store.set_secrets(call.tx, endpoint_id, sealed, old, until)
    return secret


def _owned(  # noqa: PLR0917  a row of the table below
    method: str, path: str, name: str, summary: str, act: Any, response: Any, **more: Any
) -> Endpoint:
    if "<endpoint_id>" in path:
        more["refusals"] = (NoSuchEndpoint, *more.get("refusals", ()))
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


_ALL, _ONE = "/v1/webhook_endpoints", "/v1/webhook_endpoints/<endpoint_id>"

ENDPOINTS = (
    _owned(
        "POST",
        _ALL,
        "create_endpoint",
        "Register a URL that is to receive events",
        create_endpoint,
        schemas.EndpointMade,
        request=schemas.EndpointRequest(),
        before=url_leads_out,
        status=201,
        writes=True,
        refusals=(UrlRefused, TooManyEndpoints),
    ),
    _owned("GET", _ALL, "endpoints", "Your endpoints", endpoints, schemas.EndpointList),
    _owned("GET", _ONE, "endpoint", "One endpoint", endpoint, EndpointSchema),
    _owned(
        "PATCH",
        _ONE,
        "update_endpoint",
        "Change an endpoint, or switch it off and on",
        update_endpoint,
        EndpointSchema,
        request=schemas.EndpointChange(),
        before=url_leads_out,
        writes=True,
        refusals=(UrlRefused, NoSecretYet),
        about="What is left out stays as it is. Disabling parks what waits for the endpoint; after"
        " enabling it, resend what it has missed.",
    ),
    _owned(
        "DELETE",
        _ONE,
        "delete_endpoint",
        "Remove an endpoint",
        delete_endpoint,
        schemas.DeletedSchema,
        writes=True,
    ),
    _owned(
        "POST",
        f"{_ONE}/test",
        "test_endpoint",
        "Send a test event of any type to this endpoint",
        test_endpoint,
        schemas.EventSchema,
        request=schemas.TrialRequest(),
        status=201,
        writes=True,
        refusals=(EndpointDisabled,),
        about="It carries an example and `test` is true: nothing has happened.",
    ),
    _owned(
        "POST",
        f"{_ONE}/rotate_secret",
        "rotate_secret",
        "Get a new secret for Standard Webhooks signatures",
        rotate_secret,
        schemas.SecretSchema,
        request=schemas.RotateRequest(),
        writes=True,
        about="Events bear a `v1` signature (`webhook-signature`) from then on; for a while they"
        " bear one with the secret before, too.",
    ),
    _owned(
        "POST",
        f"{_ONE}/resend",
        "resend_missed",
        "Deliver to this endpoint what it has missed since an instant",
        resend_missed,
        schemas.MissedSchema,
        request=schemas.MissedRequest(),
        writes=True,
        refusals=(EndpointDisabled,),
    ),
    _owned(
        "GET",
        f"{_ONE}/deliveries",
        "deliveries",
        "What went, waits or was given up",
        deliveries,
        schemas.DeliveryList,
        query={
            "state": Choice(schemas.DELIVERY_STATES, metadata=said("Only those in this state.")),
            **page(),
        },
    ),
    _owned(
        "GET",
        f"{_ONE}/attempts",
        "endpoint_attempts",
        "Every try to deliver something to this endpoint",
        endpoint_attempts,
        schemas.AttemptList,
        query=page(),
        about=f"Newest first. The log of a try is kept for {ATTEMPTS_KEPT_DAYS} days; the event is"
        " kept for good.",
    ),
    _owned(
        "POST",
        f"{_ONE}/check",
        "check_endpoint",
        "Check whether your receiver takes what it should and nothing else",
        check_endpoint,
        schemas.CheckSchema,
        status=201,
        writes=True,
        refusals=(CheckRunning,),
        about="Good and bad events are sent to the URL, one after another: read the report under"
        " `Location` until its `state` is not `running`. The good ones are marked as tests.",
    ),
    _owned(
        "GET",
        f"{_ONE}/checks",
        "checks",
        "The checks of an endpoint, newest first",
        checks,
        schemas.CheckList,
        query=page(),
    ),
    _owned(
        "GET",
        f"{_ONE}/checks/<check_id>",
        "check",
        "One check",
        check,
        schemas.CheckSchema,
    ),
)
