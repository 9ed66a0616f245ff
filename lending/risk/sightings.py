"""What was seen before: blacklist, velocity, and identities that share what nobody shares."""

from datetime import datetime, timedelta

from lending.customers import blacklist
from lending.customers import service as customers
from lending.customers.model import Profile
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx
from lending.risk import store
from lending.risk.features import VELOCITY_HOURS, VELOCITY_KINDS, feature
from lending.risk.model import Feature, RiskRequest, Value

_LONG_AGO = timedelta(days=3650)
_BLACKLIST_NAME = {
    "identity": "identity_no",
    "mobile": "mobile",
    "device": "device",
    "card": "bank_card",
}


def observe(tx: Tx, keys: FieldKeys, request: RiskRequest, person: Profile) -> dict[str, Feature]:
    """Records what this application shows and counts it together with what was seen before.

    Values are kept by their blind index only, over the NFKC form: full-width digits are the same
    digits. Whoever counts the same value at the same moment waits, so the last of two sees both.
    Counts include this application; observing it again changes nothing.
    """
    seen = _indices(tx, keys, request, person)
    store.lock_values(tx, seen.values())
    store.insert_sightings(tx, request, seen)
    values: dict[str, Value] = {}
    for kind in VELOCITY_KINDS:
        for window, hours in VELOCITY_HOURS.items():
            values[f"{kind}_applications_{window}"] = _count(tx, seen, kind, hours)
    values["person_names"] = store.values_seen(tx, "name", request.customer_id)
    values["mobile_identities"] = _identities(tx, seen, "mobile", tx.now - _LONG_AGO)
    values["card_identities"] = _identities(tx, seen, "card", tx.now - _LONG_AGO)
    values["device_identities_30d"] = _identities(tx, seen, "device", tx.now - timedelta(days=30))
    values["ip_identities_24h"] = _identities(tx, seen, "ip", tx.now - timedelta(days=1))
    for kind, name in _BLACKLIST_NAME.items():
        index = seen.get("person" if kind == "identity" else kind)
        values[f"blacklist_{kind}"] = (
            index is not None and blacklist.contains(tx, name, index) is not None
        )
    return {name: feature(name, value) for name, value in values.items()}


def _indices(tx: Tx, keys: FieldKeys, request: RiskRequest, person: Profile) -> dict[str, bytes]:
    seen = {
        "person": keys.index(person.identity_no, of="identity_no"),
        "mobile": keys.index(person.mobile, of="mobile"),
        "name": keys.index(person.name, of="name"),
    }
    if request.device.fingerprint:
        seen["device"] = keys.index(request.device.fingerprint, of="device")
    if request.device.ip:
        seen["ip"] = keys.index(request.device.ip, of="ip")
    if request.bank_card_id:
        number = customers.card_number(tx, keys, request.bank_card_id)
        seen["card"] = keys.index(number, of="bank_card")
    return seen


def _count(tx: Tx, seen: dict[str, bytes], kind: str, hours: int) -> int:
    if kind not in seen:
        return 0
    return store.applications_seen(tx, kind, seen[kind], tx.now - timedelta(hours=hours))


def _identities(tx: Tx, seen: dict[str, bytes], kind: str, since: datetime) -> int:
    return store.customers_seen(tx, kind, seen[kind], since) if kind in seen else 0
