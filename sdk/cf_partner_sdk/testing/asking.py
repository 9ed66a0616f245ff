"""A call of the fake lender: how it is routed, what it asks, and how it is answered."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional

from cf_partner_sdk import PrivateKey

from . import bodies
from .wire import Answer, Problem, dumps, not_found

if TYPE_CHECKING:
    from .book import Book
    from .lead_book import LeadBook

LIMIT, LIMIT_MAX = 50, 200
PAGE = ("cursor", "limit")


@dataclass(frozen=True)
class Asked:
    """A verified call: the book, the ids in its path, its query, its body and its headers."""

    book: Book
    leads: LeadBook
    event_key: PrivateKey
    ids: Sequence[str]
    query: Mapping[str, str]
    body: Mapping[str, Any]
    headers: Mapping[str, str]
    file: bytes = b""


@dataclass(frozen=True)
class Route:
    """One call, as the lender's interface has it."""

    method: str
    path: re.Pattern[str]
    act: Callable[[Asked], Answer]
    checks: Optional[Mapping[str, bodies.Check]] = None
    files: Sequence[str] = ()
    """The content types of the file that its body is."""
    query: Sequence[str] = ()
    writes: bool = False


def answered(value: Any, status: int = 200, location: str = "") -> Answer:
    """Answer in JSON."""
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    if location:
        headers["Location"] = location
    return Answer(status, dumps(value), headers)


def page_of(asked: Asked, rows: Sequence[Any]) -> Answer:
    """Answer a page of rows, newest first, from where the cursor says."""
    wanted = sorted(asked.query.items())
    filters = "&".join(f"{name}={value}" for name, value in wanted if name not in PAGE)
    limit = _limit(asked.query)
    start, _, of = asked.query.get("cursor", f"0.{filters.encode().hex()}").partition(".")
    if of != filters.encode().hex() or not start.isdigit():
        raise Problem(
            400,
            "cursor.refused",
            "The cursor cannot be read",
            field="/cursor",
            mend="Send next_cursor as it came, or none to begin.",
        )
    ordered = list(reversed(rows))
    end = int(start) + limit
    cursor = f"{end}.{of}" if end < len(ordered) else None
    return answered({"data": ordered[int(start) : end], "next_cursor": cursor})


def _limit(query: Mapping[str, str]) -> int:
    raw = query.get("limit", str(LIMIT))
    if re.fullmatch("[1-9][0-9]{0,2}", raw, re.ASCII) is None or int(raw) > LIMIT_MAX:
        mend = f"Use a limit of 1 to {LIMIT_MAX}."
        raise Problem(400, "fields.refused", "limit cannot be read", field="/limit", mend=mend)
    return int(raw)


def one_of(kept: Mapping[str, Any], wanted: str) -> Any:
    """Return what is kept under an id. Raises Problem."""
    if wanted not in kept:
        raise not_found()
    return kept[wanted]


def route(method: str, path: str, act: Callable[[Asked], Answer], **more: Any) -> Route:
    """Return a route; each `<id>` of its path is one of `ids`."""
    return Route(method, re.compile(path.replace("<id>", "([A-Za-z0-9_]+)")), act, **more)
