"""Where a phone says that it is, out of a form."""

import re
from decimal import Decimal

from flask import request

from scenarios.offline_credit.model import Position

_DEGREES = re.compile(r"-?\d{1,3}(\.\d{1,15})?")
_METRES = re.compile(r"\d{1,7}(\.\d{1,15})?")


def position_told() -> Position | None:
    """The fields `latitude`, `longitude` and `accuracy`; None where they are no position."""
    latitude, longitude, accuracy = (
        request.form.get(name, "").strip() for name in ("latitude", "longitude", "accuracy")
    )
    if not (
        _DEGREES.fullmatch(latitude)
        and _DEGREES.fullmatch(longitude)
        and _METRES.fullmatch(accuracy)
    ):
        return None
    north, east = Decimal(latitude), Decimal(longitude)
    if abs(north) > 90 or abs(east) > 180:
        return None
    return Position(int(north * 1_000_000), int(east * 1_000_000), round(Decimal(accuracy)))
