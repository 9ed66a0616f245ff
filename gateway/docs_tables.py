"""Schemas as tables: a row for each field, nested ones by their path."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.sealed_fields import SEALED


@dataclass(frozen=True, slots=True)
class Row:
    """One field."""

    name: str
    """With the path to it, such as `items[].sku`."""
    kind: str
    is_required: bool
    about: str
    limits: str
    members: Mapping[str, str]


def rows_of(schema: Mapping[str, Any], named: Mapping[str, Any], at: str = "") -> Iterator[Row]:
    """The fields of a schema, each before what is nested in it."""
    schema = _resolved(schema, named)
    if schema.get("type") == "array":
        yield from rows_of(schema["items"], named, f"{at}[]")
        return
    required = schema.get("required", ())
    for name, given in schema.get("properties", {}).items():
        path = f"{at}.{name}" if at else name
        inner = _resolved(given, named)
        if SEALED in given:
            yield _sealed(path, given, is_required=name in required)
            continue
        yield Row(
            path,
            _kind(given, named),
            name in required,
            given.get("description", inner.get("description", "")),
            _limits(given | _of_items(given)),
            given.get("x-enumDescriptions") or _of_items(given).get("x-enumDescriptions", {}),
        )
        if "properties" in inner or inner.get("type") == "array":
            yield from rows_of(inner, named, path)


def _sealed(path: str, given: Mapping[str, Any], *, is_required: bool) -> Row:
    """What it is once it is opened: the same few parts every time would tell a reader nothing."""
    return Row(
        path,
        f"sealed {given[SEALED]['type']}",
        is_required,
        given.get("description", ""),
        _limits(given[SEALED]),
        {},
    )


def _of_items(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    items = schema.get("items", {})
    return items if isinstance(items, Mapping) else {}


def _resolved(schema: Mapping[str, Any], named: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" in schema:
        return dict(named[schema["$ref"].rsplit("/", 1)[-1]])
    for joined in ("allOf", "anyOf", "oneOf"):
        if joined in schema:
            return _resolved(schema[joined][0], named)
    return schema


def _kind(schema: Mapping[str, Any], named: Mapping[str, Any]) -> str:
    inner = _resolved(schema, named)
    kind = inner.get("type", "any")
    kinds = kind if isinstance(kind, list) else [kind]
    if {"type": "null"} in schema.get("anyOf", ()):
        kinds = [*kinds, "null"]
    if kinds[0] == "array":
        kinds = [f"array of {_kind(inner['items'], named)}", *kinds[1:]]
    return " or ".join(kinds)


def _limits(schema: Mapping[str, Any]) -> str:
    """Bounds in words."""
    said = []
    for low, high, unit in (
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " items"),
        ("minProperties", "maxProperties", " members"),
    ):
        least, most = schema.get(low), schema.get(high)
        if most is not None and most < 2**63 - 1:
            said.append(f"{least or 0} to {most}{unit}")
        elif least:
            said.append(f"at least {least}{unit}")
    if "pattern" in schema:
        said.append(f"matches {schema['pattern']}")
    if schema.get("format") in ("date", "date-time", "uri"):
        said.append(str(schema["format"]))
    return "; ".join(said)
