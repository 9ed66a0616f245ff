"""Who calls: the signature verified, the nonce spent, the partner found."""

import logging
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import cast

from cf_partner_sdk.http_signatures import Message, SignatureRefused, verify_request
from flask import Request

from gateway import rate_store, store, version_store
from gateway.errors import NotSignedRight
from gateway.keys import KeyUnusable, VerifyingKey
from gateway.rate_model import Limit
from lending.channels import service as channels
from lending.channels.model import KeyState, Partner, PartnerKey
from lending.foundation.database import Database, Tx
from lending.foundation.files import Content

KEY_GOOD_FOR_S = 3.0
"""A key is read anew after so long, so that a revocation holds everywhere within five seconds."""
KEYS_KEPT_MAX = 10_000
SHOWN_MAX = 8 * 1024
"""Characters of Signature-Input that are looked at before it is parsed."""
_KEYID = re.compile(r'; *keyid="([A-Za-z0-9_\-]{43})"')

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Caller:
    """The partner that signed, and with which key and nonce."""

    partner: Partner
    keyid: str
    nonce: str
    limits: Mapping[str, Limit] = field(default_factory=dict)
    """What was agreed on how often it may call, by group."""
    version: str | None = None
    """The version of the API that it is pinned to; None before its first call."""
    functions: tuple[str, ...] = ()
    """What the partner may do with this key."""
    base: bytes = b""
    """The signature base of its request, to be told should the request turn out a replay."""


@dataclass(frozen=True, slots=True)
class _Known:
    key: PartnerKey
    partner: Partner
    verifier: VerifyingKey
    limits: Mapping[str, Limit]
    version: str | None
    functions: tuple[str, ...]
    read_at: float

    @property
    def is_fresh(self) -> bool:
        """Whether it need not be read again; a pending key may be activated at any moment."""
        age_s = time.monotonic() - self.read_at
        return age_s <= KEY_GOOD_FOR_S and self.key.state is not KeyState.PENDING


class Callers:
    """Verifies requests. One for a process; safe to share between threads."""

    def __init__(self, database: Database, environment: str) -> None:
        self._database = database
        self._environment = environment
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()

    def identify(self, request: Message, now: datetime) -> Caller:
        """The caller of a request that is signed as the profile asks; its nonce is yet to spend.

        Raises NotSignedRight.
        """
        signer: list[_Known] = []

        def key_of(keyid: str) -> VerifyingKey | None:
            known = self._active(keyid, now)
            if known is None:
                return None
            signer.append(known)
            return known.verifier

        try:
            verified = verify_request(request, key_of=key_of, now=int(now.timestamp()))
        except SignatureRefused as refused:
            raise NotSignedRight(refused) from refused
        assert verified.nonce is not None
        by = signer[0]
        return Caller(
            partner=by.partner,
            keyid=verified.keyid,
            nonce=verified.nonce,
            limits=by.limits,
            version=by.version,
            functions=by.functions,
            base=verified.base,
        )

    def named(self, signature_input: str) -> str | None:
        """The key that a request names, if this process has seen it; before any other work."""
        named = _KEYID.findall(signature_input[:SHOWN_MAX])
        return next((keyid for keyid in named if keyid in self._known), None)

    def pin(self, caller: Caller, day: str) -> str:
        """Pins the caller's partner to a version at its first call; the one that it is pinned to.

        Must run in no unit of work.
        """
        with self._database.unit_of_work() as tx:
            pinned = version_store.pin_first(tx, caller.partner.id, day)
        with self._lock:
            known = self._known.get(caller.keyid)
            if known is not None:
                self._known[caller.keyid] = replace(known, version=pinned)
        return pinned

    def _active(self, keyid: str, now: datetime) -> _Known | None:
        known = self._known.get(keyid)
        if known is None or not known.is_fresh:
            known = self._read(keyid)
        if known is None or known.partner.environment != self._environment:
            return None
        if not known.key.verifies(now):
            revoked = known.key.state is KeyState.REVOKED
            detail = "the key was revoked" if revoked else "the key is not active now"
            raise SignatureRefused("key-revoked", detail, keyid=keyid)
        return known

    def _read(self, keyid: str) -> _Known | None:
        read_at = time.monotonic()
        with self._database.unit_of_work() as tx:
            found = channels.key(tx, keyid)
            if found is None:
                return None
            key, partner = found
            limits = rate_store.limits(tx, partner.id)
            version = version_store.pinned(tx, partner.id)
        try:
            verifier = self._verifier(key)
        except KeyUnusable as problem:
            log.error("the key %s cannot be used: %s", keyid, problem)  # noqa: TRY400  no defect
            return None
        known = _Known(key, partner, verifier, limits, version, key.opens(partner), read_at)
        with self._lock:
            if len(self._known) >= KEYS_KEPT_MAX:
                self._known.clear()
            self._known[keyid] = known
        return known

    def _verifier(self, key: PartnerKey) -> VerifyingKey:
        """The key ready to verify; the one that is at hand if its record is the same."""
        known = self._known.get(key.keyid)
        if known and (known.key.public_jwk, known.key.algorithm) == (key.public_jwk, key.algorithm):
            return known.verifier
        return VerifyingKey(key.public_jwk, key.algorithm)


def spend(tx: Tx, caller: Caller) -> None:
    """Uses up the nonce of a request, in the caller's unit of work (T01).

    Raises NotSignedRight when it was used before.
    """
    if not store.spend_nonce(tx, caller.keyid, caller.nonce):
        raise _replayed(caller)


def spend_at_once(database: Database, caller: Caller) -> None:
    """Uses up the nonce of a request in a unit of work of its own, in one trip to the database.

    Should the machine lose power, the last nonces may be lost unless something that committed
    later is on the disk.

    Raises NotSignedRight when it was used before.
    """
    if not store.spend_nonce_at_once(database, caller.keyid, caller.nonce):
        raise _replayed(caller)


def _replayed(caller: Caller) -> NotSignedRight:
    said = "this nonce was used before"
    return NotSignedRight(
        SignatureRefused("signature-replayed", said, keyid=caller.keyid, base=caller.base)
    )


def message_of(request: Request, body: Content) -> Message:
    """The request as it was signed: the path with that of the tenant, the raw query.

    Of the body a message's signature takes no more than whether there is one, and its digest: a
    mapped file does for that.
    """
    return Message(
        request.method,
        request.scheme,
        request.host,
        request.script_root + request.path,
        request.query_string.decode("latin-1"),
        list(request.headers.items()),
        cast("bytes", body),
    )
