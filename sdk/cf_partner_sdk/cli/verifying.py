"""`cf-partner verify`: prove an answer or an event in a file, or say which step fails."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

from cf_partner_sdk import KeyDirectory, PublicKey, WebhookRefused, WebhookVerifier
from cf_partner_sdk.http_signatures import (
    KeyOf,
    Message,
    SignatureRefused,
    request_nonce,
    verify_response,
)

from .output import Stopped
from .session import Session

Headers = list[tuple[str, str]]


def add(commands: Any) -> None:
    """Add the commands of this group."""
    group = commands.add_parser("verify", help="prove an answer or an event from files")
    kinds = group.add_subparsers(metavar="KIND", required=True)
    answer = kinds.add_parser("answer", help="an answer, as `curl --include` shows it")
    answer.add_argument("file", type=Path, help="status line, headers, empty line, body")
    answer.add_argument(
        "--request", type=Path, required=True, help="the call, as `cf-partner --json sign` wrote it"
    )
    event = kinds.add_parser("event", help="an event, as it was posted")
    event.add_argument("file", type=Path, help="headers, empty line, body; or only headers")
    event.add_argument("--body", type=Path, help="the body's bytes, if they are not in FILE")
    event.add_argument("--url", required=True, help="the endpoint as it was registered")
    for parser, run in ((answer, verify_answer), (event, verify_event)):
        parser.add_argument("--now", type=int, help="seconds since 1970 when it arrived, else now")
        parser.add_argument("--keys", type=Path, help="a JWK set to trust instead of the lender's")
        parser.set_defaults(run=run)


def verify_answer(session: Session, given: argparse.Namespace) -> None:
    """Prove an answer to a call."""
    call = json.loads(given.request.read_text("utf-8"))
    asked = Message.of_url(call["method"], call["url"], call["headers"])
    first, headers, body = read(given.file)
    status = first.split()[1:2]
    if not status or not status[0].isdigit():
        raise Stopped("file", f"{given.file} has no status line", "Use `curl --include`.")
    answer = asked.answered(int(status[0]), headers, body)
    now = int(time.time()) if given.now is None else given.now
    try:
        proved = verify_response(
            answer, key_of=_keys(session, given, "response"), now=now, nonce=request_nonce(asked)
        )
    except SignatureRefused as refused:
        base = "" if refused.base is None else f"; we computed\n{refused.base.decode('ascii')}"
        raise Stopped(refused.code, f"{refused.detail}{base}") from None
    told = {"verified": True, "keyid": proved.keyid, "created": proved.created}
    session.out.tell(told, f"The lender's answer: signed by {proved.keyid} at {proved.created}.")


def verify_event(session: Session, given: argparse.Namespace) -> None:
    """Prove an event."""
    _, headers, body = read(given.file)
    if given.body is not None:
        body = given.body.read_bytes()
    verifier = WebhookVerifier(url=given.url, key_of=_keys(session, given, "event"))
    try:
        event = verifier.event(headers, body, now=given.now)
    except WebhookRefused as refused:
        compared = f"\n  expected  {refused.expected}\n  found     {refused.found}"
        detail = refused.detail + (compared if refused.expected else "")
        raise Stopped(refused.step, detail, refused.mend) from None
    told = {"verified": True, "event": event}
    session.out.tell(told, f"The lender's event: {event.type} {event.id} on {event.subject}.")


def read(file: Path) -> tuple[str, Headers, bytes]:
    """Return the first line (empty if it is a header), the headers and the body of a message."""
    head, _, body = file.read_bytes().replace(b"\r\n\r\n", b"\n\n", 1).partition(b"\n\n")
    lines = head.decode("latin-1").splitlines()
    first = ""
    if lines and ":" not in lines[0].partition(" ")[0]:
        first = lines.pop(0)
    pairs = [line.partition(":") for line in lines]
    return first, [(name.strip(), value.strip()) for name, _, value in pairs], body


def _keys(session: Session, given: argparse.Namespace, purpose: str) -> KeyOf:
    if given.keys is None:
        session.settings.need("base_url", "root_keyid")
        directory = KeyDirectory(
            base_url=str(session.settings.base_url), root_keyid=str(session.settings.root_keyid)
        )
        return directory.key_of(purpose)
    listed = json.loads(given.keys.read_text("utf-8"))["keys"]
    known = [PublicKey.from_jwk(jwk) for jwk in listed if jwk.get("purpose") == purpose]
    return {key.keyid: key for key in known}.get
