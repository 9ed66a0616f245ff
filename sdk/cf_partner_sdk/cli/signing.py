"""`cf-partner sign`: show how a call is signed, to compare with a program of your own."""

from __future__ import annotations

import argparse
import hashlib
import shlex
import time
from pathlib import Path
from typing import Any

from cf_partner_sdk.http_signatures import (
    Message,
    build_base,
    new_nonce,
    parse_signature_input,
    sign_request,
)

from .session import Session

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "sign", help="sign a call and show its signature base, headers and curl line; sends nothing"
    )
    parser.add_argument("method", type=str.upper, choices=_METHODS)
    parser.add_argument("path", help="path and query, such as /v1/mall/orders?limit=1")
    parser.add_argument("--body", type=Path, metavar="FILE", help="file with the body's bytes")
    parser.add_argument("--content-type", default="application/json")
    parser.add_argument("--idempotency-key", metavar="KEY", help="needed for every write")
    parser.add_argument("--created", type=int, help="seconds since 1970, else now")
    parser.add_argument("--nonce", help="16 to 64 characters, else a new one")
    parser.set_defaults(run=sign)


def sign(session: Session, given: argparse.Namespace) -> None:
    """Sign a call and show everything that went into it."""
    session.settings.need("base_url")
    key = session.key()
    body = given.body.read_bytes() if given.body else b""
    url = f"{str(session.settings.base_url).rstrip('/')}/{given.path.lstrip('/')}"
    plain: dict[str, str] = {}
    if body:
        plain["Content-Type"] = given.content_type
    if given.method != "GET" and not given.idempotency_key:
        session.out.note("A write needs --idempotency-key; a quote does not.")
    if given.idempotency_key:
        plain["Idempotency-Key"] = given.idempotency_key
    message = Message.of_url(given.method, url, plain, body)
    created = int(time.time()) if given.created is None else given.created
    added = sign_request(message, key, created=created, nonce=given.nonce or new_nonce())
    headers = {**plain, **added}
    base = base_of(Message.of_url(given.method, url, headers, body))
    lines = [f"{name}: {value}" for name, value in headers.items()]
    curl = _curl(given.method, url, lines, given.body)
    session.out.tell(
        {
            "method": given.method,
            "url": url,
            "headers": headers,
            "keyid": key.keyid,
            "signature_base": base.decode("ascii"),
            "signature_base_sha256": hashlib.sha256(base).hexdigest(),
            "curl": curl,
        },
        "\n".join(
            (
                "Signature base:",
                *(f"  {line}" for line in base.decode("ascii").split("\n")),
                f"SHA-256 of it: {hashlib.sha256(base).hexdigest()}",
                "",
                "Headers to send:",
                *(f"  {line}" for line in lines),
                "",
                "Or, within five minutes and once:",
                f"  {curl}",
            )
        ),
    )


def base_of(message: Message) -> bytes:
    """Return the signature base of a message with one signature."""
    (only,) = parse_signature_input(message.headers["signature-input"])
    return build_base(message, only.components, only.text)


def _curl(method: str, url: str, lines: list[str], body: Any) -> str:
    parts = ["curl", "--include", "--request", method]
    for line in lines:
        parts += ["--header", line]
    if body is not None:
        parts += ["--data-binary", f"@{body}"]
    return shlex.join([*parts, url])
