"""Events for a developer's own machine, which no delivery can reach: he fetches and posts them."""

from urllib.parse import urlsplit

from gateway import addresses, delivery_store
from gateway import webhook_sending as sending
from gateway.endpoints import Call, Endpoint, Reply
from gateway.errors import UrlRefused
from gateway.routes.events import NoSuchEvent
from gateway.schemas import listening as schemas


def sign_event(call: Call) -> Reply:
    """One event of the partner's, signed for an address on the partner's own machine.

    Only in a sandbox. Nothing but what the partner was told anyhow is signed, and for no address
    that another machine could answer for.

    Raises NoSuchEvent, UrlRefused.
    """
    lending, url = call.context.lending, call.body["url"]
    is_ours = urlsplit(url).hostname in addresses.LOOPBACK_NAMES
    if lending.settings.environment != "test" or not is_ours or not url.startswith("http:"):
        raise UrlRefused(mend="In a sandbox, name http://localhost or http://127.0.0.1.")
    row = delivery_store.event(call.tx, call.partner_id, call.path["event_id"])
    if row is None:
        raise NoSuchEvent
    body = sending.body_of(sending.event_view(row))
    now = int(lending.database.clock.now().timestamp())
    headers = sending.signed(url, row["id"], body, key=call.context.keys.event, now=now)
    return Reply({"url": url, "headers": headers, "body": body.decode()})


ENDPOINTS = (
    Endpoint(
        "POST",
        "/v1/events/<event_id>/sign",
        "sign_event",
        "Have an event signed for your own machine, in a sandbox",
        sign_event,
        function="webhooks",
        owner="partner",
        request=schemas.SignRequest(),
        response=schemas.SignedPostSchema,
        refusals=(NoSuchEvent, UrlRefused),
        about="`cf-partner listen` posts what this gives to a server on your machine, so that it"
        " verifies events as it will in live without an address that we can reach.",
    ),
)
