"""The SQL of a loan's events and of how it stands."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from decimal import Decimal
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


_INSERT_EVENTS = """
INSERT INTO loan_event (loan_id, kind, happened_on, detail, source_id, entry_id, at)
SELECT e.loan_id, e.kind, e.happened_on, e.detail, e.source_id, e.entry_id, :now
FROM jsonb_array_elements(:events) WITH ORDINALITY AS t (one, number),
    jsonb_populate_record(CAST(NULL AS loan_event), t.one) AS e
ORDER BY t.number
"""


def insert_events(tx: Tx, happened: Sequence[tuple[str, Event, str, str | None]]) -> None:
    """Writes what happened: the loan, the event, its source, and its entry where it has one."""
    tx.run(
        _INSERT_EVENTS,
        events=json(
            [
                {
                    "loan_id": loan_id,
                    "kind": _NAMES[type(event)],
                    "happened_on": event.on.isoformat(),
                    "detail": _detail(event),
                    "source_id": source_id,
                    "entry_id": entry_id,
                }
                for loan_id, event, source_id, entry_id in happened
            ]
        ),
        now=tx.now,
    )


def _detail(event: Event) -> dict[str, Any]:
    values = {each.name: getattr(event, each.name) for each in fields(event) if each.name != "on"}
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in values.items()
    }


def events(tx: Tx, loan_id: str) -> list[Event]:
    """What has happened to a loan and was not taken back, in the order we heard of it."""
    return events_of(tx, [loan_id]).get(loan_id, [])


def events_of(tx: Tx, loan_ids: Sequence[str]) -> dict[str, list[Event]]:
    """As `events`, of many loans."""
    rows = tx.all(
        "SELECT loan_id, kind, happened_on, detail FROM loan_event WHERE loan_id = ANY (:ids)"
        " AND taken_back_at IS NULL ORDER BY seq",
        ids=list(loan_ids),
    )
    found: dict[str, list[Event]] = {}
    for row in rows:
        known = found.setdefault(row["loan_id"], [])
        known.append(_event(row["kind"], row["happened_on"], row["detail"]))
    return found


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
    f" SELECT {', '.join(_STANDING)}"
    " FROM jsonb_populate_recordset(CAST(NULL AS loan_standing), :standings)"
    " ON CONFLICT (loan_id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _STANDING if name != "loan_id")
)


def lock_standings(tx: Tx, loan_ids: Sequence[str]) -> dict[str, Standing]:
    """Locks the standings of loans, in the order in which the end of day does."""
    rows = tx.all(
        f"{_SELECT} WHERE loan_id = ANY (:ids) ORDER BY number FOR UPDATE", ids=list(loan_ids)
    )
    return {row["loan_id"]: Standing(**row) for row in rows}


def held_by_others(tx: Tx, loan_ids: Sequence[str]) -> set[str]:
    """Those of the loans whose standing somebody else has locked; locks all others."""
    rows = tx.all(
        "WITH free AS (SELECT loan_id FROM loan_standing WHERE loan_id = ANY (:ids)"
        "  ORDER BY number FOR UPDATE SKIP LOCKED)"
        " SELECT loan_id FROM loan_standing WHERE loan_id = ANY (:ids)"
        "  AND loan_id NOT IN (SELECT loan_id FROM free)",
        ids=list(loan_ids),
    )
    return {row["loan_id"] for row in rows}


def standings(tx: Tx, loan_ids: Sequence[str]) -> dict[str, Standing]:
    rows = tx.all(f"{_SELECT} WHERE loan_id = ANY (:ids)", ids=list(loan_ids))
    return {row["loan_id"]: Standing(**row) for row in rows}


def save_standing(tx: Tx, standing: Standing) -> None:
    save_standings(tx, [standing])


def save_standings(tx: Tx, kept: Sequence[Standing]) -> None:
    if kept:
        tx.run(_SAVE, standings=json([_stored(one) for one in kept]))


def _stored(standing: Standing) -> dict[str, Any]:
    return {name: _plain(getattr(standing, name)) for name in _STANDING}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, date | Decimal) else value


def delete_standings(tx: Tx, loan_ids: Sequence[str]) -> None:
    if loan_ids:
        tx.run("DELETE FROM loan_standing WHERE loan_id = ANY (:ids)", ids=list(loan_ids))
