"""A shop's own server on this machine, that receives events and answers as a test tells it."""

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cf_partner_sdk import Client, Event


@dataclass(frozen=True)
class Arrived:
    """One request, as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Takes every POST; answers with the statuses given, the last of them for ever."""

    statuses: list[int] = field(default_factory=lambda: [200])
    location: str | None = None
    arrived: list[Arrived] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/cf?shop=1"

    def events(self, client: Client) -> list[Event]:
        """What arrived, proved by the SDK, in the order in which it came."""
        return [
            client.webhooks.verify(headers=each.headers, body=each.body, url=self.url)
            for each in self.arrived
        ]

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _take(self, arrived: Arrived) -> int:
        with self._lock:
            self.arrived.append(arrived)
            return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status = receiver._take(Arrived(self.path, headers, body))
                self.send_response(status)
                if receiver.location:
                    self.send_header("location", receiver.location)
                self.send_header("content-length", "0")
                self.end_headers()

            do_GET = do_POST  # noqa: N815  the name that http.server calls

            def log_message(self, *_: Any) -> None:
                pass

        return Handler
