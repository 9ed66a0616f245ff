"""The SQL of a loan's events and of how it stands."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import date
from typing import Any

from lending.engine.events import (
    Claimed,
    DueDatesMoved,
    Event,
    FeeCharged,
    GoodsReturned,
    Paid,
    PaidOff,
    PartPrepaid,
    Waived,
    WrittenOff,
)
from lending.foundation.database import Row, Tx, json
from lending.loans.model import Standing

KINDS: dict[str, type[Event]] = {
    "paid": Paid,
    "paid_off": PaidOff,
    "part_prepaid": PartPrepaid,
    "goods_returned": GoodsReturned,
    "due_dates_moved": DueDatesMoved,
    "waived": Waived,
    "fee_charged": FeeCharged,
    "written_off": WrittenOff,
    "claimed": Claimed,
}
_NAMES = {kind: name for name, kind in KINDS.items()}
_STANDING = tuple(field.name for field in fields(Standing))


def insert_event(tx: Tx, loan_id: str, event: Event, source_id: str) -> None:
    detail = {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in asdict(event).items()
        if name != "on"
    }
    tx.run(
        "INSERT INTO loan_event (loan_id, kind, happened_on, detail, source_id, at)"
        " VALUES (:loan_id, :kind, :on, :detail, :source_id, :now)",
        loan_id=loan_id,
        kind=_NAMES[type(event)],
        on=event.on,
        detail=json(detail),
        source_id=source_id,
        now=tx.now,
    )


def events(tx: Tx, loan_id: str, *, without: str = "") -> list[Event]:
    """What has happened to a loan and was not taken back, in the order we heard of it."""
    rows = tx.all(
        "SELECT kind, happened_on, detail FROM loan_event WHERE loan_id = :id"
        " AND taken_back_at IS NULL AND source_id <> :without ORDER BY seq",
        id=loan_id,
        without=without,
    )
    return [_event(row["kind"], row["happened_on"], row["detail"]) for row in rows]


def events_known(tx: Tx, loan_id: str, day: date) -> list[Event]:
    """As `events`, for a shared loan: those that were booked by a date and not taken back by then.

    Every booking of a shared loan is a movement, with the date that it was booked on.
    """
    rows = tx.all(
        "SELECT e.kind, e.happened_on, e.detail FROM loan_event e WHERE e.loan_id = :id"
        " AND NOT EXISTS (SELECT FROM share_movement m WHERE m.loan_id = :id"
        "  AND m.source_id = e.source_id AND m.business_date > :day"
        "  AND m.kind <> 'loan.reallocated')"
        " AND (e.taken_back_at IS NULL OR EXISTS (SELECT FROM share_movement m"
        "  WHERE m.loan_id = :id AND m.source_id = e.source_id AND m.business_date > :day"
        "  AND m.kind = 'loan.reallocated')) ORDER BY e.seq",
        id=loan_id,
        day=day,
    )
    return [_event(row["kind"], row["happened_on"], row["detail"]) for row in rows]


def _event(kind: str, on: date, detail: dict[str, Any]) -> Event:
    if "first_due" in detail:
        detail = {**detail, "first_due": date.fromisoformat(detail["first_due"])}
    return KINDS[kind](on=on, **detail)


def event_row(tx: Tx, loan_id: str, source_id: str) -> Row | None:
    return tx.maybe(
        "SELECT kind, happened_on, entry_id, taken_back_at FROM loan_event"
        " WHERE loan_id = :loan_id AND source_id = :source_id",
        loan_id=loan_id,
        source_id=source_id,
    )


def set_event_entry(tx: Tx, source_id: str, entry_id: str | None) -> None:
    tx.run(
        "UPDATE loan_event SET entry_id = :entry_id WHERE source_id = :source_id",
        entry_id=entry_id,
        source_id=source_id,
    )


def take_back(tx: Tx, source_id: str, because: str) -> None:
    tx.run(
        "UPDATE loan_event SET taken_back_at = :now, taken_back_because = :because"
        " WHERE source_id = :source_id",
        source_id=source_id,
        because=because,
        now=tx.now,
    )


_SELECT = f"SELECT {', '.join(_STANDING)} FROM loan_standing"  # noqa: S608  names of fields
_SAVE = (
    f"INSERT INTO loan_standing ({', '.join(_STANDING)})"  # noqa: S608  names of fields
    f" VALUES ({', '.join(f':{name}' for name in _STANDING)})"
    " ON CONFLICT (loan_id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _STANDING if name != "loan_id")
)


def lock_standing(tx: Tx, loan_id: str) -> Standing | None:
    row = tx.maybe(f"{_SELECT} WHERE loan_id = :id FOR UPDATE", id=loan_id)
    return Standing(**row) if row else None


def standings(tx: Tx, loan_ids: Sequence[str]) -> dict[str, Standing]:
    rows = tx.all(f"{_SELECT} WHERE loan_id = ANY (:ids)", ids=list(loan_ids))
    return {row["loan_id"]: Standing(**row) for row in rows}


def save_standing(tx: Tx, standing: Standing) -> None:
    tx.run(_SAVE, **asdict(standing))


def delete_standing(tx: Tx, loan_id: str) -> None:
    tx.run("DELETE FROM loan_standing WHERE loan_id = :id", id=loan_id)
