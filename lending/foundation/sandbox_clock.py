"""The clock of a sandbox: business runs ahead of the machine by whole days, which are stored.

What concerns the wire and the machine (signatures, nonces, tokens, rate limits, deliveries,
sessions) stays on the machine's clock, `Tx.machine_now`.
"""

import time

from lending.foundation.database import Tx

LOCK = 71120240319
PATIENCE_S = 10.0
PAUSE_S = 0.01


class SandboxBusy(RuntimeError):
    """Units of work that have read the clock stay open, so that it cannot be moved."""


def advance(tx: Tx, days: int) -> None:
    """Moves business on by `days`, and the jobs that wait for an instant with it.

    Whoever has read the clock commits first, and whoever reads it afterwards sees it moved: so no
    instant runs back. The lock is not queued for, because behind who queues nobody could read the
    clock. Raises SandboxBusy.
    """
    assert days > 0, days
    until = time.monotonic() + PATIENCE_S
    while not tx.scalar("SELECT pg_try_advisory_xact_lock(:lock)", lock=LOCK):
        if time.monotonic() > until:
            raise SandboxBusy
        time.sleep(PAUSE_S)
    tx.run(
        "INSERT INTO sandbox_clock (days) VALUES (:days)"
        " ON CONFLICT (is_it) DO UPDATE SET days = sandbox_clock.days + :days",
        days=days,
    )
    tx.run(
        "UPDATE procrastinate_jobs SET scheduled_at = scheduled_at - make_interval(days => :days)"
        " WHERE status = 'todo' AND scheduled_at IS NOT NULL",
        days=days,
    )
