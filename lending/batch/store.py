"""The SQL of the end of day."""

from datetime import date

from lending.foundation.database import Row, Tx, json


def lock(tx: Tx) -> bool:
    """Whether nobody else runs an end of day at this moment."""
    return bool(tx.scalar("SELECT pg_try_advisory_xact_lock(7100004)"))


def insert_closed(tx: Tx, day: date, timings: dict[str, int]) -> None:
    tx.run(
        "INSERT INTO closed_day (business_date, step_ms, closed_at) VALUES (:day, :timings, :now)",
        day=day,
        timings=json(timings),
        now=tx.now,
    )


def closed(tx: Tx) -> list[Row]:
    return list(
        tx.all("SELECT business_date, step_ms, closed_at FROM closed_day ORDER BY business_date")
    )
