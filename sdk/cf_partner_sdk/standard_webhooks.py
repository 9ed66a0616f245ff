"""Events by the `v1` signature of Standard Webhooks, for endpoints that asked for it besides.

A secret is shared, so it proves less than the lender's own signature: whoever holds it can sign.
Use `WebhookVerifier` where you can, and this where a proxy of yours knows Standard Webhooks only.
See https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable, Sequence
from typing import Optional

from ._errors import ArgumentInvalid, WebhookRefused
from ._models import Event
from ._refusals import MENDS
from .http_signatures import Headers
from .http_signatures.message import HeaderItems
from .webhooks import Moment, check_timestamp, event_in, seconds_of

SECRET_PREFIX = "whsec_"  # noqa: S105 - what Standard Webhooks marks its secrets with
SECRET_BYTES_MIN = 24
_NEEDED = ("webhook-id", "webhook-timestamp", "webhook-signature")


class StandardWebhookVerifier:
    """Verifies the events of one endpoint by its secret; stands in for a `WebhookVerifier`.

    `secrets` are those in use: two while one replaces the other. Raises ArgumentInvalid for none,
    or for one that is not `whsec_` and base64.
    """

    def __init__(self, *, secrets: Sequence[str], now: Optional[Callable[[], int]] = None) -> None:
        if isinstance(secrets, str) or not secrets:
            raise ArgumentInvalid("secrets is a list of one or two", field="secrets")
        self._keys = [_key(secret) for secret in secrets]
        self._now = now or (lambda: int(time.time()))

    def event(self, headers: HeaderItems, body: bytes, *, now: Optional[Moment] = None) -> Event:
        """Prove that a holder of the secret sent this just now; then read it.

        Raises WebhookRefused, with its step: `signature-headers`, `time`, `signature` or `body`.
        """
        if not isinstance(body, (bytes, bytearray, memoryview)):
            raise TypeError("body is the raw bytes as they arrived, not what a parser made of them")
        given, raw = Headers(headers), bytes(body)
        absent = [name for name in _NEEDED if name not in given]
        if absent:
            raise WebhookRefused(
                "signature-headers",
                "a header is missing",
                expected=", ".join(_NEEDED),
                found=f"without {', '.join(absent)}",
                mend=MENDS["signature-headers"],
            )
        moment = self._now() if now is None else seconds_of(now)
        check_timestamp(given["webhook-timestamp"], moment)
        signed = f"{given['webhook-id']}.{given['webhook-timestamp']}.".encode("latin-1") + raw
        if not self._is_signed(signed, given["webhook-signature"]):
            raise WebhookRefused(
                "signature",
                "no v1 signature is by a secret of this endpoint",
                expected="HMAC-SHA-256 over webhook-id, webhook-timestamp and the raw body",
                found=f"another, over {len(raw)} bytes",
                mend="Compare the secret with the endpoint's; verify the raw bytes of the body.",
            )
        return event_in(raw, given["webhook-id"])

    def now(self) -> int:
        """Return the time by which events are judged, in seconds since 1970."""
        return self._now()

    def _is_signed(self, signed: bytes, header: str) -> bool:
        given = [one[3:] for one in header.split(" ") if one.startswith("v1,")]
        wanted = [hmac.new(key, signed, hashlib.sha256).digest() for key in self._keys]
        expected = [base64.b64encode(mac).decode("ascii") for mac in wanted]
        pairs = [(mine, theirs) for mine in expected for theirs in given if theirs.isascii()]
        return any([hmac.compare_digest(mine, theirs) for mine, theirs in pairs])  # noqa: C419


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret[len(SECRET_PREFIX) :], validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(SECRET_PREFIX) or len(key) < SECRET_BYTES_MIN:
        raise ArgumentInvalid("a secret is whsec_ and base64 of 24 bytes or more", field="secrets")
    return key
