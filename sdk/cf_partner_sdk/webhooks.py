"""Events that the lender posts: prove the bytes, then read them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime
from typing import Optional, Union

from ._errors import AnswerNotUnderstood, ArgumentInvalid, WebhookRefused
from ._keyring import Keyring
from ._models import Event
from ._refusals import MENDS, refusal
from ._service import R, Service, steps
from ._steps import Steps
from .directory import KeyDirectory
from .http_signatures import TAG_EVENT, Headers, KeyOf, Message, SignatureRefused, verify_request
from .http_signatures.message import HeaderItems
from .seen import MemorySeenStore, SeenStore, SqlSeenStore

__all__ = ["MemorySeenStore", "SeenStore", "SqlSeenStore", "WebhookVerifier", "Webhooks"]

SKEW_S_MAX = 300

Moment = Union[int, float, datetime]
"""Seconds since 1970, or an aware datetime."""


class Webhooks(Service[R]):
    """Verifies events with the keys that the lender publishes for them."""

    @steps
    def verify(
        self,
        *,
        headers: HeaderItems,
        body: bytes,
        url: str,
        method: str = "POST",
        now: Optional[Moment] = None,
    ) -> Steps[Event]:
        """Prove that the lender sent this, to this `url`, just now; then read it.

        `body` is the raw bytes as they arrived and `url` the address that was registered, as the
        lender sees it. An event that waited in a queue is judged by the moment it arrived: keep
        that with it and pass it as `now`. Whether the event was dealt with before is not asked
        here: see `SeenStore`.

        Raises WebhookRefused, whose `step` says what failed, with what was expected and found; and
        TransportError or AnswerNotTrusted if the lender's keys could not be had.
        """
        moment = self._clock.now() if now is None else seconds_of(now)
        message = _posted(method, url, headers, body)
        keyring: Keyring = self.runner.wire.keyring
        try:
            yield from keyring.prove(
                "event",
                keyring.deadline(),
                lambda key_of: verify_request(message, key_of=key_of, now=moment, tag=TAG_EVENT),
            )
        except SignatureRefused as refused:
            raise refusal(refused, message, moment) from None
        return _event_of(message, moment)


class WebhookVerifier:
    """Verifies the events of one endpoint, without a client.

    `url` is the endpoint's address as it was registered. Keys come from a `KeyDirectory`, or from
    a look-up `key_of` of one's own. During a rotation of the lender's keys both are accepted.
    """

    def __init__(
        self,
        *,
        url: str,
        directory: Optional[KeyDirectory] = None,
        key_of: Optional[KeyOf] = None,
        now: Optional[Callable[[], int]] = None,
    ) -> None:
        if (directory is None) == (key_of is None):
            raise ArgumentInvalid("give either a directory or key_of", field="key_of")
        keys = directory.key_of("event") if directory is not None else key_of
        if keys is None:
            raise ArgumentInvalid("key_of is needed", field="key_of")
        self._key_of = keys
        self._now = now or (lambda: int(time.time()))
        self.url = url

    def event(self, headers: HeaderItems, body: bytes, *, now: Optional[Moment] = None) -> Event:
        """Verify a POST to the endpoint's URL, as `Webhooks.verify` does."""
        moment = self._now() if now is None else seconds_of(now)
        message = _posted("POST", self.url, headers, body)
        try:
            verify_request(message, key_of=self._key_of, now=moment, tag=TAG_EVENT)
        except SignatureRefused as refused:
            raise refusal(refused, message, moment) from None
        return _event_of(message, moment)

    def now(self) -> int:
        """Return the time by which events are judged, in seconds since 1970."""
        return self._now()


def _posted(method: str, url: str, headers: HeaderItems, body: bytes) -> Message:
    if not isinstance(body, (bytes, bytearray, memoryview)):
        raise TypeError("body is the raw bytes as they arrived, not what a parser made of them")
    try:
        return Message.of_url(method, url, Headers(headers), bytes(body))
    except ValueError as fault:
        raise WebhookRefused("request", str(fault), mend=MENDS["request"]) from None


def _event_of(proved: Message, moment: int) -> Event:
    check_timestamp(proved.headers["webhook-timestamp"], moment)
    return event_in(proved.body, proved.headers["webhook-id"])


def seconds_of(moment: Moment) -> int:
    """Return a moment in seconds since 1970. Raises ArgumentInvalid without a time zone."""
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            raise ArgumentInvalid(
                "now is seconds since 1970 or a datetime with its time zone", field="now"
            )
        return int(moment.timestamp())
    return int(moment)


def check_timestamp(text: str, now: int) -> None:
    """Refuse a webhook-timestamp that is off. Raises WebhookRefused."""
    fault = None
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        fault = "webhook-timestamp is not in seconds"
    elif abs(now - int(text)) > SKEW_S_MAX:
        fault = f"webhook-timestamp is more than {SKEW_S_MAX} seconds off"
    if fault is not None:
        expected = f"within {SKEW_S_MAX} s of {now}"
        raise WebhookRefused("time", fault, expected=expected, found=text[:64], mend=MENDS["time"])


def event_in(body: bytes, webhook_id: str) -> Event:
    """Read a proved event. Raises WebhookRefused."""
    try:
        event = Event.from_json(json.loads(body.decode("utf-8")))
    except (ValueError, RecursionError, AnswerNotUnderstood) as fault:
        detail = f"the event cannot be read: {type(fault).__name__}"
        raise WebhookRefused(
            "body",
            detail,
            expected="a JSON object with id, type, created_at and data",
            found=str(fault) if isinstance(fault, AnswerNotUnderstood) else f"{len(body)} bytes",
            mend=MENDS["body"],
        ) from None
    if event.id != webhook_id:
        raise WebhookRefused(
            "body",
            "webhook-id is not the event's id",
            expected=f"id {webhook_id}",
            found=f"id {event.id}",
            mend=MENDS["body"],
        )
    return event
