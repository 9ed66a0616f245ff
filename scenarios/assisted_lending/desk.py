"""What operators see of leads, and of whose they are. Personal data come masked."""

from dataclasses import dataclass
from datetime import datetime

from lending.channels import service as channels
from lending.compliance import journey
from lending.compliance.model import JourneyStep
from lending.customers import rules as customer_rules
from lending.foundation import audit
from lending.foundation.audit import Actor
from lending.foundation.crypto import FieldKeys, mask_identity_no, mask_mobile, mask_name
from lending.foundation.database import Tx
from lending.funding import desk as funding
from lending.funding.model import FundingShare, Request
from lending.loans import service as loans
from lending.loans.model import Application
from lending.risk import service as risk
from lending.risk.model import Decision
from scenarios.assisted_lending import attachments, leads
from scenarios.assisted_lending import leads_store as store
from scenarios.assisted_lending.attachments import Attachment
from scenarios.assisted_lending.errors import NoSuchLead
from scenarios.assisted_lending.model import Applicant, Consent, Lead

IDENTITY_NO_LENGTH = 18


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which leads an operator looks for."""

    number: str | None = None
    """Of the lead, the platform's own for it, of the application, or of the loan."""
    partner_id: str | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class ShownLead:
    """A lead with its platform's name and, as long as anything of the person is kept, who it is."""

    lead: Lead
    platform: str
    person: Applicant | None
    """Masked."""


@dataclass(frozen=True, slots=True)
class LeadCase:
    """A lead with everything that is kept about it."""

    shown: ShownLead
    application: Application
    review_asked: bool
    consents: tuple[Consent, ...]
    told: tuple[tuple[str, datetime], ...]
    """What its platform was told, and when."""
    pages: tuple[JourneyStep, ...]
    """Each page that the person came to, once, as they first saw it."""
    decisions: tuple[Decision, ...]
    funding: tuple[Request, list[FundingShare]] | None
    attachments: tuple[Attachment, ...]


def find(tx: Tx, keys: FieldKeys, wanted: Wanted) -> list[ShownLead]:
    """The newest leads of those that are wanted."""
    found = store.found(
        tx, number=wanted.number, partner_id=wanted.partner_id, state=wanted.state, index=None
    )
    return _shown(tx, keys, found)


def find_person(tx: Tx, keys: FieldKeys, typed: str, actor: Actor) -> list[ShownLead]:
    """All leads of a person, by mobile, identity number or whole name; it is on record who looked.

    Raises MobileInvalid, IdentityNoInvalid.
    """
    if not typed.strip("+ -0123456789") and len(typed) < IDENTITY_NO_LENGTH:
        index = keys.index(customer_rules.mobile(typed), of="mobile")
    elif typed[:1].isdigit():
        index = keys.index(customer_rules.identity_no(typed), of="identity_no")
    else:
        index = keys.index(typed, of="name")
    found = store.found(tx, number=None, partner_id=None, state=None, index=index)
    audit.record(tx, actor, "lead.find_person", "", {"leads": [each.id for each in found]})
    return _shown(tx, keys, found)


def case(tx: Tx, keys: FieldKeys, lead_id: str) -> LeadCase:
    """One lead.

    Raises NoSuchLead.
    """
    lead = store.lead_by_id(tx, lead_id)
    if lead is None:
        raise NoSuchLead
    (shown,) = _shown(tx, keys, [lead])
    first: dict[str, JourneyStep] = {}
    for each in journey.steps(tx, lead.application_id):
        first.setdefault(each.page, each)
    return LeadCase(
        shown=shown,
        application=loans.application(tx, lead.application_id),
        review_asked=loans.is_review_asked(tx, lead.application_id),
        consents=store.consents(tx, lead_id),
        told=store.told(tx, lead),
        pages=tuple(first.values()),
        decisions=tuple(risk.decisions(tx, lead.application_id)),
        funding=funding.of_application(tx, lead.application_id),
        attachments=tuple(attachments.of_lead(tx, lead_id)),
    )


def _shown(tx: Tx, keys: FieldKeys, found: list[Lead]) -> list[ShownLead]:
    names = {each.id: each.name for each in channels.partners(tx)}
    return [ShownLead(each, names[each.partner_id], _masked(keys, each)) for each in found]


def _masked(keys: FieldKeys, lead: Lead) -> Applicant | None:
    person = leads.applicant(keys, lead)
    return person and Applicant(
        mask_name(person.name), mask_identity_no(person.identity_no), mask_mobile(person.mobile)
    )
