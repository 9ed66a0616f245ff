"""What a call carries, read strictly: an institution answers 400 to anything else."""

import json
from typing import Any

from flask import request


class BadCall(Exception):
    """A field is missing or is not what it must be."""


def body() -> dict[str, Any]:
    """The JSON object that the call carries.

    Raises BadCall.
    """
    try:
        found = json.loads(request.get_data())
    except ValueError:
        raise BadCall("the body must be JSON") from None
    if not isinstance(found, dict):
        raise BadCall("the body must be an object")
    return found


def text(given: dict[str, Any], name: str) -> str:
    """A text that is not empty.

    Raises BadCall.
    """
    found = given.get(name)
    if not isinstance(found, str) or not found:
        raise BadCall(f"{name} must be a text")
    return found


def fen(given: dict[str, Any], name: str) -> int:
    """A positive amount in fen.

    Raises BadCall.
    """
    found = given.get(name)
    if type(found) is not int or not 0 < found < 2**53:
        raise BadCall(f"{name} must be a positive whole number of fen")
    return found
