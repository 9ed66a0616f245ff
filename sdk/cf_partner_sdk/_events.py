"""Events and the endpoints they are sent to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Optional

from ._models import DeliveryAttempt, Event, WebhookEndpoint
from ._pages import pages
from ._transport import Transport, read, segment, write


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
        idempotency_key: Optional[str] = None,
    ) -> WebhookEndpoint:
        """Register `url` for the event types given; `*` is all."""
        body: dict[str, Any] = {"url": url, "event_types": list(event_types)}
        if description is not None:
            body["description"] = description
        call = write("/v1/webhook_endpoints", body, idempotency_key)
        return WebhookEndpoint.from_json(self._transport.json(call))

    def list(self) -> Iterator[WebhookEndpoint]:
        """Go through the endpoints."""
        return pages(self._transport, read("/v1/webhook_endpoints"), WebhookEndpoint.from_json)

    def get(self, endpoint_id: str) -> WebhookEndpoint:
        """Return the endpoint. Raises NotFound."""
        call = read(f"/v1/webhook_endpoints/{segment(endpoint_id)}")
        return WebhookEndpoint.from_json(self._transport.json(call))

    def delete(self, endpoint_id: str, *, idempotency_key: Optional[str] = None) -> None:
        """Remove the endpoint; nothing more is sent to it."""
        path = f"/v1/webhook_endpoints/{segment(endpoint_id)}"
        self._transport.json(write(path, None, idempotency_key, method="DELETE"))

    def test(self, endpoint_id: str, *, idempotency_key: Optional[str] = None) -> Any:
        """Have an `endpoint.test` event sent there; return what the lender tells of it."""
        path = f"/v1/webhook_endpoints/{segment(endpoint_id)}/test"
        return self._transport.json(write(path, None, idempotency_key))


class Events:
    """What happened, also what no endpoint took."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, *, type: Optional[str] = None) -> Iterator[Event]:  # noqa: A002 - the wire's name
        """Go through the events, of one type if it is named."""
        return pages(self._transport, read("/v1/events", type=type), Event.from_json)

    def get(self, event_id: str) -> Event:
        """Return the event. Raises NotFound."""
        return Event.from_json(self._transport.json(read(f"/v1/events/{segment(event_id)}")))

    def resend(self, event_id: str, *, idempotency_key: Optional[str] = None) -> Any:
        """Have the event delivered again; return what the lender tells of it."""
        path = f"/v1/events/{segment(event_id)}/resend"
        return self._transport.json(write(path, None, idempotency_key))

    def attempts(self, event_id: str) -> Iterator[DeliveryAttempt]:
        """Go through the tries to deliver the event."""
        call = read(f"/v1/events/{segment(event_id)}/attempts")
        return pages(self._transport, call, DeliveryAttempt.from_json)
