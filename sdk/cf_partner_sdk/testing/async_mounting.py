"""The fake lender in place of the network, for clients of an event loop."""

from __future__ import annotations

import httpx

from cf_partner_sdk.http_signatures import Message

from .door import Door, LineFault
from .failures import Failure


class AsyncMounted(httpx.AsyncBaseTransport):
    """A door behind `httpx`; whoever else is asked is not there."""

    def __init__(self, base_url: str, door: Door) -> None:
        self._base_url = base_url
        self._door = door

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        url, headers = str(request.url), request.headers.items()
        if not url.startswith(f"{self._base_url}/"):
            raise httpx.ConnectError(f"only the lender is faked, not {request.url.host}")
        asked = Message.of_url(request.method, url, headers, await request.aread())
        try:
            answer = self._door.take(asked)
        except LineFault as fault:
            if fault.failure is Failure.TIMEOUT:
                raise httpx.ReadTimeout("read timed out") from None
            raise httpx.ReadError("connection reset by peer") from None
        stream = httpx.ByteStream(answer.body)
        return httpx.Response(answer.status, headers=dict(answer.headers), stream=stream)
