"""The catalogue of events: the one table of what partners are told.

A new type is a line in a scenario's `schemas/…_events.py`. What is published and not listed here
fails the build.
"""

from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema

from gateway import json_schemas, shown
from gateway.event_types import EventType
from gateway.schemas import (
    endpoint_events,
    lead_events,
    mall_events,
    partner_events,
    payment_events,
    sandbox_events,
    share_events,
    statement_events,
)

EVENT_TYPES = (
    *mall_events.EVENT_TYPES,
    *payment_events.EVENT_TYPES,
    *lead_events.EVENT_TYPES,
    *share_events.EVENT_TYPES,
    *statement_events.EVENT_TYPES,
    *partner_events.EVENT_TYPES,
    *endpoint_events.EVENT_TYPES,
    *sandbox_events.EVENT_TYPES,
)
BY_NAME: Mapping[str, EventType] = {each.name: each for each in EVENT_TYPES}
SAYS: Mapping[str, str] = {each.name: each.says for each in EVENT_TYPES}
TEST = "endpoint.test"


def described(kind: EventType) -> dict[str, Any]:
    """A type as it is served."""
    return {
        "type": kind.name,
        "description": kind.says,
        "schema": _schema(kind.carries)[0],
        "example": example(kind),
    }


def example(kind: EventType) -> dict[str, Any]:
    """An object that an event of the type may carry."""
    return {**deepcopy(_schema(kind.carries)[1]), **deepcopy(dict(kind.example))}


@cache
def _schema(carries: type[Schema]) -> tuple[dict[str, Any], Any]:
    return json_schemas.standing_alone(carries)


def webhooks(plugin: MarshmallowPlugin, event: Mapping[str, Any]) -> dict[str, Any]:
    """The `webhooks` section of an OpenAPI document; `event` points to the schema of events."""
    return {each.name: {"post": _operation(each, plugin, event)} for each in EVENT_TYPES}


def _operation(
    kind: EventType, plugin: MarshmallowPlugin, event: Mapping[str, Any]
) -> dict[str, Any]:
    carried = example(kind)
    narrow = {
        "properties": {
            "type": {"const": kind.name},
            "data": {"properties": {"object": json_schemas.pointed_to(plugin, kind.carries)}},
        }
    }
    whole = {
        "id": shown.example_id("evt"),
        "type": kind.name,
        "created_at": shown.INSTANT,
        "api_version": "2026-11-01",
        "subject": kind.subject_of(carried),
        "test": False,
        "data": {"object": carried},
    }
    return {
        "operationId": f"on_{kind.name.replace('.', '_')}",
        "summary": kind.name,
        "description": kind.says,
        "tags": ["webhooks"],
        "parameters": PARAMETERS,
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"allOf": [event, narrow]}, "example": whole}
            },
        },
        "responses": RESPONSES,
    }


def _header(name: str, says: str, *, required: bool = True) -> dict[str, Any]:
    return {
        "in": "header",
        "name": name,
        "required": required,
        "description": says,
        "schema": {"type": "string"},
    }


PARAMETERS = [
    _header("webhook-id", "The event's id: the same at each try. Remember it with your work."),
    _header("webhook-timestamp", "When this try was signed, in seconds since 1970."),
    _header("Content-Digest", "Digest of the body's bytes (RFC 9530), sha-256."),
    _header("Signature-Input", "What is signed; the tag is `cf-partner-1-event`."),
    _header("Signature", "By an event key of our key directory."),
    _header("webhook-signature", "Of Standard Webhooks, if you asked for it.", required=False),
]
RESPONSES = {
    "2XX": {"description": "Taken; also of an event that you have dealt with before."},
    "410": {"description": "The endpoint is gone: it is disabled at once."},
    "default": {"description": "Not taken: we try again, ten times over about three days."},
}
