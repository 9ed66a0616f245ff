"""Models as JSON, the way the lender writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timezone
from decimal import Decimal
from enum import Enum
from typing import Any


def to_json(value: Any) -> Any:
    """Return a model of this package, or anything made of them, as the lender writes it."""
    for kind, write in _WRITE.items():
        if isinstance(value, kind):
            return write(value)
    if is_dataclass(value) and not isinstance(value, type):
        known = {one.name: to_json(getattr(value, one.name)) for one in fields(value) if one.repr}
        return {**known, **to_json(getattr(value, "extra", {}))}
    if isinstance(value, Mapping):
        return {name: to_json(member) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(member) for member in value]
    return value


def rfc3339(instant: datetime) -> str:
    """Return an instant as it goes on the wire: UTC, milliseconds."""
    text = instant.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{instant.microsecond // 1000:03d}Z"


_WRITE: Mapping[type, Callable[[Any], str]] = {
    Enum: lambda member: str(member.value),
    Decimal: str,
    datetime: rfc3339,
    date: date.isoformat,
}
