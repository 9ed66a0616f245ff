"""What a webhook endpoint does, whatever framework it is in."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Optional, Protocol, TypeVar

from cf_partner_sdk import (
    AnswerNotTrusted,
    Event,
    SeenStore,
    TransportError,
    WebhookDuplicate,
    WebhookRefused,
)
from cf_partner_sdk.http_signatures.message import HeaderItems
from cf_partner_sdk.seen import REMEMBER_S
from cf_partner_sdk.webhooks import Moment

BODY_BYTES_MAX = 1024 * 1024
"""No event is longer."""

T = TypeVar("T")


class EventVerifier(Protocol):
    """A `WebhookVerifier`, or what proves events in another way."""

    def event(self, headers: HeaderItems, body: bytes, *, now: Optional[Moment] = None) -> Event:
        """Prove and read a POST. Raises WebhookRefused."""

    def now(self) -> int:
        """Return the time by which events are judged, in seconds since 1970."""


log = logging.getLogger("cf_partner_sdk.webhooks")


@dataclass(frozen=True)
class Receipt:
    """What to answer the lender: a status and, unless it is 204, a JSON body."""

    status: int
    body: Optional[Mapping[str, Any]] = None


class WebhookReceiver(Generic[T]):
    """Takes the POSTs to one endpoint: verifies, leaves duplicates out, hands the rest on.

    `handle(event, opened)` does the work; `opened` is what `seen` opened for it, such as the
    database connection in whose transaction the event's id is written. If it raises, nothing is
    remembered, the exception goes on to the framework, and the lender tries again.
    """

    def __init__(
        self,
        verifier: EventVerifier,
        handle: Callable[[Event, T], object],
        *,
        seen: SeenStore[T],
    ) -> None:
        self.verifier = verifier
        self._handle = handle
        self._seen = seen

    def receive(
        self, headers: HeaderItems, body: Optional[bytes], *, now: Optional[Moment] = None
    ) -> Receipt:
        """Deal with one POST; `body` is its raw bytes, None if there are over `BODY_BYTES_MAX`.

        Gives 204 done; 200 a duplicate; 401 refused, with the step; 413 too long; 503 if the
        lender's keys could not be had, so that it tries again. What was expected and found is in
        the log, not in the answer: the caller may be a stranger.
        """
        if body is None or len(body) > BODY_BYTES_MAX:
            return Receipt(413, {"step": "request", "detail": "the body is longer than an event"})
        try:
            event = self.verifier.event(headers, body, now=now)
        except WebhookRefused as refused:
            log.warning("an event was refused: %s", refused)
            return Receipt(401, {"step": refused.step, "detail": refused.detail})
        except (TransportError, AnswerNotTrusted) as away:
            log.warning("the lender's keys could not be had: %s", away)
            return Receipt(503, {"step": "key", "detail": "the lender's keys could not be had"})
        until = self.verifier.now() + REMEMBER_S
        try:
            with self._seen.once(event.id, until=until) as opened:
                self._handle(event, opened)
        except WebhookDuplicate:
            return Receipt(200, {"duplicate": True})
        return Receipt(204)
