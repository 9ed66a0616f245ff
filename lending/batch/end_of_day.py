"""The end of day: a list of named steps, each safe to repeat; the last moves the business date."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from lending.batch import store
from lending.batch.errors import BooksDoNotAgree, DayNotOver
from lending.finance import reconciliation
from lending.foundation import audit, business_day
from lending.foundation.clock import shanghai_date
from lending.foundation.database import Database, Tx
from lending.ledger import proof
from lending.ledger import service as ledger

Timings = dict[str, int]


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A date that was closed, and how long each step took, milliseconds."""

    business_date: date
    step_ms: Timings


def run(database: Database, day: date) -> ClosedDay | None:
    """Closes one business date; None when it is closed already or somebody else is at it.

    A crash anywhere is made good by running it again: sealing continues where it stopped, proving
    changes nothing, and closing moves the date in the unit of work that says so.

    Raises DayNotOver, and BooksDoNotAgree with every finding; the date stays open then.
    """
    timings: Timings = {}
    with database.unit_of_work() as tx:
        if business_day.today(tx) != day:
            return None
        if shanghai_date(tx.now) <= day:
            raise DayNotOver(f"{day} is not over in Shanghai")
    with _timed(timings, "seal"):
        _seal(database)
    with database.unit_of_work() as tx:
        if not store.lock(tx) or business_day.today(tx) != day:
            return None
        with _timed(timings, "prove"):
            _prove(tx)
        business_day.close(tx)
        store.insert_closed(tx, day, timings)
        audit.record(tx, audit.SYSTEM, "batch.close_day", day.isoformat())
    return ClosedDay(day, timings)


def catch_up(
    database: Database, *, told: Callable[[ClosedDay], None] | None = None
) -> list[ClosedDay]:
    """Closes every date that is over, in order and without a gap (P14).

    Raises BooksDoNotAgree at the first date whose books do not agree.
    """
    closed: list[ClosedDay] = []
    while True:
        with database.unit_of_work() as tx:
            day = business_day.today(tx)
            over = day < shanghai_date(tx.now)
        done = run(database, day) if over else None
        if done is None:
            return closed
        closed.append(done)
        if told:
            told(done)


def _seal(database: Database) -> None:
    """Chains the entries of the day (L9)."""
    while True:
        with database.unit_of_work() as tx:
            if proof.seal(tx) < proof.SEAL_AT_ONCE:
                return


def _prove(tx: Tx) -> None:
    """Journal whole, trial balance zero, sub-ledgers equal to their control accounts (L2, L11)."""
    findings = [
        *ledger.verify(tx),
        *(str(each) for each in reconciliation.sub_ledger_check(tx)),
    ]
    if findings:
        raise BooksDoNotAgree("; ".join(findings))


@contextmanager
def _timed(timings: Timings, step: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    timings[step] = int((time.monotonic() - begun) * 1000)
