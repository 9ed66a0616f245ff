"""Leads as they are kept, and as their platform sees them."""

from typing import Any

from lending.foundation import ids
from lending.foundation.clock import rfc3339
from lending.foundation.crypto import FieldKeys
from scenarios.assisted_lending import handover
from scenarios.assisted_lending.leads_store import cell, token_cell
from scenarios.assisted_lending.model import Applicant, Lead


def new_token() -> str:
    """The secret of a person's page."""
    return ids.token()


def page_token(keys: FieldKeys, lead: Lead) -> str:
    """The secret of the lead's page."""
    return keys.open(lead.page_token_sealed, at=token_cell(lead.id))


def applicant(keys: FieldKeys, lead: Lead) -> Applicant | None:
    """Who was sent; None once nothing personal is kept."""
    sealed = (lead.name_sealed, lead.identity_no_sealed, lead.mobile_sealed)
    if None in sealed:
        return None
    name, number, mobile = (
        keys.open(bytes(each or b""), at=cell(lead.id, part))
        for each, part in zip(sealed, ("name", "identity_no", "mobile"), strict=True)
    )
    return Applicant(name, number, mobile)


def view(
    lead: Lead, keys: FieldKeys, public_url: str, *, state: str | None = None
) -> dict[str, Any]:
    """A lead as its platform sees it; `state` is that of an earlier moment, where one is told of.

    A platform learns whether we lend and how much was paid, never why not, and nothing of the
    person that it did not send.
    """
    state = state or lead.state
    return {
        "id": lead.id,
        "lead_no": lead.lead_no,
        "schema_version": lead.schema_version,
        "amount_fen": lead.amount_fen,
        "currency": "CNY",
        "purpose": lead.purpose,
        "product_code": lead.product_code,
        "state": state,
        "handover_url": handover.url(public_url, keys, lead) if state == lead.state else None,
        "handover_expires_at": rfc3339(lead.handover_expires_at),
        "return_url": lead.return_url,
        "metadata": lead.metadata,
        "loan_id": lead.loan_id,
        "periods": lead.periods,
        "paid_fen": lead.paid_fen or 0,
        "paid_at": rfc3339(lead.paid_at) if lead.paid_at else None,
        "refuse_reason": "refused_by_lender" if state == "refused" else None,
        "created_at": rfc3339(lead.created_at),
        "updated_at": rfc3339(lead.updated_at),
        "expires_at": rfc3339(lead.expires_at),
    }
