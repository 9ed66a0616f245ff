"""The list of partners that may be worked with (名单制), published, with a stop switch.

R-LIST-PARTNER, 金规〔2025〕9号: platforms and guarantors are on it with their contracts, or nothing
is done with them.
"""

import re
from datetime import date
from enum import StrEnum

from lending.channels import store
from lending.channels.errors import (
    ContractNotInForce,
    ListingRefused,
    NoSuchPartner,
    PartnerNotListed,
    PartnerStopped,
)
from lending.channels.model import Listing, NewListing, PartnerKind
from lending.foundation import audit, business_day
from lending.foundation.audit import Actor
from lending.foundation.database import Tx

PUBLISHED = (PartnerKind.PLATFORM, PartnerKind.GUARANTOR)
"""Kinds of partners whose list is published: 平台运营机构、增信服务机构."""
_CREDIT_CODE = re.compile(r"[0-9A-HJ-NP-RTUWXY]{18}", re.ASCII)


class ListState(StrEnum):
    """Where a partner of the list is."""

    LISTED = "listed"
    """May be worked with."""
    STOPPED = "stopped"
    """On the list, but nothing new is taken for the time being."""
    NOT_IN_FORCE = "not_in_force"
    """Its contract has ended, or has not begun."""
    REMOVED = "removed"
    """Was taken off the list."""


def state(listing: Listing, on: date) -> ListState:
    """Where a partner is on a day."""
    if listing.listed_to is not None and listing.listed_to < min(on, listing.contract_to):
        return ListState.REMOVED
    if listing.stopped_at is not None:
        return ListState.STOPPED
    in_force = listing.contract_from <= on <= listing.contract_to
    return ListState.LISTED if in_force else ListState.NOT_IN_FORCE


def require_in_force(listing: Listing | None, on: date) -> None:
    """Refuses who is not on the list, is stopped, or has no contract in force.

    Raises PartnerNotListed, PartnerStopped, ContractNotInForce.
    """
    refusals = {
        ListState.STOPPED: PartnerStopped,
        ListState.NOT_IN_FORCE: ContractNotInForce,
        ListState.REMOVED: PartnerNotListed,
    }
    if listing is None:
        raise PartnerNotListed
    if refusal := refusals.get(state(listing, on)):
        raise refusal


def put_on_list(tx: Tx, partner_id: str, new: NewListing, actor: Actor) -> Listing:
    """Puts a partner on the list, or gives it a new contract there; a stop stays.

    Raises NoSuchPartner, ListingRefused.
    """
    found = store.partner(tx, partner_id)
    if found is None:
        raise NoSuchPartner
    if found.kind not in PUBLISHED:
        raise ListingRefused(mend="只有平台和增信机构列入公示名单。")
    if not _CREDIT_CODE.fullmatch(new.credit_code):
        raise ListingRefused(field="/credit_code", mend="请填写 18 位统一社会信用代码。")
    if new.contract_to < new.contract_from:
        raise ListingRefused(field="/contract_to", mend="合同终止日不得早于起始日。")
    store.upsert_listing(tx, partner_id, new)
    store.set_listed(tx, partner_id, new.contract_from, new.contract_to)
    audit.record(tx, actor, "partner.list", partner_id, {"contract_no": new.contract_no})
    return get(tx, partner_id)


def get(tx: Tx, partner_id: str) -> Listing:
    """A partner's place on the list.

    Raises NoSuchPartner when it never was on it.
    """
    found = store.listing(tx, partner_id)
    if found is None:
        raise NoSuchPartner
    return found


def of_all(tx: Tx) -> list[Listing]:
    """Everybody who is or was on the list, by kind and name."""
    return store.listings(tx)


def names_listed(tx: Tx, kind: PartnerKind) -> set[str]:
    """The names of those of a kind that may be worked with today."""
    today = business_day.today(tx)
    found = (each for each in store.listings(tx) if each.kind is kind)
    listed = {each.partner_id for each in found if state(each, today) is ListState.LISTED}
    return {each.name for each in store.partners(tx) if each.id in listed} if listed else set()


def published(tx: Tx) -> list[tuple[Listing, ListState]]:
    """The list as the public reads it today: whoever was taken off is not on it."""
    today = business_day.today(tx)
    shown = [(each, state(each, today)) for each in store.listings(tx)]
    return [(each, at) for each, at in shown if at is not ListState.REMOVED]


def stop(tx: Tx, partner_id: str, *, because: str, actor: Actor) -> None:
    """Takes nothing new from a partner from this moment on. Stopping twice keeps the first reason.

    Raises NoSuchPartner, ListingRefused without a reason.
    """
    if not because.strip():
        raise ListingRefused(field="/because", mend="请填写停用原因。")
    if get(tx, partner_id).stopped_at is None:
        store.set_stopped(tx, partner_id, because.strip())
        audit.record(tx, actor, "partner.stop", partner_id, {"because": because.strip()})


def resume(tx: Tx, partner_id: str, actor: Actor) -> None:
    """Lifts a stop.

    Raises NoSuchPartner.
    """
    if get(tx, partner_id).stopped_at is not None:
        store.set_stopped(tx, partner_id, "")
        audit.record(tx, actor, "partner.resume", partner_id)
