"""What can go wrong between lenders."""

from lending.foundation.errors import BadInput, Conflict, NotFound, Refused


class NoSuchShare(NotFound):
    """There is no such share, or it is another funder's."""


class NoSuchFunder(NotFound):
    """There is no such funder."""


class NoSuchRequest(NotFound):
    """There is no such request for funds."""


class ShareExpired(Conflict):
    """The time to answer is over, or the share went to somebody else: this generation is dead."""

    code, title = "share.expired", "The time for this share is over"
    mend = "Release what you reserved for it. Another invitation, if any, has an id of its own."


class ShareWithdrawn(Conflict):
    """The loan is not made, so its shares are not needed any more."""

    code, title = "share.withdrawn", "This loan is not made"
    mend = "Release what you reserved for it."


class ShareAccepted(Conflict):
    """A share that was accepted stays accepted."""

    code, title = "share.accepted", "You have accepted this share"
    mend = "What you accepted binds you as long as the invitation says."


class ShareDeclined(Conflict):
    """A share that was declined stays declined."""

    code, title = "share.declined", "You have declined this share"
    mend = "Wait for another invitation."


class ShareOutsideRange(Refused):
    """A counter-offer is above what was asked, or outside the share that the agreement names."""

    code, title = "share.outside_range", "This share is not within what was agreed"
    field, mend = (
        "/share_rate",
        "Offer at most the share you were asked for, within your agreement.",
    )


class CounterNotOfUse(Refused):
    """Nobody can take what a counter-offer leaves."""

    code, title = "share.counter_not_of_use", "The rest of the loan would find no lender"
    field = "/share_rate"
    mend = "Accept the share that you were asked for, or decline it."


class DecisionInFuture(BadInput):
    """A decision cannot have been made later than now, or before it was asked for."""

    code, title = "share.decision_time", "The decision was not made between invitation and now"
    field, mend = "/decided_at", "Give the instant of your own decision."


class NotCalled(Conflict):
    """No money is called for this share at the moment."""

    code, title = "share.not_called", "No money is called for this share"
    mend = "Wait for `share.funding_called`."


class FunderNotLicensed(Refused):
    """The funder has no licence on this day, or not for this region (R-JOINT-LICENSE)."""

    code, title = "joint.funder_not_licensed", "The funder is not licensed for this loan"
    field, mend = "/licence", "Name a licence that is in force."


class AgreementNotPossible(Refused):
    """What is to be agreed with a funder breaks a rule; operators read which."""

    code, title = "joint.agreement_refused", "不能与资金方这样约定"


class SharesNotAgreed(Refused):
    """A joint loan is signed and paid out only when every lender has decided and agreed."""

    code, title = "joint.shares_not_agreed", "The lenders of this loan have not all agreed"
    mend = "Wait until the application is approved."


class NotPrepared(Refused):
    """A lender has no decision of its own on record (R-JOINT-INDEP)."""

    code, title = "joint.no_own_decision", "A lender has no decision of its own on record"
    mend = "Have each lender decide by itself first."
