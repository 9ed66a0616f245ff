"""What partners are told of their statements."""

from gateway.event_types import EventType
from gateway.schemas.statements import StatementSchema

EVENT_TYPES = (
    EventType(
        "statement.ready",
        "A statement's file can be fetched; a corrected one replaces the one before.",
        StatementSchema,
    ),
)
