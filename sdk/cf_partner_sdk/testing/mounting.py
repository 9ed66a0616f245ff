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
    """A door behind `requests`; other hosts stay as they are, or as `mock` has them."""

    def __init__(self, base_url: str, door: Door, mock: Optional[responses.RequestsMock]) -> None:
        self._lender = re.compile(f"{re.escape(base_url)}/.*")
        self._door = door
        self._given = mock
        self._own = responses.RequestsMock(assert_all_requests_are_fired=False)
        self._own.add_passthru(re.compile(f"(?!{re.escape(base_url)}/)"))

    def start(self) -> None:
        """Answer from now on."""
        for method in _METHODS:
            (self._given or self._own).add_callback(method, self._lender, callback=self._take)
        if self._given is None:
            self._own.start()

    def stop(self) -> None:
        """Let the network be."""
        for method in _METHODS:
            (self._given or self._own).remove(method, self._lender)
        if self._given is None:
            self._own.stop(allow_assert=False)

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
