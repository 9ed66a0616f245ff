"""The SQL of stores, tills and staff."""

from collections.abc import Sequence

from lending.foundation.database import Row, Tx
from lending.foundation.places import Place, behind
from scenarios.offline_credit.model import NewStore, Store, Till

STORE = """
    SELECT id, partner_id, store_no, name, scene, latitude_e6, longitude_e6, radius_m, state,
           created_at
    FROM store WHERE id = :id AND (CAST(:partner_id AS text) IS NULL OR partner_id = :partner_id)"""
STORES = """
    SELECT id, partner_id, store_no, name, scene, latitude_e6, longitude_e6, radius_m, state,
           created_at
    FROM store WHERE partner_id = :partner_id
        AND (CAST(:store_no AS text) IS NULL OR store_no = :store_no)
        AND (CAST(:state AS text) IS NULL OR state = :state)
        AND (CAST(:at AS timestamptz) IS NULL OR (created_at, id) < (:at, :id))
    ORDER BY created_at DESC, id DESC LIMIT :limit"""
TILL = """
    SELECT t.id, t.store_id, t.till_no, t.keyid, t.state, t.created_at
    FROM store_till t JOIN store s ON s.id = t.store_id
    WHERE t.id = :id AND s.partner_id = :partner_id"""
TILL_OF_KEY = """
    SELECT t.id, t.store_id, t.till_no, t.keyid, t.state, t.created_at
    FROM store_till t JOIN store s ON s.id = t.store_id
    WHERE t.keyid = :keyid AND s.partner_id = :partner_id"""


def insert_store(tx: Tx, store_id: str, partner_id: str, new: NewStore) -> bool:
    """Whether the store is new: a number that the partner has used is not taken again."""
    return bool(
        tx.touched(
            "INSERT INTO store (id, partner_id, store_no, name, scene, latitude_e6, longitude_e6,"
            " radius_m, state, created_at) VALUES (:id, :partner_id, :store_no, :name, :scene,"
            " :latitude, :longitude, :radius, 'open', :now)"
            " ON CONFLICT (partner_id, store_no) DO NOTHING",
            id=store_id,
            partner_id=partner_id,
            store_no=new.store_no,
            name=new.name,
            scene=new.scene,
            latitude=new.latitude_e6,
            longitude=new.longitude_e6,
            radius=new.radius_m,
            now=tx.now,
        )
    )


def store(tx: Tx, partner_id: str | None, store_id: str) -> Store | None:
    """A store, of the partner where one is named."""
    row = tx.maybe(STORE, id=store_id, partner_id=partner_id)
    return Store(**row) if row else None


def stores(
    tx: Tx,
    partner_id: str,
    *,
    store_no: str | None,
    state: str | None,
    before: Place | None,
    limit: int,
) -> list[Store]:
    """The newest first, from behind the store `before`."""
    rows = tx.all(
        STORES,
        partner_id=partner_id,
        store_no=store_no,
        state=state,
        limit=limit,
        **behind(before),
    )
    return [Store(**row) for row in rows]


def set_store_state(tx: Tx, store_id: str, state: str) -> None:
    tx.run("UPDATE store SET state = :state WHERE id = :id", id=store_id, state=state)


def insert_till(tx: Tx, till_id: str, store_id: str, *, till_no: str, keyid: str) -> bool:
    """Whether number and key are free."""
    return bool(
        tx.touched(
            "INSERT INTO store_till (id, store_id, till_no, keyid, state, created_at)"
            " VALUES (:id, :store_id, :till_no, :keyid, 'active', :now) ON CONFLICT DO NOTHING",
            id=till_id,
            store_id=store_id,
            till_no=till_no,
            keyid=keyid,
            now=tx.now,
        )
    )


def till(tx: Tx, partner_id: str, till_id: str) -> Till | None:
    row = tx.maybe(TILL, id=till_id, partner_id=partner_id)
    return Till(**row) if row else None


def till_of_key(tx: Tx, partner_id: str, keyid: str) -> Till | None:
    row = tx.maybe(TILL_OF_KEY, keyid=keyid, partner_id=partner_id)
    return Till(**row) if row else None


def tills(tx: Tx, store_id: str) -> list[Till]:
    rows = tx.all(
        "SELECT id, store_id, till_no, keyid, state, created_at FROM store_till"
        " WHERE store_id = :id ORDER BY till_no",
        id=store_id,
    )
    return [Till(**row) for row in rows]


def set_till_state(tx: Tx, till_id: str, state: str) -> None:
    tx.run("UPDATE store_till SET state = :state WHERE id = :id", id=till_id, state=state)


def insert_staff(
    tx: Tx, staff_id: str, store_id: str, *, staff_no: str, name_sealed: bytes
) -> bool:
    """Whether the number is free in the store."""
    return bool(
        tx.touched(
            "INSERT INTO store_staff (id, store_id, staff_no, name_sealed, state, created_at)"
            " VALUES (:id, :store_id, :staff_no, :name, 'active', :now) ON CONFLICT DO NOTHING",
            id=staff_id,
            store_id=store_id,
            staff_no=staff_no,
            name=name_sealed,
            now=tx.now,
        )
    )


def staff(tx: Tx, store_id: str) -> Sequence[Row]:
    """Who works or has worked in a store, by number."""
    return tx.all(
        "SELECT id, store_id, staff_no, name_sealed, state, created_at FROM store_staff"
        " WHERE store_id = :id ORDER BY staff_no",
        id=store_id,
    )


def staff_member(tx: Tx, partner_id: str, staff_id: str) -> Row | None:
    return tx.maybe(
        "SELECT f.id, f.store_id FROM store_staff f JOIN store s ON s.id = f.store_id"
        " WHERE f.id = :id AND s.partner_id = :partner_id FOR UPDATE OF f",
        id=staff_id,
        partner_id=partner_id,
    )


def end_staff(tx: Tx, staff_id: str) -> bool:
    """Whether they worked there until now; visits that are not applications yet lose them."""
    tx.run(
        "UPDATE store_visit SET staff_id = NULL WHERE staff_id = :id AND application_id IS NULL",
        id=staff_id,
    )
    return bool(
        tx.touched(
            "UPDATE store_staff SET state = 'left' WHERE id = :id AND state = 'active'",
            id=staff_id,
        )
    )


def staff_id(tx: Tx, store_id: str, staff_no: str) -> str | None:
    """Somebody who works in the store at present."""
    found: str | None = tx.scalar(
        "SELECT id FROM store_staff WHERE store_id = :store_id AND staff_no = :no"
        " AND state = 'active'",
        store_id=store_id,
        no=staff_no,
    )
    return found
