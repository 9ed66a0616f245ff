"""Events that the lender posts: prove the bytes, then read them."""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Optional, Protocol

from ._errors import AnswerNotUnderstood, WebhookDuplicate, WebhookRefused
from ._models import Event
from .directory import KeyDirectory
from .http_signatures import TAG_EVENT, Headers, KeyOf, Message, SignatureRefused, verify_request
from .http_signatures.message import HeaderItems

SKEW_S_MAX = 300
REMEMBER_S = 4 * 24 * 3600
"""How long a webhook-id must be remembered: longer than the lender goes on trying."""

_STEPS = {
    "signature-missing": "signature-headers",
    "signature-malformed": "signature-headers",
    "component-not-covered": "coverage",
    "signature-expired": "time",
    "key-unknown": "key",
    "key-revoked": "key",
    "algorithm-not-allowed": "algorithm",
    "signature-mismatch": "signature",
    "digest-mismatch": "digest",
}


class SeenStore(Protocol):
    """Remembers which events were dealt with.

    An event is delivered at least once. Exactly once it has its effect only if `remember` commits
    in the transaction of that effect: keep the ids in a table of your own database, with a unique
    index, and write them there.
    """

    def seen(self, webhook_id: str) -> bool:
        """Tell whether the event was dealt with."""

    def remember(self, webhook_id: str, *, until: int) -> None:
        """Keep the id until `until`, in seconds since 1970."""


class MemorySeenStore:
    """A `SeenStore` for one process, for trying things out: a restart forgets."""

    def __init__(self, *, size_max: int = 100_000) -> None:
        self._until: OrderedDict[str, int] = OrderedDict()
        self._size_max = size_max
        self._lock = threading.Lock()

    def seen(self, webhook_id: str) -> bool:
        """Tell whether the event was dealt with."""
        return webhook_id in self._until

    def remember(self, webhook_id: str, *, until: int) -> None:
        """Keep the id; beyond `size_max` the oldest go."""
        with self._lock:
            self._until[webhook_id] = until
            while len(self._until) > self._size_max:
                self._until.popitem(last=False)


class Webhooks:
    """Verifies events with the keys that the lender publishes for them."""

    def __init__(self, key_of: KeyOf, now: Callable[[], int]) -> None:
        self._key_of = key_of
        self._now = now

    def verify(
        self,
        *,
        headers: HeaderItems,
        body: bytes,
        url: str,
        method: str = "POST",
        now: Optional[int] = None,
        seen: Optional[SeenStore] = None,
    ) -> Event:
        """Prove that the lender sent this, to this `url`, just now; then read it.

        `body` is the raw bytes as they arrived and `url` the address that was registered, as the
        lender sees it. With `seen`, an event dealt with before raises WebhookDuplicate; remembering
        it is up to the caller, once its work is done.

        Raises WebhookRefused, whose `step` says what failed, and TransportError or AnswerNotTrusted
        if the lender's keys could not be had.
        """
        moment = self._now() if now is None else now
        given = Headers(headers)
        try:
            message = Message.of_url(method, url, given, body)
        except ValueError as fault:
            raise WebhookRefused("request", str(fault)) from None
        try:
            verify_request(message, key_of=self._key_of, now=moment, tag=TAG_EVENT)
        except SignatureRefused as refused:
            raise WebhookRefused(_STEPS.get(refused.code, "signature"), refused.detail) from None
        webhook_id = given["webhook-id"]
        _check_timestamp(given["webhook-timestamp"], moment)
        if seen is not None and seen.seen(webhook_id):
            raise WebhookDuplicate(webhook_id)
        return _event(body, webhook_id)


class WebhookVerifier(Webhooks):
    """Verifies the events of one endpoint, without a client.

    Keys come from a `KeyDirectory`, or from a look-up `key_of` of one's own.
    """

    def __init__(
        self,
        *,
        url: str,
        directory: Optional[KeyDirectory] = None,
        key_of: Optional[KeyOf] = None,
        seen: Optional[SeenStore] = None,
    ) -> None:
        if (directory is None) == (key_of is None):
            raise ValueError("give either a directory or key_of")
        keys = directory.key_of("event") if directory is not None else key_of
        if keys is None:
            raise ValueError("key_of is needed")
        super().__init__(keys, lambda: int(time.time()))
        self.url = url
        self.seen = seen

    def event(self, headers: HeaderItems, body: bytes, *, now: Optional[int] = None) -> Event:
        """Verify a POST to the endpoint's URL, as `verify` does."""
        return self.verify(headers=headers, body=body, url=self.url, now=now, seen=self.seen)

    def done(self, event: Event, *, now: Optional[int] = None) -> None:
        """Remember that the event was dealt with, in the store given."""
        if self.seen is not None:
            moment = self._now() if now is None else now
            self.seen.remember(event.id, until=moment + REMEMBER_S)


def _check_timestamp(text: str, now: int) -> None:
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise WebhookRefused("time", "webhook-timestamp is not in seconds")
    if abs(now - int(text)) > SKEW_S_MAX:
        raise WebhookRefused("time", f"webhook-timestamp is more than {SKEW_S_MAX} seconds off")


def _event(body: bytes, webhook_id: str) -> Event:
    try:
        event = Event.from_json(json.loads(body.decode("utf-8")))
    except (ValueError, RecursionError, AnswerNotUnderstood) as fault:
        raise WebhookRefused("body", f"the event cannot be read: {type(fault).__name__}") from None
    if event.id != webhook_id:
        raise WebhookRefused("body", "webhook-id is not the event's id")
    return event
