"""Examples of whole bodies, composed from those of their fields."""

from collections.abc import Mapping
from typing import Any


class NoExample(Exception):
    """A field has no example, so that no body with it has one."""


def example_of(schema: Mapping[str, Any], named: Mapping[str, Any]) -> Any:
    """A value that a schema allows; `named` are the schemas that others point to.

    Raises NoExample.
    """
    if schema.get("examples"):
        return schema["examples"][0]
    if "$ref" in schema:
        return example_of(named[schema["$ref"].rsplit("/", 1)[-1]], named)
    for joined in ("allOf", "anyOf", "oneOf"):
        if joined in schema:
            choices = schema[joined]
            return None if {"type": "null"} in choices else example_of(choices[0], named)
    if schema.get("type") == "array":
        return [example_of(schema["items"], named)]
    if "properties" in schema:
        return {name: example_of(each, named) for name, each in schema["properties"].items()}
    raise NoExample(schema)
