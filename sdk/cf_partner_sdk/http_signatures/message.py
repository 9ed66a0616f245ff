"""What is signed: a request, or an answer together with the request that it answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Optional, Union
from urllib.parse import urlsplit

HeaderItems = Union[Mapping[str, str], Iterable[tuple[str, str]]]

_DEFAULT_PORT = {"http": ":80", "https": ":443"}


class Headers(Mapping[str, str]):
    """Header fields, looked up without regard to case; a field may be given more than once.

    Made from a mapping, from pairs, or from anything whose `items()` gives pairs (the header types
    of requests, werkzeug and http.client). Looking up joins several values by `, `; `all` tells
    them apart.
    """

    __slots__ = ("_values",)

    def __init__(self, items: HeaderItems = ()) -> None:
        if isinstance(items, Headers):
            self._values: dict[str, list[str]] = items._values  # noqa: SLF001 - its own class
            return
        pairs: Any = items
        if hasattr(items, "items"):
            pairs = items.items()
        self._values = {}
        for name, value in pairs:
            text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
            self._values.setdefault(name.lower(), []).append(text.strip(" \t"))

    def all(self, name: str) -> list[str]:
        """Return every value given for `name`, in order."""
        return list(self._values.get(name.lower(), ()))

    def __getitem__(self, name: str) -> str:
        values = self._values[name.lower()]
        return values[0] if len(values) == 1 else ", ".join(values)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Headers({list(self._values)})"  # names only: values may be secret


@dataclass(frozen=True)
class Message:
    """A request; or an answer (`status` given) with the request that it answers.

    `query` is the raw query string without its `?`, empty if there is none. `body` is the bytes as
    they went over the wire. Of an answer, `method` to `query` are not looked at: its `request` has
    them.
    """

    method: str
    scheme: str
    authority: str
    path: str
    query: str
    headers: Headers
    body: bytes = field(default=b"", repr=False)
    status: Optional[int] = None
    request: Optional[Message] = None

    def __init__(  # noqa: PLR0917 - the fields of a message, in the order of a request
        self,
        method: str,
        scheme: str,
        authority: str,
        path: str,
        query: str,
        headers: HeaderItems = (),
        body: bytes = b"",
        status: Optional[int] = None,
        request: Optional[Message] = None,
    ) -> None:
        write = self.__dict__
        write["method"] = method
        write["scheme"] = scheme.lower()
        host = authority.lower()
        port = _DEFAULT_PORT.get(write["scheme"])
        write["authority"] = host[: -len(port)] if port and host.endswith(port) else host
        write["path"] = path or "/"
        write["query"] = query
        write["headers"] = Headers(headers)
        write["body"] = body
        write["status"] = status
        write["request"] = request

    @classmethod
    def of_url(cls, method: str, url: str, headers: HeaderItems = (), body: bytes = b"") -> Message:
        """Make the request `method url`. Raises ValueError unless the URL is http and absolute."""
        parts = urlsplit(url)
        if parts.scheme.lower() not in _DEFAULT_PORT or not parts.netloc or "@" in parts.netloc:
            raise ValueError("an absolute http or https URL without a user part is needed")
        return cls(method, parts.scheme, parts.netloc, parts.path, parts.query, headers, body)

    @property
    def url(self) -> str:
        """The absolute URL of a request."""
        url = f"{self.scheme}://{self.authority}{self.path}"
        return f"{url}?{self.query}" if self.query else url

    def answered(self, status: int, headers: HeaderItems = (), body: bytes = b"") -> Message:
        """Make the answer to this request."""
        return Message(
            self.method,
            self.scheme,
            self.authority,
            self.path,
            self.query,
            headers,
            body,
            status,
            self,
        )
