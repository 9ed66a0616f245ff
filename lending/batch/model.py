"""Steps, their work, and what is told of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from lending.foundation.context import Context
from lending.foundation.database import Tx
from lending.foundation.spans import Span

Timings = dict[str, int]


@dataclass(frozen=True, slots=True)
class Day:
    """The date that ends, and what its end has at hand."""

    closing: date
    context: Context

    @property
    def following(self) -> date:
        """The date that begins."""
        return self.closing + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the end of day, safe to run again."""

    name: str
    run: Callable[[Tx, Day, Span, Any], int]
    """Does it on a span of open loans, or once where it is not `by_loan`; how many it touched."""
    by_loan: bool = True
    of_date: bool = False
    """Says something of the whole date: done anew when a loan comes later."""
    fetch: Callable[[Day], Any] = lambda _: None
    """What it needs of the outside, asked for before its unit of work begins."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a step is."""

    day: date
    step: str
    done: int
    parts: int
    touched: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A loan that a step failed on."""

    step: str
    loan_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A date that was closed, and how long each step took, milliseconds."""

    business_date: date
    step_ms: Timings
    touched: dict[str, int]
    """How many loans, or rows, each step changed."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What the end of the open date would touch, by step: loans, or rows."""

    business_date: date
    touched: dict[str, int]
