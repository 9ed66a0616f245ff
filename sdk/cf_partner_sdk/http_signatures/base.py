"""The signature base (RFC 9421 section 2.5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Optional

from .errors import malformed
from .message import Message
from .structured import Component

_FIELD_NAME = re.compile(r"[a-z0-9!#$%&'*+\-.^_`|~]+")

SINGLE = frozenset(
    {
        "authorization",
        "cf-version",
        "content-type",
        "idempotency-key",
        "request-id",
        "webhook-id",
        "webhook-timestamp",
    }
)
"""Fields that have one value. A comma in one betrays two that a server joined before we looked."""


def _target_uri(message: Message) -> str:
    uri = f"{message.scheme}://{message.authority}{message.path}"
    return f"{uri}?{message.query}" if message.query else uri


_OF_REQUEST: dict[str, Callable[[Message], str]] = {
    "@method": lambda message: message.method,
    "@target-uri": _target_uri,
    "@authority": lambda message: message.authority,
    "@scheme": lambda message: message.scheme,
    "@path": lambda message: message.path,
    "@query": lambda message: f"?{message.query}",
}


def _derived(message: Message, name: str) -> str:
    if name == "@status" and message.status is not None:
        return str(message.status)
    if message.status is not None or name not in _OF_REQUEST:
        raise malformed(f"the component {name} is not known here")
    value = _OF_REQUEST[name](message)
    if value.startswith(" ") or value.endswith(" "):
        raise malformed(f"{name} begins or ends with a space")
    return value


def _field(message: Message, name: str, added: Mapping[str, str]) -> str:
    if name in added:
        return added[name]
    values = message.headers.all(name)
    if not values:
        raise malformed(f"{name} is covered, but the message has no such header")
    if len(values) > 1 or (name in SINGLE and "," in values[0]):
        raise malformed(f"{name} is covered, but given more than once")
    if _FIELD_NAME.fullmatch(name) is None:
        raise malformed("a component name is no lower-case header name")
    return values[0]


def component_value(
    message: Message, name: str, *, req: bool = False, added: Optional[Mapping[str, str]] = None
) -> str:
    """Return the value that stands for component `name` in the base.

    `req` takes it from the request of an answer; `added` has header fields yet to be set.
    Raises `SignatureRefused` (`signature-malformed`) if it is absent, given twice, or unprintable.
    """
    source: Optional[Message] = message.request if req else message
    if source is None:
        raise malformed(f"{name};req is covered, but there is no request")
    value = (
        _derived(source, name)
        if name.startswith("@")
        else _field(source, name, {} if req or added is None else added)
    )
    if not (value.isascii() and value.isprintable()):
        raise malformed(f"the value of {name} is not printable ASCII")
    return value


def build_base(
    message: Message,
    components: Iterable[Component],
    signature_params: str,
    *,
    added: Optional[Mapping[str, str]] = None,
) -> bytes:
    """Build the signature base of `message` for canonical components and `@signature-params`.

    The only component parameter known is `req`. Raises `SignatureRefused` (`signature-malformed`)
    for any other, for a component named twice, and as `component_value` does.
    """
    lines: list[str] = []
    seen: set[str] = set()
    for component in components:
        req = bool(component.parameters)
        if req and component.parameters != {"req": True}:
            raise malformed(f"a parameter of the component {component.name} is not known here")
        if component.text in seen:
            raise malformed(f"{component.text} is covered twice")
        seen.add(component.text)
        value = component_value(message, component.name, req=req, added=added)
        lines.append(f"{component.text}: {value}")
    lines.append(f'"@signature-params": {signature_params}')
    return "\n".join(lines).encode("ascii")
