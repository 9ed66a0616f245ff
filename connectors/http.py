"""The one outgoing HTTP client: signs every call, believes no answer that is not signed for it."""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import requests
from cf_partner_sdk.http_signatures import (
    Message,
    SignatureRefused,
    Signer,
    Verifier,
    new_nonce,
    sign_request,
    verify_response,
)
from requests.adapters import BaseAdapter

TAG_REQUEST = "cf-channel-1-request"
TAG_RESPONSE = "cf-channel-1-response"
SANDBOX = "cf-sandbox"
"""Tells simulators which sandbox calls and how many days it is ahead; signed with the call."""
CONNECT_TIMEOUT_S = 3.0
ANSWER_BYTES_MAX = 32 * 1024 * 1024
"""A daily file of some 300,000 payments."""
CHUNK_BYTES = 64 * 1024

log = logging.getLogger(__name__)


class NoAnswer(Exception):
    """Nothing came back that can be believed: a time-out, a broken line, a 5xx, a bad signature."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A verified answer."""

    status: int
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as an object.

        Raises NoAnswer when it is not one.
        """
        try:
            read = json.loads(self.body)
        except ValueError:
            raise NoAnswer("the answer is not JSON") from None
        if not isinstance(read, dict):
            raise NoAnswer("the answer is not an object")
        return read


@dataclass(frozen=True, slots=True)
class _Heard:
    status: int
    headers: Mapping[str, str]
    body: bytes


class SignedHttp:
    """Calls to one institution. Safe to share between threads: each has a session of its own.

    `sandbox` tells which sandbox calls, and its date, where the institutions are simulators.
    """

    def __init__(
        self,
        base_url: str,
        *,
        key: Signer,
        institution_key: Verifier,
        timeout_s: float = 8.0,
        transport: BaseAdapter | None = None,
        sandbox: Callable[[], str] | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._key = key
        self._institution_key = institution_key
        self._timeout_s = timeout_s
        self._transport = transport
        self._sandbox = sandbox
        self._local = threading.local()

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        """Makes one call and verifies its answer.

        Raises NoAnswer. The call may have had its effect all the same.
        """
        url = self._base_url + path
        content = json.dumps(body, ensure_ascii=False).encode() if body is not None else b""
        headers = {"content-type": "application/json"} if content else {}
        cover: tuple[str, ...] = ()
        if self._sandbox is not None:
            headers[SANDBOX] = self._sandbox()
            cover = (SANDBOX,)
        nonce = new_nonce()
        asked = Message.of_url(method, url, headers, content)
        headers |= sign_request(
            asked, self._key, created=int(time.time()), nonce=nonce, tag=TAG_REQUEST, cover=cover
        )
        asked = Message.of_url(method, url, headers, content)
        answer = self._send(asked, url)
        try:
            verify_response(
                asked.answered(answer.status, answer.headers, answer.body),
                key_of=self._key_of,
                now=int(time.time()),
                nonce=nonce,
                tag=TAG_RESPONSE,
            )
        except SignatureRefused as refused:
            log.warning("answer to %s %s is not signed for it: %s", method, path, refused.code)
            raise NoAnswer(refused.code) from refused
        return Answer(answer.status, answer.body)

    def _send(self, asked: Message, url: str) -> _Heard:
        """What came back, whole and in time, whoever sent it. No redirect, no second attempt."""
        until = time.monotonic() + self._timeout_s
        try:
            with self._session().request(
                asked.method,
                url,
                data=asked.body or None,
                headers=dict(asked.headers),
                timeout=(min(CONNECT_TIMEOUT_S, self._timeout_s), self._timeout_s),
                allow_redirects=False,
                stream=True,
            ) as answer:
                if answer.status_code >= 500:
                    raise NoAnswer(f"status {answer.status_code}")
                body = bytearray()
                for chunk in answer.iter_content(CHUNK_BYTES):
                    body += chunk
                    if len(body) > ANSWER_BYTES_MAX:
                        raise NoAnswer("the answer is too long")
                    if time.monotonic() > until:
                        raise NoAnswer("the answer takes too long")
                return _Heard(answer.status_code, answer.headers, bytes(body))
        except requests.RequestException as problem:
            raise NoAnswer(type(problem).__name__) from problem

    def _key_of(self, keyid: str) -> Verifier | None:
        return self._institution_key if keyid == self._institution_key.keyid else None

    def _session(self) -> requests.Session:
        found: requests.Session | None = getattr(self._local, "session", None)
        if found is None:
            found = requests.Session()
            found.trust_env = False
            found.headers["Accept-Encoding"] = "identity"  # digests are of the bytes as sent
            if self._transport is not None:
                found.mount("http://", self._transport)
                found.mount("https://", self._transport)
            self._local.session = found
        return found
