"""Pure rules on what identifies a person."""

import re
from datetime import date

from lending.customers.errors import (
    CardNumberInvalid,
    CustomerTooYoung,
    IdentityNoInvalid,
    MobileInvalid,
    WalletNumberInvalid,
)

AGE_MIN = 18
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS = "10X98765432"


def identity_no(raw: str) -> str:
    """The identity number in its normal form (GB 11643: 17 digits and a check character).

    Raises IdentityNoInvalid.
    """
    value = raw.strip().upper()
    if not re.fullmatch(r"[1-9][0-9]{16}[0-9X]", value, re.ASCII):
        raise IdentityNoInvalid
    total = sum(int(digit) * weight for digit, weight in zip(value, _WEIGHTS, strict=False))
    if _CHECK_CHARACTERS[total % 11] != value[-1]:
        raise IdentityNoInvalid
    birth_date(value)
    return value


def birth_date(identity_number: str) -> date:
    """The date of birth that an identity number carries.

    Raises IdentityNoInvalid when there is no such day.
    """
    try:
        return date.fromisoformat(
            f"{identity_number[6:10]}-{identity_number[10:12]}-{identity_number[12:14]}"
        )
    except ValueError:
        raise IdentityNoInvalid from None


def require_adult(born: date, on: date) -> None:
    """Refuses who is not yet eighteen.

    Raises CustomerTooYoung.
    """
    if (on.year - AGE_MIN, on.month, on.day) < (born.year, born.month, born.day):
        raise CustomerTooYoung


def mobile(raw: str) -> str:
    """The mobile number in its normal form: eleven digits, no country code.

    Raises MobileInvalid.
    """
    value = raw.strip().removeprefix("+86").replace(" ", "").replace("-", "")
    if not re.fullmatch(r"1[3-9][0-9]{9}", value, re.ASCII):
        raise MobileInvalid
    return value


def wallet_number(raw: str) -> str:
    """A wallet's account number without spaces: 16 digits.

    Raises WalletNumberInvalid.
    """
    value = raw.replace(" ", "")
    if not re.fullmatch(r"[0-9]{16}", value, re.ASCII):
        raise WalletNumberInvalid
    return value


def card_number(raw: str) -> str:
    """The card number without spaces, its last digit checked (ISO/IEC 7812, Luhn).

    Raises CardNumberInvalid.
    """
    value = raw.replace(" ", "").replace("-", "")
    if not re.fullmatch(r"[0-9]{12,19}", value, re.ASCII):
        raise CardNumberInvalid
    doubled = [
        sum(divmod(int(digit) * (1 + place % 2), 10)) for place, digit in enumerate(reversed(value))
    ]
    if sum(doubled) % 10:
        raise CardNumberInvalid
    return value
