"""The API described in OpenAPI 3.1, generated from the endpoints and their schemas."""

import re
from collections.abc import Sequence
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from gateway import problems
from gateway.endpoints import Endpoint
from gateway.fields import Text, Url, Whole
from gateway.oauth import METADATA_PATH, TOKEN_PATH
from gateway.oauth_tokens import SCOPES

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "mend", "request_id", "retryable"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "Stable: what a program branches on."},
        "field": {"type": "string", "description": "JSON pointer to the value that is wrong."},
        "mend": {"type": "string", "description": "What to do about it."},
        "request_id": {"type": "string"},
        "retryable": {"type": "boolean", "description": "The same request may succeed later."},
    },
}


def describe(endpoints: Sequence[Endpoint], server: str) -> dict[str, Any]:
    """The document."""
    plugin = MarshmallowPlugin()
    spec = APISpec(
        title="Consumer finance partner API",
        version="2026-11-01",
        openapi_version="3.1.0",
        plugins=[plugin],
        info={
            "description": "Every request and answer is signed: HTTP Message Signatures (RFC 9421)"
            " over Content-Digest (RFC 9530), profile cf-partner-1. Amounts are whole fen."
        },
        servers=[{"url": server}],
        **{"x-problems": problems.listed()},
    )
    assert plugin.converter is not None
    plugin.converter.field_mapping[Whole] = ("integer", "int64")
    plugin.converter.field_mapping[Text] = ("string", None)
    plugin.converter.field_mapping[Url] = ("string", "uri")
    spec.components.schema("Problem", PROBLEM)
    spec.components.security_scheme(
        "signature", {"type": "http", "scheme": "signature", "description": "cf-partner-1"}
    )
    spec.components.security_scheme("tool", _tool_scheme(server))
    for endpoint in endpoints:
        path = re.sub(r"<(\w+)>", r"{\1}", endpoint.path)
        spec.path(path, operations={endpoint.method.lower(): _operation(endpoint)})
    return spec.to_dict()


def _tool_scheme(server: str) -> dict[str, Any]:
    """How a partner's read-only tool gets a token, and that it still signs."""
    return {
        "type": "oauth2",
        "description": "For read-only tools: client credentials with private_key_jwt (RFC 7523)."
        " The token is bound to the key of the assertion: sign the read with it, too, covering"
        f" authorization. Metadata: {server}{METADATA_PATH}",
        "flows": {
            "clientCredentials": {
                "tokenUrl": server + TOKEN_PATH,
                "scopes": {
                    scope: f"Reads of the function {function}" for scope, function in SCOPES.items()
                },
            }
        },
    }


def _security(endpoint: Endpoint) -> list[dict[str, list[str]]]:
    signed: dict[str, list[str]] = {"signature": []}
    return [signed, {**signed, "tool": [endpoint.scope]}] if endpoint.scope else [signed]


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {"in": "path", "name": name, "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"<(\w+)>", endpoint.path)
    ]
    parameters += [
        {"in": "query", "name": name, "description": text, "schema": {"type": "string"}}
        for name, text in endpoint.query.items()
    ]
    parameters += [
        {
            "in": "header",
            "name": name,
            "required": False,
            "description": text,
            "schema": {"type": "string"},
        }
        for name, text in endpoint.headers.items()
    ]
    if endpoint.writes:
        parameters.append(
            {
                "in": "header",
                "name": "Idempotency-Key",
                "required": True,
                "description": "Yours; the same key and body give the same answer for ever.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
        )
    schema: Any = endpoint.response or {"type": "string", "format": "binary"}
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "tags": [endpoint.function],
        "security": _security(endpoint),
        "parameters": parameters,
        "responses": {
            str(endpoint.status): {
                "description": endpoint.summary,
                "content": {endpoint.gives: {"schema": schema}},
            },
            "default": {
                "description": "A problem (RFC 9457)",
                "content": {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                },
            },
        },
        "x-owner": endpoint.owner,
    }
    if "range" in endpoint.headers:
        operation["responses"]["206"] = operation["responses"][str(endpoint.status)]
    if endpoint.request is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": endpoint.request}},
        }
    return operation
