"""What can go wrong with a payment to a partner."""

from lending.foundation.errors import Conflict, NotFound, Refused


class NoSuchRemittance(NotFound):
    """There is no such payment."""


class NoSettlementAccount(Refused):
    """The partner has named no account that it can be paid to."""

    code, title = "remittance.no_account", "The partner has no settlement account"
    mend = "Register a verified settlement account first."


class AlreadyRemitted(Conflict):
    """This was paid already, or is on its way."""

    code, title = "remittance.already_made", "This was paid already, or is on its way"
    mend = "Look at the payment that is there."
