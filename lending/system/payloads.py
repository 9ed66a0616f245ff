"""What a proposal's payload carries as text, read as what it stands for."""

import re
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from lending.foundation.calendar import parsed_date
from lending.system.approvals import Payload, words
from lending.system.errors import PayloadWrong

Choice = TypeVar("Choice", bound=StrEnum)
_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,8})?")


def decimal(text: str) -> Decimal:
    """A number written plainly, such as `0.2`: no exponent, and nothing that is no number.

    Raises ValueError.
    """
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"{text!r} is not a plain decimal")
    return Decimal(text)


def rate(payload: Payload, name: str) -> Decimal:
    """A decimal such as `0.2`.

    Raises PayloadWrong, naming the field.
    """
    try:
        return decimal(words(payload, name))
    except ValueError:
        raise PayloadWrong(field=f"/{name}", mend="请填写小数,如 0.2。") from None


def day(payload: Payload, name: str) -> date:
    """A date such as `2026-11-30`.

    Raises PayloadWrong, naming the field.
    """
    try:
        return parsed_date(words(payload, name))
    except ValueError:
        raise PayloadWrong(field=f"/{name}", mend="请按 年-月-日 填写。") from None


def choice(payload: Payload, name: str, members: type[Choice]) -> Choice:
    """One of a few words.

    Raises PayloadWrong, naming the field.
    """
    try:
        return members(words(payload, name))
    except ValueError:
        raise PayloadWrong(field=f"/{name}", mend="请从选项中选择。") from None
