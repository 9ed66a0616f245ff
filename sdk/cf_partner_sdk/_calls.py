"""What can be asked, as values: where, with what, and how the answer is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Optional, TypeVar

from ._answers import json_of
from ._errors import AnswerNotUnderstood, ArgumentInvalid
from .http_signatures import Message, new_nonce

T = TypeVar("T")

JSON = "application/json"

_SEGMENT = re.compile(r"[A-Za-z0-9_\-~][A-Za-z0-9_\-.~]*")
_IDEMPOTENCY_KEY = re.compile(r"[!#-+\--\[\]-~]{1,255}")  # visible ASCII but " , and backslash


class Sealed(str):
    """A text of a body that goes to the lender encrypted, wherever in the body it stands."""

    __slots__ = ()


def pointers_to_seal(value: Any, at: str = "") -> Iterator[str]:
    """Yield the JSON pointers of the `Sealed` texts of a body."""
    if isinstance(value, Sealed):
        yield at
    elif isinstance(value, Mapping):
        for name, member in value.items():
            yield from pointers_to_seal(member, f"{at}/{_step(name)}")
    elif isinstance(value, (list, tuple)):
        for place, member in enumerate(value):
            yield from pointers_to_seal(member, f"{at}/{place}")


@dataclass(frozen=True)
class File:
    """A body that is no JSON."""

    content_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Call(Generic[T]):
    """One thing to ask. `repeatable` is set where asking twice does no harm."""

    method: str
    path: str
    parse: Callable[[Message], T]
    query: Mapping[str, str] = field(default_factory=dict)
    body: Optional[Mapping[str, Any]] = None
    file: Optional[File] = None
    idempotency_key: Optional[str] = None
    repeatable: bool = True
    accept: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Page(Generic[T]):
    """A part of a list; `next_cursor` is None behind the last."""

    rows: tuple[T, ...]
    next_cursor: Optional[str]


def read(path: str, parse: Callable[[Any], T], /, **query: Any) -> Call[T]:
    """Return a GET whose JSON `parse` reads; query parameters that are None are left out."""
    return Call("GET", path, _of_json(parse), _query(query))


def ask(path: str, parse: Callable[[Any], T], body: Mapping[str, Any]) -> Call[T]:
    """Return a POST that changes nothing and so needs no idempotency key."""
    return Call("POST", path, _of_json(parse), body=body)


def write(
    path: str,
    parse: Callable[[Any], T],
    body: Optional[Mapping[str, Any]],
    idempotency_key: Optional[str],
    *,
    method: str = "POST",
) -> Call[T]:
    """Return a write, with the caller's idempotency key or a new one. Raises ArgumentInvalid."""
    return Call(method, path, _of_json(parse), body=body, idempotency_key=_key(idempotency_key))


def upload(
    path: str,
    parse: Callable[[Any], T],
    file: File,
    idempotency_key: Optional[str],
    /,
    **query: Any,
) -> Call[T]:
    """Return a write whose body is a file. Raises ArgumentInvalid."""
    key = _key(idempotency_key)
    return Call("POST", path, _of_json(parse), _query(query), file=file, idempotency_key=key)


def _key(idempotency_key: Optional[str]) -> str:
    key = new_nonce() if idempotency_key is None else idempotency_key
    if _IDEMPOTENCY_KEY.fullmatch(key) is None:
        raise ArgumentInvalid(
            'an idempotency key is 1 to 255 visible ASCII characters without " , \\',
            field="idempotency_key",
            mend="Take your own number of the order or refund, or a UUID.",
        )
    return key


def download(path: str, accept: str, parse: Callable[[Message], T], /, **query: Any) -> Call[T]:
    """Return a GET for a file of the media type `accept`."""
    return Call("GET", path, parse, _query(query), accept=accept)


def pages(path: str, parse: Callable[[Any], T], /, **query: Any) -> Call[Page[T]]:
    """Return the call for the first page of a list, from `{"data": […], "next_cursor": …}`."""

    def page(data: Any) -> Page[T]:
        rows = data.get("data") if isinstance(data, dict) else None
        if not isinstance(rows, list):
            raise AnswerNotUnderstood("a list has no data")
        cursor = data.get("next_cursor")
        return Page(tuple(parse(row) for row in rows), str(cursor) if cursor else None)

    return read(path, page, **query)


def at_cursor(call: Call[Page[T]], cursor: str) -> Call[Page[T]]:
    """Return the call for another page of the same list, with the same filters."""
    return replace(call, query={**call.query, "cursor": cursor})


def nothing(_: Any) -> None:
    """Read an answer that has nothing to say."""


def body_of(message: Message) -> bytes:
    """Read a file."""
    return message.body


def segment(identifier: str) -> str:
    """Return `identifier` for use in a path. Raises ArgumentInvalid if it would need quoting."""
    if not isinstance(identifier, str) or _SEGMENT.fullmatch(identifier) is None:
        raise ArgumentInvalid(
            f"{identifier!r} is no identifier of the lender",
            field="id",
            mend="Give the id as it came, such as `order.id`.",
        )
    return identifier


def check_body(value: Any, at: str = "") -> None:
    """Let pass what the lender takes as JSON. Raises ArgumentInvalid, its field a JSON pointer."""
    if isinstance(value, Mapping):
        for name, member in value.items():
            check_body(name, at)
            check_body(member, f"{at}/{_step(str(name))}")
    elif isinstance(value, (list, tuple)):
        for place, member in enumerate(value):
            check_body(member, f"{at}/{place}")
    elif isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ArgumentInvalid(
                "a text holds half a character (a lone surrogate)",
                field=at,
                mend="Decode it from its bytes as what it is, such as UTF-8.",
            ) from None
    elif value is not None and not isinstance(value, int):
        raise ArgumentInvalid(
            f"a {type(value).__name__} is no value that is sent: {value!r}", field=at, mend=_WHOLE
        )
    elif value is not None and value.bit_length() > 63:
        raise ArgumentInvalid("an integer is beyond 64 bits", field=at, mend=_WHOLE)


_WHOLE = "Give amounts as whole fen (an int), other numbers as texts."


def _step(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _query(given: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in given.items() if value is not None}


def _of_json(parse: Callable[[Any], T]) -> Callable[[Message], T]:
    return lambda answer: parse(json_of(answer))
