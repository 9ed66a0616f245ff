"""What can go wrong with a partner."""

from lending.foundation.errors import BadInput, Conflict, NotFound, Refused


class PartnerNotListed(Refused):
    """The partner is not on the list of partners today (R-LIST-PARTNER)."""

    code, title = "partner.not_listed", "The partner is not on the lender's list today"
    mend = "Ask your account manager about the list state and the contract dates."


class PartnerStopped(Refused):
    """The lender has stopped working with the partner for the time being (名单制)."""

    code, title = "partner.stopped", "The lender has stopped this partner for the time being"
    mend = "Ask your account manager; nothing new is taken until it is lifted."


class ContractNotInForce(Refused):
    """The contract with the partner has ended, or has not begun (名单制)."""

    code, title = "partner.contract_not_in_force", "The contract is not in force today"
    mend = "Ask your account manager about the contract's dates."


class ListingRefused(BadInput):
    """The list cannot hold this."""

    code, title = "partner.listing_refused", "名单信息不正确"


class NoAgreement(Refused):
    """There is no agreement in force with this partner for this product."""

    code, title = "partner.no_agreement", "No agreement in force covers this product"
    field = "/product_code"
    mend = "Use a product that your agreement covers, or leave product_code out."


class AppIdTaken(Conflict):
    """Another partner has this public id."""

    code, title, field = "partner.app_id_taken", "该 app_id 已被使用", "/app_id"
    mend = "请换一个 app_id。"


class NoSuchPartner(NotFound):
    """There is no such partner."""


class NoSuchKey(NotFound):
    """There is no such key, or it is another partner's."""


class KeyTaken(Conflict):
    """A key is registered once: for one partner in one environment, and never again."""

    code, title, field = "key.taken", "This key is registered already", "/public_jwk"
    mend = "Make a new key; test and live have keys of their own."


class TooManyKeys(Conflict):
    """A partner has as many keys as it may have."""

    code, title = "key.too_many", "There are as many keys as a partner may have"
    mend = "Revoke one that you no longer use."


class KeyStateWrong(Conflict):
    """What is asked does not follow the key's present state."""

    code, title = "key.wrong_state", "The state of the key does not allow this"
    mend = "A key goes from pending to active to retiring to revoked; register a new one instead."


class LastKey(Conflict):
    """Nobody could sign for the partner once this key is gone."""

    code, title = "key.last", "This is the last active key"
    mend = "Activate another key first. Revoke this one, if somebody else may hold it."


class SignerRetiring(Conflict):
    """A key on its way out brings no other in."""

    code, title = "key.signer_retiring", "A retiring key cannot register or activate another"
    mend = "Sign this call with an active key."


class FunctionsNotYours(Refused):
    """A new key may do no more than the one that registers it."""

    code, title, field = "key.functions_refused", "The signing key cannot give these", "/functions"
    mend = "Name functions that the signing key has, or leave functions out."


class EndRefused(BadInput):
    """A retiring key verifies until an instant that is ahead, and not for long."""

    code, title, field = "key.end_refused", "A key cannot verify until then", "/verifies_until"
    mend = "Name an instant that is ahead, within 90 days."
