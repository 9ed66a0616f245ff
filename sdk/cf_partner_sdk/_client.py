"""The one object that a partner's program holds."""

from __future__ import annotations

import re
from types import TracebackType
from typing import Optional
from urllib.parse import urlsplit

from ._clock import Clock
from ._events import Events, EventTypes, WebhookEndpoints
from ._http import Http, HttpOptions
from ._mall import Mall
from ._partner_keys import Keys
from ._sandbox import Sandbox
from ._transport import Transport
from .directory import KeyDirectory
from .http_signatures import Signer
from .webhooks import Webhooks

_PREFIX = re.compile(r"(/t/[a-z0-9-]+)?")


class Client:
    """Calls the lender as one partner; a context manager, safe to use from several threads.

    `key` signs: a `PrivateKey`, or anything with `keyid`, `algorithm` and `sign`, such as an HSM's.
    `base_url` is scheme and host of the lender's interface, for a test tenant with its path
    `/t/name`. `root_keyid` is the thumbprint of the lender's root key, agreed beside the wire; with
    it the lender's answers are proved. `api_version` pins a dated version. The constructor does not
    touch the network.
    """

    def __init__(
        self,
        *,
        app_id: str,
        key: Signer,
        base_url: str,
        root_keyid: str,
        api_version: Optional[str] = None,
        options: Optional[HttpOptions] = None,
        clock: Optional[Clock] = None,
    ) -> None:
        origin = _base(base_url)
        self.app_id = app_id
        self._http = Http(options or HttpOptions(), clock or Clock(), app_id=app_id)
        self.directory = KeyDirectory(
            base_url=origin, root_keyid=root_keyid, http=self._http, signer=key
        )
        transport = Transport(
            base_url=origin,
            signer=key,
            http=self._http,
            directory=self.directory,
            api_version=api_version,
        )
        self.mall = Mall(transport)
        self.webhook_endpoints = WebhookEndpoints(transport)
        self.events = Events(transport)
        self.sandbox = Sandbox(transport, self._http.clock)
        self.event_types = EventTypes(transport)
        self.keys = Keys(transport, app_id)
        self.webhooks = Webhooks(self.directory.key_of("event"), self._http.clock.now)

    def close(self) -> None:
        """Close the connections; the client cannot be used afterwards."""
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        fault: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()


def _base(base_url: str) -> str:
    parts = urlsplit(base_url)
    path = parts.path.rstrip("/")
    plain = _PREFIX.fullmatch(path) and not (parts.query or parts.fragment or "@" in parts.netloc)
    if parts.scheme not in {"http", "https"} or not parts.netloc.isascii() or not plain:
        raise ValueError("base_url is http(s)://host[:port] and, for a test tenant, /t/name")
    if not parts.netloc:
        raise ValueError("base_url has no host")
    return f"{parts.scheme}://{parts.netloc.lower()}{path}"
