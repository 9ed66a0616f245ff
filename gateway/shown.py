"""Fields of answers, each with what its reader has to know: meaning, unit, bounds, an example."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from gateway.fields import MEMBERS, said

INT64_MAX = 2**63 - 1
INSTANT, DAY = "2026-11-27T08:30:00.000Z", "2026-11-27"
UUID_CHARS = "gezdgnbvgy3tqojqgezdgnbvgy"
"""The random part of every id in an example."""
RATE = r"^-?[0-9]+(\.[0-9]+)?$"
UNITS = {
    "day": "Days.",
    "week": "Weeks.",
    "month": "Months; from the 31st on the last day of a shorter month.",
}
"""What the time from one instalment to the next is counted in."""


class Answer(Schema):
    """A schema of answers: fields may be added to it in time, and partners let them pass."""


def text(says: str, example: str, *, nullable: bool = False, **more: Any) -> fields.String:
    """A text."""
    return fields.String(required=True, allow_none=nullable, metadata=said(says, example, **more))


def fen(says: str, example: int, *, least: int = 0) -> fields.Integer:
    """An amount in whole fen."""
    return whole(f"{says} In fen.", example, least=least)


def whole(
    says: str, example: int | None, *, least: int = 0, most: int = INT64_MAX, nullable: bool = False
) -> fields.Integer:
    """A whole number."""
    metadata = said(says, example, minimum=least, maximum=most, format="int64")
    return fields.Integer(required=True, allow_none=nullable, metadata=metadata)


def rate(says: str, example: str) -> fields.String:
    """A rate as a decimal text: `0.1440` is 14.40 %."""
    metadata = said(f"{says} A decimal text: `0.144` is 14.4 %.", example, pattern=RATE)
    return fields.String(required=True, metadata=metadata)


def instant(says: str, *, nullable: bool = False) -> fields.String:
    """An instant, RFC 3339 in UTC."""
    metadata = said(f"{says} RFC 3339, UTC.", INSTANT, format="date-time")
    return fields.String(required=True, allow_none=nullable, metadata=metadata)


def day(says: str, *, nullable: bool = False) -> fields.String:
    """A business date, in Asia/Shanghai."""
    metadata = said(f"{says} A date in Asia/Shanghai.", DAY, format="date")
    return fields.String(required=True, allow_none=nullable, metadata=metadata)


def url(says: str, example: str, *, nullable: bool = False) -> fields.String:
    """An absolute URL."""
    return text(says, example, nullable=nullable, format="uri")


def example_id(prefix: str) -> str:
    """The id that stands in every example."""
    return f"{prefix}_{UUID_CHARS}"


def id_(prefix: str, says: str, *, nullable: bool = False) -> fields.String:
    """An id with its type prefix."""
    return text(says, example_id(prefix), nullable=nullable, pattern=f"^{prefix}_[a-z0-9]+$")


def flag(says: str, *, example: bool) -> fields.Boolean:
    """Yes or no."""
    return fields.Boolean(required=True, metadata=said(says, example))


def one_of(
    members: Mapping[str, str], says: str, example: str | None = None, *, nullable: bool = False
) -> fields.String:
    """One of a list of words, each with its meaning; more may be added in time."""
    named = [*members, None] if nullable else list(members)
    metadata = said(says, example or next(iter(members)), enum=named)
    return fields.String(
        required=True, allow_none=nullable, metadata=metadata | {MEMBERS: dict(members)}
    )


def nested(schema: type[Schema], says: str, *, nullable: bool = False) -> fields.Nested:
    """An object of its own."""
    return fields.Nested(schema, required=True, allow_none=nullable, metadata=said(says))


def many(inner: fields.Field[Any] | type[Schema], says: str, **more: Any) -> fields.List[Any]:
    """A list."""
    of = inner if isinstance(inner, fields.Field) else fields.Nested(inner)
    return fields.List(of, required=True, metadata=said(says, **more))


def next_cursor() -> fields.String:
    """What leads to the next page of a list."""
    says = "Send it as `cursor` to get the next page; null behind the last."
    return fields.String(required=True, allow_none=True, metadata=said(says, None))
