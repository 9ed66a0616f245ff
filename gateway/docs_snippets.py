"""Each call as it goes over the wire, signed with a published key at a fixed instant."""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import urlencode

from cf_partner_sdk.http_signatures import Message, sign_request
from cf_partner_sdk.keys import PrivateKey

from gateway.openapi_examples import example_of
from gateway.shown import example_id

CREATED = 1795768200
"""2026-11-27T08:30:00Z."""
NONCE = "b3k2uvF9Qw1sZr8x"
KEY_PEM = """\
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF
-----END PRIVATE KEY-----
"""
"""The test key of RFC 9421, appendix B.1.4: public, so nobody may use it for anything else."""


@cache
def example_key() -> PrivateKey:
    """The key that signs every example."""
    return PrivateKey.from_pem(KEY_PEM)


def raw_request(
    method: str,
    path: str,
    about: Mapping[str, Any],
    api: Mapping[str, Any],
    server: str,
    *,
    nonce: str = NONCE,
) -> str:
    """The request as text, byte for byte as it may be sent at that instant."""
    url = server + re.sub(r"{(\w+)}", lambda found: _path_value(found[1], about), path)
    if needed := _needed_query(about):
        url += f"?{urlencode(needed)}"
    headers, body = _content(about, api)
    if any(each.get("$ref", "").endswith("/Idempotency-Key") for each in about["parameters"]):
        headers["idempotency-key"] = f"{about['operationId']}-1"
    message = Message.of_url(method, url, headers, body.encode())
    signed = sign_request(message, example_key(), created=CREATED, nonce=nonce)
    lines = [f"{method} {url.removeprefix(server)} HTTP/1.1", f"host: {message.authority}"]
    lines += [f"{name.lower()}: {value}" for name, value in (headers | signed).items()]
    return "\n".join(lines) + f"\n\n{body}"


def raw_response(about: Mapping[str, Any], api: Mapping[str, Any]) -> str:
    """The body of the answer when all goes well, laid out for reading."""
    answer = next(each for status, each in about["responses"].items() if status < "3")
    content = answer["content"].get("application/json")
    if content is None:
        return ""
    example = content.get("example") or example_of(content["schema"], api["components"]["schemas"])
    return json.dumps(example, ensure_ascii=False, indent=2)


def _content(about: Mapping[str, Any], api: Mapping[str, Any]) -> tuple[dict[str, str], str]:
    if "requestBody" not in about:
        return {}, ""
    kind, content = next(iter(about["requestBody"]["content"].items()))
    if kind != "application/json":
        return {"content-type": kind}, content["example"]
    example = example_of(content["schema"], api["components"]["schemas"])
    body = json.dumps(example, ensure_ascii=False, indent=2)
    return {"content-type": "application/json"}, body


def _needed_query(about: Mapping[str, Any]) -> dict[str, str]:
    """The query parameters that a call cannot do without."""
    return {
        each["name"]: str(each.get("example") or example_of(each["schema"], {}))
        for each in about["parameters"]
        if each.get("in") == "query" and each.get("required")
    }


def _path_value(name: str, about: Mapping[str, Any]) -> str:
    for each in about["parameters"]:
        if each.get("name") == name:
            return str(each.get("example") or example_id("id"))
    raise KeyError(name)
