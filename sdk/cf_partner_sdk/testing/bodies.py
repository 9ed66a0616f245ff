"""What the fake lender takes in a body: what the real one's schemas take."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from . import sealing
from .wire import Problem

Check = Callable[[Any, str], None]
"""Looks at a value at a JSON pointer; raises Problem."""

AMOUNT_MAX_FEN = 100_000_000
BODY_BYTES_MAX = 1024 * 1024
FILE_BYTES_MAX = 10 * BODY_BYTES_MAX


def read(body: bytes, content_type: str, checks: Mapping[str, Check]) -> dict[str, Any]:
    """Return a JSON body that is in order. Raises Problem.

    Of `checks`, a name that ends in `?` may be absent.
    """
    if len(body) > BODY_BYTES_MAX:
        raise _too_large("Send at most 1 MiB.")
    if content_type.partition(";")[0] != "application/json":
        raise _of_no_type("Send application/json without a Content-Encoding.")
    try:
        given = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Problem(
            400,
            "json.refused",
            "The body cannot be read without doubt",
            mend="Send UTF-8 JSON with unique keys.",
        ) from None
    members(checks)(given, "")
    return dict(given)


def file(body: bytes, content_type: str, types: Collection[str]) -> bytes:
    """Return a body that is a file of one of the content types. Raises Problem."""
    if len(body) > FILE_BYTES_MAX:
        raise _too_large("Send at most 10 MiB.")
    if content_type not in types:
        raise _of_no_type(f"Send one of {', '.join(types)}.")
    if not body:
        raise refused("", "there is no file")
    return body


def _too_large(mend: str) -> Problem:
    title = "The body is larger than this call takes"
    return Problem(413, "body.too_large", title, mend=mend)


def _of_no_type(mend: str) -> Problem:
    title = "The body is of no type that is taken here"
    return Problem(415, "body.encoding_refused", title, mend=mend)


def refused(pointer: str, sentence: str) -> Problem:
    """Return the refusal of a value."""
    detail = f"A field is not as the schema says: {pointer.lstrip('/') or 'body'}: {sentence}"
    mend = "See the schema of this call in /docs."
    return Problem(400, "fields.refused", detail, field=pointer or None, mend=mend)


def members(checks: Mapping[str, Check]) -> Check:
    """Return a check of an object: its members, and no others."""
    known = {name.rstrip("?"): check for name, check in checks.items()}
    needed = [name for name in checks if not name.endswith("?")]

    def check(value: Any, at: str) -> None:
        if not isinstance(value, dict):
            raise refused(at, "must be an object")
        for name in needed:
            if name not in value:
                raise refused(f"{at}/{name}", "Missing data for required field.")
        for name, member in value.items():
            if name not in known:
                raise refused(f"{at}/{name}", "Unknown field.")
            if not (member is None and f"{name}?" in checks):
                known[name](member, f"{at}/{name}")

    return check


def text(most: int, pattern: str = r"[^\x00-\x1f]*", least: int = 1) -> Check:
    """Return a check of a text's length and form."""
    form = re.compile(pattern, re.ASCII)

    def check(value: Any, at: str) -> None:
        if not isinstance(value, str):
            raise refused(at, "must be a text")
        if not least <= len(value) <= most or form.fullmatch(value) is None:
            raise refused(at, f"must have {least} to {most} characters and match {pattern}")

    return check


def whole(most: int, least: int = 1) -> Check:
    """Return a check of a whole number."""

    def check(value: Any, at: str) -> None:
        if type(value) is not int or not least <= value <= most:
            raise refused(at, f"must be a whole number from {least} to {most}")

    return check


def several(each: Check, least: int, most: int) -> Check:
    """Return a check of a list."""

    def check(value: Any, at: str) -> None:
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise refused(at, f"must be a list of {least} to {most}")
        for place, member in enumerate(value):
            each(member, f"{at}/{place}")

    return check


def labels(value: Any, at: str) -> None:
    """Check metadata: at most 20 short texts by name."""
    if not isinstance(value, dict) or len(value) > 20:
        raise refused(at, "must be an object of at most 20")
    for name, member in value.items():
        text(40)(name, f"{at}/{name}")
        text(500, least=0)(member, f"{at}/{name}")


_NUMBER = text(64, r"[A-Za-z0-9_.-]+")
_URL = text(2000, r"https?://[^\s@/?#\\]+([/?#][!-~]*)?")
_AMOUNT = whole(AMOUNT_MAX_FEN)

QUOTE: Mapping[str, Check] = {
    "amount_fen": _AMOUNT,
    "product_code?": _NUMBER,
    "periods?": several(whole(600), 1, 60),
}
ITEM: Mapping[str, Check] = {
    "sku": text(64),
    "name": text(200),
    "quantity": whole(10_000),
    "unit_price_fen": _AMOUNT,
    "category": text(64, r"[a-z0-9_]+"),
}
ORDER: Mapping[str, Check] = {
    "order_no": _NUMBER,
    "amount_fen": _AMOUNT,
    "product_code?": _NUMBER,
    "items": several(members(ITEM), 1, 100),
    "return_url": _URL,
    "cancel_url?": _URL,
    "metadata?": labels,
}
REFUND: Mapping[str, Check] = {
    "refund_no": _NUMBER,
    "order_id": text(64, r"[a-z0-9_]+"),
    "amount_fen": _AMOUNT,
    "items?": several(members({"sku": text(64), "quantity": whole(10_000)}), 0, 100),
    "reason?": text(200, least=0),
}
PAYMENT: Mapping[str, Check] = {
    "payment_no": _NUMBER,
    "amount_fen": _AMOUNT,
    "store_id": text(64, r"[a-z0-9_]+"),
    "code?": text(32, r"[0-9]+"),
    "description?": text(100, least=0),
    "release_parts?": whole(36, least=2),
    "product_code?": _NUMBER,
    "metadata?": labels,
}
CONFIRM: Mapping[str, Check] = {"part": whole(36, least=2)}
STOP: Mapping[str, Check] = {"reason": text(200)}
PAYMENT_REFUND: Mapping[str, Check] = {
    "refund_no": _NUMBER,
    "payment_id": text(64, r"[a-z0-9_]+"),
    "amount_fen": _AMOUNT,
    "reason?": text(200, least=0),
}


def anything(value: Any, at: str) -> None:
    """Check an object whose members the fake lender does not read."""
    if not isinstance(value, dict):
        raise refused(at, "must be an object")


_CONSENT: Mapping[str, Check] = {
    "scope": text(32, r"identity|profile|device|behaviour|score|attachments"),
    "text_version": text(64),
    "text_sha256": text(64, r"[0-9a-f]{64}", 64),
    "channel": text(32, r"app|web|mini_program|call"),
    "given_at": text(32),
}
LEAD: Mapping[str, Check] = {
    "schema_version": text(1, "1"),
    "lead_no": _NUMBER,
    "product_code?": _NUMBER,
    "amount_fen": whole(20_000_000),
    "purpose": text(64, r"[a-z_]+"),
    "applicant": members(dict.fromkeys(("name", "identity_no", "mobile"), sealing.check)),
    "profile?": anything,
    "device?": anything,
    "behaviour?": anything,
    "score?": anything,
    "consents": several(members(_CONSENT), 1, 6),
    "return_url": _URL,
    "metadata?": labels,
    "encryption": anything,
}
_HASHED: Mapping[str, Check] = {"identity_no?": text(128), "mobile?": text(128)}
PRECHECK: Mapping[str, Check] = {"key": text(64), **_HASHED}
PRECHECKS: Mapping[str, Check] = {
    "key": text(64),
    "people": several(members(_HASHED), 1, 1_000),
}
SIGN: Mapping[str, Check] = {"url": _URL}
ENDPOINT: Mapping[str, Check] = {
    "url": _URL,
    "event_types?": several(text(64), 1, 50),
    "description?": text(200, least=0),
}
