"""Where a page of a list ends, so that the next one begins behind it."""

from datetime import datetime
from typing import Any

Place = tuple[datetime, str]
"""Instant and id of a row."""


def behind(place: Place | None) -> dict[str, Any]:
    """The parameters `at` and `id` of a statement that lists what comes behind a place.

    Both are null where the list begins.
    """
    at, row_id = place or (None, None)
    return {"at": at, "id": row_id}
