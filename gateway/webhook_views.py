"""Endpoints, deliveries and checks as partners see them."""

from typing import Any

from gateway.webhook_cases import LIMITS
from lending.foundation.clock import rfc3339
from lending.foundation.database import Row

INSTANTS = ("at", "next_at", "created_at", "updated_at", "disabled_at", "failing_since")


def _shown(row: Row, *left_out: str) -> dict[str, Any]:
    return {
        name: rfc3339(value) if name in INSTANTS and value is not None else value
        for name, value in row.items()
        if name not in left_out
    }


def endpoint_view(row: Row) -> dict[str, Any]:
    """An endpoint; its secrets are not among what is shown."""
    return _shown(row, "partner_id")


def attempt_view(row: Row) -> dict[str, Any]:
    """One try."""
    return _shown(row)


def delivery_view(row: Row) -> dict[str, Any]:
    """An event on its way to an endpoint."""
    return _shown(row, "created_at")


def check_view(row: Row) -> dict[str, Any]:
    """A check, and whether the receiver is safe as far as can be seen from outside."""
    is_done = row["state"] == "done"
    return {
        "id": row["id"],
        "endpoint_id": row["endpoint_id"],
        "state": row["state"],
        "safe": all(each["verdict"] == "safe" for each in row["results"]) if is_done else None,
        "results": row["results"],
        "limits": LIMITS,
        "created_at": rfc3339(row["created_at"]),
        "finished_at": rfc3339(row["finished_at"]) if row["finished_at"] else None,
    }
