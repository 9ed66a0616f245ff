"""What forms carry, made into what the core takes."""

import re
from enum import StrEnum
from typing import TypeVar

from flask import request

from lending.system.errors import PayloadWrong

E = TypeVar("E", bound=StrEnum)

_YUAN = re.compile(r"([0-9]{1,12}|[0-9]{1,3}(,[0-9]{3}){1,3})(\.[0-9]{1,2})?")


def text(name: str) -> str:
    """A field as it was typed, without the blanks around it; empty when it is missing."""
    return request.form.get(name, "").strip()


def needed(name: str) -> str:
    """A field that may not be empty.

    Raises PayloadWrong, naming the field.
    """
    typed = text(name)
    if not typed:
        raise PayloadWrong(field=f"/{name}", mend="请填写。")
    return typed


def one_of(name: str, choices: type[E]) -> E:
    """One of a few words.

    Raises PayloadWrong, naming the field.
    """
    try:
        return choices(text(name))
    except ValueError:
        raise PayloadWrong(field=f"/{name}", mend="请从列表中选择。") from None


def whole(name: str) -> int:
    """A whole number as it was typed.

    Raises PayloadWrong, naming the field.
    """
    typed = text(name)
    if not (typed.isascii() and typed.isdigit() and len(typed) < 10):
        raise PayloadWrong(field=f"/{name}", mend="请填写整数。")
    return int(typed)


def fen(name: str) -> int:
    """An amount typed in yuan, such as `1234.5`; 0 when it is left empty.

    Raises PayloadWrong, naming the field.
    """
    typed = text(name)
    if not typed:
        return 0
    if not _YUAN.fullmatch(typed):
        raise PayloadWrong(field=f"/{name}", mend="金额请以元填写,最多两位小数。")
    whole, _, cents = typed.replace(",", "").partition(".")
    return int(whole) * 100 + int(cents.ljust(2, "0"))
