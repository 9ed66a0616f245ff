"""The life of a partner's keys: pending, active, retiring, revoked."""

from datetime import datetime, timedelta

from lending.channels import store
from lending.channels.errors import (
    EndRefused,
    FunctionsNotYours,
    KeyStateWrong,
    KeyTaken,
    LastKey,
    NoSuchKey,
    SignerRetiring,
    TooManyKeys,
)
from lending.channels.model import KeyState, NewKey, PartnerKey
from lending.foundation import audit
from lending.foundation.audit import Actor
from lending.foundation.database import Tx

KEYS_MAX = 6
"""Keys of one partner that are not revoked: enough for two places that rotate at once."""
LIMITED_KEYS_MAX = 1000
"""Keys that may do only some of what their partner may, as a till's; they count by themselves."""
RETIRING_FOR = timedelta(days=7)
"""How long a key still verifies where nobody says otherwise."""
RETIRING_FOR_MAX = timedelta(days=90)


def of_partner(tx: Tx, partner_id: str) -> list[PartnerKey]:
    """All keys that a partner ever had, oldest first."""
    return store.keys(tx, partner_id)


def one(tx: Tx, partner_id: str, keyid: str) -> PartnerKey:
    """A key of the partner.

    Raises NoSuchKey.
    """
    found = store.key(tx, keyid)
    if found is None or found.partner_id != partner_id:
        raise NoSuchKey
    return found


def register(tx: Tx, new: NewKey, actor: Actor, *, signer: PartnerKey | None = None) -> PartnerKey:
    """Takes a key in, pending. `signer` is the key of the partner that brings it, if one does.

    Raises TooManyKeys, KeyTaken, SignerRetiring, FunctionsNotYours.
    """
    store.lock_keys(tx, new.partner_id)
    if signer is not None:
        _must_be_active(signer)
        _must_give_no_more(signer, new)
    there = [
        k
        for k in store.keys(tx, new.partner_id)
        if k.state_at(tx.machine_now) != KeyState.REVOKED
        and (k.functions is None) == (new.functions is None)
    ]
    if len(there) >= (KEYS_MAX if new.functions is None else LIMITED_KEYS_MAX):
        raise TooManyKeys
    if not store.insert_key(tx, new, str(actor)):
        raise KeyTaken
    audit.record(tx, actor, "partner.register_key", new.partner_id, {"keyid": new.keyid})
    return one(tx, new.partner_id, new.keyid)


def activate(
    tx: Tx, partner_id: str, keyid: str, actor: Actor, *, signer: PartnerKey | None = None
) -> PartnerKey:
    """Has a pending key sign from now on; one that is active already stays as it is.

    Raises NoSuchKey, KeyStateWrong, SignerRetiring.
    """
    store.lock_keys(tx, partner_id)
    if signer is not None:
        _must_be_active(signer)
    found = one(tx, partner_id, keyid)
    if found.state is KeyState.ACTIVE:
        return found
    if found.state is not KeyState.PENDING:
        raise KeyStateWrong(f"the key is {found.state_at(tx.machine_now)}")
    store.activate_key(tx, keyid)
    audit.record(tx, actor, "partner.activate_key", partner_id, {"keyid": keyid})
    return one(tx, partner_id, keyid)


def retire(
    tx: Tx, partner_id: str, keyid: str, actor: Actor, *, verifies_until: datetime | None = None
) -> PartnerKey:
    """Has an active key verify until an instant and no longer; moves the end of a retiring one.

    Raises NoSuchKey, KeyStateWrong, LastKey, EndRefused.
    """
    store.lock_keys(tx, partner_id)
    found = one(tx, partner_id, keyid)
    if found.state_at(tx.machine_now) not in (KeyState.ACTIVE, KeyState.RETIRING):
        raise KeyStateWrong(f"the key is {found.state_at(tx.machine_now)}")
    others = [k for k in store.keys(tx, partner_id) if k.keyid != keyid]
    if not any(k.state is KeyState.ACTIVE for k in others):
        raise LastKey
    until = verifies_until or tx.machine_now + RETIRING_FOR
    if not tx.machine_now < until <= tx.machine_now + RETIRING_FOR_MAX:
        raise EndRefused
    store.retire_key(tx, keyid, until)
    detail = {"keyid": keyid, "verifies_until": until.isoformat()}
    audit.record(tx, actor, "partner.retire_key", partner_id, detail)
    return one(tx, partner_id, keyid)


def revoke(tx: Tx, partner_id: str, keyid: str, actor: Actor) -> PartnerKey:
    """Ends a key at once, in every process within five seconds, be it the last one.

    Raises NoSuchKey.
    """
    store.lock_keys(tx, partner_id)
    found = one(tx, partner_id, keyid)
    if found.state is KeyState.REVOKED:
        return found
    store.revoke_key(tx, keyid)
    audit.record(tx, actor, "partner.revoke_key", partner_id, {"keyid": keyid})
    return one(tx, partner_id, keyid)


def _must_be_active(signer: PartnerKey) -> None:
    if signer.state is not KeyState.ACTIVE:
        raise SignerRetiring


def _must_give_no_more(signer: PartnerKey, new: NewKey) -> None:
    if signer.functions is None:
        return
    if new.functions is None or not set(new.functions) <= set(signer.functions):
        raise FunctionsNotYours
