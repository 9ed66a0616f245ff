"""JSON Schema of our marshmallow schemas, by apispec."""

import json
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.field_converter import FieldConverterMixin
from marshmallow import Schema, fields

from gateway.fields import Choice, Flag, Text, Url, Whole
from gateway.openapi_examples import example_of
from gateway.sealed_fields import PARTS, Sealed

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def teach(plugin: MarshmallowPlugin) -> None:
    """Tells apispec of our fields, and how many members a mapping has and how they are named."""
    assert plugin.converter is not None
    plugin.converter.field_mapping[Whole] = ("integer", "int64")
    plugin.converter.field_mapping[Flag] = ("boolean", None)
    plugin.converter.field_mapping[Sealed] = ("object", None)
    for text in (Text, Choice, Url):
        plugin.converter.field_mapping[text] = ("string", None)

    def members(
        converter: FieldConverterMixin, field: fields.Field[Any], ret: dict[str, Any], **_: Any
    ) -> dict[str, Any]:
        if not isinstance(field, fields.Dict):
            return {}
        for most in [name for name in ("minLength", "maxLength") if name in ret]:
            ret[most.replace("Length", "Properties")] = ret.pop(most)
        names = field.key_field and converter.field2property(field.key_field)
        return {"propertyNames": names} if isinstance(field.key_field, Text) else {}

    def sealed(
        _converter: FieldConverterMixin, field: fields.Field[Any], **_: Any
    ) -> dict[str, Any]:
        if not isinstance(field, Sealed):
            return {}
        return {
            "type": "object",
            "properties": {name: dict(about) for name, about in PARTS.items()},
            "required": list(PARTS),
            "additionalProperties": False,
        }

    plugin.converter.add_attribute_function(sealed)  # type: ignore[no-untyped-call]
    plugin.converter.add_attribute_function(members)  # type: ignore[no-untyped-call]


def pointed_to(plugin: MarshmallowPlugin, schema: type[Schema]) -> dict[str, str]:
    """A pointer to a schema, which is among the components of the plugin's spec from now on."""
    assert plugin.converter is not None
    resolve: Any = plugin.converter.resolve_nested_schema
    found: dict[str, str] = resolve(schema)
    return found


def standing_alone(schema: type[Schema]) -> tuple[dict[str, Any], Any]:
    """A schema with all that it points to, and an example."""
    plugin = MarshmallowPlugin()
    spec = APISpec("", "", "3.1.0", plugins=[plugin])
    teach(plugin)
    pointer = pointed_to(plugin, schema)
    named = spec.to_dict()["components"]["schemas"]
    example = example_of(pointer, named)
    text = json.dumps(named).replace("#/components/schemas/", "#/$defs/")
    others = json.loads(text)
    top = others.pop(pointer["$ref"].rsplit("/", 1)[-1])
    return {"$schema": DIALECT, **top} | ({"$defs": others} if others else {}), example
