"""Events on their way to partners: fanned out, signed, tried about ten times over three days."""

import json
import logging
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

import urllib3
from cf_partner_sdk.http_signatures import TAG_EVENT, Message, new_nonce, sign_request
from urllib3.connection import HTTPConnection, HTTPSConnection

from gateway import addresses, webhook_store
from gateway.context import GatewayContext
from gateway.errors import UrlRefused
from lending.foundation import ids
from lending.foundation.clock import rfc3339
from lending.foundation.database import Row

API_VERSION = "2026-11-01"
AT_ONCE = 20
LEASE = timedelta(seconds=60)
"""A delivery is taken for so long; a process that dies with it delays it by no more."""
WAITS_S = (5, 60, 300, 1800, 7200, 18000, 36000, 64800, 86400)
"""About how long after each failed try the next one follows: ten tries over about three days."""
TIMEOUT_S = 10
TRY_S_MAX = 15
"""A try is cut off after so long, however it drips."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one try went."""

    status: int | None
    note: str
    duration_ms: int

    @property
    def delivered(self) -> bool:
        """Whether the partner has taken the event."""
        return self.status is not None and 200 <= self.status < 300


def event_view(row: Row) -> dict[str, Any]:
    """An event as partners see it."""
    return {
        "id": row["event_id"] if "event_id" in row else row["id"],
        "type": row["type"],
        "created_at": rfc3339(row["created_at"]),
        "api_version": API_VERSION,
        "subject": row["subject"],
        "data": row["data"],
    }


class Deliveries:
    """Delivers due events, several at once. Any number of processes may do so."""

    def __init__(self, context: GatewayContext) -> None:
        self._context = context
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook")

    def run_once(self) -> bool:
        """Fans out what is new and delivers what is due; whether there may be more."""
        database = self._context.lending.database
        with database.unit_of_work() as tx:
            fanned = webhook_store.fan_out(tx, 500)
            leases = webhook_store.lease_due(tx, limit=AT_ONCE, until=tx.machine_now + LEASE)
        for _ in self._threads.map(self._deliver, leases):
            pass
        return bool(leases) or fanned == 500

    def _deliver(self, lease: Row) -> None:
        outcome = self._send(lease["url"], lease)
        with self._context.lending.database.unit_of_work() as tx:
            webhook_store.end_attempt(
                tx,
                lease,
                outcome=outcome.note,
                status=outcome.status,
                duration_ms=outcome.duration_ms,
            )
            if outcome.delivered:
                webhook_store.set_delivery(tx, lease, "delivered", tx.machine_now)
            elif outcome.status == 410:
                webhook_store.set_delivery(tx, lease, "parked", tx.machine_now)
                webhook_store.disable_endpoint(tx, lease["endpoint_id"])
            elif lease["attempts"] > len(WAITS_S):
                webhook_store.set_delivery(tx, lease, "parked", tx.machine_now)
            else:
                webhook_store.set_delivery(
                    tx, lease, "waiting", next_try(tx.machine_now, lease["attempts"])
                )

    def _send(self, url: str, lease: Row) -> Outcome:
        """One try. The address is looked up, looked at, and then connected to; no redirects."""
        begun = time.monotonic()
        try:
            body = json.dumps(event_view(lease), ensure_ascii=False).encode()
            headers = self._signed(url, lease["event_id"], body)
            address = addresses.resolve(
                url, loopback_allowed=self._context.lending.settings.webhook_loopback
            )
            status = _post(url, address, headers, body)
            note = "delivered" if 200 <= status < 300 else f"answered {status}"
        except UrlRefused as refused:
            status, note = None, refused.detail
        except (urllib3.exceptions.HTTPError, HTTPException, OSError) as problem:
            status, note = None, type(problem).__name__
        except Exception as defect:  # one delivery must not hold up the others
            log.exception("%s could not be sent", lease["event_id"])
            status, note = None, type(defect).__name__
        return Outcome(status, note, int((time.monotonic() - begun) * 1000))

    def _signed(self, url: str, event_id: str, body: bytes) -> dict[str, str]:
        now = int(self._context.lending.database.clock.now().timestamp())
        headers = {
            "content-type": "application/json",
            "webhook-id": event_id,
            "webhook-timestamp": str(now),
        }
        message = Message.of_url("POST", url, headers, body)
        return headers | sign_request(
            message, self._context.keys.event, created=now, nonce=new_nonce(), tag=TAG_EVENT
        )


def next_try(now: datetime, attempts: int) -> datetime:
    """When the next try follows: the wait of this attempt, spread by a quarter."""
    wait = WAITS_S[min(attempts, len(WAITS_S)) - 1]
    return now + timedelta(seconds=wait + ids.jitter(wait / 4))


def _post(url: str, address: str, headers: dict[str, str], body: bytes) -> int:
    """Posts to the address that was looked at; the status. What else is answered is not read."""
    parts = urlsplit(url)
    connection = _connection(url, address)
    watch = threading.Timer(TRY_S_MAX, _cut, (connection,))
    watch.start()
    try:
        connection.request(
            "POST",
            (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
            body=body,
            headers={**headers, "host": parts.netloc},
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
