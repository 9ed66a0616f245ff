"""The core driven by threads, over requests."""

from __future__ import annotations

import functools
import http.client
import http.cookiejar
import os
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Optional, TypeVar

import requests
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter

from ._calls import Call, Page
from ._clock import Clock
from ._errors import ArgumentInvalid, CfError, ClientClosed, TransportError
from ._exchange import ANSWER_BYTES_MAX, encoded_unasked, request_headers, told, too_long
from ._options import HttpOptions
from ._pages import Pages
from ._steps import Alone, Pause, Send, Step, Steps
from .http_signatures import Message

if TYPE_CHECKING:
    from typing_extensions import ParamSpec

    from ._wire import Wire

    P = ParamSpec("P")

T = TypeVar("T")


class Http:
    """Drives the core's steps: connections and locks, of threads and forked processes alike.

    No redirect, no cookie, no retry, nothing from the environment. `transport` stands in for the
    network. A process that was forked has
    connections of its own and leaves its parent's alone.
    """

    def __init__(
        self,
        options: HttpOptions,
        clock: Clock,
        *,
        app_id: str = "",
        transport: Optional[BaseAdapter] = None,
    ) -> None:
        self.options = options
        self.clock = clock
        self.closed = False
        self._app_id = app_id
        self._transport = transport
        self._locks: dict[int, threading.Lock] = {}
        self._by_process: dict[int, _Connections] = {}

    def close(self) -> None:
        """Close the connections."""
        self.closed = True
        connections = self._by_process.pop(os.getpid(), None)
        if connections is not None:
            connections.session.close()

    def run(self, steps: Steps[T]) -> T:
        """Go through the steps to their end and return what they do."""
        try:
            step = next(steps)
            while True:
                try:
                    done = self._do(step)
                except CfError as fault:  # noqa: PERF203 - each step may fail
                    step = steps.throw(fault)
                else:
                    step = steps.send(done)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            steps.close()

    def _do(self, step: Step) -> Any:
        if isinstance(step, Send):
            return self.exchange(step.message, deadline=step.deadline)
        if isinstance(step, Pause):
            return self.clock.sleep(step.seconds)
        return self._alone(step)

    def _alone(self, step: Alone) -> None:
        lock = self._locks.setdefault(os.getpid(), threading.Lock())
        if not lock.acquire(timeout=self._left_s(step.deadline)):
            raise TransportError("deadline", "the lender's keys did not arrive in time")
        try:
            self.run(step.steps())
        finally:
            lock.release()

    def exchange(self, message: Message, *, deadline: float) -> Message:
        """Send `message` as it is and return the answer, unverified.

        `deadline` is on `clock.monotonic`. Raises TransportError, and AnswerNotTrusted for an
        answer that is encoded or too long.
        """
        if self.closed:
            raise ClientClosed("the client is closed")
        prepared = _prepared(message, request_headers(message, self._app_id))
        connections = self._connections(secure=message.scheme == "https")
        if not connections.slots.acquire(timeout=self._left_s(deadline)):
            raise TransportError("pool-timeout", "no connection was free before the deadline")
        try:
            how = self._how(message, deadline)
            with connections.session.send(prepared, **how) as response:
                body = self._read(response, deadline)
        except (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException) as fault:
            raise TransportError(_code_of(fault), told(fault, message)) from fault
        finally:
            connections.slots.release()
        return message.answered(response.status_code, _header_pairs(response), body)

    def _connections(self, *, secure: bool) -> _Connections:
        process = os.getpid()
        found = self._by_process.get(process)
        if found is None:
            made = _Connections(self.options, self._transport, secure=secure)
            found = self._by_process.setdefault(process, made)
        return found

    def _left_s(self, deadline: float) -> float:
        left_s = deadline - self.clock.monotonic()
        if left_s <= 0:
            raise TransportError("deadline", "the deadline of the call is past")
        return left_s

    def _how(self, message: Message, deadline: float) -> dict[str, Any]:
        left_s = self._left_s(deadline)
        proxy = self.options.proxy_to(message.url)
        return {
            "timeout": (
                min(self.options.connect_timeout_s, left_s),
                min(self.options.read_timeout_s, left_s),
            ),
            "allow_redirects": False,
            "stream": True,
            "proxies": {} if proxy is None else {message.scheme: proxy},
        }

    def _read(self, response: requests.Response, deadline: float) -> bytes:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise encoded_unasked()
        parts: list[bytes] = []
        length = 0
        for part in response.iter_content(64 * 1024):
            length += len(part)
            if length > ANSWER_BYTES_MAX:
                raise too_long()
            if self.clock.monotonic() > deadline:
                raise TransportError("deadline", "it passed while an answer was arriving")
            parts.append(part)
        return b"".join(parts)


class Runner:
    """Makes the calls of a `Client`'s services."""

    def __init__(self, http: Http, wire: Wire) -> None:
        self.http = http
        self.wire = wire

    def call(self, build: Callable[P, Call[T]]) -> Callable[P, T]:
        """Return `build`, whose call is made."""

        @functools.wraps(build)
        def made(*given: P.args, **named: P.kwargs) -> T:
            return self.http.run(self.wire.converse(build(*given, **named)))

        return made

    def steps(self, build: Callable[P, Steps[T]]) -> Callable[P, T]:
        """Return `build`, whose steps are gone through."""

        @functools.wraps(build)
        def made(*given: P.args, **named: P.kwargs) -> T:
            return self.http.run(build(*given, **named))

        return made

    def listing(self, build: Callable[P, Call[Page[T]]]) -> Callable[P, Pages[T]]:
        """Return `build`, whose pages are fetched as they are needed."""

        @functools.wraps(build)
        def made(*given: P.args, **named: P.kwargs) -> Pages[T]:
            def fetch(call: Call[Page[T]]) -> Page[T]:
                return self.http.run(self.wire.converse(call))

            return Pages(fetch, build(*given, **named))

        return made


class _Connections:
    """What one process has open to one origin."""

    def __init__(
        self, options: HttpOptions, transport: Optional[BaseAdapter], *, secure: bool
    ) -> None:
        self.slots = threading.BoundedSemaphore(options.connections_max)
        self.session = requests.Session()
        self.session.trust_env = False  # a .netrc would add a header below the signature
        self.session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        adapter = transport
        if adapter is None:
            tls = options.tls_context() if secure else None
            adapter = _Adapter(pool_maxsize=options.connections_max, tls=tls)
        self.session.mount("https://", adapter)
        self.session.mount("http://", adapter)


class _Adapter(HTTPAdapter):
    """Connections under one TLS context, read once and not for each connection."""

    def __init__(self, *, pool_maxsize: int, tls: Optional[ssl.SSLContext]) -> None:
        self._tls = tls
        super().__init__(pool_maxsize=pool_maxsize)

    def init_poolmanager(self, *given: Any, **named: Any) -> None:
        """Let connections to the server be proved by the context."""
        super().init_poolmanager(*given, ssl_context=self._tls, **named)

    def proxy_manager_for(self, proxy: Any, **named: Any) -> Any:
        """Let connections through a proxy be proved by the context too."""
        return super().proxy_manager_for(proxy, ssl_context=self._tls, **named)

    def cert_verify(self, *given: Any, **named: Any) -> None:
        """Leave it to the context, which trusts one bundle; this would add the usual one."""


def _prepared(message: Message, headers: dict[str, str]) -> requests.PreparedRequest:
    prepared = requests.Request(
        message.method, message.url, headers=headers, data=message.body or None
    ).prepare()
    if prepared.url != message.url:
        raise ArgumentInvalid("the URL would not be sent as it was signed", field="base_url")
    return prepared


def _header_pairs(response: requests.Response) -> list[tuple[str, str]]:
    """Return every header line; requests itself joins those given twice."""
    raw = getattr(response.raw, "headers", None)
    return list(raw.items()) if raw else list(response.headers.items())


def _code_of(fault: Exception) -> str:
    if any(isinstance(one, ssl.SSLCertVerificationError) for one in _causes(fault)):
        return "certificate-refused"
    for kind, code in _CODES:
        if isinstance(fault, kind):
            return code
    refused = (urllib3.exceptions.NewConnectionError, ConnectionRefusedError)
    if any(isinstance(one, refused) for one in _causes(fault)):
        return "connect-failed"
    return "connection-broken"


_CODES = (
    (requests.exceptions.ProxyError, "proxy-failed"),
    (requests.exceptions.ConnectTimeout, "connect-timeout"),
    (requests.exceptions.ReadTimeout, "read-timeout"),
)


def _causes(fault: object) -> Iterator[object]:
    """Yield the fault and what is wrapped in it: requests and urllib3 keep that in odd places."""
    seen = 0
    while isinstance(fault, BaseException) and seen < 8:
        yield fault
        seen += 1
        inner = getattr(fault, "reason", None) or (fault.args[0] if fault.args else None)
        fault = inner if isinstance(inner, BaseException) else fault.__cause__ or fault.__context__
