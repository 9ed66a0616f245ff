"""Fields that take exactly what they say: no text as a number, no boolean as one."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields

VISIBLE = "visible-text"
"""The format of texts without control and invisible characters."""

MEMBERS = "x-enumDescriptions"
"""What each member of an enum means."""


def said(says: str, *examples: Any, **more: Any) -> dict[str, Any]:
    """The metadata of a field: what its description says of it, and values that it may have."""
    return {"description": says} | ({"examples": list(examples)} if examples else {}) | more


class Strict(Schema):
    """A schema that refuses unknown fields, nested too."""

    class Meta:
        """Refuses what it does not know."""

        unknown = RAISE
        ordered = False


class Whole(fields.Field[int]):
    """A whole number; never a text, a boolean or a fraction."""

    def __init__(self, *, least: int, most: int = 2**63 - 1, **options: Any) -> None:
        super().__init__(**options)
        self.least, self.most = least, most
        self.metadata = {**self.metadata, "minimum": least, "maximum": most, "format": "int64"}

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any
    ) -> int:
        if type(value) is not int:
            raise ValidationError("must be a whole number")
        if not self.least <= value <= self.most:
            raise ValidationError(f"must be from {self.least} to {self.most}")
        return value


class Text(fields.Field[str]):
    """A text without control or bidi characters; kept as given.

    `wants` tells a caller in words what `pattern` asks for.
    """

    def __init__(
        self,
        *,
        least: int = 1,
        most: int,
        pattern: str | None = None,
        wants: str = "",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.least, self.most, self.wants = least, most, wants
        self.pattern = re.compile(pattern, re.ASCII) if pattern else None
        bounds: dict[str, Any] = {"minLength": least, "maxLength": most}
        if pattern:
            bounds["pattern"] = f"^{pattern}$"
        self.metadata = {"format": VISIBLE, **self.metadata, **bounds}

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any
    ) -> str:
        if not isinstance(value, str):
            raise ValidationError("must be a text")
        if not self.least <= len(value) <= self.most:
            raise ValidationError(f"must have {self.least} to {self.most} characters")
        if any(unicodedata.category(c) in ("Cc", "Cf", "Co", "Cn") for c in value):
            raise ValidationError("must not hold control or invisible characters")
        if self.pattern and not self.pattern.fullmatch(value):
            raise ValidationError(f"must {self.wants or f'match {self.pattern.pattern}'}")
        return value


class Url(Text):
    """An absolute http or https URL without a user part."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            most=2000,
            pattern=r"https?://[^\s@/?#\\]+([/?#][!-~]*)?",
            wants="be an absolute http or https URL in ASCII, without a user part",
            **options,
        )
        self.metadata = {**self.metadata, "format": "uri"}


class Flag(fields.Field[bool]):
    """True or false; never a text or a number."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any
    ) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("must be true or false")
        return value


class Choice(fields.Field[str]):
    """One of a closed list of words, each with what it means."""

    def __init__(self, members: Mapping[str, str], **options: Any) -> None:
        super().__init__(**options)
        self.members = members
        self.metadata = {**self.metadata, "enum": list(members), MEMBERS: dict(members)}

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any
    ) -> str:
        if not isinstance(value, str) or value not in self.members:
            raise ValidationError(f"must be one of {', '.join(self.members)}")
        return value


class PageSize(Text):
    """How many rows a page has; kept as the text that the query holds."""

    def __init__(self) -> None:
        says = "Rows of a page, 1 to 200; 50 if it is left out."
        super().__init__(most=3, pattern="([1-9][0-9]?|1[0-9]{2}|200)", metadata=said(says, "100"))

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any
    ) -> str:
        try:
            return super()._deserialize(value, attr, data, **more)
        except ValidationError:
            raise ValidationError("must be a whole number from 1 to 200") from None


class Cursor(Text):
    """Where a page begins."""

    def __init__(self) -> None:
        says = (
            "`next_cursor` of the page before, as it came: it carries the filters, which must be"
            " sent again unchanged. Left out, the list begins with the newest."
        )
        super().__init__(least=0, most=4096, metadata=said(says))


def page() -> dict[str, Text]:
    """The query parameters of a list."""
    return {"cursor": Cursor(), "limit": PageSize()}


class Instant(Text):
    """An instant in RFC 3339, such as `2026-11-27T08:00:00Z`; loads as an aware `datetime`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            most=32,
            pattern=r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})",
            wants="be an instant such as 2026-11-27T08:00:00Z",
            **options,
        )
        self.metadata = {**self.metadata, "format": "date-time"}

    def _deserialize(  # type: ignore[override]
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **more: Any
    ) -> datetime:
        text = super()._deserialize(value, attr, data, **more)
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            raise ValidationError("must be an instant that there is") from None


def faults(messages: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """The JSON pointer and the sentence of each fault that marshmallow found."""
    if isinstance(messages, dict):
        for key, inner in messages.items():
            step = "" if key == "_schema" else f"/{str(key).replace('~', '~0').replace('/', '~1')}"
            yield from faults(inner, at + step)
    elif isinstance(messages, list):
        yield at, str(messages[0])
    else:
        yield at, str(messages)
