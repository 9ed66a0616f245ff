"""Stores, their tills and their staff: for the merchant's back office."""

from __future__ import annotations

from typing import Optional

from ._calls import Call, Page, Sealed, pages, read, segment, write
from ._finding import the_one
from ._payment_models import StaffMember, Store, StoreCode, Till
from ._service import R, Service, call, listing


class Tills(Service[R]):
    """Tills, each with a key of its own."""

    @call
    def add(
        self,
        store_id: str,
        *,
        till_no: str,
        keyid: str,
        idempotency_key: Optional[str] = None,
    ) -> Call[Till]:
        """Add a till to a store.

        `keyid` names the till's own key, which was registered by `Client.keys.register` with
        `functions=["payments"]` and activated: such a key takes payments in its store and can do
        nothing else.
        """
        body = {"till_no": till_no, "keyid": keyid}
        return write(_path(store_id, "tills"), Till.from_json, body, idempotency_key)

    @listing
    def list(self, store_id: str) -> Call[Page[Till]]:
        """Go through the tills of a store, by number."""
        return pages(_path(store_id, "tills"), Till.from_json)

    @call
    def retire(self, till_id: str, *, idempotency_key: Optional[str] = None) -> Call[Till]:
        """End a till: nothing more is taken there. Revoke its key as well if it was stolen."""
        path = f"/v1/tills/{segment(till_id)}/retire"
        return write(path, Till.from_json, None, idempotency_key)


class Staff(Service[R]):
    """Who works in a store and helps customers to apply."""

    @call
    def add(
        self,
        store_id: str,
        *,
        staff_no: str,
        name: str,
        idempotency_key: Optional[str] = None,
    ) -> Call[StaffMember]:
        """Name somebody who works in a store. The name travels encrypted."""
        body = {"staff_no": staff_no, "name": Sealed(name)}
        return write(_path(store_id, "staff"), StaffMember.from_json, body, idempotency_key)

    @listing
    def list(self, store_id: str) -> Call[Page[StaffMember]]:
        """Go through the staff of a store, by number."""
        return pages(_path(store_id, "staff"), StaffMember.from_json)

    @call
    def end(self, staff_id: str, *, idempotency_key: Optional[str] = None) -> Call[StaffMember]:
        """Say that somebody left: from now on nobody applies through them."""
        path = f"/v1/staff/{segment(staff_id)}/end"
        return write(path, StaffMember.from_json, None, idempotency_key)


class Stores(Service[R]):
    """Stores where customers apply and pay."""

    def __init__(self, runner: R) -> None:
        super().__init__(runner)
        self.tills = Tills(runner)
        self.staff = Staff(runner)

    @call
    def create(
        self,
        *,
        store_no: str,
        name: str,
        scene: str,
        latitude_e6: int,
        longitude_e6: int,
        radius_m: int = 200,
        idempotency_key: Optional[str] = None,
    ) -> Call[Store]:
        """Register a store. `scene` is one of `StoreScene`; positions in millionths of a degree."""
        body = {
            "store_no": store_no,
            "name": name,
            "scene": str(scene),
            "latitude_e6": latitude_e6,
            "longitude_e6": longitude_e6,
            "radius_m": radius_m,
        }
        return write("/v1/stores", Store.from_json, body, idempotency_key)

    @call
    def get(self, store_id: str) -> Call[Store]:
        """Return the store. Raises NotFound."""
        return read(_path(store_id), Store.from_json)

    @call
    def find(self, store_no: str) -> Call[Store]:
        """Return the store with the merchant's own number. Raises NotFound."""
        return read("/v1/stores", the_one(Store.from_json, f"store {store_no}"), store_no=store_no)

    @listing
    def list(
        self, *, state: Optional[str] = None, limit: Optional[int] = None
    ) -> Call[Page[Store]]:
        """Go through the stores; pages of `limit` are fetched as they are needed."""
        return pages("/v1/stores", Store.from_json, state=state, limit=limit)

    @call
    def close(self, store_id: str, *, idempotency_key: Optional[str] = None) -> Call[Store]:
        """Take no more customers in a store; payments that are under way go through."""
        return write(_path(store_id, "close"), Store.from_json, None, idempotency_key)

    @call
    def open(self, store_id: str, *, idempotency_key: Optional[str] = None) -> Call[Store]:
        """Take customers in a store again."""
        return write(_path(store_id, "open"), Store.from_json, None, idempotency_key)

    @call
    def code(self, store_id: str) -> Call[StoreCode]:
        """Return what the store's screen shows now; ask again at its `next_at`.

        A till may ask for that of its own store.
        """
        return read(_path(store_id, "code"), StoreCode.from_json)


def _path(store_id: str, *more: str) -> str:
    return "/".join(("/v1/stores", segment(store_id), *more))
