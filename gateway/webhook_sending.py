"""One event on the wire: signed, to an address that was looked at, once."""

import base64
import hmac
import json
import logging
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

import urllib3
from cf_partner_sdk.http_signatures import TAG_EVENT, Message, Signer, new_nonce, sign_request
from urllib3.connection import HTTPConnection, HTTPSConnection

from gateway import addresses
from gateway.addresses import Resolver
from gateway.errors import UrlRefused
from lending.foundation import ids
from lending.foundation.clock import rfc3339
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Row

API_VERSION = "2026-11-01"
TIMEOUT_S = 10
TRY_S_MAX = 15
"""A try is cut off after so long, however it drips."""
SECRET_PREFIX = "whsec_"  # noqa: S105  what Standard Webhooks marks its secrets with

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one try went."""

    status: int | None
    note: str
    duration_ms: int
    is_ours: bool = False
    """The fault is on our side: it does not speak against the endpoint."""

    @property
    def delivered(self) -> bool:
        """Whether the partner has taken the event."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Sender:
    """Posts to where webhooks may go."""

    resolver: Resolver
    loopback_allowed: bool

    def send(self, url: str, headers: dict[str, str], body: bytes) -> Outcome:
        """One try. The address is looked up, looked at, and then connected to; no redirects."""
        begun = time.monotonic()
        is_ours = False
        try:
            address = addresses.resolve(
                url, loopback_allowed=self.loopback_allowed, resolver=self.resolver
            )
            status = _post(url, address, headers, body)
            note = "delivered" if 200 <= status < 300 else f"answered {status}"
        except UrlRefused as refused:
            status, note = None, refused.detail
        except (urllib3.exceptions.HTTPError, HTTPException, OSError) as problem:
            status, note = None, type(problem).__name__
        except Exception as defect:  # one delivery must not hold up the others
            log.exception("an event could not be sent")
            status, note, is_ours = None, type(defect).__name__, True
        return Outcome(status, note, int((time.monotonic() - begun) * 1000), is_ours)


def event_view(row: Row) -> dict[str, Any]:
    """An event as partners see it."""
    return {
        "id": row["id"],
        "type": row["type"],
        "created_at": rfc3339(row["created_at"]),
        "api_version": API_VERSION,
        "subject": row["subject"],
        "test": row["is_test"],
        "data": row["data"],
    }


def body_of(event: dict[str, Any]) -> bytes:
    """The bytes of an event, the same at each try."""
    return json.dumps(event, ensure_ascii=False).encode()


def signed(
    url: str, event_id: str, body: bytes, *, key: Signer, now: int, secrets: Sequence[str] = ()
) -> dict[str, str]:
    """The headers of an event: signed by our key, and with each of the endpoint's secrets."""
    headers = {
        "content-type": "application/json",
        "webhook-id": event_id,
        "webhook-timestamp": str(now),
    }
    message = Message.of_url("POST", url, headers, body)
    made = headers | sign_request(message, key, created=now, nonce=new_nonce(), tag=TAG_EVENT)
    if secrets:
        made["webhook-signature"] = " ".join(
            standard_signature(secret, event_id, now, body) for secret in secrets
        )
    return made


def standard_signature(secret: str, event_id: str, timestamp: int, body: bytes) -> str:
    """The `v1` signature of Standard Webhooks: HMAC-SHA-256 over id, timestamp and body."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    mac = hmac.digest(key, f"{event_id}.{timestamp}.".encode() + body, sha256)
    return f"v1,{base64.b64encode(mac).decode()}"


def new_secret() -> str:
    """A secret of 256 bits, written as Standard Webhooks has it."""
    return SECRET_PREFIX + base64.b64encode(ids.random_bytes(32)).decode()


def secret_cell(endpoint_id: str) -> str:
    """Where an endpoint's secret is sealed."""
    return f"webhook_endpoint.secret:{endpoint_id}"


def old_secret_cell(endpoint_id: str) -> str:
    """Where the secret before is sealed."""
    return f"webhook_endpoint.old_secret:{endpoint_id}"


def opened(keys: FieldKeys, cell: bytes | None, at: str) -> tuple[str, ...]:
    """The secret of a cell; none of an empty one."""
    return () if cell is None else (keys.open(bytes(cell), at=at),)


def _post(url: str, address: str, headers: dict[str, str], body: bytes) -> int:
    """Posts to the address that was looked at; the status. What else is answered is not read."""
    parts = urlsplit(url)
    connection = _connection(url, address)
    watch = threading.Timer(TRY_S_MAX, _cut, (connection,))
    watch.daemon = True
    watch.start()
    try:
        connection.request(
            "POST",
            (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
            body=body,
            headers={**headers, "host": parts.netloc, "user-agent": "cf-webhooks/1"},
            preload_content=False,
        )
        return int(connection.getresponse().status)
    finally:
        watch.cancel()
        connection.close()


def _connection(url: str, address: str) -> HTTPConnection:
    parts = urlsplit(url)
    if parts.scheme != "https":
        return HTTPConnection(address, parts.port or 80, timeout=TIMEOUT_S)
    return HTTPSConnection(
        address,
        parts.port or 443,
        timeout=TIMEOUT_S,
        cert_reqs="CERT_REQUIRED",
        server_hostname=parts.hostname,
        assert_hostname=parts.hostname,
    )


def _cut(connection: HTTPConnection) -> None:
    """Ends a try that drags on, though each single read of it is quick."""
    line = connection.sock
    if line is not None:
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)
