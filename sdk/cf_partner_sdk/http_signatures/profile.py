"""What the profile `cf-partner-1` asks; the same rules serve other families of tags.

A tag is `<family>-request`, `<family>-response` or `<family>-event`; its ending picks the rules.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Optional, Protocol

TAG_REQUEST = "cf-partner-1-request"
TAG_RESPONSE = "cf-partner-1-response"
TAG_EVENT = "cf-partner-1-event"

ALGORITHMS = frozenset({"ed25519", "ecdsa-p256-sha256", "rsa-pss-sha512", "rsa-v1_5-sha256"})
"""Algorithms that a key may have. HMAC is not among them: a shared secret proves no sender."""

LIFETIME_S_MAX = 300
AGE_S_MAX = 300
AHEAD_S_MAX = {"request": 30, "response": 300, "event": 300}
COMPONENTS_MAX = 16
SIGNATURE_HEADERS_BYTES_MAX = 8 * 1024

TARGET_URI = ("@target-uri",)
TARGET_PARTS = ("@authority", "@path", "@query")

MEANINGFUL = (
    "authorization",
    "cf-version",
    "idempotency-key",
    "content-digest",
    "range",
    "if-range",
)
"""Request fields that change what a request means: one that is present must be covered."""

MEANINGFUL_IN_ANSWER = ("content-range", "repr-digest")
"""The same of an answer: which part of what a body is."""

REQUIRED_FIELDS = {
    "request": (),
    "response": ("@status", "request-id"),
    "event": ("webhook-id", "webhook-timestamp"),
}

_NONCE = re.compile(r"[A-Za-z0-9\-_.~]{16,64}")
_TAG = re.compile(r"[a-z0-9-]+-(request|response|event)")


class Signer(Protocol):
    """A private key. An HSM or a KMS can be one."""

    @property
    def keyid(self) -> str:
        """The RFC 7638 thumbprint of the public key."""

    @property
    def algorithm(self) -> str:
        """One of `ALGORITHMS`."""

    def sign(self, base: bytes) -> bytes:
        """Return the signature of `base`."""


class Verifier(Protocol):
    """A public key, whose record, never the message, says the algorithm."""

    @property
    def keyid(self) -> str:
        """The RFC 7638 thumbprint of the key."""

    @property
    def algorithm(self) -> str:
        """One of `ALGORITHMS`."""

    def verify(self, base: bytes, signature: bytes) -> bool:
        """Tell whether `signature` is this key's over `base`; never raises for a wrong one."""


KeyOf = Callable[[str], Optional[Verifier]]
"""Finds the key of a keyid: the key, None if unknown, or raises `SignatureRefused` (revoked)."""


def kind_of(tag: str) -> str:
    """Return `request`, `response` or `event`. Raises ValueError for any other ending."""
    found = _TAG.fullmatch(tag)
    if found is None:
        raise ValueError("a tag is lower-case and ends in -request, -response or -event")
    return found[1]


def is_nonce(text: object) -> bool:
    """Tell whether `text` may be a nonce: 16 to 64 unreserved ASCII characters."""
    return isinstance(text, str) and _NONCE.fullmatch(text) is not None


def new_nonce() -> str:
    """Return 32 random characters (192 bits)."""
    return secrets.token_urlsafe(24)
