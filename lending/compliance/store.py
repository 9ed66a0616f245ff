"""The SQL of compliance."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from lending.compliance.model import JourneyStep, Parameter, Showing
from lending.foundation import ids
from lending.foundation.database import Row, Tx, json

SHOWING_BY_ID = """
    SELECT id, application_id, table_shown, table_sha256, shown_at, scrolled_at, confirmed_at
    FROM cost_table_showing WHERE id = :id"""
SHOWING_LOCKED = """
    SELECT id, application_id, table_shown, table_sha256, shown_at, scrolled_at, confirmed_at
    FROM cost_table_showing WHERE id = :id FOR UPDATE"""


def parameters_on(tx: Tx, on: date) -> list[Parameter]:
    rows = tx.all(
        "SELECT code, value, valid_from, valid_to, source, confidence FROM regulation_parameter"
        " WHERE valid_from <= :on AND (valid_to IS NULL OR valid_to >= :on) ORDER BY code",
        on=on,
    )
    return [Parameter(**row) for row in rows]


def parameter_history(tx: Tx, code: str) -> list[Parameter]:
    rows = tx.all(
        "SELECT code, value, valid_from, valid_to, source, confidence FROM regulation_parameter"
        " WHERE code = :code ORDER BY valid_from",
        code=code,
    )
    return [Parameter(**row) for row in rows]


def insert_parameters(tx: Tx, parameters: Sequence[Parameter]) -> None:
    tx.run_many(
        "INSERT INTO regulation_parameter (code, value, valid_from, valid_to, source, confidence)"
        " VALUES (:code, :value, :valid_from, :valid_to, :source, :confidence)"
        " ON CONFLICT (code, valid_from) DO NOTHING",
        [asdict(each) for each in parameters],
    )


def parameters_known(tx: Tx) -> set[str]:
    rows = tx.all("SELECT DISTINCT code FROM regulation_parameter")
    return {str(row["code"]) for row in rows}


def lock_parameters(tx: Tx) -> None:
    """Makes others who write parameters wait."""
    tx.run("LOCK TABLE regulation_parameter IN SHARE ROW EXCLUSIVE MODE")


def end_parameter(tx: Tx, code: str, last_day: date) -> int:
    return tx.touched(
        "UPDATE regulation_parameter SET valid_to = :last_day"
        " WHERE code = :code AND valid_from <= :last_day AND valid_to IS NULL",
        code=code,
        last_day=last_day,
    )


def insert_showing(tx: Tx, *, application_id: str, table: dict[str, Any], table_sha256: str) -> str:
    showing_id = ids.new("cts")
    tx.run(
        "INSERT INTO cost_table_showing (id, application_id, table_shown, table_sha256, shown_at)"
        " VALUES (:id, :application_id, :table_shown, :sha256, :now)",
        id=showing_id,
        application_id=application_id,
        table_shown=json(table),
        sha256=table_sha256,
        now=tx.now,
    )
    return showing_id


def showing(tx: Tx, showing_id: str, *, lock: bool = False) -> Showing | None:
    row = tx.maybe(SHOWING_LOCKED if lock else SHOWING_BY_ID, id=showing_id)
    return _showing(row) if row else None


def _showing(row: Row) -> Showing:
    return Showing(
        id=row["id"],
        application_id=row["application_id"],
        table=row["table_shown"],
        table_sha256=row["table_sha256"],
        shown_at=row["shown_at"],
        scrolled_at=row["scrolled_at"],
        confirmed_at=row["confirmed_at"],
    )


def set_scrolled(tx: Tx, showing_id: str) -> int:
    return tx.touched(
        "UPDATE cost_table_showing SET scrolled_at = coalesce(scrolled_at, :now) WHERE id = :id",
        id=showing_id,
        now=tx.now,
    )


def set_confirmed(tx: Tx, showing_id: str) -> int:
    return tx.touched(
        "UPDATE cost_table_showing SET confirmed_at = :now WHERE id = :id",
        id=showing_id,
        now=tx.now,
    )


def insert_step(
    tx: Tx, *, application_id: str, page: str, page_version: str, choice: dict[str, Any]
) -> None:
    tx.run(
        "INSERT INTO journey_step (application_id, page, page_version, choice, at)"
        " VALUES (:application_id, :page, :page_version, :choice, :now)",
        application_id=application_id,
        page=page,
        page_version=page_version,
        choice=json(choice),
        now=tx.now,
    )


def steps(tx: Tx, application_id: str) -> list[JourneyStep]:
    rows = tx.all(
        "SELECT seq, page, page_version, choice, at FROM journey_step"
        " WHERE application_id = :id ORDER BY seq",
        id=application_id,
    )
    return [JourneyStep(**row) for row in rows]
