"""The part of structured fields (RFC 8941) that RFC 9421 and RFC 9530 need, strictly.

Only the canonical spelling is read: one space between items, no spelled-out `=?1`, no leading
zeros, no key twice, base64 with its padding and no stray bits. Text that was read is therefore
byte for byte what a serialiser would write, and may stand in a signature base as it came.
Signatures of others, which we pass over, may have parameters that we never write; each is kept as
`Unread`, so that none is taken for a text or a number.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Union

from .errors import malformed


@dataclass(frozen=True)
class Unread:
    """A value of a kind that the profile never writes."""

    text: str


BareItem = Union[int, str, bool, Unread]

_KEY = r"[a-z*][a-z0-9_\-.*]*"
_STRING = r'"[ !#-\[\]-~]*(?:\\["\\][ !#-\[\]-~]*)*"'
_NUMBER = r"(?:0|-?[1-9][0-9]{0,14})(?![0-9.])"
_OTHER = (
    r"-?(?:0|[1-9][0-9]{0,11})\.[0-9]{1,3}|[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*"
    r"|:[A-Za-z0-9+/]*={0,2}:|\?[01]"
)
_PARAMETERS = rf"(?:;{_KEY}(?:=(?:{_NUMBER}|{_STRING}))?)*"
_OF_ANYBODY = rf"(?:;{_KEY}(?:=(?:{_NUMBER}|{_STRING}|{_OTHER}))?)*"
_MEMBER = re.compile(
    rf"({_KEY})=(\(((?:{_STRING}{_PARAMETERS}(?: {_STRING}{_PARAMETERS})*)?)\)({_OF_ANYBODY}))"
)
_COMPONENT = re.compile(rf"({_STRING})({_PARAMETERS})(?: |\Z)")
_PARAMETER = re.compile(rf";({_KEY})(?:=(?:({_NUMBER})|({_STRING})|({_OTHER})))?")
_BYTES = re.compile(rf"({_KEY})=:([A-Za-z0-9+/]*={{0,2}}):")
_COMMA = re.compile(r"[ \t]*,[ \t]*")
_ESCAPED = re.compile(r'\\(["\\])')


@dataclass(frozen=True)
class Component:
    """One covered component: `text` as written, its name and its parameters."""

    text: str
    name: str
    parameters: Mapping[str, BareItem]


@dataclass(frozen=True)
class SignatureInput:
    """One member of Signature-Input; `text` is the value of `@signature-params`."""

    label: str
    text: str
    components: tuple[Component, ...]
    parameters: Mapping[str, BareItem]


def _members(field: str, pattern: re.Pattern[str], header: str) -> Iterator[re.Match[str]]:
    text = field.strip(" ")
    seen: set[str] = set()
    position = 0
    while True:
        found = pattern.match(text, position)
        if found is None:
            raise malformed(f"{header} cannot be read at character {position}")
        if found[1] in seen:
            raise malformed(f"{header} gives {found[1]} twice")
        seen.add(found[1])
        yield found
        if found.end() == len(text):
            return
        comma = _COMMA.match(text, found.end())
        if comma is None:
            raise malformed(f"{header} cannot be read at character {found.end()}")
        position = comma.end()


def _unquote(quoted: str) -> str:
    text = quoted[1:-1]
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


@lru_cache(maxsize=256)
def _components(text: str) -> tuple[Component, ...]:
    """Read what an inner list holds; one sender covers the same components again and again."""
    return tuple(
        Component(quoted + parameters, _unquote(quoted), MappingProxyType(_parameters(parameters)))
        for quoted, parameters in _COMPONENT.findall(text)
    )


def components_of(texts: Iterable[str]) -> tuple[Component, ...]:
    """Return the components with these canonical texts, such as `"@method"` with its quotes.

    Raises ValueError if one is no canonical component.
    """
    text = " ".join(texts)
    components = _components(text)
    if " ".join([component.text for component in components]) != text:
        raise ValueError("a component's name has no quotes or other odd characters")
    return components


def _parameters(text: str) -> dict[str, BareItem]:
    parameters: dict[str, BareItem] = {}
    if not text:
        return parameters
    for key, number, quoted, other in _PARAMETER.findall(text):
        if key in parameters:
            raise malformed(f"the parameter {key} is given twice")
        parameters[key] = _value(number, quoted, other)
    return parameters


def _value(number: str, quoted: str, other: str) -> BareItem:
    if number:
        return int(number)
    if quoted:
        return _unquote(quoted)
    return Unread(other) if other else True


def parse_signature_input(field: str) -> list[SignatureInput]:
    """Read a Signature-Input field; refuse all but canonical RFC 9421 members.

    Raises `SignatureRefused` with code `signature-malformed`.
    """
    return [
        SignatureInput(
            label=found[1],
            text=found[2],
            components=_components(found[3]),
            parameters=_parameters(found[4]),
        )
        for found in _members(field, _MEMBER, "Signature-Input")
    ]


def parse_byte_sequences(field: str, header: str) -> dict[str, bytes]:
    """Read a dictionary of byte sequences, such as Signature or Content-Digest.

    Raises `SignatureRefused` with code `signature-malformed`, which names `header`.
    """
    values: dict[str, bytes] = {}
    for found in _members(field, _BYTES, header):
        try:
            value = base64.b64decode(found[2], validate=True)
        except binascii.Error:
            raise malformed(f"{header} holds broken base64") from None
        if encode_bytes(value) != f":{found[2]}:":
            raise malformed(f"{header} holds base64 with stray bits")
        values[found[1]] = value
    return values


def encode_bytes(value: bytes) -> str:
    """Write a byte sequence: base64 between colons."""
    return f":{base64.b64encode(value).decode('ascii')}:"
