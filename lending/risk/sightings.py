"""What was seen before: blacklist, velocity, and identities that share what nobody shares."""

from datetime import timedelta

from lending.customers import blacklist
from lending.customers import service as customers
from lending.customers.model import Profile
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx
from lending.risk import store
from lending.risk.features import CATALOGUE, VELOCITY_KINDS, feature
from lending.risk.model import Feature, RiskRequest, Value

_MONTH, _LONG = timedelta(days=30), timedelta(days=3650)
_SHARED_BY_STRANGERS = ("device", "ip")
"""What changes hands: after a month it tells nothing any more."""
_WINDOWS = ("applications_1h", "applications_24h", "applications_30d")
_PEOPLE = ("identities_24h", "identities_30d", "identities")
_NOTHING = dict.fromkeys((*_WINDOWS, *_PEOPLE), 0)
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
    values: dict[str, Value] = {"person_names": store.values_seen(tx, "name", request.customer_id)}
    for kind in (*VELOCITY_KINDS, "card"):
        since = tx.now - (_MONTH if kind in _SHARED_BY_STRANGERS else _LONG)
        counts = store.seen(tx, kind, seen[kind], since=since) if kind in seen else _NOTHING
        for name, value in counts.items():
            if f"{kind}_{name}" in CATALOGUE:
                values[f"{kind}_{name}"] = value
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
