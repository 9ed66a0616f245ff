"""Looking a thing up by the partner's own number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ._errors import NotFound

T = TypeVar("T")


def the_one(parse: Callable[[Any], T], named: str) -> Callable[[Any], T]:
    """Return a reader of a list that has one row at most. It raises NotFound for an empty one."""

    def first(data: Any) -> T:
        rows = data.get("data") if isinstance(data, dict) else None
        if not rows:
            raise NotFound(404, {"code": "not_found", "detail": f"there is no {named}"})
        return parse(rows[0])

    return first
