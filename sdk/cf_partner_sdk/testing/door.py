"""The fake lender's door: verify, parse, act once, answer, sign; or fail as told."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Optional

from cf_partner_sdk import PrivateKey
from cf_partner_sdk.directory import PATH as DIRECTORY
from cf_partner_sdk.http_signatures import (
    Message,
    SignatureRefused,
    Verified,
    Verifier,
    new_nonce,
    request_nonce,
    sign_response,
    verify_request,
)

from . import bodies, sealing
from .asking import Asked, Route
from .book import Book
from .clock import FakeClock
from .failures import PROXY_PAGE, RETRY_AFTER_S, SLOW_S, Failure
from .lead_book import LeadBook
from .routes import ROUTES, query_of
from .wire import Answer, Problem, dumps, rfc3339

_BEFORE = {Failure.TIMEOUT, Failure.CONNECTION_RESET, Failure.UNSIGNED_502}
"""Failures of the way to the lender, which does not even see the call."""


class NotFaked(LookupError):
    """The real lender may answer this call; the fake one does not."""


class LineFault(Exception):
    """The network fails; the transport raises what its library would."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.value)
        self.failure = failure


class Door:
    """Takes requests and gives signed answers."""

    def __init__(self, clock: FakeClock, book: Book, leads: LeadBook) -> None:
        self.root, self.response, self.event = (PrivateKey.generate() for _ in range(3))
        self.partner_keys: dict[str, Verifier] = {}
        self.calls: list[Message] = []
        self.failures: deque[Failure] = deque()
        self._clock = clock
        self._book = book
        self._leads = leads
        self._nonces: set[tuple[str, str]] = set()
        self._replies: dict[str, tuple[bytes, Answer]] = {}

    def take(self, asked: Message) -> Answer:
        """Answer a request. Raises LineFault, and NotFaked for a call that it does not know."""
        if asked.path == DIRECTORY:
            return self._signed(asked, self._directory(), self.root, request_nonce(asked))
        failure = self.failures.popleft() if self.failures else None
        if failure is Failure.UNSIGNED_502:
            return Answer(502, PROXY_PAGE, {"Content-Type": "text/html"})
        if failure in _BEFORE:
            raise LineFault(Failure(failure))
        self.calls.append(asked)
        answer = self._answer(asked, failure)
        if failure is Failure.ANSWER_LOST:
            raise LineFault(failure)
        if failure is Failure.SLOW:
            self._clock.advance(timedelta(seconds=SLOW_S))
        nonce = new_nonce() if failure is Failure.WRONG_NONCE else request_nonce(asked)
        signed = self._signed(asked, answer, self.response, nonce)
        if failure is Failure.ALTERED_ANSWER:
            return Answer(signed.status, signed.body + b" ", signed.headers)
        return signed

    def _answer(self, asked: Message, failure: Optional[Failure]) -> Answer:
        request_id = f"req_{len(self.calls):026d}"
        try:
            self._fail(failure)
            self._identify(asked, self._clock.seconds())
            answer = self._carry_out(asked)
        except Problem as problem:
            answer = problem.answer(request_id)
        return Answer(answer.status, answer.body, {**answer.headers, "Request-Id": request_id})

    @staticmethod
    def _fail(failure: Optional[Failure]) -> None:
        if failure is Failure.TOO_MANY_REQUESTS:
            raise Problem(
                429,
                "rate-limit",
                "There were more calls than agreed",
                mend="Wait as long as Retry-After says, then send the same call.",
                retry_after_s=RETRY_AFTER_S,
                extra={"violated_policies": ["writes-key"]},
            )
        if failure is Failure.SIGNED_500:
            raise Problem(
                500,
                "internal",
                "Something went wrong on our side",
                mend="Send the same request again later, with the same Idempotency-Key.",
                retry_after_s=5,
            )

    def _identify(self, asked: Message, now: int) -> Verified:
        try:
            verified = verify_request(asked, key_of=self.partner_keys.get, now=now)
        except SignatureRefused as refused:
            raise _refusal(refused, now) from None
        spent = (verified.keyid, str(verified.nonce))
        if spent in self._nonces:
            raise _refusal(SignatureRefused("signature-replayed", "this nonce was used"), now)
        self._nonces.add(spent)
        return verified

    def _carry_out(self, asked: Message) -> Answer:
        route, ids = _found(asked)
        query = query_of(route, asked.query)
        body: Mapping[str, object] = {}
        if route.checks is not None:
            body = bodies.read(asked.body, asked.headers.get("content-type", ""), route.checks)
        file = b""
        if route.files:
            file = bodies.file(asked.body, asked.headers.get("content-type", ""), route.files)
        told = Asked(self._book, self._leads, self.event, ids, query, body, asked.headers, file)
        if not route.writes:
            return route.act(told)
        key = asked.headers.get("idempotency-key")
        if key is None:
            mend = "Send a key of 1 to 255 printable characters, and keep it for your retries."
            title = "A write needs an Idempotency-Key"
            raise Problem(400, "idempotency.key_missing", title, mend=mend)
        target = f"{asked.method} {asked.path}?{asked.query} "
        call = target.encode() + hashlib.sha256(asked.body).digest()
        if key in self._replies:
            known, reply = self._replies[key]
            if known != call:
                mend = "Use a new key for a new call; the same key only for the very same one."
                title = "This Idempotency-Key belongs to another call"
                raise Problem(422, "idempotency.key_reused", title, mend=mend)
            return reply
        reply = route.act(told)
        self._replies[key] = call, reply
        return reply

    def _directory(self) -> Answer:
        keys = [
            {**key.public.jwk, **purpose}
            for key, purpose in (
                (self.root, {"use": "root"}),
                (self.response, {"use": "sig", "purpose": "response"}),
                (self.event, {"use": "sig", "purpose": "event"}),
            )
        ]
        kind = "application/http-message-signatures-directory+json"
        return Answer(
            200,
            dumps({"keys": [*keys, sealing.jwk()]}),
            {"Content-Type": kind, "Request-Id": "req_keys"},
        )

    def _signed(
        self, asked: Message, answer: Answer, key: PrivateKey, nonce: Optional[str]
    ) -> Answer:
        message = asked.answered(answer.status, answer.headers, answer.body)
        added = sign_response(message, key, created=self._clock.seconds(), nonce=nonce)
        return Answer(answer.status, answer.body, {**answer.headers, **added})


def _found(asked: Message) -> tuple[Route, tuple[str, ...]]:
    for route in ROUTES:
        found = route.path.fullmatch(asked.path)
        if found is not None and route.method == asked.method:
            return route, found.groups()
    raise NotFaked(f"the fake gateway has no {asked.method} {asked.path}")


def _instant(seconds: int) -> str:
    return rfc3339(datetime.fromtimestamp(seconds, timezone.utc))


def _refusal(refused: SignatureRefused, now: int) -> Problem:
    missing = {"missing": refused.missing} if refused.missing else {}
    shown: dict[str, object] = {}
    if refused.base is not None:
        shown = {
            "signature_base_sha256": hashlib.sha256(refused.base).hexdigest(),
            "signature_components": refused.base.decode("ascii").split("\n"),
        }
    return Problem(
        401,
        refused.code,
        "The signature was refused",
        mend="See the docs on signing.",
        extra={"server_time": _instant(now), **missing, **shown},
    )
