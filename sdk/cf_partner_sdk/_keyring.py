"""The lender's public keys as last fetched, and the steps by which they are fetched and proved."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Optional
from urllib.parse import urlsplit

from ._clock import Clock
from ._errors import AnswerNotTrusted, ArgumentInvalid, KeyNotUsable, TransportError
from ._steps import Alone, Send, Steps
from .http_signatures import (
    KeyOf,
    Message,
    SignatureRefused,
    Signer,
    Verified,
    Verifier,
    new_nonce,
    parse_signature_input,
    sign_request,
    thumbprint,
    verify_response,
)

if TYPE_CHECKING:
    from .keys import PublicKey

PATH = "/.well-known/http-message-signatures-directory"

REFETCH_S_MIN = 60
"""An unknown keyid asks for the directory again at most this often."""
FRESH_S = 3600
"""After this the directory is asked for again, so that a revoked key goes out of use."""
STALE_S_MAX = 86400
"""As long a directory that cannot be had anew is still believed."""
FETCH_S_MAX = 25
"""How long a fetch may take when no call bounds it."""


Verify = Callable[[KeyOf], Verified]

_OAEP = "RSA-OAEP-256"
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")
_PREFIX = re.compile(r"(/t/[a-z0-9-]+)?")


@dataclass(frozen=True)
class _Keys:
    by_purpose: Mapping[tuple[str, str], PublicKey] = field(default_factory=dict)
    encryption: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class _KeyWanted(Exception):
    """The directory has to be asked for a key first."""


class Keyring:
    """What the lender published, proved by the one root key; replaced as a whole.

    Raises ArgumentInvalid for an address or a thumbprint that cannot be right.
    """

    def __init__(
        self, *, base_url: str, root_keyid: str, clock: Clock, signer: Optional[Signer]
    ) -> None:
        if _THUMBPRINT.fullmatch(root_keyid) is None:
            raise ArgumentInvalid(
                "root_keyid is a thumbprint of 43 characters",
                field="root_keyid",
                mend="Copy it whole from what the lender gave you.",
            )
        self.base_url = _base_of(base_url)
        self.root_keyid = root_keyid
        self.clock = clock
        self._signer = signer
        self._keys = _Keys()
        self._fetched_at = self._tried_at = -math.inf

    def deadline(self) -> float:
        """Return when a fetch ends that no call bounds."""
        return self.clock.monotonic() + FETCH_S_MAX

    def prove(self, purpose: str, deadline: float, verify: Verify) -> Steps[Verified]:
        """Call `verify` with a look-up of the keys with this purpose, fetching them at need.

        Raises what `verify` does, and TransportError or AnswerNotTrusted if there is no directory.
        """
        try:
            return verify(lambda keyid: self._fresh(purpose, keyid))
        except _KeyWanted as wanted:
            yield from self.find(purpose, str(wanted), deadline)
        return verify(lambda keyid: self._keys.by_purpose.get((purpose, keyid)))

    def find(self, purpose: str, keyid: str, deadline: float) -> Steps[Optional[Verifier]]:
        """Return the key, None if it is still unknown after a fetch."""
        wanted = (purpose, keyid)
        if wanted not in self._keys.by_purpose or self._age_s() >= FRESH_S:
            yield Alone(
                lambda: self._refresh(deadline, known=wanted in self._keys.by_purpose), deadline
            )
        return self._keys.by_purpose.get(wanted)

    def encryption_key(
        self, deadline: float, *, refused: Optional[str] = None
    ) -> Steps[Mapping[str, Any]]:
        """Return the public JWK to encrypt fields to, the first that is published.

        `refused` is the id of one that the lender does not know any more: then the directory is
        asked anew, unless that was done a moment ago. Raises LookupError if none is published.
        """
        known = next(iter(self._keys.encryption), refused) != refused
        yield Alone(lambda: self._refresh(deadline, known=known), deadline)
        for jwk in self._keys.encryption.values():
            return jwk
        raise LookupError("the lender publishes no encryption key")

    def _fresh(self, purpose: str, keyid: str) -> Verifier:
        key = self._keys.by_purpose.get((purpose, keyid))
        if key is None or self._age_s() >= FRESH_S:
            raise _KeyWanted(keyid)
        return key

    def _age_s(self) -> float:
        return self.clock.monotonic() - self._fetched_at

    def _refresh(self, deadline: float, *, known: bool) -> Steps[None]:
        now = self.clock.monotonic()
        if now - self._fetched_at < (FRESH_S if known else REFETCH_S_MIN):
            return
        may_wait = known and now - self._fetched_at < STALE_S_MAX
        if may_wait and now - self._tried_at < REFETCH_S_MIN:
            return
        self._tried_at = now
        try:
            self._keys = yield from self._fetch(deadline)
        except (TransportError, AnswerNotTrusted):
            if not may_wait:
                raise
        else:
            self._fetched_at = self.clock.monotonic()

    def _fetch(self, deadline: float) -> Steps[_Keys]:
        asked = Message.of_url("GET", self.base_url + PATH)
        nonce = None
        if self._signer is not None:
            nonce = new_nonce()
            signed = sign_request(asked, self._signer, created=self.clock.now(), nonce=nonce)
            asked = Message.of_url("GET", self.base_url + PATH, signed)
        answer: Message = yield Send(asked, deadline)
        status = answer.status or 0
        if status >= 500 and "signature" not in answer.headers:
            raise TransportError("unsigned-5xx", f"the key directory answered {status}")
        if status != 200:
            raise AnswerNotTrusted("key-unknown", f"the key directory answered {status}")
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
            now=None if bound else self.clock.now(),
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
    from .keys import PublicKey  # noqa: PLC0415 - much code, needed at the first call only

    try:
        return PublicKey.from_jwk(jwk)
    except KeyNotUsable:
        return None  # of a kind that a later version will know


def _sorted_by_use(published: list[Mapping[str, Any]]) -> _Keys:
    by_purpose: dict[tuple[str, str], PublicKey] = {}
    encryption: dict[str, Mapping[str, Any]] = {}
    for jwk in published:
        purpose = jwk.get("purpose")
        is_rsa = (jwk.get("kty"), jwk.get("alg", _OAEP)) == ("RSA", _OAEP)
        if purpose == "encryption" and is_rsa:
            encryption[thumbprint(jwk)] = jwk
        key = _public_key(jwk)
        if key is not None and purpose in ("response", "event"):
            by_purpose[str(purpose), key.keyid] = key
    return _Keys(by_purpose, encryption)


def _has_nonce(answer: Message) -> bool:
    given = parse_signature_input(answer.headers.get("signature-input", ""))
    return any("nonce" in one.parameters for one in given)


def _base_of(base_url: str) -> str:
    """Return `base_url` as it is signed. Raises ArgumentInvalid."""
    parts = urlsplit(base_url)
    path = parts.path.rstrip("/")
    plain = _PREFIX.fullmatch(path) and not (parts.query or parts.fragment or "@" in parts.netloc)
    if parts.scheme not in {"http", "https"} or not parts.netloc.isascii() or not plain:
        raise ArgumentInvalid(
            "base_url is http(s)://host[:port] and, for a test tenant, /t/name",
            field="base_url",
            mend="Leave out any other path, query and user part.",
        )
    if not parts.netloc:
        raise ArgumentInvalid(
            "base_url has no host", field="base_url", mend="Give it as https://api.lender.example."
        )
    return f"{parts.scheme}://{parts.netloc.lower()}{path}"
