"""The SQL of visits to stores: what shows that somebody was there."""

from datetime import datetime
from typing import Any

from lending.foundation.database import Tx, json
from scenarios.offline_credit.model import Position, Visit

VISIT = """
    SELECT id, store_id, staff_id, outcome, distance_m, customer_id, application_id, arrived_at,
           located_at
    FROM store_visit WHERE id = :id"""
VISIT_OF_PAGE = """
    SELECT id, store_id, staff_id, outcome, distance_m, customer_id, application_id, arrived_at,
           located_at
    FROM store_visit WHERE token_sha256 = :digest"""
VISIT_OF_PAGE_LOCKED = f"{VISIT_OF_PAGE} FOR UPDATE"


def insert(
    tx: Tx,
    visit_id: str,
    *,
    store_id: str,
    staff_id: str | None,
    token_sha256: bytes,
    code_made_at: datetime,
    device: dict[str, Any],
    outcome: str,
) -> None:
    tx.run(
        "INSERT INTO store_visit (id, store_id, staff_id, token_sha256, code_made_at, device,"
        " outcome, arrived_at) VALUES (:id, :store_id, :staff_id, :digest, :made_at, :device,"
        " :outcome, :now)",
        id=visit_id,
        store_id=store_id,
        staff_id=staff_id,
        digest=token_sha256,
        made_at=code_made_at,
        device=json(device),
        outcome=outcome,
        now=tx.now,
    )


def by_id(tx: Tx, visit_id: str) -> Visit | None:
    row = tx.maybe(VISIT, id=visit_id)
    return Visit(**row) if row else None


def by_token(tx: Tx, token_sha256: bytes, *, lock: bool = False) -> Visit | None:
    row = tx.maybe(VISIT_OF_PAGE_LOCKED if lock else VISIT_OF_PAGE, digest=token_sha256)
    return Visit(**row) if row else None


def set_position(
    tx: Tx, visit_id: str, position: Position, *, distance_m: int, outcome: str
) -> None:
    tx.run(
        "UPDATE store_visit SET latitude_e6 = :latitude, longitude_e6 = :longitude,"
        " accuracy_m = :accuracy, distance_m = :distance, outcome = :outcome, located_at = :now,"
        " farthest_m = greatest(farthest_m, :distance)"
        " WHERE id = :id",
        id=visit_id,
        latitude=position.latitude_e6,
        longitude=position.longitude_e6,
        accuracy=position.accuracy_m,
        distance=distance_m,
        outcome=outcome,
        now=tx.now,
    )


def set_application(tx: Tx, visit_id: str, application_id: str) -> None:
    tx.run(
        "UPDATE store_visit SET application_id = :application_id WHERE id = :id",
        id=visit_id,
        application_id=application_id,
    )


def set_customer(tx: Tx, visit_id: str, customer_id: str) -> None:
    tx.run(
        "UPDATE store_visit SET customer_id = :customer_id WHERE id = :id",
        id=visit_id,
        customer_id=customer_id,
    )
