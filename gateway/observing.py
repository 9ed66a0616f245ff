"""One line of JSON and a few counts for every request; never a body, a query or a secret.

Routes are named by their template, because a path may hold a borrower's token.
"""

import json
import logging
import re
import time
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from flask import Flask, Response, g, request

from gateway import metrics
from lending.foundation import ids
from lending.foundation.clock import rfc3339

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_RECORD = frozenset(vars(logging.makeLogRecord({})))

log = logging.getLogger("cf.request")


@dataclass(frozen=True, slots=True)
class Trace:
    """Where a request belongs (W3C Trace Context): the caller's trace, and our step in it."""

    trace_id: str
    span_id: str
    flags: str

    @classmethod
    def of(cls, given: str | None) -> Self:
        """Our step in the trace of a `traceparent`; a trace of our own where none can be read."""
        found = _TRACEPARENT.fullmatch(given or "")
        span_id = ids.random_bytes(8).hex()
        if found is None or not _good(found):
            return cls(ids.random_bytes(16).hex(), span_id, "00")
        return cls(found[2], span_id, f"{int(found[4], 16) & 1:02x}")

    def __str__(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


def _good(found: re.Match[str]) -> bool:
    """No field is all zeros; version 00 has four fields, 255 is none; later ones may have more."""
    version, trace_id, parent_id, more = found[1], found[2], found[3], found[5]
    if version == "ff" or (version == "00" and more):
        return False
    return bool(int(trace_id, 16) and int(parent_id, 16))


def request_id() -> str:
    """The id of this request, in the answer and in our log."""
    if "request_id" not in g:
        g.request_id = ids.new("req")
    return str(g.request_id)


def watch(app: Flask) -> None:
    """Has an application tell of each of its requests. Call it before anything else is added."""

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()
        g.trace = Trace.of(request.headers.get("traceparent"))

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["traceparent"] = str(g.trace)
        response.headers.setdefault("request-id", request_id())
        _tell(response.status_code, time.perf_counter() - g.began)
        return response


def _tell(status: int, seconds: float) -> None:
    method = request.method if request.method in METHODS else "other"
    route = request.url_rule.rule if request.url_rule else "none"
    caller = g.get("caller")
    code = g.get("problem_code")
    metrics.count(method, route, status, seconds)
    if code:
        metrics.count_refusal(route, code)
    told = {
        "method": method,
        "route": route,
        "status": status,
        "ms": round(seconds * 1000, 1),
        "partner_id": caller.partner.id if caller else None,
        "keyid": caller.keyid if caller else None,
        "version": g.get("version"),
        "code": code,
        "request_id": request_id(),
        "trace_id": g.trace.trace_id,
    }
    log.info("request", extra={k: v for k, v in told.items() if v is not None})


class JsonLines(logging.Formatter):
    """A record as one line of JSON.

    Of an exception it tells type and place and never the message, which may quote a value that a
    person gave.
    """

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        told: dict[str, Any] = {
            "at": rfc3339(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        told |= {k: v for k, v in vars(record).items() if k not in _RECORD and k != "message"}
        if record.exc_info and record.exc_info[0]:
            kind, _, trace = record.exc_info
            told["exception"] = f"{kind.__module__}.{kind.__qualname__}"
            told["stack"] = [
                f"{frame.filename}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(trace)
            ]
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"), default=str)


def log_as_json(level: int = logging.INFO) -> None:
    """Has all loggers of this process write lines of JSON to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
