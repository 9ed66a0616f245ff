"""What a type of event is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema


@dataclass(frozen=True, slots=True)
class EventType:
    """A line of the catalogue."""

    name: str
    says: str
    """When it is sent, and what a partner does then."""
    carries: type[Schema]
    """What `data.object` is."""
    example: Mapping[str, Any] = field(default_factory=dict)
    """What differs from the schema's own example."""
    subject: str = "id"
    """The field of the object that events are kept in order by, or what stands for all of them."""

    def subject_of(self, carried: Mapping[str, Any]) -> str:
        """What an event that carries this is about."""
        return str(carried.get(self.subject, self.subject))
