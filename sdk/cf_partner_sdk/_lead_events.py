"""Events of platforms by type."""

from __future__ import annotations

from ._lead_models import Lead, LeadRepayment, LeadStanding
from ._models import Event


class LeadEvent(Event):
    """Something that happened to a lead."""

    @property
    def lead(self) -> Lead:
        """The lead as it then was."""
        return Lead.from_json(self.object)


class LeadReceived(LeadEvent, of="lead.received"):
    """A lead was taken."""


class LeadHandedOver(LeadEvent, of="lead.handed_over"):
    """The person came to the lender's page."""


class LeadReferred(LeadEvent, of="lead.referred"):
    """A person decides."""


class LeadApproved(LeadEvent, of="lead.approved"):
    """The person may choose an offer and sign."""


class LeadRefused(LeadEvent, of="lead.refused"):
    """The lender will not lend."""


class LeadSigned(LeadEvent, of="lead.signed"):
    """The contract is made; the payout follows."""


class LeadPaid(LeadEvent, of="lead.paid"):
    """The person has the money."""


class LeadPayoutFailed(LeadEvent, of="lead.payout_failed"):
    """The person's account was refused; they are asked for another."""


class LeadCancelled(LeadEvent, of="lead.cancelled"):
    """It was ended before any money left."""


class LeadExpired(LeadEvent, of="lead.expired"):
    """The person did not sign in time."""


class LeadRepaid(Event, of="lead.repaid"):
    """A borrower who was sent has paid."""

    @property
    def lead_repayment(self) -> LeadRepayment:
        """What was paid, and what is still owed."""
        return LeadRepayment.from_json(self.object)


class LeadStandingEvent(Event):
    """How the loan of a person who was sent is repaid."""

    @property
    def lead_standing(self) -> LeadStanding:
        """How the loan then stood."""
        return LeadStanding.from_json(self.object)


class LeadOverdue(LeadStandingEvent, of="lead.overdue"):
    """The loan is late, or late by another stage."""


class LeadCured(LeadStandingEvent, of="lead.cured"):
    """Nothing is late any more."""


class LeadSettled(LeadStandingEvent, of="lead.settled"):
    """The loan is over."""


class LeadReopened(LeadStandingEvent, of="lead.reopened"):
    """A settled loan runs again: what had settled it went back."""
