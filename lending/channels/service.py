"""Partners: who they are, which keys speak for them, what was agreed, where they are paid."""

from datetime import date, timedelta
from typing import Any

from lending.channels import keys, store
from lending.channels.errors import NoAgreement, NoSuchKey, NoSuchPartner, PartnerNotListed
from lending.channels.listings import PUBLISHED, require_in_force
from lending.channels.model import (
    Agreement,
    NewAccount,
    NewKey,
    NewPartner,
    Partner,
    PartnerKey,
    SettlementAccount,
)
from lending.foundation import audit, business_day
from lending.foundation.audit import Actor
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx


def partner(tx: Tx, partner_id: str) -> Partner:
    """The partner.

    Raises NoSuchPartner.
    """
    found = store.partner(tx, partner_id)
    if found is None:
        raise NoSuchPartner
    return found


def partner_by_app_id(tx: Tx, app_id: str) -> Partner:
    """The partner with this public id.

    Raises NoSuchPartner.
    """
    found = store.partner_by_app_id(tx, app_id)
    if found is None:
        raise NoSuchPartner
    return found


def partners(tx: Tx) -> list[Partner]:
    """All partners, by name."""
    return store.partners(tx)


def key(tx: Tx, keyid: str) -> tuple[PartnerKey, Partner] | None:
    """The key with this thumbprint and whose it is, whatever its state."""
    found = store.key(tx, keyid)
    return (found, partner(tx, found.partner_id)) if found else None


def require_listed(tx: Tx, partner_id: str) -> Partner:
    """The partner, if it is on our list today (R-LIST-PARTNER, 金规〔2025〕9号).

    Platforms and guarantors are on the published list, with their contracts.

    Raises PartnerNotListed, PartnerStopped, ContractNotInForce, NoSuchPartner.
    """
    found, today = partner(tx, partner_id), business_day.today(tx)
    if found.kind in PUBLISHED:
        require_in_force(store.listing(tx, partner_id), today)
    if not found.listed(today):
        raise PartnerNotListed
    return found


def agreement(tx: Tx, partner_id: str, product_code: str | None = None) -> Agreement:
    """The agreement in force for a product; the partner's first where none is named.

    Raises NoAgreement.
    """
    for found in store.agreements(tx, partner_id, business_day.today(tx)):
        if product_code in (None, found.product_code):
            return found
    raise NoAgreement


def agreements(tx: Tx, partner_id: str) -> list[Agreement]:
    """All agreements of the partner that are in force, the first at the front."""
    return store.agreements(tx, partner_id, business_day.today(tx))


def settlement_accounts(tx: Tx, partner_id: str) -> list[SettlementAccount]:
    """The partner's verified accounts, the one to use first at the front."""
    return store.accounts(tx, partner_id)


def settlement_account(tx: Tx, account_id: str) -> SettlementAccount:
    """One settlement account.

    Raises NoSuchPartner when there is none under this id.
    """
    found = store.account(tx, account_id)
    if found is None:
        raise NoSuchPartner
    return found[0]


def account_number(tx: Tx, keys: FieldKeys, account_id: str) -> str:
    """The number of a settlement account, opened from its cell.

    Raises NoSuchPartner when there is none under this id.
    """
    found = store.account(tx, account_id)
    if found is None:
        raise NoSuchPartner
    return keys.open(found[1], at=store.number_cell(account_id))


def register(tx: Tx, new: NewPartner, actor: Actor, *, listed_from: date | None = None) -> str:
    """Takes a partner on and puts it on the list, from today unless said otherwise; its id."""
    partner_id = store.insert_partner(tx, new, listed_from or business_day.today(tx))
    audit.record(tx, actor, "partner.register", partner_id, {"kind": new.kind.value})
    return partner_id


def unlist(tx: Tx, partner_id: str, actor: Actor) -> None:
    """Takes a partner off the list from today on: nothing new is accepted from it."""
    store.set_listing(tx, partner_id, business_day.today(tx) - timedelta(days=1))
    audit.record(tx, actor, "partner.unlist", partner_id)


def agree(tx: Tx, agreement: Agreement, actor: Actor) -> None:
    """Puts an agreement in force."""
    store.insert_agreement(tx, agreement)
    audit.record(
        tx, actor, "partner.agree", agreement.partner_id, {"product": agreement.product_code}
    )


def add_account(tx: Tx, keys: FieldKeys, partner_id: str, account: NewAccount, actor: Actor) -> str:
    """Registers a settlement account; its id."""
    account_id = store.insert_account(tx, keys, partner_id, account)
    audit.record(tx, actor, "partner.add_account", partner_id, {"account": account_id})
    return account_id


def add_key(
    tx: Tx,
    *,
    partner_id: str,
    keyid: str,
    algorithm: str,
    public_jwk: dict[str, Any],
    actor: Actor,
    functions: tuple[str, ...] | None = None,
) -> None:
    """Makes a public key speak for a partner from now on, beside those that do.

    With `functions` it may do only these of what its partner may.

    Raises TooManyKeys, KeyTaken, NoSuchPartner.
    """
    partner(tx, partner_id)
    keys.register(tx, NewKey(partner_id, keyid, algorithm, public_jwk, functions=functions), actor)
    keys.activate(tx, partner_id, keyid, actor)


def revoke_key(tx: Tx, keyid: str, actor: Actor) -> None:
    """Ends a key at once, in every process within seconds.

    Raises NoSuchKey.
    """
    found = store.key(tx, keyid)
    if found is None:
        raise NoSuchKey
    keys.revoke(tx, found.partner_id, keyid, actor)
