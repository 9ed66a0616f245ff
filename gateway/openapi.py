"""The API described in OpenAPI 3.1, generated from the endpoints and their schemas."""

import re
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from itertools import groupby
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import fields

from gateway import catalogue, problems
from gateway import openapi_parts as parts
from gateway.endpoints import Endpoint, FileBody
from gateway.json_schemas import pointed_to, teach
from gateway.openapi_examples import example_of
from gateway.problems import Told
from gateway.schemas.webhooks import EventSchema
from gateway.versions import Versions

Field = fields.Field[Any]
Found = dict[str, Any]
INTRODUCTION = """\
Every request and every answer is signed: HTTP Message Signatures (RFC 9421) over Content-Digest
(RFC 9530), profile `cf-partner-1`. Amounts are whole fen (CNY 1 is 100 fen), rates decimal texts,
dates `YYYY-MM-DD` in Asia/Shanghai, instants RFC 3339 in UTC, ids texts with a type prefix. Unknown
fields of a request are refused; fields may be added to answers, and words to their enums.
"""


def describe(endpoints: Sequence[Endpoint], server: str, versions: Versions) -> dict[str, Any]:
    """The document."""
    plugin = MarshmallowPlugin()
    spec = APISpec(
        title="Consumer finance partner API",
        version=versions.newest,
        openapi_version="3.1.0",
        plugins=[plugin],
        info={"description": INTRODUCTION},
        servers=[{"url": server}],
        externalDocs={"url": f"{server}/docs", "description": "Guides, errors and events"},
        **{
            "x-problems": problems.listed(endpoints),
            "x-versions": [{"day": each.day, "says": each.says} for each in versions],
        },
    )
    teach(plugin)
    spec.components.schema("Problem", parts.PROBLEM)
    for name, header in parts.HEADERS.items():
        spec.components.header(name, header)
    for name, parameter in parts.REQUEST_HEADERS.items():
        spec.components.parameter(name, "header", dict(parameter))
    for told in spec.options["x-problems"]:
        spec.components.example(told["code"], parts.problem_example(told, server))
    for name, scheme in parts.security_schemes(server).items():
        spec.components.security_scheme(name, scheme)
    for endpoint in endpoints:
        path = re.sub(r"<(\w+)>", r"{\1}", endpoint.path)
        spec.path(path, operations={endpoint.method.lower(): _operation(endpoint, plugin)})
    told = catalogue.webhooks(plugin, pointed_to(plugin, EventSchema))
    document = spec.to_dict() | {"webhooks": told}
    document["jsonSchemaDialect"] = "https://spec.openapis.org/oas/3.1/dialect/base"
    document["tags"] = parts.tags(endpoints)
    _add_examples(document)
    return document


def _operation(endpoint: Endpoint, plugin: MarshmallowPlugin) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "description": endpoint.about or endpoint.summary + ".",
        "tags": [endpoint.function],
        "security": _security(endpoint),
        "parameters": [*_parameters(endpoint, plugin)],
        "responses": {**_successes(endpoint), **_refusals(endpoint)},
        "x-owner": endpoint.owner,
        "x-rate-group": str(endpoint.rate_group),
    }
    if endpoint.ending:
        operation["deprecated"] = True
    if endpoint.request is not None:
        operation["requestBody"] = {
            "required": endpoint.needs_body,
            "content": {"application/json": {"schema": endpoint.request}},
        }
    if endpoint.file is not None:
        operation["requestBody"] = {"required": True, "content": _file(endpoint.file)}
    return operation


def _file(taken: FileBody) -> dict[str, Any]:
    schema = {"type": "string", "format": "binary", "minLength": 1, "maxLength": taken.bytes_max}
    content: dict[str, Any] = {kind: {"schema": schema} for kind in taken.types}
    content[taken.types[0]]["example"] = taken.example
    return content


def _security(endpoint: Endpoint) -> list[dict[str, list[str]]]:
    signed: dict[str, list[str]] = {"signature": []}
    return [signed, {**signed, "tool": [endpoint.scope]}] if endpoint.scope else [signed]


def _parameters(endpoint: Endpoint, plugin: MarshmallowPlugin) -> Iterator[Any]:
    assert plugin.converter is not None
    for name in re.findall(r"<(\w+)>", endpoint.path):
        yield {"in": "path", "name": name, "required": True, **parts.IDS.get(name, parts.NO_ID)}
    for name, field in endpoint.query.items():
        schema = plugin.converter.field2property(field)
        yield {
            "in": "query",
            "name": name,
            "required": field.required,
            "description": schema.pop("description", ""),
            "schema": schema,
        }
    for name, text in endpoint.headers.items():
        yield {
            "in": "header",
            "name": name,
            "required": False,
            "description": text,
            "schema": {"type": "string"},
        }
    headers = ["Signature-Input", "Signature", "CF-Version"]
    if endpoint.request is not None or endpoint.file is not None:
        headers.append("Content-Digest")
    if endpoint.writes:
        headers.append("Idempotency-Key")
    if endpoint.scope:
        headers.append("traceparent")
    yield from headers


def _successes(endpoint: Endpoint) -> dict[str, Any]:
    found = {str(endpoint.status): _success(endpoint)}
    if "range" in endpoint.headers:
        part = _success(endpoint)
        part["description"] = "A part of it."
        part["headers"] |= {"Content-Range": "Content-Range"}
        found["206"] = part
    return found


def _success(endpoint: Endpoint) -> dict[str, Any]:
    schema: Any = endpoint.response or {"type": "string", "format": "binary"}
    headers = [*parts.ALWAYS_ANSWERED, *parts.ANSWERED_WHEN_COUNTED]
    if endpoint.status in (HTTPStatus.CREATED, HTTPStatus.ACCEPTED):
        headers.append("Location")
    if "range" in endpoint.headers:
        headers += ["Accept-Ranges", "ETag", "Repr-Digest"]
    if endpoint.ending:
        headers += ["Deprecation", "Sunset", "Link"]
    return {
        "description": endpoint.summary + ".",
        "headers": {name: name for name in headers},
        "content": {endpoint.gives: {"schema": schema}},
    }


def _refusals(endpoint: Endpoint) -> dict[str, Any]:
    return {
        str(status): _refusal(list(told))
        for status, told in groupby(problems.of(endpoint), key=lambda each: each.status)
    }


def _refusal(told: Sequence[Told]) -> dict[str, Any]:
    """The answer of one status: which codes it may carry."""
    headers = list(parts.ALWAYS_ANSWERED)
    if any(each.retryable for each in told):
        headers.append("Retry-After")
    if any(each.code.startswith("token.") for each in told):
        headers.append("WWW-Authenticate")
    codes = {"code": {"enum": [each.code for each in told]}}
    return {
        "description": "; ".join(f"`{each.code}`: {each.title}" for each in told),
        "headers": {name: name for name in headers},
        "content": {
            "application/problem+json": {
                "schema": {"allOf": ["Problem", {"type": "object", "properties": codes}]},
                "examples": {each.code: each.code for each in told},
            }
        },
    }


def _add_examples(document: dict[str, Any]) -> None:
    """Composes an example of every body from those of its fields."""
    schemas = document["components"]["schemas"]
    for item in document["paths"].values():
        for operation in item.values():
            bodies = [operation["requestBody"]] if "requestBody" in operation else []
            bodies += [each for status, each in operation["responses"].items() if status < "3"]
            for body in bodies:
                for kind, content in body["content"].items():
                    if kind == "application/json":
                        content["example"] = example_of(content["schema"], schemas)
