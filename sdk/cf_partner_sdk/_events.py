"""Events, their types, and the endpoints they are sent to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from typing import Any, Optional

from ._errors import NotFound
from ._models import Event
from ._pages import pages
from ._transport import Transport, read, segment, write
from ._webhook_models import (
    CheckState,
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    EndpointCheck,
    EndpointSecret,
    EventType,
    Resent,
    WebhookEndpoint,
)

CHECK_PAUSE_S = 1.0


class WebhookEndpoints:
    """Where the lender sends events to."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        *,
        url: str,
        event_types: Sequence[str] = ("*",),
        description: Optional[str] = None,
        standard_webhooks: bool = False,
        idempotency_key: Optional[str] = None,
    ) -> WebhookEndpoint:
        """Register `url` for the event types given; `*` is all.

        With `standard_webhooks` events bear a Standard Webhooks signature (`v1`) besides; its
        `secret` is in the endpoint returned, and is not told again.
        """
        body: dict[str, Any] = {"url": url, "event_types": list(event_types)}
        if description is not None:
            body["description"] = description
        if standard_webhooks:
            body["standard_webhooks"] = True
        call = write("/v1/webhook_endpoints", body, idempotency_key)
        return WebhookEndpoint.from_json(self._transport.json(call))

    def list(self) -> Iterator[WebhookEndpoint]:
        """Go through the endpoints."""
        return pages(self._transport, read("/v1/webhook_endpoints"), WebhookEndpoint.from_json)

    def get(self, endpoint_id: str) -> WebhookEndpoint:
        """Return the endpoint. Raises NotFound."""
        return WebhookEndpoint.from_json(self._transport.json(read(_path(endpoint_id))))

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
    ) -> WebhookEndpoint:
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
        call = write(_path(endpoint_id), body, idempotency_key, method="PATCH")
        return WebhookEndpoint.from_json(self._transport.json(call))

    def delete(self, endpoint_id: str, *, idempotency_key: Optional[str] = None) -> None:
        """Remove the endpoint; nothing more is sent to it."""
        self._transport.json(write(_path(endpoint_id), None, idempotency_key, method="DELETE"))

    def test(
        self,
        endpoint_id: str,
        *,
        type: Optional[str] = None,  # noqa: A002 - the wire's name
        idempotency_key: Optional[str] = None,
    ) -> Event:
        """Have an example of an event type sent there, marked as a test; return it.

        Without `type` it is an `endpoint.test`.
        """
        body = None if type is None else {"type": type}
        call = write(_path(endpoint_id, "test"), body, idempotency_key)
        return Event.from_json(self._transport.json(call))

    def rotate_secret(
        self,
        endpoint_id: str,
        *,
        old_valid_s: Optional[int] = None,
        idempotency_key: Optional[str] = None,
    ) -> EndpointSecret:
        """Return a new secret for Standard Webhooks signatures; it is not told again.

        For `old_valid_s` seconds, a day unless given, events are signed with both.
        """
        body = {} if old_valid_s is None else {"old_valid_s": old_valid_s}
        call = write(_path(endpoint_id, "rotate_secret"), body, idempotency_key)
        return EndpointSecret.from_json(self._transport.json(call))

    def deliveries(
        self, endpoint_id: str, *, state: Optional[DeliveryState] = None
    ) -> Iterator[Delivery]:
        """Go through the events that went or are to go there, newest first."""
        call = read(_path(endpoint_id, "deliveries"), state=state)
        return pages(self._transport, call, Delivery.from_json)

    def attempts(self, endpoint_id: str) -> Iterator[DeliveryAttempt]:
        """Go through the tries to deliver anything there, newest first."""
        call = read(_path(endpoint_id, "attempts"))
        return pages(self._transport, call, DeliveryAttempt.from_json)

    def resend(
        self,
        endpoint_id: str,
        *,
        event_id: Optional[str] = None,
        since: Optional[datetime] = None,
        idempotency_key: Optional[str] = None,
    ) -> Resent:
        """Send one event there again, or all since an instant that the endpoint has not taken."""
        if (event_id is None) == (since is None):
            raise ValueError("give either event_id or since")
        body = {"event_id": event_id} if since is None else {"since": _rfc3339(since)}
        call = write(_path(endpoint_id, "resend"), body, idempotency_key)
        return Resent.from_json(self._transport.json(call))

    def check(
        self,
        endpoint_id: str,
        *,
        timeout_s: float = 180.0,
        idempotency_key: Optional[str] = None,
    ) -> EndpointCheck:
        """Have good and bad events sent there; wait for the report on how they were received.

        The good ones are marked as tests. A check that takes longer than `timeout_s` is returned
        as it is, with the state `running`.
        """
        clock = self._transport.clock
        until = clock.monotonic() + timeout_s
        call = write(_path(endpoint_id, "check"), None, idempotency_key)
        report = EndpointCheck.from_json(self._transport.json(call))
        while report.state == CheckState.RUNNING and clock.monotonic() < until:
            clock.sleep(CHECK_PAUSE_S)
            path = _path(endpoint_id, f"checks/{segment(report.id)}")
            report = EndpointCheck.from_json(self._transport.json(read(path)))
        return report

    def checks(self, endpoint_id: str) -> Iterator[EndpointCheck]:
        """Go through the checks of an endpoint, newest first."""
        call = read(_path(endpoint_id, "checks"))
        return pages(self._transport, call, EndpointCheck.from_json)


class Events:
    """What happened, also what no endpoint took."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self,
        *,
        type: Optional[str] = None,  # noqa: A002 - the wire's name
        subject: Optional[str] = None,
        since: Optional[datetime] = None,
        limit: Optional[int] = None,
    ) -> Iterator[Event]:
        """Go through the events, newest first: of one type, of one subject, since an instant."""
        at = None if since is None else _rfc3339(since)
        call = read("/v1/events", type=type, subject=subject, since=at, limit=limit)
        return pages(self._transport, call, Event.from_json)

    def get(self, event_id: str) -> Event:
        """Return the event. Raises NotFound."""
        return Event.from_json(self._transport.json(read(f"/v1/events/{segment(event_id)}")))

    def resend(self, event_id: str, *, idempotency_key: Optional[str] = None) -> Event:
        """Have the event delivered again to every endpoint that wants it."""
        path = f"/v1/events/{segment(event_id)}/resend"
        return Event.from_json(self._transport.json(write(path, None, idempotency_key)))

    def attempts(self, event_id: str) -> Iterator[DeliveryAttempt]:
        """Go through the tries to deliver the event."""
        call = read(f"/v1/events/{segment(event_id)}/attempts")
        return pages(self._transport, call, DeliveryAttempt.from_json)


class EventTypes:
    """What the lender tells of."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self) -> Iterator[EventType]:
        """Go through the types of events."""
        return pages(self._transport, read("/v1/event_types"), EventType.from_json)

    def get(self, type: str) -> EventType:  # noqa: A002 - the wire's name
        """Return one type of event. Raises NotFound."""
        for one in self.list():
            if one.type == type:
                return one
        raise NotFound(404, {"code": "not_found", "detail": f"no event type {type!r}"})


def _path(endpoint_id: str, rest: str = "") -> str:
    path = f"/v1/webhook_endpoints/{segment(endpoint_id)}"
    return f"{path}/{rest}" if rest else path


def _rfc3339(at: datetime) -> str:
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return at.astimezone(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
