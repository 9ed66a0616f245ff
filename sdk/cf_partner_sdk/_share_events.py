"""Events of joint loans by type, for funders."""

from __future__ import annotations

from ._models import Event
from ._share_models import (
    Clearing,
    PortfolioMark,
    ReturnedMoney,
    Share,
    ShareClosing,
    ShareFraud,
    ShareLateness,
    ShareMovement,
)


class ShareEvent(Event):
    """Something about a share before the loan is paid out."""

    @property
    def share(self) -> Share:
        """The share as it then was, without the borrower's data."""
        return Share.from_json(self.object)


class ShareInvited(ShareEvent, of="share.invited"):
    """A share is asked for: `client.shares.get` has what decides on it."""


class ShareExpired(ShareEvent, of="share.expired"):
    """The time for a share is over."""


class ShareWithdrawn(ShareEvent, of="share.withdrawn"):
    """The loan is not made."""


class ShareFundingCalled(ShareEvent, of="share.funding_called"):
    """The borrower has signed: send the money."""


class ShareFunded(ShareEvent, of="share.funded"):
    """The lender has the money."""


class ShareMoneyReturned(Event, of="share.money_returned"):
    """Money was not as it was called, or the loan is not made: it is on its way back."""

    @property
    def returned(self) -> ReturnedMoney:
        """How much, and why."""
        return ReturnedMoney.from_json(self.object)


class ShareMoved(Event):
    """Something that happened to the loan of a share."""

    @property
    def movement(self) -> ShareMovement:
        """What it means for the share."""
        return ShareMovement.from_json(self.object)


class ShareActive(ShareMoved, of="share.active"):
    """The loan is paid out, the share with it."""


class ShareRepaid(ShareMoved, of="share.repaid"):
    """The borrower has paid."""


class ShareChanged(ShareMoved, of="share.changed"):
    """Goods returned, a waiver, other due dates, a payment taken back."""


class ShareWrittenOff(ShareMoved, of="share.written_off"):
    """The loan is given up in the books; it is still owed."""


class ShareRecovered(ShareMoved, of="share.recovered"):
    """Something came in on a loan that was written off."""


class ShareClosed(Event, of="share.closed"):
    """Nothing is owed on the loan any more."""

    @property
    def closing(self) -> ShareClosing:
        """When."""
        return ShareClosing.from_json(self.object)


class ShareLate(Event):
    """The loan of a share is later, or less late, than was told before."""

    @property
    def lateness(self) -> ShareLateness:
        """How late."""
        return ShareLateness.from_json(self.object)


class ShareOverdue(ShareLate, of="share.overdue"):
    """Another bucket of 30 days."""


class ShareStageChanged(ShareLate, of="share.stage_changed"):
    """Another of the five grades."""


class ShareFraudFlagged(Event, of="share.fraud_flagged"):
    """The borrower is held for a fraud, or is not any more."""

    @property
    def fraud(self) -> ShareFraud:
        """What is known of it."""
        return ShareFraud.from_json(self.object)


class ClearingEvent(Event):
    """Something about a clearing with the funder."""

    @property
    def clearing(self) -> Clearing:
        """The clearing as it then was."""
        return Clearing.from_json(self.object)


class ClearingMade(ClearingEvent, of="clearing.made"):
    """Money is on its way to the funder, or what moved comes to nothing."""


class ClearingExpected(ClearingEvent, of="clearing.expected"):
    """The funder owes the lender."""


class ClearingPaid(ClearingEvent, of="clearing.paid"):
    """The funder has the money."""


class ClearingFailed(ClearingEvent, of="clearing.failed"):
    """No money has moved: it goes into the next clearing."""


class ClearingReceived(ClearingEvent, of="clearing.received"):
    """The lender has the money."""


class PortfolioWarning(Event, of="portfolio.warning"):
    """A funder's loans together have crossed a threshold."""

    @property
    def mark(self) -> PortfolioMark:
        """Which, and by how much."""
        return PortfolioMark.from_json(self.object)
