"""What an operator wants to know of the ends of day."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from lending.batch import store
from lending.batch.model import Failure
from lending.finance import overview as finance
from lending.foundation import business_day
from lending.foundation.database import Row, Tx

DAYS_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Overview:
    """The open date, what stops it from closing, and the dates closed last."""

    open_date: date
    steps: tuple[Row, ...]
    """Of the open date's end, where it has begun: step, parts, parts done."""
    failures: tuple[Failure, ...]
    closed: tuple[dict[str, Any], ...]
    """The newest first, each with its seconds and its slowest step."""
    portfolio: tuple[Row, ...]
    """Of the date closed last, by product, grade and bucket."""
    bank_differences: tuple[Row, ...]
    document_differences: tuple[Row, ...]


def overview(tx: Tx) -> Overview:
    """How the ends of day stand."""
    today = business_day.today(tx)
    closed = [_told(row) for row in store.closed(tx, DAYS_SHOWN)]
    return Overview(
        open_date=today,
        steps=tuple(store.steps_of(tx, today)),
        failures=tuple(store.failures(tx, today)),
        closed=tuple(closed),
        portfolio=tuple(finance.portfolio(tx, closed[0]["business_date"]) if closed else ()),
        bank_differences=tuple(finance.bank_differences(tx)),
        document_differences=tuple(finance.document_differences(tx)),
    )


def _told(row: Row) -> dict[str, Any]:
    steps: dict[str, int] = row["step_ms"]
    slowest = max(steps, key=lambda name: steps[name])
    return {
        "business_date": row["business_date"],
        "closed_at": row["closed_at"],
        "total_ms": sum(steps.values()),
        "slowest": slowest,
        "slowest_ms": steps[slowest],
    }
