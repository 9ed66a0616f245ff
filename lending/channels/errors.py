"""What can go wrong with a partner."""

from lending.foundation.errors import Conflict, NotFound, Refused


class PartnerNotListed(Refused):
    """The partner is not on the list of partners today (R-LIST-PARTNER)."""

    code, title = "partner.not_listed", "The partner is not on the lender's list today"
    mend = "Ask your account manager about the list state and the contract dates."


class NoAgreement(Refused):
    """There is no agreement in force with this partner for this product."""

    code, title = "partner.no_agreement", "No agreement in force covers this product"
    field = "/product_code"
    mend = "Use a product that your agreement covers, or leave product_code out."


class NoSuchPartner(NotFound):
    """There is no such partner."""


class TooManyKeys(Conflict):
    """A partner may have two keys that verify at once, so that one can be rotated."""

    code, title = "partner.too_many_keys", "Two keys are already in use"
    mend = "Revoke one of them first."
