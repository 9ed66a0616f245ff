"""What a platform may do with its leads afterwards: look, hand over again, withdraw."""

from dataclasses import dataclass
from typing import Any

from lending.foundation.audit import Actor
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx
from lending.foundation.places import Place, cut
from lending.loans import service as loans
from lending.loans.errors import WrongState
from scenarios.assisted_lending import handover, leads
from scenarios.assisted_lending import leads_store as store
from scenarios.assisted_lending.errors import NoSuchLead
from scenarios.assisted_lending.model import Lead


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """Which leads a platform lists."""

    lead_no: str | None = None
    state: str | None = None


def get(tx: Tx, keys: FieldKeys, partner_id: str, lead_id: str, public_url: str) -> dict[str, Any]:
    """One lead of the platform.

    Raises NoSuchLead.
    """
    return leads.view(found(tx, partner_id, lead_id), keys, public_url)


def page(
    tx: Tx,
    keys: FieldKeys,
    partner_id: str,
    public_url: str,
    *,
    wanted: LeadFilter,
    before: Place | None,
    limit: int,
) -> tuple[list[dict[str, Any]], Place | None]:
    """The platform's leads, newest first, and where the next page begins."""
    rows = store.leads(
        tx,
        partner_id,
        lead_no=wanted.lead_no,
        state=wanted.state,
        before=before,
        limit=limit + 1,
    )
    shown, following = cut(rows, limit)
    return [leads.view(each, keys, public_url) for each in shown], following


def hand_over(
    tx: Tx, keys: FieldKeys, partner_id: str, lead_id: str, public_url: str
) -> dict[str, Any]:
    """Makes a new link for a person who comes back; the one before is good no more.

    Raises NoSuchLead, HandoverNotPossible.
    """
    handover.renew(tx, found(tx, partner_id, lead_id))
    return get(tx, keys, partner_id, lead_id, public_url)


def withdraw(
    tx: Tx, keys: FieldKeys, partner_id: str, lead_id: str, public_url: str
) -> dict[str, Any]:
    """Takes a lead back that nothing was signed for. Withdrawing twice does it once.

    Raises NoSuchLead, WrongState, PayoutUnderWay.
    """
    lead = found(tx, partner_id, lead_id)
    if lead.loan_id is not None:
        raise WrongState(f"the lead is {lead.state}")
    loans.cancel(tx, lead.application_id, Actor("partner", partner_id))
    if loans.application(tx, lead.application_id).customer_id is None:
        store.forget(tx, lead.id)
    return get(tx, keys, partner_id, lead_id, public_url)


def found(tx: Tx, partner_id: str, lead_id: str) -> Lead:
    """The platform's own lead.

    Raises NoSuchLead.
    """
    lead = store.lead(tx, partner_id, lead_id)
    if lead is None:
        raise NoSuchLead
    return lead
