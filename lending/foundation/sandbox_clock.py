"""The clock of a sandbox: business runs ahead of the machine by whole days, which are stored.

What concerns the wire and the machine (signatures, nonces, tokens, rate limits, deliveries,
sessions) stays on the machine's clock, `Tx.machine_now`.
"""

import time
from dataclasses import dataclass

from lending.foundation import jobs
from lending.foundation.database import Tx

LOCK = 71120240319
PATIENCE_S = 10.0
PAUSE_S = 0.01


class SandboxBusy(RuntimeError):
    """Units of work that have read the clock stay open, so that it cannot be moved."""


@dataclass(frozen=True, slots=True)
class SandboxClock:
    """How far a sandbox is ahead, and how far it was asked to be."""

    days: int = 0
    days_to: int = 0
    is_advancing: bool = False
    """Whether it is on its way, or the last date on it has not ended yet."""
    failure: str = ""
    """Why it stopped before it came there; empty if it did not."""


def days(tx: Tx) -> int:
    """How many days business is ahead; they stay so until this unit of work ends."""
    return int(tx.scalar("SELECT sandbox_clock_days()"))


def read(tx: Tx, *, lock: bool = False) -> SandboxClock:
    """The clock; with `lock` nobody else asks for more or stops it meanwhile."""
    if lock:
        tx.run("INSERT INTO sandbox_clock (days, days_to) VALUES (0, 0) ON CONFLICT DO NOTHING")
        row = tx.maybe("SELECT days, days_to, is_advancing, failure FROM sandbox_clock FOR UPDATE")
    else:
        row = tx.maybe("SELECT days, days_to, is_advancing, failure FROM sandbox_clock")
    return SandboxClock(**row) if row else SandboxClock()


def ask(tx: Tx, more: int) -> None:
    """Puts on record that the clock, locked by `read`, is to go on by so many days."""
    tx.run(
        "UPDATE sandbox_clock SET days_to = days + :more, is_advancing = true, failure = ''",
        more=more,
    )


def stop(tx: Tx, failure: str = "") -> None:
    """Says that the clock is where it was asked to be or, for a reason, that it goes no further."""
    tx.run(
        "UPDATE sandbox_clock SET days_to = days, is_advancing = false, failure = :failure",
        failure=failure,
    )


def advance(tx: Tx) -> None:
    """Moves business on by a day, and the jobs that wait for an instant with it.

    Whoever has read the clock commits first, and whoever reads it afterwards sees it moved: so no
    instant runs back. The lock is not queued for, because behind who queues nobody could read the
    clock. Raises SandboxBusy.
    """
    until = time.monotonic() + PATIENCE_S
    while not tx.scalar("SELECT pg_try_advisory_xact_lock(:lock)", lock=LOCK):
        if time.monotonic() > until:
            raise SandboxBusy("the sandbox is too busy for its clock to be moved")
        time.sleep(PAUSE_S)
    tx.run(
        "INSERT INTO sandbox_clock (days, days_to) VALUES (1, 1) ON CONFLICT (is_it) DO UPDATE"
        " SET days = sandbox_clock.days + 1,"
        " days_to = greatest(sandbox_clock.days_to, sandbox_clock.days + 1)"
    )
    tx.run(
        "UPDATE procrastinate_jobs SET scheduled_at = scheduled_at - interval '1 day'"
        " WHERE status = 'todo' AND scheduled_at IS NOT NULL"
    )
    jobs.wake(tx)
