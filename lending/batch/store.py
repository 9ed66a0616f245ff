"""The SQL of the end of day itself: its work, its failures, the dates it closed."""

from collections.abc import Sequence
from datetime import date

from lending.batch.model import Failure
from lending.foundation.database import Row, Tx, json
from lending.foundation.spans import Span


def lock(tx: Tx) -> None:
    """Lets one transaction at a time lay work out or close a date."""
    tx.scalar("SELECT pg_advisory_xact_lock(7100004)")


def insert_work(tx: Tx, day: date, step: str, spans: Sequence[Span]) -> None:
    """Lays out the work of a step, after what is there of it."""
    tx.run(
        "INSERT INTO eod_work (business_date, step, part, first_number, last_number)"
        " SELECT :day, :step, at + (SELECT count(*) FROM eod_work"
        "  WHERE business_date = :day AND step = :step), first, last"
        " FROM unnest(CAST(:firsts AS bigint[]), CAST(:lasts AS bigint[])) WITH ORDINALITY"
        "  AS t (first, last, at)",
        day=day,
        step=step,
        firsts=[span.first for span in spans],
        lasts=[span.last for span in spans],
    )


def insert_again(tx: Tx, day: date, step: str) -> None:
    """Lays a step that is not by loan out once more, unless it waits to be done."""
    tx.run(
        "INSERT INTO eod_work (business_date, step, part, first_number, last_number)"
        " SELECT :day, :step, max(part) + 1, 0, 0 FROM eod_work"
        " WHERE business_date = :day AND step = :step"
        " HAVING count(*) = count(done_at)",
        day=day,
        step=step,
    )


def has_work(tx: Tx, day: date) -> bool:
    return bool(tx.scalar("SELECT EXISTS (SELECT FROM eod_work WHERE business_date = :d)", d=day))


def claim(tx: Tx, day: date, step: str) -> tuple[int, Span] | None:
    """A part of a step that nobody does at the moment, locked until this unit of work ends."""
    row = tx.maybe(
        "SELECT part, first_number, last_number FROM eod_work WHERE business_date = :day"
        " AND step = :step AND done_at IS NULL ORDER BY part LIMIT 1 FOR UPDATE SKIP LOCKED",
        day=day,
        step=step,
    )
    return (row["part"], Span(row["first_number"], row["last_number"])) if row else None


def mark(tx: Tx, day: date, step: str, part: int, touched: int) -> None:
    tx.run(
        "UPDATE eod_work SET done_at = :now, touched = :touched"
        " WHERE business_date = :day AND step = :step AND part = :part",
        day=day,
        step=step,
        part=part,
        touched=touched,
        now=tx.now,
    )


def progress(tx: Tx, day: date, step: str) -> Row:
    """How many parts a step has, how many are done, and what they touched."""
    return tx.one(
        "SELECT count(*) AS parts, count(done_at) AS done,"
        " coalesce(sum(touched), 0)::bigint AS touched FROM eod_work"
        " WHERE business_date = :day AND step = :step",
        day=day,
        step=step,
    )


def insert_failure(tx: Tx, day: date, step: str, loan: Row, reason: str) -> None:
    tx.run(
        "INSERT INTO eod_failure (business_date, step, number, loan_id, reason, at)"
        " VALUES (:day, :step, :number, :loan_id, :reason, :now) ON CONFLICT DO NOTHING",
        day=day,
        step=step,
        number=loan["number"],
        loan_id=loan["loan_id"],
        reason=reason,
        now=tx.now,
    )


def failures(tx: Tx, day: date) -> list[Failure]:
    rows = tx.all(
        "SELECT step, loan_id, reason FROM eod_failure WHERE business_date = :day"
        " ORDER BY number, step",
        day=day,
    )
    return [Failure(**row) for row in rows]


def take_failures(tx: Tx, day: date) -> list[Row]:
    """The loans and steps that failed, taken off the list to be tried again."""
    return list(
        tx.all("DELETE FROM eod_failure WHERE business_date = :day RETURNING step, number", day=day)
    )


def insert_closed(tx: Tx, day: date, timings: dict[str, int]) -> None:
    tx.run(
        "INSERT INTO closed_day (business_date, step_ms, closed_at) VALUES (:day, :timings, :now)",
        day=day,
        timings=json(timings),
        now=tx.now,
    )


def claim_closed(tx: Tx) -> date | None:
    """The oldest closed date that is not followed yet, locked until this unit of work ends."""
    found: date | None = tx.scalar(
        "SELECT business_date FROM closed_day WHERE followed_at IS NULL"
        " ORDER BY business_date LIMIT 1 FOR UPDATE"
    )
    return found


def mark_followed(tx: Tx, day: date, timings: dict[str, int]) -> None:
    tx.run(
        "UPDATE closed_day SET followed_at = :now, step_ms = step_ms || :timings"
        " WHERE business_date = :day",
        day=day,
        timings=json(timings),
        now=tx.now,
    )


def closed(tx: Tx, limit: int | None = None) -> list[Row]:
    """The dates that were closed, the newest first."""
    return list(
        tx.all(
            "SELECT business_date, step_ms, closed_at FROM closed_day"
            " ORDER BY business_date DESC LIMIT :limit",
            limit=limit,
        )
    )


def steps_of(tx: Tx, day: date) -> list[Row]:
    """How far each step of a date's end is, in the order in which they were laid out."""
    return list(
        tx.all(
            "SELECT step, count(*) AS parts, count(done_at) AS done,"
            " coalesce(sum(touched), 0)::bigint AS touched FROM eod_work"
            " WHERE business_date = :day GROUP BY step ORDER BY min(done_at) NULLS LAST, step",
            day=day,
        )
    )
