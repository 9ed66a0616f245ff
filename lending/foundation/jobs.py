"""What runs later: jobs are rows in the same database and commit with the work that asked for them.

A handler is registered under a name by each module's `jobs.py` and run by the process that works
its queue. Handlers must be safe to run twice: a killed worker's jobs are run again.
"""

from datetime import datetime
from typing import Any

import procrastinate
from procrastinate.tasks import configure_task

from lending.foundation.database import Tx

CORE = "core"
"""Queue of decisions and payouts."""
POSTLOAN = "postloan"
"""Queue of repayments and deliveries."""
SANDBOX = "sandbox"
"""Queue of what a sandbox's owner asks for: its clock moved, a buyer played."""

_deferrer = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())


def enqueue(
    tx: Tx,
    name: str,
    *,
    queue: str,
    lock: str | None = None,
    at: datetime | None = None,
    **arguments: Any,
) -> None:
    """Asks for the job `name` in the caller's unit of work.

    Jobs with the same `lock` run one after another; `at` is the earliest instant of business.
    """
    configure_task(
        name=name,
        job_manager=_deferrer.job_manager,
        queue=queue,
        lock=lock,
        schedule_at=tx.by_machine(at) if at else None,
        connection=tx.driver,
    ).defer(**arguments)


def wake(tx: Tx) -> None:
    """Has workers look again, once this commits, for jobs whose instant was moved."""
    for queue in (CORE, POSTLOAN):
        tx.run(
            "SELECT pg_notify(:channel, :payload)",
            channel=f"procrastinate_queue_v1#{queue}",
            payload='{"type": "job_inserted", "job_id": 0}',
        )
