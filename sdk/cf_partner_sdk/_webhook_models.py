"""Endpoints, deliveries and checks, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Optional

from ._instants import instant
from ._models import Model, OpenEnum, Reader, many


class EndpointState(OpenEnum):
    """Whether events are sent to an endpoint."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    """Nothing is sent; `disabled_reason` says why."""


class DisabledReason(OpenEnum):
    """Why nothing is sent to an endpoint."""

    BY_PARTNER = "by_partner"
    """You switched it off."""
    GONE = "gone"
    """It answered 410."""
    FAILING = "failing"
    """It took nothing for about three days."""


class DeliveryState(OpenEnum):
    """Where an event is on its way to an endpoint."""

    WAITING = "waiting"
    """It is tried, or tried again, at `next_at`."""
    DELIVERED = "delivered"
    PARKED = "parked"
    """Given up; `resend` sets it going again."""


class CheckState(OpenEnum):
    """Where the check of an endpoint is."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """The lender could not finish it: ask for another."""


class CheckVerdict(OpenEnum):
    """What a receiver's answer to one event of a check means."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    """It took what it must refuse."""
    REFUSED = "refused"
    """It refused what it must take."""
    NO_ANSWER = "no_answer"
    """Nothing was answered: nobody can tell."""
    NOT_SENT = "not_sent"


@dataclass(frozen=True)
class WebhookEndpoint(Model):
    """Where events are sent, and which: `("*",)` is all.

    `secret` is there once, when the endpoint is made with `standard_webhooks`: keep it.
    """

    id: str
    url: str
    event_types: tuple[str, ...]
    state: EndpointState
    description: Optional[str] = None
    disabled_reason: Optional[DisabledReason] = None
    disabled_at: Optional[datetime] = None
    failing_since: Optional[datetime] = None
    standard_webhooks: bool = False
    created_at: Optional[datetime] = None
    updated_at: Optional[datetime] = None
    secret: Optional[str] = field(default=None, repr=False)

    _readers: ClassVar[Mapping[str, Reader]] = {
        "event_types": many(str),
        "state": EndpointState,
        "disabled_reason": DisabledReason,
        "disabled_at": instant,
        "failing_since": instant,
        "created_at": instant,
        "updated_at": instant,
    }


@dataclass(frozen=True)
class EndpointSecret(Model):
    """A new secret for Standard Webhooks signatures; the one before is good until a moment."""

    endpoint_id: str
    secret: str = field(repr=False)
    old_valid_until: Optional[datetime] = None

    _readers: ClassVar[Mapping[str, Reader]] = {"old_valid_until": instant}


@dataclass(frozen=True)
class Delivery(Model):
    """An event on its way to an endpoint; `outcome` is that of the last try."""

    event_id: str
    event_type: str
    endpoint_id: str
    state: DeliveryState
    attempts: int = 0
    subject: Optional[str] = None
    next_at: Optional[datetime] = None
    outcome: Optional[str] = None

    _readers: ClassVar[Mapping[str, Reader]] = {"state": DeliveryState, "next_at": instant}


@dataclass(frozen=True)
class DeliveryAttempt(Model):
    """One try to deliver an event; `next_at` is when the next one was to follow, if any."""

    endpoint_id: Optional[str] = None
    number: Optional[int] = None
    at: Optional[datetime] = None
    status: Optional[int] = None
    outcome: Optional[str] = None
    duration_ms: Optional[int] = None
    event_id: Optional[str] = None
    event_type: Optional[str] = None
    next_at: Optional[datetime] = None

    _readers: ClassVar[Mapping[str, Reader]] = {"at": instant, "next_at": instant}


@dataclass(frozen=True)
class Resent(Model):
    """How many events are on their way again; with `more`, ask once more for the rest."""

    count: int
    more: bool = False


@dataclass(frozen=True)
class SignedPost(Model):
    """An event signed for a server on your own machine: post `body`, as UTF-8, with `headers`."""

    url: str
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True)
class EventType(Model):
    """A type of event: what it means, the JSON schema of its `data.object`, and an example."""

    type: str
    description: str
    schema: Mapping[str, Any] = field(default_factory=dict)
    example: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CheckResult(Model):
    """One event of a check: what was sent, what came back, and what that means."""

    name: str
    sent: str
    expected: str
    verdict: CheckVerdict
    says: str
    status: Optional[int] = None
    duration_ms: Optional[int] = None

    _readers: ClassVar[Mapping[str, Reader]] = {"verdict": CheckVerdict}


@dataclass(frozen=True)
class EndpointCheck(Model):
    """A report on whether a receiver takes what it should and nothing else.

    `safe` is None until the check is done. `limits` says what cannot be seen from outside.
    """

    id: str
    endpoint_id: str
    state: CheckState
    safe: Optional[bool] = None
    results: tuple[CheckResult, ...] = ()
    limits: Optional[str] = None
    created_at: Optional[datetime] = None
    finished_at: Optional[datetime] = None

    _readers: ClassVar[Mapping[str, Reader]] = {
        "state": CheckState,
        "results": many(CheckResult.from_json),
        "created_at": instant,
        "finished_at": instant,
    }
