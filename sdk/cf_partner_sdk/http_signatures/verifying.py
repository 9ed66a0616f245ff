"""Verifying: the whole profile, in one order, each refusal with its own code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from .base import build_base
from .digest import check_content_digest
from .errors import SignatureRefused, malformed
from .message import Message
from .profile import (
    AGE_S_MAX,
    AHEAD_S_MAX,
    ALGORITHMS,
    COMPONENTS_MAX,
    LIFETIME_S_MAX,
    MEANINGFUL,
    MEANINGFUL_IN_ANSWER,
    REQUIRED_FIELDS,
    SIGNATURE_HEADERS_BYTES_MAX,
    TAG_REQUEST,
    TAG_RESPONSE,
    TARGET_PARTS,
    KeyOf,
    Verifier,
    is_nonce,
    kind_of,
)
from .structured import SignatureInput, parse_byte_sequences, parse_signature_input

_KNOWN_PARAMETERS = frozenset({"created", "expires", "nonce", "keyid", "tag", "alg"})


@dataclass(frozen=True)
class Verified:
    """Who signed, and with what. `base` is the signature base, for audit."""

    keyid: str
    nonce: Optional[str]
    created: int
    expires: int
    label: str
    base: bytes = b""


def verify_request(
    message: Message, *, key_of: KeyOf, now: int, tag: str = TAG_REQUEST
) -> Verified:
    """Verify a request, or an event if `tag` ends in `-event`, against the profile.

    `now` is in seconds since 1970. A caller must still see to it that the nonce (of an event: the
    `webhook-id`) is new. Whether a call needs an idempotency-key is the caller's to know; one that
    is present has to be covered.

    Raises `SignatureRefused`, and whatever `key_of` raises.
    """
    kind = kind_of(tag)
    found = _find(message, tag)
    parameters = _read_parameters(found, nonce_needed=True)
    _check_window(parameters, now, kind)
    _check_coverage(found, _needed(message, kind))
    return _check(message, found, parameters, key_of)


def verify_response(
    message: Message,
    *,
    key_of: KeyOf,
    now: Optional[int],
    nonce: Optional[str],
    tag: str = TAG_RESPONSE,
) -> Verified:
    """Verify an answer and that it answers `message.request`, which was sent with `nonce`.

    With `now=None` the clock is not asked and freshness rests on the nonce alone: for an answer
    that tells a caller that its clock is wrong. With `nonce=None`, for a request that carried none,
    only the clock is asked. Both None is a ValueError.

    Raises `SignatureRefused`; an answer to another request has the code `signature-replayed`.
    """
    if message.request is None or message.status is None:
        raise ValueError("an answer has a status and its request")
    if now is None and nonce is None:
        raise ValueError("either the clock or a nonce must show that an answer is fresh")
    found = _find(message, tag)
    parameters = _read_parameters(found, nonce_needed=nonce is not None)
    _check_window(parameters, parameters.created if now is None else now, "response")
    _check_coverage(found, _needed(message, "response"))
    if nonce is not None and parameters.nonce != nonce:
        raise SignatureRefused(
            "signature-replayed", "the answer is to another request", keyid=parameters.keyid
        )
    return _check(message, found, parameters, key_of)


@dataclass(frozen=True)
class _Parameters:
    created: int
    expires: int
    keyid: str
    nonce: Optional[str]
    algorithm: Optional[str]


def _find(message: Message, tag: str) -> tuple[SignatureInput, bytes]:
    inputs = message.headers.get("signature-input")
    values = message.headers.get("signature")
    if inputs is None or values is None:
        raise SignatureRefused("signature-missing", "Signature-Input and Signature are needed")
    if len(inputs) + len(values) > SIGNATURE_HEADERS_BYTES_MAX:
        raise malformed("the signature headers are longer than 8 KiB")
    ours = [one for one in parse_signature_input(inputs) if one.parameters.get("tag") == tag]
    if not ours:
        raise SignatureRefused("signature-missing", f"no signature has the tag {tag}")
    if len(ours) > 1:
        raise malformed(f"more than one signature has the tag {tag}")
    if len(ours[0].components) > COMPONENTS_MAX:
        raise malformed(f"more than {COMPONENTS_MAX} components are covered")
    signature = parse_byte_sequences(values, "Signature").get(ours[0].label)
    if signature is None:
        raise malformed(f"Signature has no {ours[0].label}")
    return ours[0], signature


def _read_parameters(found: tuple[SignatureInput, bytes], *, nonce_needed: bool) -> _Parameters:
    given = found[0].parameters
    if not _KNOWN_PARAMETERS.issuperset(given):
        raise malformed("a signature parameter is not known here")
    created, expires = given.get("created"), given.get("expires")
    keyid, nonce, algorithm = given.get("keyid"), given.get("nonce"), given.get("alg")
    if type(created) is not int or type(expires) is not int:
        raise malformed("created and expires are needed, as integers")
    if not isinstance(keyid, str) or not keyid:
        raise malformed("keyid is needed, as a string")
    if (nonce is not None or nonce_needed) and not is_nonce(nonce):
        raise malformed("nonce is needed, 16 to 64 characters of A-Z a-z 0-9 - _ . ~")
    if algorithm is not None and not isinstance(algorithm, str):
        raise malformed("alg is a string")
    return _Parameters(
        created, expires, keyid, nonce if isinstance(nonce, str) else None, algorithm
    )


def _check_window(given: _Parameters, now: int, kind: str) -> None:
    fault = None
    if given.created < now - AGE_S_MAX:
        fault = f"created is more than {AGE_S_MAX} seconds ago"
    elif given.created > now + AHEAD_S_MAX[kind]:
        fault = f"created is more than {AHEAD_S_MAX[kind]} seconds ahead"
    elif given.expires <= given.created or given.expires - given.created > LIFETIME_S_MAX:
        fault = f"expires is not within {LIFETIME_S_MAX} seconds after created"
    elif given.expires < now or (kind == "request" and given.expires == now):
        fault = "expires is past"
    if fault is not None:
        raise SignatureRefused("signature-expired", fault, keyid=given.keyid)


def _needed(message: Message, kind: str) -> list[str]:
    names = list(REQUIRED_FIELDS[kind])
    if message.body:
        names += ["content-type", "content-digest"]
    elif "content-digest" in message.headers:
        names.append("content-digest")
    if kind != "response":
        return ["@method", *names, *(name for name in MEANINGFUL if name in message.headers)]
    names += [name for name in MEANINGFUL_IN_ANSWER if name in message.headers]
    asked = message.request.headers if message.request is not None else ()
    of_request = [name for name in ("content-digest", "idempotency-key") if name in asked]
    return [*names, "@method;req", *(f"{name};req" for name in of_request)]


def _check_coverage(found: tuple[SignatureInput, bytes], needed: Sequence[str]) -> None:
    covered = {
        f"{component.name};req" if component.parameters else component.name
        for component in found[0].components
    }
    missing = [name for name in dict.fromkeys(needed) if name not in covered]
    suffix = ";req" if "@method;req" in needed else ""
    if f"@target-uri{suffix}" not in covered:
        parts = [name + suffix for name in TARGET_PARTS]
        absent = [name for name in parts if name not in covered]
        missing += [f"@target-uri{suffix}"] if absent == parts else absent
    if missing:
        raise SignatureRefused(
            "component-not-covered",
            f"the signature must cover {', '.join(missing)}",
            missing=missing,
            keyid=str(found[0].parameters.get("keyid")),
        )


def _check(
    message: Message, found: tuple[SignatureInput, bytes], given: _Parameters, key_of: KeyOf
) -> Verified:
    key = _key(given, key_of)
    chosen, signature = found
    base = build_base(message, chosen.components, chosen.text)
    if not key.verify(base, signature):
        raise SignatureRefused(
            "signature-mismatch", "the signature is not of this key and message",
            base=base, keyid=given.keyid,
        )  # fmt: skip
    digest = message.headers.get("content-digest")
    if digest is not None:
        try:
            check_content_digest(digest, message.body)
        except SignatureRefused as refused:
            refused.base, refused.keyid = base, given.keyid
            raise
    return Verified(given.keyid, given.nonce, given.created, given.expires, chosen.label, base)


def _key(given: _Parameters, key_of: KeyOf) -> Verifier:
    key = key_of(given.keyid)
    if key is None:
        raise SignatureRefused("key-unknown", "no key has this keyid", keyid=given.keyid)
    if key.keyid != given.keyid:
        raise ValueError("key_of gave the key of another keyid")
    if key.algorithm not in ALGORITHMS or given.algorithm not in (None, key.algorithm):
        raise SignatureRefused(
            "algorithm-not-allowed", "alg is not the algorithm of the key", keyid=given.keyid
        )
    return key
