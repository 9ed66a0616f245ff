"""Who borrows: profile, proofs of identity, consents, cards."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from lending.foundation.ports import AccountKind


class IdentityMethod(StrEnum):
    """How somebody was shown to be who they say."""

    NAME_AND_NUMBER = "name_and_number"
    """Name and identity number belong together, by the identity service."""
    FACE = "face"
    """The face is that of the identity number, and alive."""
    WALLET = "wallet"
    """A payment company holds a wallet under this name and identity number."""
    BANK_CARD = "bank_card"
    """A bank holds a card under this name, identity number and mobile: the path without a face."""


class ConsentScope(StrEnum):
    """What one consent allows; each is asked for by itself (PIPL 29, 个人信息保护法)."""

    PERSONAL_INFO = "personal_info"
    """Processing what is needed for this loan."""
    BUREAU_QUERY = "bureau_query"
    """Asking credit bureaus, for this application (R-CREDIT-AUTH)."""
    FACE = "face"
    """Processing a picture of the face. Refusing it never refuses the loan (R-FACE-ALT)."""
    SHARING = "sharing"
    """Telling the merchant the state of the order."""
    FUNDERS = "funders"
    """Telling the lenders who may fund this loan with us what they need to decide by themselves."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A customer's own data, opened: for contracts and for calls outside, never for a log."""

    customer_id: str
    name: str
    identity_no: str
    mobile: str
    birth_date: date

    def age(self, on: date) -> int:
        """Whole years."""
        before_birthday = (on.month, on.day) < (self.birth_date.month, self.birth_date.day)
        return on.year - self.birth_date.year - before_birthday


@dataclass(frozen=True, slots=True)
class BankCard:
    """A card, or a wallet, whose holder its bank or payment company has confirmed."""

    id: str
    customer_id: str
    bank_name: str
    """Who keeps it."""
    last4: str
    kind: AccountKind = AccountKind.BANK


@dataclass(frozen=True, slots=True)
class CardHolder:
    """What a debit needs of a card, in the clear."""

    number: str
    name: str
    """Its holder's."""


class CodeProblem(StrEnum):
    """Why a one-time code did not count."""

    WRONG = "wrong"
    """Not the code that was sent."""
    EXPIRED = "expired"
    """Too old, used already, or none was sent."""
    LOCKED = "locked"
    """Wrong too often: a new code is needed."""


@dataclass(frozen=True, slots=True)
class SmsCode:
    """A one-time code as it is stored: by its keyed digest."""

    id: str
    code_hmac: bytes
    attempts: int
    expires_at: datetime
