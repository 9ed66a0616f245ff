"""Where a page of a list ends, so that the next one begins behind it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

Place = tuple[datetime, str]
"""Instant and id of a row."""


class Made(Protocol):
    """What is listed by when it was made."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def created_at(self) -> datetime:
        """When it was made."""


T = TypeVar("T", bound=Made)


def behind(place: Place | None) -> dict[str, Any]:
    """The parameters `at` and `id` of a statement that lists what comes behind a place.

    Both are null where the list begins.
    """
    at, row_id = place or (None, None)
    return {"at": at, "id": row_id}


def cut(found: Sequence[T], limit: int) -> tuple[Sequence[T], Place | None]:
    """A page of what was found, for which one more was asked, and where the next page begins."""
    page = found[:limit]
    return page, (page[-1].created_at, page[-1].id) if len(found) > limit else None
