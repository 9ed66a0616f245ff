"""The SQL of the register of test tenants, which is in the main database."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lending.foundation import jobs
from lending.foundation.database import Tx

TOUCHED_ANEW = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Tenant:
    """A test tenant: an installation in a database of its own."""

    name: str
    app_id: str
    """Of its owner."""
    generation: int
    """Goes up by one with each reset."""
    database_name: str
    state: str
    """`ready`, or `resetting` until the next generation is made."""
    used_at: datetime

    @property
    def installation(self) -> str:
        """As the institutions know it."""
        return f"{self.name}.{self.generation}"


_COLUMNS = "name, app_id, generation, database_name, state, used_at"


def insert(tx: Tx, name: str, app_id: str, database_name: str) -> None:
    tx.run(
        "INSERT INTO sandbox_tenant (name, app_id, generation, database_name, state, created_at,"
        " used_at) VALUES (:name, :app_id, 1, :database_name, 'ready', :now, :now)",
        name=name,
        app_id=app_id,
        database_name=database_name,
        now=tx.machine_now,
    )


def tenant(tx: Tx, name: str) -> Tenant | None:
    row = tx.maybe(f"SELECT {_COLUMNS} FROM sandbox_tenant WHERE name = :name", name=name)  # noqa: S608  our own names
    return Tenant(**row) if row else None


def tenants(tx: Tx) -> list[Tenant]:
    return [Tenant(**row) for row in tx.all(f"SELECT {_COLUMNS} FROM sandbox_tenant ORDER BY name")]  # noqa: S608  our own names


def touch(tx: Tx, name: str) -> None:
    """Notes that a tenant is used, now and then."""
    tx.run(
        "UPDATE sandbox_tenant SET used_at = :now WHERE name = :name AND used_at < :before",
        name=name,
        now=tx.machine_now,
        before=tx.machine_now - TOUCHED_ANEW,
    )


def ask_reset(tx: Tx, name: str, generation: int) -> None:
    """Has the generation replaced, if it is still the one that is in use."""
    tx.run(
        "UPDATE sandbox_tenant SET state = 'resetting' WHERE name = :name"
        " AND generation = :generation",
        name=name,
        generation=generation,
    )


def set_generation(tx: Tx, name: str, generation: int, database_name: str) -> None:
    tx.run(
        "UPDATE sandbox_tenant SET generation = :generation, database_name = :database_name,"
        " state = 'ready' WHERE name = :name AND generation < :generation",
        name=name,
        generation=generation,
        database_name=database_name,
    )


def delete(tx: Tx, name: str) -> None:
    tx.run("DELETE FROM sandbox_tenant WHERE name = :name", name=name)


_QUEUES = [jobs.CORE, jobs.POSTLOAN]


def jobs_due(tx: Tx) -> int:
    """Jobs of business that are being done or could be."""
    return int(
        tx.scalar(
            "SELECT count(*) FROM procrastinate_jobs WHERE queue_name = ANY (:queues)"
            " AND (status = 'doing' OR (status = 'todo'"
            " AND (scheduled_at IS NULL OR scheduled_at <= :now)))",
            queues=_QUEUES,
            now=tx.machine_now,
        )
    )


def bring_questions_near(tx: Tx) -> int:
    """Has payments that are not known to have ended asked about now, not later this day; how many.

    What else waits for an instant, such as the end of an offer, waits for it.
    """
    found = tx.touched(
        "UPDATE procrastinate_jobs SET scheduled_at = :now"
        " WHERE task_name IN ('loans.send', 'repayments.send')"
        " AND status = 'todo' AND scheduled_at > :now AND scheduled_at <= :now + interval '1 day'",
        now=tx.machine_now,
    )
    if found:
        jobs.wake(tx)
    return found


def repayments_under_way(tx: Tx, order_id: str) -> int:
    """Repayments of an order's loan that have not ended."""
    return int(
        tx.scalar(
            "SELECT count(*) FROM repayment r JOIN loan l ON l.id = r.loan_id"
            " WHERE l.subject = :order_id AND r.state IN ('held', 'unknown')",
            order_id=order_id,
        )
    )
