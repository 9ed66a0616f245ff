"""The fake lender in place of the network, for the HTTP library that clients call with."""

from __future__ import annotations

import re
from typing import Any, Optional

import requests
import responses

from cf_partner_sdk.http_signatures import Message

from .door import Door, LineFault
from .failures import Failure

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Mounted:
    """A door behind `requests`; other hosts stay as they are, unless they are mocked too."""

    def __init__(self, base_url: str, door: Door) -> None:
        self._url = re.compile(f"{re.escape(base_url)}/.*")
        self._base_url = base_url
        self._door = door
        self._mock: Optional[responses.RequestsMock] = None

    def start(self) -> None:
        """Answer from now on."""
        mock = responses.RequestsMock(assert_all_requests_are_fired=False)
        others = re.compile(f"(?!{re.escape(self._base_url)}/)")
        mock.add_passthru(others)
        for method in _METHODS:
            mock.add_callback(method, self._url, callback=self._take)
        mock.start()
        self._mock = mock

    def stop(self) -> None:
        """Let the network be."""
        if self._mock is not None:
            self._mock.stop(allow_assert=False)
            self._mock = None

    def _take(self, sent: requests.PreparedRequest) -> Any:
        body = sent.body or b""
        raw = body.encode("utf-8") if isinstance(body, str) else bytes(body)
        asked = Message.of_url(str(sent.method), str(sent.url), sent.headers, raw)
        try:
            answer = self._door.take(asked)
        except LineFault as fault:
            if fault.failure is Failure.TIMEOUT:
                raise requests.ReadTimeout("read timed out") from None
            raise requests.ConnectionError("connection reset by peer") from None
        return answer.status, dict(answer.headers), answer.body
