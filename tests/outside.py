"""The simulators mounted straight behind the connectors: real signing and parsing, no socket."""

from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import requests
from flask import Flask
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from connectors import plug
from lending.foundation.settings import Settings
from processes.outside import exchange_keys
from simulators.app import create_app


class InALoop(httpx.AsyncBaseTransport):
    """The same for clients of an event loop."""

    def __init__(self, app: Flask) -> None:
        self._mounted = httpx.WSGITransport(app=app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._mounted.handle_request(request)
        content = httpx.ByteStream(answer.read())
        return httpx.Response(answer.status_code, headers=answer.headers, stream=content)


class WsgiTransport(BaseAdapter):
    """Hands requests to a WSGI application instead of to the network."""

    def __init__(self, app: Flask) -> None:
        super().__init__()
        self.app = app
        self.broken = False
        """Set it, and no request arrives any more."""

    def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:
        if self.broken:
            raise requests.ConnectionError("the line is cut")
        parts = urlsplit(request.url or "")
        answer = self.app.test_client().open(
            parts.path,
            method=request.method,
            query_string=parts.query,
            headers=dict(request.headers),
            data=request.body,
            base_url=f"{parts.scheme}://{parts.netloc}",
        )
        response = requests.Response()
        response.status_code = answer.status_code
        response.headers.update(dict(answer.headers))
        response.raw = HTTPResponse(body=BytesIO(answer.data), preload_content=False)
        response.url = request.url or ""
        response.request = request
        return response

    def close(self) -> None:
        pass


class OutsideWorld:
    """Institutions with a book in a folder, and the connectors plugged into them."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(var=folder, simulators_port=9)
        outside = exchange_keys(self.settings)
        self.app = create_app(
            type(outside)(outside.folder, outside.company_keys, outside.keyid, callback_url="")
        )
        self.transport = WsgiTransport(self.app)
        self.plugged = plug.outside(self.settings, transport=self.transport)

    def fault(self, institution: str, operation: str, fault: str, **more: int) -> None:
        """Has the next call suffer a fault."""
        answer = self.app.test_client().post(
            "/faults",
            json={"institution": institution, "operation": operation, "fault": fault, **more},
        )
        assert answer.status_code == 201, answer.text

    def last_code(self, mobile: str) -> str:
        """The one-time code in the newest message to a mobile."""
        newest = self.app.test_client().get("/sms/outbox", query_string={"mobile": mobile}).json[0]
        return "".join(c for c in newest["text"].split("验证码")[1] if c.isdigit())[:6]
