"""Examples of whole bodies, composed from those of their fields."""

from collections.abc import Mapping
from typing import Any

from gateway.sealed_examples import Plain, sealed
from gateway.sealed_fields import SEALED


class NoExample(Exception):
    """A field has no example, so that no body with it has one."""


def example_of(schema: Mapping[str, Any], named: Mapping[str, Any]) -> Any:
    """A value that a schema allows; `named` are the schemas that others point to.

    Raises NoExample.
    """
    return sealed(_composed(schema, named))


def _composed(schema: Mapping[str, Any], named: Mapping[str, Any]) -> Any:
    if SEALED in schema:
        return Plain(schema[SEALED]["examples"][0])
    if schema.get("examples"):
        return schema["examples"][0]
    if "$ref" in schema:
        return _composed(named[schema["$ref"].rsplit("/", 1)[-1]], named)
    for joined in ("allOf", "anyOf", "oneOf"):
        if joined in schema:
            choices = schema[joined]
            return None if {"type": "null"} in choices else _composed(choices[0], named)
    if schema.get("type") == "array":
        return [_composed(schema["items"], named)]
    if "properties" in schema:
        return {name: _composed(each, named) for name, each in schema["properties"].items()}
    raise NoExample(schema)
