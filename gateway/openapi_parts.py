"""What the API's description says in one place for all calls: headers, ids, ways to prove."""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.door import IDEMPOTENCY_KEY
from gateway.endpoints import Endpoint
from gateway.oauth import METADATA_PATH, TOKEN_PATH
from gateway.oauth_tokens import SCOPES
from gateway.schemas.keys import KEYID
from gateway.shown import example_id

DOCS_OF_ERRORS = "/docs/errors"
REQUEST_ID = example_id("req")


def _id(prefix: str, says: str) -> dict[str, Any]:
    schema = {"type": "string", "pattern": rf"^{prefix}_[a-z0-9]+$", "maxLength": 64}
    return {"description": says, "schema": schema, "example": example_id(prefix)}


IDS: Mapping[str, dict[str, Any]] = {
    "order_id": _id("ord", "An order's id."),
    "refund_id": _id("rfd", "A refund's id."),
    "endpoint_id": _id("whe", "A webhook endpoint's id."),
    "event_id": _id("evt", "An event's id."),
    "store_id": _id("sto", "A store's id."),
    "till_id": _id("til", "A till's id."),
    "staff_id": _id("stf", "The id of somebody who works in a store."),
    "line_id": _id("line", "A credit line's id."),
    "payment_id": _id("spy", "A payment's id."),
    "lead_id": _id("led", "A lead's id."),
    "payment_refund_id": _id("srf", "A payment refund's id."),
    "bill_id": _id("cbl", "A commission bill's id."),
    "claim_id": _id("clm", "A claim's id."),
    "statement_id": _id("stm", "A statement's id."),
    "share_id": _id("shr", "A share's id."),
    "walk_id": _id("wlk", "A played buyer's id."),
    "check_id": _id("whc", "A check's id."),
    "keyid": {
        "description": "A key's RFC 7638 thumbprint.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{43}$"},
        "example": KEYID,
    },
}
"""Ids in paths, each with what it may look like."""
NO_ID: dict[str, Any] = {"description": "", "schema": {"type": "string"}, "example": "id"}
TAGS = {
    "mall": "Mall instalments: quote, order, refund.",
    "stores": "Stores, their tills and their staff: what your back office sets up.",
    "payments": "Payments in stores: what tills do.",
    "leads": "Platforms: whom they may send, whom they have sent.",
    "shares": "Shares of joint loans: what funders are asked for, and what they answer.",
    "commissions": "What platforms earn: monthly bills, confirmed or disputed.",
    "claims": "Claims on guarantors.",
    "statements": "Statements by day and by month, as files.",
    "webhooks": "Events, and where they are sent.",
    "sandbox": "The sandbox: its clock, a fresh start, played buyers. In live there is none of it.",
    "keys": "Your own keys: bring a new one in, let an old one go.",
}
PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "A refusal in problem details (RFC 9457). Branch on `code`.",
    "required": ["type", "title", "status", "detail", "code", "mend", "request_id", "retryable"],
    "properties": {
        "type": {
            "type": "string",
            "format": "uri",
            "description": "Where the code is documented.",
        },
        "title": {"type": "string", "description": "What went wrong, the same for every `code`."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What went wrong this time, for people."},
        "code": {"type": "string", "description": "Stable: what a program branches on."},
        "field": {
            "type": "string",
            "description": "JSON pointer to the value that is wrong, such as `/items/0/quantity`.",
        },
        "mend": {"type": "string", "description": "What to do about it."},
        "request_id": {"type": "string", "description": "Name it when you ask us."},
        "retryable": {
            "type": "boolean",
            "description": "Whether the very same request may succeed later.",
        },
        "server_time": {
            "type": "string",
            "format": "date-time",
            "description": "Our time, where a signature was refused.",
        },
        "missing": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Components that the signature has to cover and does not.",
        },
        "signature_base_sha256": {
            "type": "string",
            "pattern": "^[0-9a-f]{64}$",
            "description": "SHA-256 of the signature base that we computed, in hexadecimal.",
        },
        "signature_components": {
            "type": "array",
            "items": {"type": "string"},
            "description": "The lines of that base, values cut to 64 characters.",
        },
        "violated_policies": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Which rate limits were passed.",
        },
    },
}


def _header(text: str, example: str, *, required: bool = False, **schema: Any) -> dict[str, Any]:
    return {
        "description": text,
        "required": required,
        "schema": {"type": "string", **schema},
        "example": example,
    }


HEADERS: Mapping[str, dict[str, Any]] = {
    "request-id": _header("Our id of the request.", REQUEST_ID, required=True),
    "Signature-Input": _header(
        "What our signature covers, bound to your nonce (RFC 9421).",
        'cf=("@status" "request-id" "content-type" "content-digest" "@method";req'
        ' "@target-uri";req);created=1795768200;expires=1795768500;keyid="…";nonce="…"'
        ';tag="cf-partner-1-response"',
        required=True,
    ),
    "Signature": _header("The signature by our key in the key directory.", "cf=:…:", required=True),
    "Content-Digest": _header(
        "Digest of the body (RFC 9530).",
        "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
        required=True,
    ),
    "CF-Version": _header("The version of the API that answered.", "2026-11-01", format="date"),
    "RateLimit-Policy": _header(
        "The limits that apply: quota `q` in a window of `w` seconds.",
        '"reads";q=3000;w=60, "reads-key";q=2000;w=60',
    ),
    "RateLimit": _header(
        "Where you stand: `r` calls are left, all are back after `t` seconds.",
        '"reads";r=2990;t=1, "reads-key";r=1990;t=1',
    ),
    "Accept-Ranges": _header("That parts may be asked for.", "bytes"),
    "ETag": _header("The file as it is; it never changes.", '"e3b0c442…"'),
    "Repr-Digest": _header(
        "Digest of the whole file (RFC 9530).",
        "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
    ),
    "Content-Range": _header("Which part this is.", "bytes 0-99/181"),
    "Retry-After": _header("Seconds to wait before the same request.", "1", pattern="^[0-9]+$"),
    "Location": _header("Where what was made can be read.", f"/v1/mall/orders/{example_id('ord')}"),
    "WWW-Authenticate": _header(
        "Why an access token was refused (RFC 6750).",
        'Bearer realm="cf-partner-1", error="invalid_token"',
    ),
    "Deprecation": _header("Since when this should not be used (RFC 9745).", "@1795768200"),
    "Sunset": _header("From when it may be gone (RFC 8594).", "Sat, 27 Nov 2027 00:00:00 GMT"),
    "Link": _header("What to do about it.", '</docs/changes>; rel="deprecation"'),
}
ALWAYS_ANSWERED = ("request-id", "Signature-Input", "Signature", "Content-Digest")
ANSWERED_WHEN_COUNTED = ("CF-Version", "RateLimit-Policy", "RateLimit")
REQUEST_HEADERS: Mapping[str, dict[str, Any]] = {
    "Signature-Input": _header(
        "What your signature covers, with created, expires, nonce, keyid and tag.",
        'cf=("@method" "@target-uri");created=1795768200;expires=1795768500;keyid="…"'
        ';nonce="…";tag="cf-partner-1-request"',
        required=True,
    ),
    "Signature": _header("Your signature.", "cf=:…:", required=True),
    "Content-Digest": _header(
        "Digest of the body's bytes (RFC 9530), sha-256 or sha-512.",
        "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
        required=True,
    ),
    "Idempotency-Key": _header(
        "Yours; the same key and body give the same answer for ever.",
        "A-77",
        required=True,
        minLength=1,
        maxLength=255,
        pattern=f"^{IDEMPOTENCY_KEY.pattern}$",
    ),
    "CF-Version": _header(
        "Another version of the API than the one you are pinned to.", "2026-11-01", format="date"
    ),
    "traceparent": _header(
        "Your trace (W3C Trace Context); the answer continues it.",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ),
}


def problem_example(told: Mapping[str, Any], server: str) -> dict[str, Any]:
    """A refusal as it looks on the wire."""
    value = {
        "type": f"{server}{DOCS_OF_ERRORS}#{told['code']}",
        "title": told["title"],
        "status": told["status"],
        "detail": told["title"],
        "code": told["code"],
        "mend": told["mend"],
        "request_id": REQUEST_ID,
        "retryable": told["retryable"],
    }
    return {"summary": told["meaning"], "value": value}


def tags(endpoints: Sequence[Endpoint]) -> list[dict[str, str]]:
    """The functions that partners are given, each with what it is for."""
    used = dict.fromkeys(endpoint.function for endpoint in endpoints)
    return [{"name": name, "description": TAGS.get(name, "")} for name in used]


def security_schemes(server: str) -> dict[str, dict[str, Any]]:
    """The signature, and the token that a read-only tool shows besides."""
    return {
        "signature": {
            "type": "http",
            "scheme": "signature",
            "description": "HTTP Message Signatures (RFC 9421), profile cf-partner-1:"
            f" {server}/docs/signing",
        },
        "tool": {
            "type": "oauth2",
            "description": "For read-only tools: client credentials with private_key_jwt"
            " (RFC 7523). The token is bound to the key of the assertion: sign the read with it,"
            f" too, covering authorization. Metadata: {server}{METADATA_PATH}",
            "flows": {
                "clientCredentials": {
                    "tokenUrl": server + TOKEN_PATH,
                    "scopes": {
                        scope: f"Reads of the function {function}"
                        for scope, function in SCOPES.items()
                    },
                }
            },
        },
    }
