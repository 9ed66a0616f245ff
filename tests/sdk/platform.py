"""A lender small enough for a test: it verifies every call and signs every answer, for real."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests
import responses
from cf_partner_sdk import Client, Clock, HttpOptions, PrivateKey
from cf_partner_sdk.http_signatures import (
    TAG_EVENT,
    Headers,
    Message,
    SignatureRefused,
    new_nonce,
    request_nonce,
    sign_request,
    sign_response,
    verify_request,
)

BASE = "https://api.lender.example"
NOW = 1_795_000_000
DIRECTORY = "/.well-known/http-message-signatures-directory"
PROBLEM = "application/problem+json"

ROOT = PrivateKey.generate()
RESPONSE = PrivateKey.generate()
EVENT = PrivateKey.generate("ecdsa-p256-sha256")
PARTNER = PrivateKey.generate()
STRANGER = PrivateKey.generate()

Reply = tuple[int, dict[str, str], bytes]


class ManualClock:
    """A clock that a test moves; sleeping moves it too and is noted."""

    def __init__(self, wall: float = NOW) -> None:
        self.wall = wall
        self.ticks = 1000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.pass_time(seconds)

    def pass_time(self, seconds: float) -> None:
        self.wall += seconds
        self.ticks += seconds

    def for_sdk(self) -> Clock:
        return Clock(lambda: self.wall, lambda: self.ticks, self.sleep)


def reply(status: int, body: Any = None, **headers: str) -> Reply:
    """An answer with a JSON body, not signed yet."""
    content = b"" if body is None else json.dumps(body).encode()
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if content:
        given.setdefault("Content-Type", "application/json" if status < 400 else PROBLEM)
    return status, given, content


def problem(status: int, code: str, *, retryable: bool = False, **more: Any) -> Reply:
    headers = more.pop("headers", {})
    return reply(status, {"code": code, "retryable": retryable, **more}, **headers)


class Platform:
    """Answers what `answers` holds, in turn; what is no reply is raised as a network fault."""

    def __init__(self, mock: responses.RequestsMock, clock: ManualClock) -> None:
        self.clock = clock
        self.server_offset_s = 0
        self.answers: list[Any] = []
        self.calls: list[Message] = []
        self.directory_calls = 0
        self.keys = [(ROOT, "root"), (RESPONSE, "response"), (EVENT, "event")]
        self.signing_key = RESPONSE
        self.directory_key = ROOT
        self.directory_binds = True
        self.directory_fault: Exception | None = None
        self.directory_answer: Reply | None = None
        self.sign_answers = True
        self.alter: Callable[[Reply], Reply] = lambda answer: answer
        self.refuses: Callable[[], Any] = lambda: None
        self.nonces: set[str] = set()
        methods = (responses.GET, responses.POST, responses.DELETE)
        for method in methods:
            mock.add_callback(method, url=_any_url(), callback=self._take)

    def now(self) -> int:
        return int(self.clock.wall) + self.server_offset_s

    def directory(self) -> list[dict[str, str]]:
        listed = []
        for key, purpose in self.keys:
            name = "use" if purpose == "root" else "purpose"
            listed.append({**key.public.jwk, name: purpose})
        return listed

    def signed(self, asked: Message, answer: Reply, *, key: PrivateKey, nonce: str | None) -> Reply:
        status, headers, body = answer
        full = {"request-id": f"req_{len(self.calls)}", **headers}
        message = asked.answered(status, full, body)
        added = sign_response(message, key, created=self.now(), nonce=nonce)
        return status, {**full, **added}, body

    def _take(self, sent: requests.PreparedRequest) -> Reply:
        asked = message_of(sent)
        if asked.path == DIRECTORY:
            self.directory_calls += 1
            if self.directory_fault is not None:
                raise self.directory_fault
            answer = self.directory_answer or reply(200, {"keys": self.directory()})
            nonce = request_nonce(asked) if self.directory_binds else None
            return self.signed(asked, answer, key=self.directory_key, nonce=nonce)
        self.calls.append(asked)
        answer = self.refuses() or self._refusal(asked) or self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if not self.sign_answers:
            return self.alter(answer)
        nonce = request_nonce(asked)
        return self.alter(self.signed(asked, answer, key=self.signing_key, nonce=nonce))

    def _refusal(self, asked: Message) -> Reply | None:
        keys = {PARTNER.keyid: PARTNER.public}
        try:
            verified = verify_request(asked, key_of=keys.get, now=self.now())
        except SignatureRefused as refused:
            return problem(401, refused.code, server_time=self.now())
        assert verified.nonce not in self.nonces, "a nonce was used twice"
        self.nonces.add(str(verified.nonce))
        return None

    def event(
        self,
        body: bytes,
        *,
        url: str,
        webhook_id: str,
        key: PrivateKey = EVENT,
        timestamp: str | None = None,
    ) -> Headers:
        """The headers of an event as the lender posts it to `url`."""
        plain = {
            "Content-Type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(self.now()) if timestamp is None else timestamp,
        }
        message = Message.of_url("POST", url, plain, body)
        added = sign_request(message, key, created=self.now(), nonce=new_nonce(), tag=TAG_EVENT)
        return Headers({**plain, **added})


def message_of(sent: requests.PreparedRequest) -> Message:
    """What a server sees of a request."""
    body = sent.body or b""
    content = body.encode() if isinstance(body, str) else body
    return Message.of_url(str(sent.method), str(sent.url), sent.headers, content)


def client(clock: ManualClock, **options: Any) -> Client:
    return Client(
        app_id="app_test",
        key=PARTNER,
        base_url=BASE,
        root_keyid=ROOT.keyid,
        options=HttpOptions(**options),
        clock=clock.for_sdk(),
    )


def _any_url() -> re.Pattern[str]:
    return re.compile(f"https://{re.escape(urlsplit(BASE).netloc)}/.*")
