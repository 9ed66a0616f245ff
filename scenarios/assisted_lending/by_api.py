"""The binding steps in a partner's call, where the law allows it: behind a switch that is off.

Since 2026-09-30 suitability, signing and payout happen on our own pages only (R-REDIRECT,
`redirect.required`). Where that is not so, a platform may hand in what its page has asked, and the
decision follows without a page of ours. The contract is signed on our page in any case.
"""

from dataclasses import dataclass, field

from lending.compliance import gates, parameters
from lending.compliance.model import Act, Place
from lending.customers import service as customers
from lending.customers.model import ConsentScope
from lending.foundation import audit, jobs
from lending.foundation.audit import Actor
from lending.foundation.context import Context
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx
from lending.foundation.errors import OutsideFault, Problem
from lending.loans import service as loans
from lending.loans.errors import WrongState
from scenarios.assisted_lending import applying, leads, servicing
from scenarios.assisted_lending import leads_store as store
from scenarios.assisted_lending.applying import Suitability
from scenarios.assisted_lending.errors import ScopeMissing
from scenarios.assisted_lending.model import SCENARIO, Lead

NEEDED = (ConsentScope.PERSONAL_INFO, ConsentScope.BUREAU_QUERY, ConsentScope.SHARING)
CHANNEL = "partner_api"


@dataclass(frozen=True, slots=True)
class LenderConsent:
    """A consent to one of our own texts, which the platform has shown."""

    scope: ConsentScope
    text_version: str
    text_sha256: str


@dataclass(frozen=True, slots=True)
class HandIn:
    """What a platform has asked a person on its own page."""

    card_no: str = field(repr=False)
    suitability: Suitability
    consents: tuple[LenderConsent, ...]


def hand_in(tx: Tx, keys: FieldKeys, partner_id: str, lead_id: str, asked: HandIn) -> None:
    """Takes the binding steps of a lead in; the decision follows.

    Raises OwnPageRequired while the switch is off, NoSuchLead, WrongState, ScopeMissing,
    StudentWithoutSecondSource, NotSuitable.
    """
    lead = servicing.found(tx, partner_id, lead_id)
    gates.require_own_page(
        Act.SUITABILITY, place=Place.PARTNER_API, hops=1, rules=parameters.today(tx)
    )
    if lead.state not in applying.OPEN:
        raise WrongState(f"the lead is {lead.state}")
    given = {each.scope for each in asked.consents}
    for scope in NEEDED:
        if scope not in given:
            raise ScopeMissing(f"there is no consent for {scope.value}", field="/consents")
    applying.suit(tx, lead, asked.suitability)
    store.set_card(tx, keys, lead.id, asked.card_no)
    audit.record(tx, Actor("partner", partner_id), "lead.hand_in", lead.id)
    consents = [[c.scope.value, c.text_version, c.text_sha256] for c in asked.consents]
    jobs.enqueue(
        tx, "assisted.hand_in", queue=jobs.CORE, lock=lead.id, lead_id=lead.id, consents=consents
    )


def carry_out(context: Context, lead_id: str, consents: list[list[str]]) -> None:
    """Has the person identified and the card confirmed, then hands the application in.

    Safe to run again. Whoever is not confirmed is not asked again: the lead ends.
    """
    with context.database.unit_of_work() as tx:
        lead = store.lead_by_id(tx, lead_id)
        assert lead is not None, lead_id
        person, card_no = (
            leads.applicant(context.keys, lead),
            store.card_no(tx, context.keys, lead_id),
        )
    if lead.state not in applying.OPEN or person is None or card_no is None:
        return
    try:
        customer_id = customers.identify(
            context.database,
            context.identity,
            context.keys,
            name=person.name,
            identity_no=person.identity_no,
            mobile=person.mobile,
        )
        card_id = customers.add_card(
            context.database,
            context.channel,
            context.keys,
            customer_id=customer_id,
            number=card_no,
        )
    except OutsideFault:
        raise
    except Problem as refused:
        _end(context, lead, refused)
        return
    with context.database.unit_of_work() as tx:
        for scope, text_version, text_sha256 in consents:
            customers.give_consent(
                tx,
                customer_id,
                ConsentScope(scope),
                text_version=text_version,
                text_sha256=text_sha256,
                channel=CHANNEL,
                subject=lead.application_id,
            )
        store.set_card(tx, context.keys, lead.id, None)
        applying.submit(
            tx, context.keys, lead, customer_id=customer_id, bank_card_id=card_id, device={}
        )


def _end(context: Context, lead: Lead, refused: Problem) -> None:
    with context.database.unit_of_work() as tx:
        loans.cancel(tx, lead.application_id, Actor("system", SCENARIO))
        store.forget(tx, lead.id)
        audit.record(tx, audit.SYSTEM, "lead.hand_in_refused", lead.id, {"code": refused.code})
