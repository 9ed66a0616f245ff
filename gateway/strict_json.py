"""JSON read without doubt: what could be understood in two ways is refused (T10)."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from gateway.errors import JsonRefused

DEPTH_MAX = 32
KEYS_MAX = 1000
INT_MIN, INT_MAX = -(2**63), 2**63 - 1
DIGITS_MAX = 19
_STRING = re.compile(r'"(?:[^"\\]|\\.?)*+"?', re.DOTALL)
"""A string, also one that is not closed: the scan is linear whatever comes."""
_BRACKET = re.compile(r"[\[\]{}]")


def loads(body: bytes) -> Any:
    """The value of a body.

    Raises JsonRefused for what is not UTF-8, has a byte order mark, a key twice, NaN or Infinity, a
    fraction, an integer beyond 64 bits, a lone surrogate, more than 32 levels, or trailing bytes.
    """
    if body.startswith(b"\xef\xbb\xbf"):
        raise JsonRefused("the body begins with a byte order mark")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise JsonRefused(f"byte {error.start} is not UTF-8") from None
    _check_depth(text)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise JsonRefused(f"{error.msg} at character {error.pos}") from None
    except _NumberRefused as refused:
        raise JsonRefused(str(refused), field=_where_refused(text)) from None
    if "\\u" in text:
        _check_surrogates(value, "")
    return value


def _check_depth(text: str) -> None:
    """Counts brackets outside strings, so that a deep body is refused before it is parsed."""
    if text.count("[") + text.count("{") <= DEPTH_MAX:
        return
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > DEPTH_MAX:
            raise JsonRefused(f"the body is nested deeper than {DEPTH_MAX} levels")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > KEYS_MAX:
        raise JsonRefused(f"an object has more than {KEYS_MAX} keys")
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise JsonRefused("a key is given twice", field=f"/{_pointer(twice)}")
    return found


class _NumberRefused(Exception):
    """What parses a number does not know where it stands."""


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > DIGITS_MAX or not INT_MIN <= int(digits) <= INT_MAX:
        raise _NumberRefused("an integer is beyond 64 bits")
    return int(digits)


def _fraction(_digits: str) -> NoReturn:
    raise _NumberRefused("a number has a fraction or an exponent; amounts are whole fen")


def _constant(name: str) -> NoReturn:
    raise _NumberRefused(f"{name} is not a JSON number")


def _where_refused(text: str) -> str | None:
    """The pointer of the first number that was refused, if the rest can be read."""

    def number(parse: Callable[[str], int]) -> Callable[[str], object]:
        def judged(digits: str) -> object:
            try:
                return parse(digits)
            except _NumberRefused:
                return _REFUSED

        return judged

    try:
        value = json.loads(
            text,
            parse_int=number(_integer),
            parse_float=number(_fraction),
            parse_constant=number(_constant),
        )
    except json.JSONDecodeError:
        return None
    return next((at or None for at, found in _leaves(value, "") if found is _REFUSED), None)


def _leaves(value: Any, at: str) -> Iterator[tuple[str, Any]]:
    """Everything that holds nothing else, with its pointer."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{at}/{_pointer(key)}")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _leaves(item, f"{at}/{place}")
    else:
        yield at, value


def _check_surrogates(value: Any, at: str) -> None:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise JsonRefused("a text holds a lone surrogate", field=at or None) from None
    elif isinstance(value, list):
        for place, item in enumerate(value):
            _check_surrogates(item, f"{at}/{place}")
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_surrogates(key, at)
            _check_surrogates(item, f"{at}/{_pointer(key)}")


def _pointer(key: str) -> str:
    """One step of a JSON pointer (RFC 6901)."""
    return key.encode(errors="replace").decode().replace("~", "~0").replace("/", "~1")


_REFUSED = object()
_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_fraction,
    parse_constant=_constant,
)
