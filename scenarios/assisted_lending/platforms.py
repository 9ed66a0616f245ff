"""Platforms: on the list, with a contract, a tier and quotas (ASSIST-4, 名单制)."""

import re
from datetime import date

from lending.channels import listings
from lending.channels import service as channels
from lending.channels.listings import ListState
from lending.channels.model import Listing, NewListing, PartnerKind
from lending.foundation import audit, business_day
from lending.foundation.audit import Actor
from lending.foundation.clock import rfc3339
from lending.foundation.database import Tx
from scenarios.assisted_lending import platforms_store as store
from scenarios.assisted_lending.errors import NotAPlatform, PlatformRefused
from scenarios.assisted_lending.model import NewPlatform, Platform

TIERS = ("A", "B", "C")
_SITE = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")


def require(tx: Tx, partner_id: str) -> Platform:
    """The platform, if it may send anybody today.

    Raises PartnerNotListed, PartnerStopped, ContractNotInForce, NotAPlatform.
    """
    if channels.require_listed(tx, partner_id).kind is not PartnerKind.PLATFORM:
        raise NotAPlatform
    return get(tx, partner_id)


def get(tx: Tx, partner_id: str) -> Platform:
    """What is agreed with a platform, whether it may send anybody or not.

    Raises NotAPlatform.
    """
    found = store.platform(tx, partner_id)
    if found is None:
        raise NotAPlatform
    return found


def agree(tx: Tx, partner_id: str, listing: NewListing, new: NewPlatform, actor: Actor) -> Platform:
    """Puts a platform on the list with its contract, its tier and its quotas.

    Raises NoSuchPartner, ListingRefused, NotAPlatform, PlatformRefused.
    """
    if channels.partner(tx, partner_id).kind is not PartnerKind.PLATFORM:
        raise NotAPlatform
    if new.tier not in TIERS:
        raise PlatformRefused(field="/tier", mend="等级为 A、B 或 C。")
    if not new.sites or not all(_SITE.fullmatch(site) for site in new.sites):
        raise PlatformRefused(field="/sites", mend="请填写平台页面的域名,多个用逗号分隔。")
    if not new.mandate_no.strip():
        raise PlatformRefused(field="/mandate_no", mend="请填写书面委托书编号。")
    listings.put_on_list(tx, partner_id, listing, actor)
    store.upsert(tx, partner_id, new)
    audit.record(tx, actor, "platform.agree", partner_id, {"tier": new.tier})
    return get(tx, partner_id)


def of_all(tx: Tx) -> list[tuple[Platform, Listing, ListState]]:
    """Every platform that is or was on the list."""
    today = business_day.today(tx)
    found = {each.partner_id: each for each in store.platforms(tx)}
    return [
        (found[each.partner_id], each, listings.state(each, today))
        for each in listings.of_all(tx)
        if each.partner_id in found
    ]


def prechecks_used(tx: Tx, partner_id: str, day: date) -> int:
    """How many people a platform has asked for on a day."""
    return store.prechecks_used(tx, partner_id, day)


def own_view(tx: Tx, partner_id: str) -> dict[str, object]:
    """What a platform reads of itself: its place on the list and what was agreed.

    Raises NoSuchPartner when it never was on the list, NotAPlatform.
    """
    listing, found = listings.get(tx, partner_id), get(tx, partner_id)
    today = business_day.today(tx)
    return {
        "name": found.name,
        "legal_name": listing.legal_name,
        "list_state": listings.state(listing, today).value,
        "service": listing.service,
        "contract_no": listing.contract_no,
        "contract_from": listing.contract_from.isoformat(),
        "contract_to": listing.contract_to.isoformat(),
        "tier": found.tier,
        "sites": list(found.sites),
        "prechecks_per_day": found.prechecks_per_day,
        "prechecks_used": store.prechecks_used(tx, partner_id, today),
        "leads_per_day": found.leads_per_day,
        "leads_used": store.leads_used(tx, partner_id, today),
        "products": [each.product_code for each in channels.agreements(tx, partner_id)],
        "published_at": rfc3339(listing.published_at),
    }
