"""Who calls: the signature verified, the nonce spent, the partner found."""

import threading
import time
from dataclasses import dataclass
from datetime import datetime

from cf_partner_sdk.http_signatures import Message, SignatureRefused, verify_request
from flask import Request

from gateway import store
from gateway.errors import NotSignedRight
from gateway.keys import VerifyingKey
from lending.channels import service as channels
from lending.channels.model import KeyState, Partner, PartnerKey
from lending.foundation.database import Database

KEY_GOOD_FOR_S = 3.0
"""A key is read anew after so long, so that a revocation holds everywhere within five seconds."""
KEYS_KEPT_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Caller:
    """The partner that signed, and with which key."""

    partner: Partner
    keyid: str


@dataclass(frozen=True, slots=True)
class _Known:
    key: PartnerKey
    partner: Partner
    verifier: VerifyingKey
    read_at: float


class Callers:
    """Verifies requests. One for a process; safe to share between threads."""

    def __init__(self, database: Database, environment: str) -> None:
        self._database = database
        self._environment = environment
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()

    def identify(self, request: Message, now: datetime) -> Caller:
        """The caller of a request that is signed as the profile asks, its nonce now spent.

        Raises NotSignedRight.
        """
        try:
            verified = verify_request(
                request, key_of=lambda keyid: self._verifier(keyid, now), now=int(now.timestamp())
            )
            assert verified.nonce is not None
            self._spend(verified.keyid, verified.nonce)
        except SignatureRefused as refused:
            raise NotSignedRight(refused) from refused
        return Caller(self._known[verified.keyid].partner, verified.keyid)

    def _spend(self, keyid: str, nonce: str) -> None:
        with self._database.unit_of_work() as tx:
            fresh = store.spend_nonce(tx, keyid, nonce)
        if not fresh:
            raise SignatureRefused("signature-replayed", "this nonce was used before", keyid=keyid)

    def _verifier(self, keyid: str, now: datetime) -> VerifyingKey | None:
        known = self._known.get(keyid)
        if known is None or time.monotonic() - known.read_at > KEY_GOOD_FOR_S:
            known = self._read(keyid)
        if known is None or known.partner.environment != self._environment:
            return None
        if not known.key.verifies(now):
            revoked = known.key.state is KeyState.REVOKED
            detail = "the key was revoked" if revoked else "the key is not active now"
            raise SignatureRefused("key-revoked", detail, keyid=keyid)
        return known.verifier

    def _read(self, keyid: str) -> _Known | None:
        with self._database.unit_of_work() as tx:
            found = channels.key(tx, keyid)
        if found is None:
            return None
        key, partner = found
        known = _Known(key, partner, VerifyingKey(key.public_jwk, key.algorithm), time.monotonic())
        with self._lock:
            if len(self._known) >= KEYS_KEPT_MAX:
                self._known.clear()
            self._known[keyid] = known
        return known


def message_of(request: Request, body: bytes) -> Message:
    """The request as it was signed: the path that the router sees, the raw query."""
    return Message(
        request.method,
        request.scheme,
        request.host,
        request.path,
        request.query_string.decode("latin-1"),
        list(request.headers.items()),
        body,
    )
