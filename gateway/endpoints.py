"""What an endpoint is: its path, its schemas, who may call it, whose things it gives out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema

from gateway.caller import Caller
from gateway.context import GatewayContext
from gateway.fields import Choice, Text
from gateway.rate_model import RateGroup
from gateway.sealed_fields import Envelope
from gateway.versions import Ending
from lending.foundation.database import Tx
from lending.foundation.errors import Problem


@dataclass(frozen=True, slots=True)
class Call:
    """A verified and parsed call, in its unit of work."""

    tx: Tx
    context: GatewayContext
    caller: Caller
    path: Mapping[str, str]
    query: Mapping[str, Any]
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Those that the endpoint names, where they were sent; the signature covers them."""

    @property
    def partner_id(self) -> str:
        """Whose things may be read and changed: every query is bounded by it."""
        return self.caller.partner.id


@dataclass(frozen=True, slots=True)
class FileBody:
    """A body that is a file as it is, and no JSON."""

    types: tuple[str, ...]
    """Content types that it may be sent as."""
    bytes_max: int
    example: str
    """A short one of the first type."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered."""

    body: dict[str, Any] | bytes
    status: int = 200
    location: str | None = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    is_secret: bool = False
    """Kept sealed for those who ask again with the same key."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation of the API."""

    method: str
    path: str
    """In the router's form: `/v1/mall/orders/<order_id>`."""
    name: str
    summary: str
    act: Callable[[Call], Reply]
    function: str
    """Only partners who have been given this function may call it; others see no such path."""
    owner: str
    """By what a foreign thing is kept out: `none` (nothing is looked up) or `partner`."""
    request: Schema | None = None
    file: FileBody | None = None
    """What comes in, where it is a file: `act` gets its bytes as the body."""
    response: type[Schema] | None = None
    status: int = 200
    writes: bool = False
    before: Callable[[GatewayContext, Any], Any] | None = None
    """What takes long with a write's body, such as looking it up outside: no unit of work waits for
    it. `act` gets what it gives as the body."""
    query: Mapping[str, Text | Choice] = field(default_factory=dict)
    """Query parameters; any other is refused."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Request headers that mean something here, by lower-case name, and what they mean."""
    gives: str = "application/json"
    scope: str | None = None
    """Of an access token that opens this read; None where no token does."""
    group: RateGroup | None = None
    """Which limit it counts against, where it is not that of reads or of writes."""
    at_hand: Callable[[GatewayContext, str, Any], Reply | None] | None = None
    """For a read that rarely needs the database: what answers a partner's body from this process's
    memory; where that gives None, `act` does."""
    ending: Ending | None = None
    """That it will be taken away."""
    refusals: Sequence[type[Problem]] = ()
    """What `act` may refuse with, besides what the door itself refuses."""
    about: str = ""
    """What a developer has to know besides the summary, in Markdown."""

    @property
    def rate_group(self) -> RateGroup:
        """Which limit a call counts against."""
        return self.group or (RateGroup.WRITES if self.writes else RateGroup.READS)

    @property
    def needs_body(self) -> bool:
        """Whether a call without a body is refused: not where every field may be left out."""
        return self.request is not None and any(
            each.required for each in self.request.fields.values()
        )

    @property
    def takes_sealed(self) -> bool:
        """Whether some of what comes in has to be encrypted to us."""
        return self.request is not None and any(
            isinstance(each, Envelope) for each in self.request.fields.values()
        )
