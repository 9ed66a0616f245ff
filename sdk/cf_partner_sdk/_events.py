"""Events, their types, and the endpoints they are sent to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any, Optional

from ._calls import Call, Page, ask, nothing, pages, read, segment, write
from ._errors import ArgumentInvalid, NotFound
from ._models import Event
from ._service import R, Service, call, listing, steps
from ._steps import Steps
from ._webhook_models import (
    CheckState,
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    EndpointCheck,
    EndpointSecret,
    EventType,
    Resent,
    SignedPost,
    WebhookEndpoint,
)

CHECK_PAUSE_S = 1.0


class WebhookEndpoints(Service[R]):
    """Where the lender sends events to."""

    @call
    def create(
        self,
        *,
        url: str,
        event_types: Sequence[str] = ("*",),
        description: Optional[str] = None,
        standard_webhooks: bool = False,
        idempotency_key: Optional[str] = None,
    ) -> Call[WebhookEndpoint]:
        """Register `url` for the event types given; `*` is all.

        With `standard_webhooks` events bear a Standard Webhooks signature (`v1`) besides; its
        `secret` is in the endpoint returned, and is not told again.
        """
        body: dict[str, Any] = {"url": url, "event_types": list(event_types)}
        if description is not None:
            body["description"] = description
        if standard_webhooks:
            body["standard_webhooks"] = True
        return write("/v1/webhook_endpoints", WebhookEndpoint.from_json, body, idempotency_key)

    @listing
    def list(self) -> Call[Page[WebhookEndpoint]]:
        """Go through the endpoints."""
        return pages("/v1/webhook_endpoints", WebhookEndpoint.from_json)

    @call
    def get(self, endpoint_id: str) -> Call[WebhookEndpoint]:
        """Return the endpoint. Raises NotFound."""
        return read(_path(endpoint_id), WebhookEndpoint.from_json)

    @call
    def update(
        self,
        endpoint_id: str,
        *,
        url: Optional[str] = None,
        event_types: Optional[Sequence[str]] = None,
        description: Optional[str] = None,
        enabled: Optional[bool] = None,
        standard_webhooks: Optional[bool] = None,
        idempotency_key: Optional[str] = None,
    ) -> Call[WebhookEndpoint]:
        """Change what is given. Disabling parks what waits; see `resend` for afterwards.

        `standard_webhooks=False` ends those signatures; `rotate_secret` begins them.
        """
        given = {
            "url": url,
            "event_types": None if event_types is None else list(event_types),
            "description": description,
            "state": None if enabled is None else ("enabled" if enabled else "disabled"),
            "standard_webhooks": standard_webhooks,
        }
        body = {name: value for name, value in given.items() if value is not None}
        return write(
            _path(endpoint_id), WebhookEndpoint.from_json, body, idempotency_key, method="PATCH"
        )

    @call
    def delete(self, endpoint_id: str, *, idempotency_key: Optional[str] = None) -> Call[None]:
        """Remove the endpoint; nothing more is sent to it."""
        return write(_path(endpoint_id), nothing, None, idempotency_key, method="DELETE")

    @call
    def test(
        self,
        endpoint_id: str,
        *,
        type: Optional[str] = None,  # noqa: A002 - the wire's name
        idempotency_key: Optional[str] = None,
    ) -> Call[Event]:
        """Have an example of an event type sent there, marked as a test; return it.

        Without `type` it is an `endpoint.test`.
        """
        body = None if type is None else {"type": type}
        return write(_path(endpoint_id, "test"), Event.from_json, body, idempotency_key)

    @call
    def rotate_secret(
        self,
        endpoint_id: str,
        *,
        old_valid_s: Optional[int] = None,
        idempotency_key: Optional[str] = None,
    ) -> Call[EndpointSecret]:
        """Return a new secret for Standard Webhooks signatures; it is not told again.

        For `old_valid_s` seconds, a day unless given, events are signed with both.
        """
        body = {} if old_valid_s is None else {"old_valid_s": old_valid_s}
        return write(
            _path(endpoint_id, "rotate_secret"), EndpointSecret.from_json, body, idempotency_key
        )

    @listing
    def deliveries(
        self, endpoint_id: str, *, state: Optional[DeliveryState] = None
    ) -> Call[Page[Delivery]]:
        """Go through the events that went or are to go there, newest first."""
        return pages(_path(endpoint_id, "deliveries"), Delivery.from_json, state=state)

    @listing
    def attempts(self, endpoint_id: str) -> Call[Page[DeliveryAttempt]]:
        """Go through the tries to deliver anything there, newest first."""
        return pages(_path(endpoint_id, "attempts"), DeliveryAttempt.from_json)

    @call
    def resend(
        self, endpoint_id: str, *, since: datetime, idempotency_key: Optional[str] = None
    ) -> Call[Resent]:
        """Send everything there since an instant that the endpoint wants and has not taken.

        `Events.resend` sends a single event again.
        """
        body = {"since": _rfc3339(since)}
        return write(_path(endpoint_id, "resend"), Resent.from_json, body, idempotency_key)

    @steps
    def check(
        self,
        endpoint_id: str,
        *,
        timeout_s: float = 180.0,
        idempotency_key: Optional[str] = None,
    ) -> Steps[EndpointCheck]:
        """Have good and bad events sent there; wait for the report on how they were received.

        The good ones are marked as tests. A check that takes longer than `timeout_s` is returned
        as it is, with the state `running`.
        """
        start = write(_path(endpoint_id, "check"), EndpointCheck.from_json, None, idempotency_key)
        begun = yield from self._converse(start)
        path = _path(endpoint_id, f"checks/{segment(begun.id)}")
        report = yield from self._wait(
            read(path, EndpointCheck.from_json),
            lambda seen: seen.state != CheckState.RUNNING,
            wait_s=timeout_s,
            pause_s=CHECK_PAUSE_S,
        )
        return report

    @call
    def get_check(self, endpoint_id: str, check_id: str) -> Call[EndpointCheck]:
        """Return a check as it stands. Raises NotFound."""
        path = _path(endpoint_id, f"checks/{segment(check_id)}")
        return read(path, EndpointCheck.from_json)

    @listing
    def checks(self, endpoint_id: str) -> Call[Page[EndpointCheck]]:
        """Go through the checks of an endpoint, newest first."""
        return pages(_path(endpoint_id, "checks"), EndpointCheck.from_json)


class Events(Service[R]):
    """What happened, also what no endpoint took."""

    @listing
    def list(
        self,
        *,
        type: Optional[str] = None,  # noqa: A002 - the wire's name
        subject: Optional[str] = None,
        since: Optional[datetime] = None,
        limit: Optional[int] = None,
    ) -> Call[Page[Event]]:
        """Go through the events, newest first: of one type, of one subject, since an instant."""
        at = None if since is None else _rfc3339(since)
        return pages(
            "/v1/events", Event.from_json, type=type, subject=subject, since=at, limit=limit
        )

    @call
    def get(self, event_id: str) -> Call[Event]:
        """Return the event. Raises NotFound."""
        return read(f"/v1/events/{segment(event_id)}", Event.from_json)

    @call
    def resend(
        self,
        event_id: str,
        *,
        endpoint_id: Optional[str] = None,
        idempotency_key: Optional[str] = None,
    ) -> Call[Event]:
        """Have the event delivered again to every endpoint that wants it, or only to one."""
        body = None if endpoint_id is None else {"endpoint_id": endpoint_id}
        path = f"/v1/events/{segment(event_id)}/resend"
        return write(path, Event.from_json, body, idempotency_key)

    @call
    def signed(self, event_id: str, *, url: str) -> Call[SignedPost]:
        """Have an event signed for a server on your own machine, in a sandbox; post it yourself.

        `url` is on `http://localhost` or `http://127.0.0.1`. Raises NotFound, Refused.
        """
        return ask(f"/v1/events/{segment(event_id)}/sign", SignedPost.from_json, {"url": url})

    @listing
    def attempts(self, event_id: str) -> Call[Page[DeliveryAttempt]]:
        """Go through the tries to deliver the event."""
        return pages(f"/v1/events/{segment(event_id)}/attempts", DeliveryAttempt.from_json)


class EventTypes(Service[R]):
    """What the lender tells of."""

    @listing
    def list(self) -> Call[Page[EventType]]:
        """Go through the types of events."""
        return pages("/v1/event_types", EventType.from_json)

    @steps
    def get(self, type: str) -> Steps[EventType]:  # noqa: A002 - the wire's name
        """Return one type of event. Raises NotFound."""
        known = yield from self._all(pages("/v1/event_types", EventType.from_json))
        for one in known:
            if one.type == type:
                return one
        raise NotFound(404, {"code": "not_found", "detail": f"no event type {type!r}"})


def _path(endpoint_id: str, rest: str = "") -> str:
    path = f"/v1/webhook_endpoints/{segment(endpoint_id)}"
    return f"{path}/{rest}" if rest else path


def _rfc3339(at: datetime) -> str:
    if at.tzinfo is None:
        raise ArgumentInvalid("an instant needs a time zone", field="since")
    return at.astimezone(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
