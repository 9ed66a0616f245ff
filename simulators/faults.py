"""Faults on demand: what the next calls to an institution are to suffer."""

import time
from dataclasses import asdict, dataclass
from threading import Lock

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

KINDS = (
    "declined",
    "slow",
    "timeout_after",
    "error_after",
    "error_before",
    "duplicate_callback",
    "unavailable",
    "unsigned",
)


@dataclass
class Fault:
    """The next `count` calls of an operation suffer this."""

    institution: str
    operation: str
    fault: str
    count: int = 1
    delay_ms: int = 30_000


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
            for fault in self._waiting:
                if fault.institution == institution and fault.operation == operation:
                    fault.count -= 1
                    if fault.count <= 0:
                        self._waiting.remove(fault)
                    return fault
        return None


def sleep(fault: Fault) -> None:
    """Waits as long as the fault says."""
    time.sleep(fault.delay_ms / 1000)


def blueprint(faults: Faults) -> Blueprint:
    """`/faults`: lists, adds and clears them. Unsigned: for the sandbox's own machine."""
    pages = Blueprint("faults", __name__)

    @pages.get("/faults")
    def listed() -> ResponseReturnValue:
        return jsonify([asdict(fault) for fault in faults.waiting()])

    @pages.post("/faults")
    def add() -> ResponseReturnValue:
        body = request.get_json()
        if body.get("fault") not in KINDS:
            return jsonify(error=f"fault must be one of {', '.join(KINDS)}"), 400
        faults.add(Fault(**body))
        return jsonify(body), 201

    @pages.delete("/faults")
    def clear() -> ResponseReturnValue:
        faults.clear()
        return "", 204

    return pages
