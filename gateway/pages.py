"""Cursors: opaque, and good only for the list and the filters that they came from."""

import base64
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from gateway.errors import CursorRefused
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Row
from lending.foundation.places import Place

LIMIT = 50


def limit_of(query: Mapping[str, str]) -> int:
    """How many rows a page has."""
    return int(query.get("limit", LIMIT))


def place_of(
    keys: FieldKeys, query: Mapping[str, str], filters: Mapping[str, str | None]
) -> Place | None:
    """Where the page begins.

    Raises CursorRefused for a cursor that is not ours, or of other filters.
    """
    raw = query.get("cursor")
    if raw is None:
        return None
    try:
        sealed = base64.b64decode(raw + "=" * (-len(raw) % 4), altchars=b"-_", validate=True)
        mac, body = sealed[:16], sealed[16:]
        if _text(sealed) != raw or not hmac.compare_digest(mac, _mac(keys, body)):
            raise CursorRefused
        at, row_id, of = json.loads(body)
        place = datetime.fromisoformat(at), str(row_id)
    except ValueError:
        raise CursorRefused from None
    if of != dict(filters):
        raise CursorRefused("the cursor came from a list with other filters")
    return place


def cursor_of(
    keys: FieldKeys, place: Place | None, filters: Mapping[str, str | None]
) -> str | None:
    """The cursor of the next page; None behind the last."""
    if place is None:
        return None
    body = json.dumps([place[0].isoformat(), place[1], dict(filters)]).encode()
    return _text(_mac(keys, body) + body)


def page_of(
    keys: FieldKeys,
    query: Mapping[str, str],
    filters: Mapping[str, str | None],
    fetch: Callable[..., tuple[list[dict[str, Any]], Place | None]],
) -> dict[str, Any]:
    """The page that a query asks for; `fetch` takes `before` and `limit`.

    It returns what is on the page and the place that the next one begins behind.

    Raises CursorRefused for a cursor that is not ours, or of other filters.
    """
    found, following = fetch(before=place_of(keys, query, filters), limit=limit_of(query))
    return {"data": found, "next_cursor": cursor_of(keys, following, filters)}


def listed(
    keys: FieldKeys,
    filters: Mapping[str, str | None],
    rows: Sequence[Row],
    limit: int,
    *,
    by: tuple[str, str],
    view: Callable[[Row], dict[str, Any]],
) -> dict[str, Any]:
    """A page of rows, of which one more than its limit was asked for; `by` is what orders them."""
    page = rows[:limit]
    following = (page[-1][by[0]], page[-1][by[1]]) if len(rows) > limit else None
    return {
        "data": [view(row) for row in page],
        "next_cursor": cursor_of(keys, following, filters),
    }


def _text(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def _mac(keys: FieldKeys, body: bytes) -> bytes:
    return hmac.digest(keys.index_key, b"cursor|" + body, sha256)[:16]
