"""Stores, tills and staff of a partner, and the code on the store's screen (STORE-1)."""

from datetime import timedelta
from typing import Any

from lending.channels import service as channels
from lending.foundation import audit, ids
from lending.foundation.audit import Actor
from lending.foundation.clock import rfc3339
from lending.foundation.crypto import FieldKeys, mask_name
from lending.foundation.database import Tx
from lending.foundation.places import Place, cut
from scenarios.offline_credit import codes, rules
from scenarios.offline_credit import stores_store as kept
from scenarios.offline_credit.errors import (
    KeyNotYours,
    NoSuchStore,
    SceneUnknown,
    StaffNoTaken,
    StoreClosed,
    StoreNoTaken,
    TillNoTaken,
)
from scenarios.offline_credit.model import SCENES, NewStore, Store, Till


def register(tx: Tx, partner_id: str, new: NewStore) -> dict[str, Any]:
    """Registers a store; the store as its partner sees it.

    Raises PartnerNotListed, SceneUnknown, StoreNoTaken.
    """
    channels.require_listed(tx, partner_id)
    if new.scene not in SCENES:
        raise SceneUnknown(mend=f"Use one of {', '.join(SCENES)}.")
    store_id = ids.new("sto")
    if not kept.insert_store(tx, store_id, partner_id, new):
        raise StoreNoTaken
    audit.record(tx, Actor("partner", partner_id), "store.register", store_id)
    return store_view(_found(kept.store(tx, partner_id, store_id)))


def get(tx: Tx, partner_id: str, store_id: str) -> dict[str, Any]:
    """One store of the partner.

    Raises NoSuchStore.
    """
    return store_view(_found(kept.store(tx, partner_id, store_id)))


def page(
    tx: Tx,
    partner_id: str,
    *,
    wanted: dict[str, str | None],
    before: Place | None,
    limit: int,
) -> tuple[list[dict[str, Any]], Place | None]:
    """The partner's stores by number and state, newest first, and where more begin."""
    found = kept.stores(
        tx,
        partner_id,
        store_no=wanted["store_no"],
        state=wanted["state"],
        before=before,
        limit=limit + 1,
    )
    shown, following = cut(found, limit)
    return [store_view(each) for each in shown], following


def set_open(tx: Tx, partner_id: str, store_id: str, *, is_open: bool) -> dict[str, Any]:
    """Closes a store, or opens it again; payments that are under way go through.

    Raises NoSuchStore.
    """
    store = _found(kept.store(tx, partner_id, store_id))
    state = "open" if is_open else "closed"
    if store.state != state:
        kept.set_store_state(tx, store_id, state)
        audit.record(tx, Actor("partner", partner_id), f"store.{state}", store_id)
    return get(tx, partner_id, store_id)


def add_till(tx: Tx, partner_id: str, store_id: str, *, till_no: str, keyid: str) -> dict[str, Any]:
    """Gives a store a till with a key of its own, which the partner has registered.

    Raises NoSuchStore, KeyNotYours, TillNoTaken.
    """
    _found(kept.store(tx, partner_id, store_id))
    known = channels.key(tx, keyid)
    if known is None or known[1].id != partner_id:
        raise KeyNotYours
    till_id = ids.new("til")
    if not kept.insert_till(tx, till_id, store_id, till_no=till_no, keyid=keyid):
        raise TillNoTaken
    audit.record(tx, Actor("partner", partner_id), "till.add", till_id, {"store": store_id})
    return till_view(kept.till(tx, partner_id, till_id) or _nobody())


def retire_till(tx: Tx, partner_id: str, till_id: str) -> dict[str, Any]:
    """Ends a till: nothing more is taken there. Retiring twice does it once.

    Raises NoSuchStore.
    """
    till = kept.till(tx, partner_id, till_id)
    if till is None:
        raise NoSuchStore
    if till.state == "active":
        kept.set_till_state(tx, till_id, "retired")
        audit.record(tx, Actor("partner", partner_id), "till.retire", till_id)
    return till_view(kept.till(tx, partner_id, till_id) or _nobody())


def tills(tx: Tx, partner_id: str, store_id: str) -> list[dict[str, Any]]:
    """The tills of a store, by number.

    Raises NoSuchStore.
    """
    _found(kept.store(tx, partner_id, store_id))
    return [till_view(each) for each in kept.tills(tx, store_id)]


def add_staff(
    tx: Tx, keys: FieldKeys, partner_id: str, store_id: str, *, staff_no: str, name: str
) -> dict[str, Any]:
    """Names somebody who works in a store and helps customers to apply.

    Raises NoSuchStore, StaffNoTaken.
    """
    _found(kept.store(tx, partner_id, store_id))
    staff_id = ids.new("stf")
    sealed = keys.seal(name, at=f"store_staff.name:{staff_id}")
    if not kept.insert_staff(tx, staff_id, store_id, staff_no=staff_no, name_sealed=sealed):
        raise StaffNoTaken
    audit.record(tx, Actor("partner", partner_id), "staff.add", staff_id, {"store": store_id})
    return next(each for each in staff(tx, keys, partner_id, store_id) if each["id"] == staff_id)


def end_staff(tx: Tx, keys: FieldKeys, partner_id: str, staff_id: str) -> dict[str, Any]:
    """Somebody works in a store no more: nobody applies through them from now on.

    Who scanned a code with their number and has not applied yet goes on without them; what was
    applied for through them keeps their number. Ending twice does it once.

    Raises NoSuchStore.
    """
    found = kept.staff_member(tx, partner_id, staff_id)
    if found is None:
        raise NoSuchStore
    if kept.end_staff(tx, staff_id):
        audit.record(tx, Actor("partner", partner_id), "staff.end", staff_id)
    shown = staff(tx, keys, partner_id, found["store_id"])
    return next(each for each in shown if each["id"] == staff_id)


def staff(tx: Tx, keys: FieldKeys, partner_id: str, store_id: str) -> list[dict[str, Any]]:
    """Who works in a store, by number; names are shown in part only.

    Raises NoSuchStore.
    """
    _found(kept.store(tx, partner_id, store_id))
    return [
        {
            "id": row["id"],
            "store_id": row["store_id"],
            "staff_no": row["staff_no"],
            "name_masked": mask_name(
                keys.open(bytes(row["name_sealed"]), at=f"store_staff.name:{row['id']}")
            ),
            "state": row["state"],
            "created_at": rfc3339(row["created_at"]),
        }
        for row in kept.staff(tx, store_id)
    ]


def code(
    tx: Tx, keys: FieldKeys, partner_id: str, store_id: str, public_url: str
) -> dict[str, Any]:
    """The code that the store's screen is to show now, and when to ask for the next (STORE-1).

    Raises NoSuchStore, StoreClosed.
    """
    store = _found(kept.store(tx, partner_id, store_id))
    if store.state != "open":
        raise StoreClosed
    made = codes.store_code(keys, store_id, tx.machine_now)
    turn = rules.turn_of(tx.machine_now)
    begins = rules.turn_begins(turn, tx.machine_now)
    return {
        "store_id": store_id,
        "url": f"{public_url}/s/{made}",
        "next_at": rfc3339(begins + timedelta(seconds=rules.CODE_TURNS_S)),
        "expires_at": rfc3339(
            begins + timedelta(seconds=rules.CODE_TURNS_S * rules.CODE_GOOD_TURNS)
        ),
    }


def store_view(store: Store) -> dict[str, Any]:
    """A store as its partner sees it."""
    return {
        "id": store.id,
        "store_no": store.store_no,
        "name": store.name,
        "scene": store.scene,
        "latitude_e6": store.latitude_e6,
        "longitude_e6": store.longitude_e6,
        "radius_m": store.radius_m,
        "state": store.state,
        "created_at": rfc3339(store.created_at),
    }


def till_view(till: Till) -> dict[str, Any]:
    """A till as its partner sees it."""
    return {
        "id": till.id,
        "store_id": till.store_id,
        "till_no": till.till_no,
        "keyid": till.keyid,
        "state": till.state,
        "created_at": rfc3339(till.created_at),
    }


def _found(store: Store | None) -> Store:
    if store is None:
        raise NoSuchStore
    return store


def _nobody() -> Till:
    raise NoSuchStore
