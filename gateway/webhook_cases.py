"""What a check sends to a receiver, and what its answers mean."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cf_partner_sdk.http_signatures import Signer
from cryptography.hazmat.primitives.asymmetric import ed25519

from gateway import webhook_sending as sending
from gateway.keys import SigningKey
from gateway.webhook_sending import Outcome
from lending.foundation import ids

STALE_S = 600
LIMITS = (
    "Only the status of each answer can be seen from outside, so this does not show whether the"
    " event that was sent twice took effect twice: look up its webhook-id in your own books, where"
    " it must be once."
)


@dataclass(frozen=True, slots=True)
class Material:
    """What the events of one check are made of."""

    url: str
    event: Mapping[str, Any]
    key: Signer
    now: int
    secrets: tuple[str, ...]
    """The endpoint's, if it has Standard Webhooks signatures."""

    def signed(self, *, event_id: str | None = None, **changes: Any) -> "Posted":
        """An event signed as it should be, but for the changes."""
        event = {**self.event, "id": event_id or self.event["id"]}
        body = sending.body_of(event)
        how: dict[str, Any] = {"key": self.key, "now": self.now, "secrets": self.secrets, **changes}
        url = how.pop("url", self.url)
        return Posted(sending.signed(url, event["id"], body, **how), body)


@dataclass(frozen=True, slots=True)
class Posted:
    """Headers and body of one request."""

    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Case:
    """One event of a check."""

    name: str
    sent: str
    make: Callable[[Material], Posted] | None = None
    """None is the good event of the check, which must be taken, also when it comes again."""

    @property
    def must_take(self) -> bool:
        """Whether a receiver has to answer 2xx; it must refuse all others."""
        return self.make is None

    def result(self, outcome: Outcome | None) -> dict[str, Any]:
        """What is reported of it; without an outcome it was not sent."""
        verdict, says = self._judged(outcome)
        return {
            "name": self.name,
            "sent": self.sent,
            "expected": "2xx" if self.must_take else "4xx",
            "status": outcome.status if outcome else None,
            "duration_ms": outcome.duration_ms if outcome else None,
            "verdict": verdict,
            "says": says,
        }

    def _judged(self, outcome: Outcome | None) -> tuple[str, str]:
        if outcome is None:
            return "not_sent", "Not sent, because the good event was not taken."
        if outcome.status is None:
            return "no_answer", f"No answer came: {outcome.note}."
        if outcome.delivered == self.must_take:
            return "safe", SAFE_SAYS.get(self.name) or _as_it_should(outcome)
        if self.must_take:
            return (
                "refused",
                f"Answered {outcome.status}: it must be taken. {TAKE_MENDS[self.name]}",
            )
        return "unsafe", f"Answered {outcome.status}: it was taken. {MENDS[self.name]}"


def _as_it_should(outcome: Outcome) -> str:
    if outcome.status is not None and outcome.status >= 500:
        return f"Refused with {outcome.status}; answer 400 or 401 instead, 5xx looks like a fault."
    return f"Refused with {outcome.status}."


def _new_id() -> str:
    return ids.new("evt")


def _bad_signature(material: Material) -> Posted:
    posted = material.signed(event_id=_new_id())
    spoilt = {
        name: _altered(posted.headers[name])
        for name in ("Signature", "webhook-signature")
        if name in posted.headers
    }
    return Posted(posted.headers | spoilt, posted.body)


def _altered(value: str) -> str:
    """A signature header with one character of its value changed."""
    at = len(value) // 2
    return value[:at] + ("B" if value[at] == "A" else "A") + value[at + 1 :]


def _stale(material: Material) -> Posted:
    return material.signed(event_id=_new_id(), now=material.now - STALE_S)


def _wrong_digest(material: Material) -> Posted:
    posted = material.signed(event_id=_new_id())
    return Posted(posted.headers, posted.body[:-1] + b', "added": true}')


def _unsigned(material: Material) -> Posted:
    posted = material.signed(event_id=_new_id())
    proofs = ("Signature", "Signature-Input", "webhook-signature")
    return Posted({n: v for n, v in posted.headers.items() if n not in proofs}, posted.body)


def _foreign_key(material: Material) -> Posted:
    key = SigningKey(ed25519.Ed25519PrivateKey.generate())
    secrets = tuple(sending.new_secret() for _ in material.secrets)
    return material.signed(event_id=_new_id(), key=key, secrets=secrets)


def _other_address(material: Material) -> Posted:
    url = f"https://other.invalid/{ids.new('x')}"
    return material.signed(event_id=_new_id(), url=url, secrets=())


CASES = (
    Case("good", "a good event"),
    Case("bad_signature", "a signature of which one character was changed", _bad_signature),
    Case("stale", "an event that was signed ten minutes ago", _stale),
    Case("wrong_digest", "a body that was added to after it was signed", _wrong_digest),
    Case("unsigned", "no signature", _unsigned),
    Case("foreign_key", "a signature by a key that is not ours", _foreign_key),
    Case("other_address", "an event that was signed for another address", _other_address),
    Case("replayed", "the good event again, byte for byte"),
)
"""What is sent, in this order."""

MENDS = {
    "bad_signature": "Verify the signature before you read the body.",
    "stale": "Refuse what was created more than 300 seconds ago.",
    "wrong_digest": "Compute the digest over the raw bytes and compare it with Content-Digest.",
    "unsigned": "Refuse what has no signature.",
    "foreign_key": "Take keys from our key directory only, proved by our root key.",
    "other_address": "Verify with the address that you registered, not with that of the request.",
}
TAKE_MENDS = {
    "good": "Verify with the registered address, the raw bytes and our key directory.",
    "replayed": "Answer 2xx to an event that you have dealt with, and do nothing:"
    " where your answer was lost, we send it again.",
}
SAFE_SAYS = {
    "good": "Taken.",
    "replayed": "Taken again. That it had no second effect cannot be seen from outside.",
}
