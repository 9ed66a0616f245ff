"""What sandboxes tell of."""

from gateway.event_types import EventType
from gateway.schemas.sandbox import ClockSchema

EVENT_TYPES = (
    EventType(
        "sandbox.clock_ready",
        "The sandbox's clock is where you sent it.",
        ClockSchema,
        {"failure": None},
        subject="sandbox",
    ),
)
