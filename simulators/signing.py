"""The institutions' side of signed HTTP, by PyPI's `http-message-signatures`.

They verify every call and sign every answer and callback with Ed25519, over a Content-Digest that
they recompute themselves.
"""

import base64
import hashlib
import re
import secrets
import sqlite3
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Request, Response
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    algorithms,
)
from http_message_signatures.exceptions import HTTPMessageSignaturesException

from simulators.book import Book
from simulators.installations import HEADER

TAG_REQUEST = "cf-channel-1-request"
TAG_RESPONSE = "cf-channel-1-response"
TAG_EVENT = "cf-channel-1-event"
WINDOW_S = 300
AHEAD_S = 30
NONCE_KEPT_S = 900
NONCES = """
CREATE TABLE IF NOT EXISTS nonce (
    keyid TEXT NOT NULL, nonce TEXT NOT NULL, seen_at INTEGER NOT NULL,
    PRIMARY KEY (keyid, nonce)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS nonce_by_age ON nonce (seen_at);
"""
_NONCE = re.compile(r"[A-Za-z0-9\-_.~]{16,64}")
_DIGEST = re.compile(r"(sha-256|sha-512)=:([A-Za-z0-9+/=]*):")


class NotSigned(Exception):
    """The call is not signed as it must be."""


@dataclass
class Signed:
    """A message as the library wants it."""

    method: str = ""
    url: str = ""
    headers: Any = None
    body: bytes = b""


@dataclass
class SignedAnswer:
    """An answer as the library wants it."""

    status_code: int
    headers: Any
    body: bytes
    request: Signed


class Resolver(HTTPSignatureKeyResolver):
    """Our key and the company's, by keyid."""

    def __init__(self, own: Ed25519PrivateKey, own_keyid: str, company: dict[str, bytes]) -> None:
        self._own, self._own_keyid, self._company = own, own_keyid, company

    def resolve_private_key(self, key_id: str) -> Any:
        """Our own key."""
        if key_id != self._own_keyid:
            raise KeyError(key_id)
        return self._own

    def resolve_public_key(self, key_id: str) -> Any:
        """The company's key; unknown ones raise KeyError."""
        return serialization.load_pem_public_key(self._company[key_id])


class Institution:
    """Verifies what comes in, signs what goes out, remembers nonces."""

    def __init__(
        self, key: Ed25519PrivateKey, keyid: str, company: dict[str, bytes], nonces: Book
    ) -> None:
        self._keyid = keyid
        resolver = Resolver(key, keyid, company)
        self._signer = HTTPMessageSigner(
            signature_algorithm=algorithms.ED25519, key_resolver=resolver
        )
        self._verifier = HTTPMessageVerifier(
            signature_algorithm=algorithms.ED25519, key_resolver=resolver
        )
        self._verifier.max_clock_skew = timedelta(seconds=AHEAD_S)
        self._nonces = nonces

    def verify(self, request: Request) -> str:
        """The nonce of a call that is signed as it must be; it is spent by this.

        Raises NotSigned.
        """
        body = request.get_data()
        required = ["@method", "@authority", "@path", "@query"]
        if HEADER in request.headers:
            required.append(HEADER)
        if body or "content-digest" in request.headers:
            required += ["content-type", "content-digest"]
            check_digest(request.headers.get("content-digest", ""), body)
        try:
            found = self._verifier.verify(
                Signed(request.method, request.url, request.headers, body),
                max_age=timedelta(seconds=WINDOW_S),
                expect_tag=TAG_REQUEST,
                require_components=required,
            )
        except (HTTPMessageSignaturesException, KeyError, ValueError) as problem:
            raise NotSigned(str(problem) or "the signature does not verify") from problem
        if len(found) != 1:
            raise NotSigned("exactly one signature must have our tag")
        given = found[0].parameters
        check_window(given)
        nonce = given.get("nonce")
        if not isinstance(nonce, str) or not _NONCE.fullmatch(nonce):
            raise NotSigned("a nonce of 16 to 64 characters is needed")
        self._spend(str(given["keyid"]), nonce)
        return nonce

    def sign_answer(self, request: Request, nonce: str | None, answer: Response) -> None:
        """Signs an answer, bound to the call that it answers."""
        body = answer.get_data()
        answer.headers["request-id"] = secrets.token_hex(16)
        covered = ["@status", "request-id", '"@method";req', '"@authority";req']
        covered += ['"@path";req', '"@query";req']
        if "content-digest" in request.headers:
            covered.append('"content-digest";req')
        if body:
            covered += ["content-type", "content-digest"]
        asked = Signed(request.method, request.url, dict(request.headers), request.get_data())
        headers = dict(answer.headers)
        try:
            self._sign(
                SignedAnswer(answer.status_code, headers, body, asked),
                body,
                covered,
                tag=TAG_RESPONSE,
                nonce=nonce,
            )
        except HTTPMessageSignaturesException:
            if nonce is not None:
                raise
            return  # a stranger's request that cannot even be named goes without
        answer.headers.update(headers)

    def sign_callback(self, url: str, body: bytes) -> dict[str, str]:
        """The headers of a signed callback."""
        now = int(time.time())
        headers = {
            "content-type": "application/json",
            "webhook-id": secrets.token_hex(16),
            "webhook-timestamp": str(now),
        }
        covered = ["@method", "@authority", "@path", "@query", "content-type", "content-digest"]
        covered += ["webhook-id", "webhook-timestamp"]
        self._sign(
            Signed("POST", url, headers, body),
            body,
            covered,
            tag=TAG_EVENT,
            nonce=secrets.token_urlsafe(24),
        )
        return headers

    def _sign(
        self, message: Any, body: bytes, covered: list[str], *, tag: str, nonce: str | None
    ) -> None:
        created = datetime.now(UTC)
        self._signer.sign(
            message,
            key_id=self._keyid,
            created=created,
            expires=created + timedelta(seconds=WINDOW_S),
            nonce=nonce,
            tag=tag,
            label="channel",
            include_alg=False,
            covered_component_ids=covered,
            body=body or None,
        )

    def _spend(self, keyid: str, nonce: str) -> None:
        now = int(time.time())
        with self._nonces.change() as change:
            change.execute("DELETE FROM nonce WHERE seen_at < ?", (now - NONCE_KEPT_S,))
            try:
                change.execute("INSERT INTO nonce VALUES (?, ?, ?)", (keyid, nonce, now))
            except sqlite3.IntegrityError:
                raise NotSigned("the nonce was used before") from None


def check_window(given: dict[str, Any]) -> None:
    """That a signature was made now, for at most five minutes.

    Raises NotSigned.
    """
    created, expires, now = given.get("created"), given.get("expires"), int(time.time())
    if type(created) is not int or type(expires) is not int:
        raise NotSigned("created and expires are needed")
    if not now - WINDOW_S <= created <= now + AHEAD_S:
        raise NotSigned(f"created is not within -{WINDOW_S} s and +{AHEAD_S} s of {now}")
    if not max(now, created) < expires <= created + WINDOW_S:
        raise NotSigned(f"expires must be later than now and within {WINDOW_S} s of created")


def check_digest(header: str, body: bytes) -> None:
    """That Content-Digest (RFC 9530) is of this body, recomputed for each algorithm it names.

    Raises NotSigned.
    """
    given = _DIGEST.findall(header)
    if not given:
        raise NotSigned("Content-Digest with sha-256 or sha-512 is needed")
    for algorithm, value in given:
        computed = hashlib.new(algorithm.replace("-", ""), body).digest()
        if base64.b64encode(computed).decode() != value:
            raise NotSigned(f"{algorithm} in Content-Digest is not of this body")


def load_or_make_key(path: Path) -> Ed25519PrivateKey:
    """The institutions' private key, made on first use; its public half is left beside it."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        path.write_bytes(
            Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(key, Ed25519PrivateKey)
    path.with_name("public.pem").write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return key
