"""Holds what the front answers against its own description."""

import json
import re
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from typing import Any

from openapi_schema_validator import OAS31Validator
from werkzeug.test import TestResponse

import gateway
from gateway import catalogue, openapi
from gateway.versions import VERSIONS

ENDPOINTS = gateway.ENDPOINTS + gateway.SANDBOX_ENDPOINTS


def document(server: str = "http://lender.example:8080") -> dict[str, Any]:
    """The description as it is served."""
    return _document(server)


@cache
def _document(server: str) -> dict[str, Any]:
    return openapi.describe(ENDPOINTS, server, VERSIONS)


def tight(described: Mapping[str, Any]) -> dict[str, Any]:
    """The same description, in which answers may have no field that it does not name."""
    found = deepcopy(dict(described))
    for name, schema in found["components"]["schemas"].items():
        if name != "Problem" and "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return found


@cache
def _tight_document() -> dict[str, Any]:
    return tight(document())


@cache
def _validator(method: str, rule: str, status: str, kind: str) -> OAS31Validator:
    described = _tight_document()
    operation = described["paths"][rule][method.lower()]
    assert status in operation["responses"], f"{method} {rule} does not tell of {status}"
    content = operation["responses"][status]["content"]
    assert kind in content, f"{method} {rule} does not tell that {status} is {kind}"
    schema = {**content[kind]["schema"], "components": described["components"]}
    return OAS31Validator(schema, format_checker=OAS31Validator.FORMAT_CHECKER)


@cache
def _rules() -> list[tuple[str, re.Pattern[str], str]]:
    return [
        (
            each.method,
            re.compile(re.sub(r"<\w+>", "[^/]+", each.path)),
            re.sub(r"<(\w+)>", r"{\1}", each.path),
        )
        for each in ENDPOINTS
    ]


def check(method: str, path: str, answer: TestResponse) -> None:
    """Fails when an answer has a status, a code, a field or a type that is not described.

    A request for a host that we are not gets no answer of the API.
    """
    if answer.status_code == 421:
        return
    rule = next((rule for m, p, rule in _rules() if m == method and p.fullmatch(path)), None)
    if rule is None:
        return
    kind = answer.content_type.partition(";")[0]
    validator = _validator(method, rule, str(answer.status_code), kind)
    if kind.endswith("json"):
        for error in validator.iter_errors(json.loads(answer.data)):
            at = "/".join(map(str, error.absolute_path))
            raise AssertionError(f"{method} {rule} {answer.status_code}: {at}: {error.message}")


@cache
def _event_validator(kind: str) -> OAS31Validator:
    assert kind in catalogue.BY_NAME, f"{kind} is not in the catalogue"
    schema = catalogue.described(catalogue.BY_NAME[kind])["schema"]
    tight_schema = {**schema, "additionalProperties": False}
    return OAS31Validator(tight_schema, format_checker=OAS31Validator.FORMAT_CHECKER)


def check_event(kind: str, carried: Mapping[str, Any]) -> None:
    """Fails when an event is not in the catalogue, or carries what its schema does not have."""
    for error in _event_validator(kind).iter_errors(carried):
        at = "/".join(map(str, error.absolute_path))
        raise AssertionError(f"{kind}: {at}: {error.message}")
