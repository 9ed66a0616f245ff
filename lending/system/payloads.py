"""What a proposal's payload carries as text, read as what it stands for."""

from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TypeVar

from lending.system.approvals import Payload, words
from lending.system.errors import PayloadWrong

Choice = TypeVar("Choice", bound=StrEnum)


def rate(payload: Payload, name: str) -> Decimal:
    """A decimal such as `0.2`.

    Raises PayloadWrong, naming the field.
    """
    try:
        return Decimal(words(payload, name))
    except InvalidOperation:
        raise PayloadWrong(field=f"/{name}", mend="请填写小数,如 0.2。") from None


def day(payload: Payload, name: str) -> date:
    """A date such as `2026-11-30`.

    Raises PayloadWrong, naming the field.
    """
    try:
        return date.fromisoformat(words(payload, name))
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
