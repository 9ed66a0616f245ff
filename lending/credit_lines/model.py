"""Credit lines (额度): what a customer may owe at once; paying takes it, repaying gives it back."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class LineState(StrEnum):
    """Where a line is."""

    WAITING = "waiting"
    """Decided and signed; a guarantee that was asked for is not registered yet (STORE-4)."""
    OPEN = "open"
    """May be drawn on."""
    FROZEN = "frozen"
    """May not be drawn on for the time being; what was drawn is repaid as agreed."""
    CLOSED = "closed"
    """Never drawn on again. Final."""


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line as it was decided on."""

    customer_id: str
    application_id: str
    product_code: str
    product_version: int
    limit_fen: int
    scenes: dict[str, int]
    """The most that each kind of consumption may take, in fen; a kind left out takes nothing."""
    security_needed_fen: int = 0
    """The value of what must be registered before it opens; 0: it opens at once (STORE-4)."""


@dataclass(frozen=True, slots=True)
class Line:
    """A credit line."""

    id: str
    customer_id: str
    application_id: str
    product_code: str
    product_version: int
    state: LineState
    limit_fen: int
    raise_fen: int
    """On top of the limit, up to and on `raise_until`."""
    raise_until: date | None
    security_needed_fen: int
    exposure_fen: int
    """What it takes of what the borrower may owe in all (STORE-3): see `rules.exposure_fen`."""
    changes: int
    """How often what it takes was changed: each change is an entry of its own."""
    frozen_because: str
    review_due: date
    """From when on nothing is drawn until the line was reviewed (R-REASSESS-1Y)."""
    created_at: datetime
    opened_at: datetime | None

    def limit_on(self, day: date) -> int:
        """Limit and raise together, in fen; nothing once it is closed."""
        if self.state is LineState.CLOSED:
            return 0
        return self.limit_fen + self.raise_on(day)

    def raise_on(self, day: date) -> int:
        """What is added to the limit, and to that of each scene, in fen."""
        return self.raise_fen if self.raise_until is not None and day <= self.raise_until else 0


@dataclass(frozen=True, slots=True)
class SceneStanding:
    """How much of a line one kind of consumption takes."""

    scene: str
    limit_fen: int
    used_fen: int
    held_fen: int
    available_fen: int
    """Of this kind; the line as a whole may have less. Only an open line can be drawn on."""


@dataclass(frozen=True, slots=True)
class LineStanding:
    """A line at one instant: used, held and available make up the limit (P12).

    Unless more is used than a limit that was lowered; then nothing is available.
    """

    line: Line
    limit_fen: int
    used_fen: int
    held_fen: int
    available_fen: int
    scenes: tuple[SceneStanding, ...]


class SecurityKind(StrEnum):
    """What backs a line."""

    MORTGAGE = "mortgage"
    """抵押: a thing that stays with the customer, registered with its office."""
    PLEDGE = "pledge"
    """质押: a thing or right that is handed over."""
    GUARANTOR = "guarantor"
    """保证: a person who answers for the debt, and signs for it."""
    INSURANCE = "insurance"
    """保证保险: a policy that pays when the customer does not."""


class SecurityState(StrEnum):
    """Where it is."""

    OFFERED = "offered"
    """Named by the customer; a guarantor has not signed yet."""
    SIGNED = "signed"
    """The guarantor has signed."""
    REGISTERED = "registered"
    """Valued and registered: it counts."""
    REJECTED = "rejected"
    """Not taken. Final."""
    RELEASED = "released"
    """Given back. Final."""


@dataclass(frozen=True, slots=True)
class Security:
    """One thing or person that backs a line."""

    id: str
    line_id: str
    kind: SecurityKind
    state: SecurityState
    description: str
    valued_fen: int | None
    registration_no: str
    guarantor_id: str | None
    token_sealed: bytes | None
    because: str
    created_at: datetime
