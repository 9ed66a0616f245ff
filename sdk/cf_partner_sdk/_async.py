"""The core driven by an event loop (asyncio or trio), over httpx."""

from __future__ import annotations

import contextlib
import functools
import http.cookiejar
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import TYPE_CHECKING, Any, Optional, TypeVar

import anyio
import httpx

from ._calls import Call, Page
from ._clock import Clock
from ._errors import ArgumentInvalid, CfError, ClientClosed, TransportError
from ._exchange import ANSWER_BYTES_MAX, encoded_unasked, request_headers, told, too_long
from ._options import HttpOptions
from ._pages import AsyncPages
from ._steps import Alone, Pause, Send, Step, Steps
from .http_signatures import Message

if TYPE_CHECKING:
    from typing_extensions import ParamSpec

    from ._wire import Wire

    P = ParamSpec("P")

T = TypeVar("T")


class AsyncHttp:
    """Drives the core's steps within one event loop. `transport` stands in for the network."""

    def __init__(
        self,
        options: HttpOptions,
        clock: Clock,
        *,
        app_id: str = "",
        transport: Optional[httpx.AsyncBaseTransport] = None,
    ) -> None:
        self.options = options
        self.clock = clock
        self.closed = False
        self._app_id = app_id
        self._transport = transport
        self._client: Optional[httpx.AsyncClient] = None
        self._lock: Optional[anyio.Lock] = None

    async def aclose(self) -> None:
        """Close the connections."""
        self.closed = True
        if self._client is not None:
            await self._client.aclose()

    async def run(self, steps: Steps[T]) -> T:
        """Go through the steps to their end and return what they do."""
        try:
            step = next(steps)
            while True:
                try:
                    done = await self._do(step)
                except CfError as fault:  # noqa: PERF203 - each step may fail
                    step = steps.throw(fault)
                else:
                    step = steps.send(done)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            steps.close()

    async def _do(self, step: Step) -> Any:
        if isinstance(step, Send):
            return await self.exchange(step.message, deadline=step.deadline)
        if isinstance(step, Pause):
            return await self._pause(step.seconds)
        return await self._alone(step)

    async def _pause(self, seconds: float) -> None:
        if self.clock.is_real:
            await anyio.sleep(seconds)
        else:
            self.clock.sleep(seconds)

    async def _alone(self, step: Alone) -> None:
        if self._lock is None:
            self._lock = anyio.Lock()
        async with self._until(step.deadline), self._lock:
            await self.run(step.steps())

    async def exchange(self, message: Message, *, deadline: float) -> Message:
        """Send `message` as it is and return the answer, unverified.

        `deadline` is on `clock.monotonic`. Raises TransportError, and AnswerNotTrusted for an
        answer that is encoded or too long.
        """
        if self.closed:
            raise ClientClosed("the client is closed")
        client = self._opened(secure=message.scheme == "https")
        request = client.build_request(
            message.method,
            message.url,
            headers=request_headers(message, self._app_id),
            content=message.body or None,
            timeout=self._timeout(deadline),
        )
        if str(request.url) != message.url:
            raise ArgumentInvalid("the URL would not be sent as it was signed", field="base_url")
        try:
            async with self._until(deadline):
                response = await client.send(request, stream=True)
                try:
                    body = await _read(response)
                finally:
                    await response.aclose()
        except (httpx.HTTPError, httpx.StreamError, OSError) as fault:
            raise TransportError(_code_of(fault), told(fault, message)) from fault
        return message.answered(response.status_code, response.headers.multi_items(), body)

    def _opened(self, *, secure: bool) -> httpx.AsyncClient:
        if self._client is None:
            options = self.options
            cookies = http.cookiejar.CookieJar(
                http.cookiejar.DefaultCookiePolicy(allowed_domains=[])
            )
            tls = options.tls_context() if secure else False
            proxies = {
                f"{scheme}://": httpx.AsyncHTTPTransport(
                    verify=tls, proxy=proxy, limits=_limits(options), trust_env=False
                )
                for scheme, proxy in options.proxies.items()
            }
            self._client = httpx.AsyncClient(
                verify=tls,
                trust_env=False,
                limits=_limits(options),
                mounts=proxies,
                transport=self._transport,
                cookies=cookies,
            )
        return self._client

    def _timeout(self, deadline: float) -> httpx.Timeout:
        left_s = self._left_s(deadline)
        read_s = min(self.options.read_timeout_s, left_s)
        connect_s = min(self.options.connect_timeout_s, left_s)
        return httpx.Timeout(connect=connect_s, read=read_s, write=read_s, pool=left_s)

    def _left_s(self, deadline: float) -> float:
        left_s = deadline - self.clock.monotonic()
        if left_s <= 0:
            raise TransportError("deadline", "the deadline of the call is past")
        return left_s

    @contextlib.asynccontextmanager
    async def _until(self, deadline: float) -> AsyncIterator[None]:
        try:
            with anyio.fail_after(self._left_s(deadline)):
                yield
        except TimeoutError as fault:
            raise TransportError("deadline", "it passed before the answer was there") from fault


class AsyncRunner:
    """Makes the calls of an `AsyncClient`'s services."""

    def __init__(self, http: AsyncHttp, wire: Wire) -> None:
        self.http = http
        self.wire = wire

    def call(self, build: Callable[P, Call[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
        """Return `build`, whose call is made."""

        @functools.wraps(build)
        async def made(*given: P.args, **named: P.kwargs) -> T:
            return await self.http.run(self.wire.converse(build(*given, **named)))

        return made

    def steps(self, build: Callable[P, Steps[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
        """Return `build`, whose steps are gone through."""

        @functools.wraps(build)
        async def made(*given: P.args, **named: P.kwargs) -> T:
            return await self.http.run(build(*given, **named))

        return made

    def listing(self, build: Callable[P, Call[Page[T]]]) -> Callable[P, AsyncPages[T]]:
        """Return `build`, whose pages are fetched as they are needed."""

        @functools.wraps(build)
        def made(*given: P.args, **named: P.kwargs) -> AsyncPages[T]:
            async def fetch(call: Call[Page[T]]) -> Page[T]:
                return await self.http.run(self.wire.converse(call))

            return AsyncPages(fetch, build(*given, **named))

        return made


def _limits(options: HttpOptions) -> httpx.Limits:
    return httpx.Limits(
        max_connections=options.connections_max, max_keepalive_connections=options.connections_max
    )


async def _read(response: httpx.Response) -> bytes:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise encoded_unasked()
    parts: list[bytes] = []
    length = 0
    async for part in response.aiter_raw():
        length += len(part)
        if length > ANSWER_BYTES_MAX:
            raise too_long()
        parts.append(part)
    return b"".join(parts)


def _code_of(fault: BaseException) -> str:
    cause: Optional[BaseException] = fault
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "certificate-refused"
        cause = cause.__cause__ or cause.__context__
    for kind, code in _CODES:
        if isinstance(fault, kind):
            return code
    return "connection-broken"


_CODES = (
    (httpx.ProxyError, "proxy-failed"),
    (httpx.ConnectTimeout, "connect-timeout"),
    (httpx.PoolTimeout, "pool-timeout"),
    (httpx.TimeoutException, "read-timeout"),
    (httpx.ConnectError, "connect-failed"),
)
