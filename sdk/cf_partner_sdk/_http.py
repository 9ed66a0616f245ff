"""One exchange over HTTP: no retry, no redirect, no cookie, nothing from the environment."""

from __future__ import annotations

import http.cookiejar
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional, Union

import requests

from ._clock import Clock
from ._errors import AnswerNotTrusted, TransportError
from ._version import __version__
from .http_signatures import Message

ANSWER_BYTES_MAX = 16 * 1024 * 1024


@dataclass(frozen=True)
class HttpOptions:
    """How to reach the lender; durations in seconds.

    `deadline_s` bounds a whole call with its retries. `ca_file` is a bundle to trust instead of the
    usual one. Proxies are taken from here only, never from the environment.
    """

    connect_timeout_s: float = 5.0
    read_timeout_s: float = 20.0
    deadline_s: float = 60.0
    attempts_max: int = 4
    proxies: Mapping[str, str] = field(default_factory=dict)
    ca_file: Optional[str] = None


class Http:
    """A session of its own, safe to use from several threads."""

    def __init__(self, options: HttpOptions, clock: Clock, *, app_id: str = "") -> None:
        self.options = options
        self.clock = clock
        self.closed = False
        self._session = requests.Session()
        self._session.trust_env = False  # a .netrc would add a header below the signature
        self._session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        suffix = f" ({app_id})" if app_id else ""
        self.user_agent = f"cf-partner-sdk/{__version__} python/{platform.python_version()}{suffix}"

    def close(self) -> None:
        """Close the connections."""
        self.closed = True
        self._session.close()

    def exchange(self, message: Message, *, deadline: float) -> Message:
        """Send `message` as it is and return the answer, unverified.

        `deadline` is on `clock.monotonic`. Raises TransportError; an unsigned 5xx is one too.
        """
        if self.closed:
            raise RuntimeError("the client is closed")
        try:
            prepared = _prepared(message, self.user_agent)
            with self._session.send(prepared, **self._how(deadline)) as response:
                body = self._read(response, deadline)
        except requests.RequestException as fault:
            raise TransportError(f"no answer: {type(fault).__name__}") from fault
        answer = message.answered(response.status_code, _header_pairs(response), body)
        if response.status_code >= 500 and "signature" not in answer.headers:
            raise TransportError(f"an unsigned {response.status_code}, so not the lender's")
        return answer

    def _how(self, deadline: float) -> dict[str, Any]:
        left = deadline - self.clock.monotonic()
        if left <= 0:
            raise TransportError("the deadline of the call is past")
        verify: Union[bool, str] = self.options.ca_file or True
        return {
            "timeout": (
                min(self.options.connect_timeout_s, left),
                min(self.options.read_timeout_s, left),
            ),
            "allow_redirects": False,
            "stream": True,
            "verify": verify,
            "proxies": dict(self.options.proxies),
        }

    def _read(self, response: requests.Response, deadline: float) -> bytes:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise AnswerNotTrusted("signature-malformed", "the answer is encoded, unasked")
        parts: list[bytes] = []
        length = 0
        for part in response.iter_content(64 * 1024):
            length += len(part)
            if length > ANSWER_BYTES_MAX:
                raise AnswerNotTrusted("signature-malformed", "the answer is longer than agreed")
            if self.clock.monotonic() > deadline:
                raise TransportError("the deadline of the call passed while an answer was arriving")
            parts.append(part)
        return b"".join(parts)


def url_of(message: Message) -> str:
    """Return the absolute URL of a request."""
    url = f"{message.scheme}://{message.authority}{message.path}"
    return f"{url}?{message.query}" if message.query else url


def _prepared(message: Message, user_agent: str) -> requests.PreparedRequest:
    url = url_of(message)
    headers = {"User-Agent": user_agent, "Accept-Encoding": "identity", **message.headers}
    prepared = requests.Request(
        message.method, url, headers=headers, data=message.body or None
    ).prepare()
    if prepared.url != url:
        raise ValueError("the URL would not be sent as it was signed")
    return prepared


def _header_pairs(response: requests.Response) -> list[tuple[str, str]]:
    """Return every header line; requests itself joins those given twice."""
    raw = getattr(response.raw, "headers", None)
    return list(raw.items()) if raw else list(response.headers.items())
