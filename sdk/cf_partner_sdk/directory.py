"""The lender's public keys, fetched when first needed and proved by one pinned root key."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from ._clock import Clock
from ._errors import AnswerNotTrusted, TransportError
from ._http import Http, HttpOptions
from .http_signatures import (
    KeyOf,
    Message,
    SignatureRefused,
    Signer,
    new_nonce,
    parse_signature_input,
    sign_request,
    thumbprint,
    verify_response,
)
from .keys import KeyNotUsable, PublicKey

PATH = "/.well-known/http-message-signatures-directory"

REFETCH_S_MIN = 60
"""An unknown keyid asks for the directory again at most this often."""
FRESH_S = 3600
"""After this the directory is asked for again, so that a revoked key goes out of use."""
STALE_S_MAX = 86400
"""As long a directory that cannot be had anew is still believed."""
FETCH_S_MAX = 25
"""How long a fetch may take when no call bounds it."""


@dataclass(frozen=True)
class _Keys:
    by_purpose: Mapping[tuple[str, str], PublicKey] = field(default_factory=dict)
    encryption: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class KeyDirectory:
    """The keys that the lender publishes at `base_url`, by purpose: `response` and `event`.

    `root_keyid` is the thumbprint of the root key, agreed with the lender beside the wire: only a
    directory which that key signed is believed. With a `signer` the fetch carries a nonce, and then
    a wrong clock does no harm. Safe to use from several threads; no network until it is asked.
    """

    def __init__(
        self,
        *,
        base_url: str,
        root_keyid: str,
        http: Optional[Http] = None,
        signer: Optional[Signer] = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.root_keyid = root_keyid
        self._http = http or Http(HttpOptions(), Clock())
        self._signer = signer
        self._lock = threading.Lock()
        self._keys = _Keys()
        self._fetched_at = self._tried_at = -math.inf

    def key_of(self, purpose: str, *, deadline: Optional[float] = None) -> KeyOf:
        """Return a look-up of the keys with this purpose.

        It returns None for a keyid that is still unknown after a fetch, and raises TransportError
        or AnswerNotTrusted if there is no directory to look into. `deadline` bounds a fetch, on the
        monotonic clock.
        """
        return lambda keyid: self._find((purpose, keyid), deadline)

    def encryption_key(self) -> Mapping[str, Any]:
        """Return the public JWK to encrypt fields to. Raises LookupError if none is published."""
        with self._lock:
            self._refresh(known=bool(self._keys.encryption), deadline=None)
            for jwk in self._keys.encryption.values():
                return jwk
        raise LookupError("the lender publishes no encryption key")

    def _find(self, wanted: tuple[str, str], deadline: Optional[float]) -> Optional[PublicKey]:
        key = self._keys.by_purpose.get(wanted)
        if key is not None and self._age_s() < FRESH_S:
            return key
        with self._lock:
            self._refresh(known=wanted in self._keys.by_purpose, deadline=deadline)
            return self._keys.by_purpose.get(wanted)

    def _age_s(self) -> float:
        return self._http.clock.monotonic() - self._fetched_at

    def _refresh(self, *, known: bool, deadline: Optional[float]) -> None:
        now = self._http.clock.monotonic()
        if now - self._fetched_at < (FRESH_S if known else REFETCH_S_MIN):
            return
        may_wait = known and now - self._fetched_at < STALE_S_MAX
        if may_wait and now - self._tried_at < REFETCH_S_MIN:
            return
        self._tried_at = now
        try:
            self._keys = self._fetch(now + FETCH_S_MAX if deadline is None else deadline)
        except (TransportError, AnswerNotTrusted):
            if not may_wait:
                raise
        else:
            self._fetched_at = self._http.clock.monotonic()

    def _fetch(self, deadline: float) -> _Keys:
        asked = Message.of_url("GET", self.base_url + PATH)
        nonce = None
        if self._signer is not None:
            nonce = new_nonce()
            now = self._http.clock.now()
            signed = sign_request(asked, self._signer, created=now, nonce=nonce)
            asked = Message.of_url("GET", self.base_url + PATH, signed)
        answer = self._http.exchange(asked, deadline=deadline)
        if answer.status != 200:
            raise AnswerNotTrusted("key-unknown", f"the key directory answered {answer.status}")
        published = _published(answer.body)
        try:
            self._prove(answer, published, nonce)
        except SignatureRefused as refused:
            detail = f"the key directory was not proved: {refused.detail}"
            raise AnswerNotTrusted(refused.code, detail) from None
        return _sorted_by_use(published)

    def _prove(
        self, answer: Message, published: list[Mapping[str, Any]], nonce: Optional[str]
    ) -> None:
        bound = nonce is not None and _has_nonce(answer)
        verify_response(
            answer,
            key_of=lambda keyid: self._root(keyid, published),
            now=None if bound else self._http.clock.now(),
            nonce=nonce if bound else None,
        )

    def _root(self, keyid: str, published: list[Mapping[str, Any]]) -> Optional[PublicKey]:
        if keyid != self.root_keyid:
            return None
        for jwk in published:
            key = _public_key(jwk)
            if key is not None and key.keyid == self.root_keyid:
                return key
        return None


def _published(body: bytes) -> list[Mapping[str, Any]]:
    try:
        keys = json.loads(body)["keys"]
    except (ValueError, TypeError, KeyError, RecursionError):
        keys = None
    if not isinstance(keys, list) or not all(isinstance(jwk, dict) for jwk in keys):
        raise AnswerNotTrusted("signature-malformed", "the key directory is no JWK set")
    return keys


def _public_key(jwk: Mapping[str, Any]) -> Optional[PublicKey]:
    try:
        return PublicKey.from_jwk(jwk)
    except KeyNotUsable:
        return None  # of a kind that a later version will know


def _sorted_by_use(published: list[Mapping[str, Any]]) -> _Keys:
    by_purpose: dict[tuple[str, str], PublicKey] = {}
    encryption: dict[str, Mapping[str, Any]] = {}
    for jwk in published:
        purpose = jwk.get("purpose")
        if purpose == "encryption" and jwk.get("kty") == "RSA":
            encryption[thumbprint(jwk)] = jwk
        key = _public_key(jwk)
        if key is not None and purpose in ("response", "event"):
            by_purpose[str(purpose), key.keyid] = key
    return _Keys(by_purpose, encryption)


def _has_nonce(answer: Message) -> bool:
    given = parse_signature_input(answer.headers.get("signature-input", ""))
    return any("nonce" in one.parameters for one in given)
