"""What stands before the web application in its own process: slow clients, and proxies before us.

In production a reverse proxy takes bodies in, whole, before it passes them on (`proxy_request_
buffering` of nginx, which is on unless switched off), so that each of our threads is held for
moments. This is for when there is none: one address can hold half of our threads at most.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from werkzeug.middleware.proxy_fix import ProxyFix

from lending.foundation.settings import Settings

BODY_MAX = 10 * 1024 * 1024
"""No route takes more; what is longer is left unread, and the application refuses it."""
CHUNK_BYTES = 64 * 1024
MEMORY_MAX = 1024 * 1024
"""What is longer, as only files are, lies on the disk until it is answered."""
BUSY = b"Too many bodies of this address are under way."

Environ = dict[str, Any]
Wsgi = Callable[[Environ, Any], Iterable[bytes]]


def guarded(app: Wsgi, settings: Settings) -> Wsgi:
    """The application behind the proxies that the settings name, safe from slow bodies."""
    guard: Wsgi = WholeBodies(app, at_once_max=max(1, settings.front_threads // 2))
    guard = PublicScheme(guard, settings.public_url)
    if settings.trusted_proxies:
        # host and scheme are what the signature is made over: they come from no header
        guard = ProxyFix(guard, x_for=settings.trusted_proxies, x_proto=0, x_host=0)
    return guard


class WholeBodies:
    """Reads each body before the application runs; so many of one address at once, no more."""

    def __init__(self, app: Wsgi, *, at_once_max: int) -> None:
        self._app = app
        self._at_once_max = at_once_max
        self._under_way: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """The application's answer; 503 for an address whose bodies are too many under way."""
        if not _has_body(environ):
            return self._app(environ, start_response)
        with self._place(environ.get("REMOTE_ADDR", "")) as found:
            if not found:
                start_response(
                    "503 Service Unavailable",
                    [("content-type", "text/plain"), ("retry-after", "1"), ("connection", "close")],
                )
                return [BUSY]
            body = _whole(environ["wsgi.input"])
        environ["wsgi.input"] = body
        try:
            return self._app(environ, start_response)
        finally:
            body.close()

    @contextmanager
    def _place(self, address: str) -> Iterator[bool]:
        with self._lock:
            found = self._under_way[address] < self._at_once_max
            self._under_way[address] += found
        try:
            yield found
        finally:
            with self._lock:
                self._under_way[address] -= found
                if not self._under_way[address]:
                    del self._under_way[address]


def _whole(body: Any) -> IO[bytes]:
    """A body that has arrived, up to the first byte too many."""
    whole = SpooledTemporaryFile(max_size=MEMORY_MAX)  # noqa: SIM115  closed once it is answered
    left = BODY_MAX + 1
    while left and (part := body.read(min(left, CHUNK_BYTES))):
        whole.write(part)
        left -= len(part)
    whole.seek(0)
    return whole


def _has_body(environ: Environ) -> bool:
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isdigit():
        return 0 < int(length) <= BODY_MAX
    return bool(environ.get("HTTP_TRANSFER_ENCODING"))


class PublicScheme:
    """Tells the application the scheme of its public address, where TLS ends before us."""

    def __init__(self, app: Wsgi, public_url: str) -> None:
        self._app = app
        self._scheme, _, rest = public_url.partition("://")
        self._host = rest.partition("/")[0]

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """The application's answer."""
        if environ.get("HTTP_HOST", "").lower() == self._host.lower():
            environ["wsgi.url_scheme"] = self._scheme
        return self._app(environ, start_response)
