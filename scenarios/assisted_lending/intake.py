"""What may come in: people whom platforms send, with what shows that they agreed (ASSIST-2)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from lending.foundation import ids, jobs
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx
from lending.loans import service as loans
from lending.loans.model import NewApplication
from lending.risk.model import Value
from scenarios.assisted_lending import admission, leads, rules
from scenarios.assisted_lending import leads_store as store
from scenarios.assisted_lending.errors import LeadNoTaken
from scenarios.assisted_lending.model import SCENARIO, Lead, NewLead, Scope

SCHEMA_VERSIONS = ("1",)


def submit(
    tx: Tx, keys: FieldKeys, partner_id: str, new: NewLead, public_url: str
) -> dict[str, Any]:
    """Takes a lead in; the lead as its platform sees it, with the link to hand the person over by.

    Raises what `admission` raises, and LeadNoTaken. Nothing is kept then.
    """
    product = admission.product_for(tx, partner_id, new.product_code)
    person = admission.admit(tx, product, new, tx.now)
    admission.count(tx, partner_id)
    lead_id, token = ids.new("led"), leads.new_token()
    application_id = loans.start(
        tx,
        NewApplication(
            partner_id=partner_id,
            scenario=SCENARIO,
            product_code=product.code,
            product_version=product.version,
            subject=lead_id,
            amount_fen=new.amount_fen,
            purpose=new.purpose,
            partner_signals=_signals(new.told),
        ),
    )
    made = Lead(
        id=lead_id,
        partner_id=partner_id,
        lead_no=new.lead_no,
        schema_version=new.schema_version,
        amount_fen=new.amount_fen,
        purpose=new.purpose,
        name_sealed=None,
        identity_no_sealed=None,
        mobile_sealed=None,
        return_url=new.return_url,
        metadata=new.metadata,
        application_id=application_id,
        page_token_sealed=keys.seal(token, at=store.token_cell(lead_id)),
        handover_no=1,
        handover_expires_at=(tx.now + rules.HANDOVER_GOOD_FOR).replace(microsecond=0),
        handover_used_at=None,
        suitability=None,
        created_at=tx.now,
        expires_at=tx.now + rules.LEAD_GOOD_FOR,
        updated_at=tx.now,
        product_code=product.code,
        product_version=product.version,
        state="received",
    )
    if not store.insert(tx, keys, made, person, token):
        raise LeadNoTaken
    store.insert_consents(tx, lead_id, new.consents)
    at = made.expires_at + timedelta(seconds=1)
    jobs.enqueue(tx, "assisted.expire", queue=jobs.CORE, at=at, lead_id=lead_id)
    loans.tell(tx, SCENARIO, lead_id, "received", {})
    return leads.view(made, keys, public_url)


def _signals(told: Mapping[Scope, Mapping[str, Value]]) -> dict[str, Value]:
    """What the platform says, under names that no rule can read (ASSIST-3)."""
    return {
        f"{scope.value}.{name}": value
        for scope, values in told.items()
        for name, value in values.items()
    }
