"""Lists with a cursor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

from ._errors import AnswerNotUnderstood
from ._transport import Call, Transport

T = TypeVar("T")


def pages(transport: Transport, call: Call, from_json: Callable[[Any], T]) -> Iterator[T]:
    """Yield every row of a list, page by page, from `{"data": […], "next_cursor": …}`."""
    while True:
        page = transport.json(call)
        rows = page.get("data") if isinstance(page, dict) else None
        if not isinstance(rows, list):
            raise AnswerNotUnderstood("a list has no data")
        for row in rows:
            yield from_json(row)
        cursor = page.get("next_cursor")
        if not cursor:
            return
        call = replace(call, query={**call.query, "cursor": str(cursor)})
