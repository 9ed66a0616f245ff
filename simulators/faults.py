"""Faults on demand: what the next calls to an institution are to suffer."""

import time
from dataclasses import asdict, dataclass, replace
from threading import Lock
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

KINDS = (
    "declined",
    "slow",
    "timeout_after",
    "error_after",
    "error_before",
    "duplicate_callback",
    "processing",
    "unavailable",
    "unsigned",
)
OPERATIONS = {
    "bank": (
        "account-check",
        "payout",
        "query-payout",
        "debit",
        "query-debit",
        "file",
        "incoming",
        "balance",
        "book",
    ),
    "wallet": ("account-check", "payout", "query-payout", "file"),
    "bureau-a": ("report", "inquiries"),
    "bureau-b": ("report", "inquiries"),
    "identity": ("check", "face"),
    "sms": ("send",),
}


@dataclass(frozen=True)
class Fault:
    """The next `count` calls of an operation suffer this."""

    institution: str
    operation: str
    fault: str
    count: int = 1
    delay_ms: int = 30_000
    """How long `slow` and `timeout_after` wait, and how long `processing` lasts."""

    def wait(self) -> None:
        """Waits as long as the fault says."""
        time.sleep(self.delay_ms / 1000)


class Faults:
    """The faults that wait."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Puts a fault behind those that wait."""
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        """Forgets all of them."""
        with self._lock:
            self._waiting.clear()

    def waiting(self) -> list[Fault]:
        """Those that have not happened yet."""
        with self._lock:
            return list(self._waiting)

    def take(self, institution: str, operation: str) -> Fault | None:
        """The fault that this call suffers, if any; it is used up by one."""
        with self._lock:
            for at, fault in enumerate(self._waiting):
                if (fault.institution, fault.operation) == (institution, operation):
                    left = [replace(fault, count=fault.count - 1)] if fault.count > 1 else []
                    self._waiting[at : at + 1] = left
                    return fault
        return None


def blueprint(faults: Faults) -> Blueprint:
    """`/faults`: lists, adds and clears them. Unsigned: for the sandbox's own machine."""
    pages = Blueprint("faults", __name__)

    @pages.get("/faults")
    def listed() -> ResponseReturnValue:
        return jsonify([asdict(fault) for fault in faults.waiting()])

    @pages.post("/faults")
    def add() -> ResponseReturnValue:
        body = request.get_json()
        problem = _problem(body)
        if problem:
            return jsonify(error=problem), 400
        fault = Fault(**body)
        faults.add(fault)
        return jsonify(asdict(fault)), 201

    @pages.delete("/faults")
    def clear() -> ResponseReturnValue:
        faults.clear()
        return "", 204

    return pages


def _problem(body: Any) -> str:
    """Why this is no fault that could ever happen; empty if it is one."""
    if not isinstance(body, dict) or not set(body) <= set(Fault.__dataclass_fields__):
        return f"give {', '.join(Fault.__dataclass_fields__)} and nothing else"
    if body.get("fault") not in KINDS:
        return f"fault must be one of {', '.join(KINDS)}"
    operations = OPERATIONS.get(body.get("institution", ""))
    if operations is None:
        return f"institution must be one of {', '.join(OPERATIONS)}"
    if body.get("operation") not in operations:
        return f"operation must be one of {', '.join(operations)}"
    for name, least in (("count", 1), ("delay_ms", 0)):
        if name in body and (type(body[name]) is not int or body[name] < least):
            return f"{name} must be a whole number from {least}"
    return ""
