"""What was expected of an event and what was found, in words that hold no secret."""

from __future__ import annotations

import hashlib
from typing import Optional

from ._errors import WebhookRefused
from .http_signatures import (
    TAG_EVENT,
    Message,
    SignatureRefused,
    content_digest,
    parse_signature_input,
)
from .http_signatures.structured import SignatureInput

STEPS = {
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
"""The step at which each code of `SignatureRefused` refuses an event."""

MENDS = {
    "request": "Give the address under which the endpoint was registered.",
    "signature-headers": "Hand on every header as it arrived; a proxy may drop those it ignores.",
    "coverage": "This is not how the lender signs: do not act on it.",
    "time": "Set this machine's clock; for an event out of a queue, pass now= its arrival.",
    "key": "Compare base_url and root_keyid with those of this environment, test or live.",
    "algorithm": "This is not how the lender signs: do not act on it.",
    "signature": "Verify with the URL as it was registered, not as a proxy rewrote it.",
    "digest": "Verify the raw bytes of the body, taken before anything parses or decodes it.",
    "body": "Update this package; if that does not help, tell the lender the webhook-id.",
    "duplicate": "Answer 2xx and do nothing.",
}
"""What to look at first, by step."""

_VALUE_SHOWN_MAX = 64
_VALUES_HIDDEN = frozenset({'"@query"', '"@target-uri"', '"authorization"', '"cookie"'})


def refusal(refused: SignatureRefused, message: Message, now: int) -> WebhookRefused:
    """Return the refusal of `message` with its step, what was expected, and what was found."""
    step = STEPS.get(refused.code, "signature")
    expected, found = _compared(step, refused, message, now)
    return WebhookRefused(step, refused.detail, expected=expected, found=found, mend=MENDS[step])


def _compared(step: str, refused: SignatureRefused, message: Message, now: int) -> tuple[str, str]:
    given = _given(message)
    if step == "signature-headers" or given is None:
        expected = f'Signature-Input and Signature, once with tag="{TAG_EVENT}"'
        return expected, _signature_headers(message)
    created, expires, alg = (given.parameters.get(name) for name in ("created", "expires", "alg"))
    covered = " ".join(component.name for component in given.components)
    digest = message.headers.get("content-digest", "")
    length = len(message.body)
    return {
        "coverage": (f"covered besides: {' '.join(refused.missing)}", f"covered: {covered}"),
        "time": (
            f"created within 300 s of {now}, and expires at most 300 s after created",
            f"created={created}, expires={expires}",
        ),
        "key": ("a key that the lender publishes for events", f"keyid {refused.keyid}"),
        "algorithm": ("no alg, or that of the key", f"alg {alg}"),
        "digest": (digest, f"{content_digest(message.body)} of the {length} bytes given"),
        "signature": (
            f"a signature over\n{_shown(refused.base)}\n",
            f"another, of key {refused.keyid}",
        ),
    }[step]


def _given(message: Message) -> Optional[SignatureInput]:
    try:
        found = parse_signature_input(message.headers.get("signature-input", ""))
    except SignatureRefused:
        return None
    ours = [one for one in found if one.parameters.get("tag") == TAG_EVENT]
    return ours[0] if len(ours) == 1 else None


def _signature_headers(message: Message) -> str:
    said = [
        f"{name} {'present' if name.lower() in message.headers else 'absent'}"
        for name in ("Signature-Input", "Signature")
    ]
    try:
        given = parse_signature_input(message.headers.get("signature-input", ""))
    except SignatureRefused:
        return ", ".join([*said, "not readable"])
    tags = [str(one.parameters.get("tag")) for one in given]
    return ", ".join([*said, f"tags: {' '.join(tags) or 'none'}"])


def _shown(base: Optional[bytes]) -> str:
    """Return the signature base, long values cut; what may hold a secret is shown as its digest."""
    return "\n".join(_line(line) for line in (base or b"").decode("ascii").split("\n"))


def _line(line: str) -> str:
    name, _, value = line.partition(": ")
    if name in _VALUES_HIDDEN and value != "?":
        return f"{name}: (sha-256 {hashlib.sha256(value.encode()).hexdigest()[:16]}…)"
    if name == '"@signature-params"' or len(value) <= _VALUE_SHOWN_MAX:
        return line
    return f"{name}: {value[:_VALUE_SHOWN_MAX]}…"
