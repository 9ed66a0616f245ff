"""The client for programs with an event loop."""

from __future__ import annotations

from types import TracebackType
from typing import Optional

import httpx

from ._async import AsyncHttp, AsyncRunner
from ._client import Services
from ._clock import Clock
from ._keyring import Keyring
from ._options import HttpOptions
from ._wire import Hook, Wire
from .http_signatures import Signer


class AsyncClient(Services[AsyncRunner]):
    """`Client` for asyncio and trio: the same services, each call awaited, lists by `async for`.

    Use it in one event loop, as `async with AsyncClient(…) as cf`. It needs the extra
    `cf-partner-sdk[async]`. `transport` replaces the network, for tests. Raises ArgumentInvalid.
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
        hook: Optional[Hook] = None,
        clock: Optional[Clock] = None,
        transport: Optional[httpx.AsyncBaseTransport] = None,
    ) -> None:
        self.app_id = app_id
        self._http = AsyncHttp(
            options or HttpOptions(), clock or Clock(), app_id=app_id, transport=transport
        )
        keyring = Keyring(
            base_url=base_url, root_keyid=root_keyid, clock=self._http.clock, signer=key
        )
        wire = Wire(
            app_id=app_id,
            signer=key,
            keyring=keyring,
            options=self._http.options,
            api_version=api_version,
            hook=hook,
        )
        self._runner = AsyncRunner(self._http, wire)

    async def aclose(self) -> None:
        """Close the connections; the client cannot be used afterwards."""
        await self._http.aclose()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self,
        kind: Optional[type[BaseException]],
        fault: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        await self.aclose()
