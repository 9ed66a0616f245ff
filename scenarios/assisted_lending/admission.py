"""Who is let in: a platform on the list, a person who agreed, a wish that the product knows."""

from datetime import datetime

from lending.channels import service as channels
from lending.compliance import gates, parameters
from lending.customers import rules as customer_rules
from lending.customers.errors import IdentityNoInvalid, MobileInvalid
from lending.foundation import business_day
from lending.foundation.database import Tx
from lending.products import rules as product_rules
from lending.products import service as products
from lending.products.model import Product
from scenarios.assisted_lending import platforms, platforms_store, rules
from scenarios.assisted_lending.errors import LeadQuotaSpent
from scenarios.assisted_lending.model import Applicant, NewLead, Scope


def product_for(tx: Tx, partner_id: str, product_code: str | None) -> Product:
    """The product that the agreement with a listed platform covers.

    Raises PartnerNotListed, PartnerStopped, ContractNotInForce, NotAPlatform, NoAgreement,
    NoSuchProduct.
    """
    platforms.require(tx, partner_id)
    agreement = channels.agreement(tx, partner_id, product_code)
    return products.published(tx, agreement.product_code)


def admit(tx: Tx, product: Product, lead: NewLead, now: datetime) -> Applicant:
    """Lets a lead in; who is sent, in the normal form of their numbers.

    Whether we lend is not asked here: what is refused here is refused whoever it is.

    Raises ConsentTwice, ConsentAhead, ConsentExpired, ScopeMissing, IdentityNoInvalid,
    MobileInvalid, CustomerTooYoung, PurposeNotAllowed, SceneBlocked, AmountOutsideProduct.
    """
    told = {scope for scope, values in lead.told.items() if values}
    rules.require_consents(
        lead.consents, {Scope.IDENTITY, *told}, now=now, machine_now=tx.machine_now
    )
    try:
        number = customer_rules.identity_no(lead.applicant.identity_no)
        mobile = customer_rules.mobile(lead.applicant.mobile)
    except (IdentityNoInvalid, MobileInvalid) as wrong:
        raise type(wrong)(field=f"/applicant{wrong.field}") from None
    customer_rules.require_adult(customer_rules.birth_date(number), business_day.today(tx))
    day = parameters.today(tx)
    gates.require_purpose(lead.purpose, allowed=product.purposes, rules=day)
    gates.require_scene(lead.purpose, day)
    product_rules.require_amount(product, lead.amount_fen)
    return Applicant(lead.applicant.name.strip(), number, mobile)


def count(tx: Tx, partner_id: str) -> None:
    """Counts a lead against what a platform may send in a day.

    Raises LeadQuotaSpent.
    """
    platforms_store.lock(tx, partner_id)
    most = platforms.get(tx, partner_id).leads_per_day
    if platforms_store.leads_used(tx, partner_id, business_day.today(tx)) >= most:
        raise LeadQuotaSpent(f"{most} leads a day were agreed")
