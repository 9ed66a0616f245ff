"""Pure rules of stores: where somebody is, and which code is good when."""

import math
from datetime import datetime, timedelta

from scenarios.offline_credit.errors import OutsideTheStore, PositionTooVague
from scenarios.offline_credit.model import Position, Store

EARTH_RADIUS_M = 6_371_009
"""The mean radius of the WGS 84 ellipsoid."""
ACCURACY_M_MAX = 500
"""A position that may be further off than this tells nothing about a store."""
CODE_TURNS_S = 60
"""A store's code is replaced so often."""
CODE_GOOD_TURNS = 3
"""How many turns a code is good for, so that somebody who just scanned it gets in."""
PAYMENT_CODE_GOOD_FOR = timedelta(seconds=60)
PAYMENT_GOOD_FOR = timedelta(minutes=10)
VISIT_GOOD_FOR = timedelta(hours=2)
APPLICATION_GOOD_FOR = timedelta(days=7)
"""How long the page of an application stays, for those whom a person decides on."""


def distance_m(store: Store, position: Position) -> int:
    """How far a position is from a store along the great circle, in whole metres."""
    return metres_between(
        (store.latitude_e6, store.longitude_e6), (position.latitude_e6, position.longitude_e6)
    )


def metres_between(one: tuple[int, int], other: tuple[int, int]) -> int:
    """Great-circle distance of two positions in millionths of a degree (haversine)."""
    (lat_1, lon_1), (lat_2, lon_2) = (
        (math.radians(lat / 1e6), math.radians(lon / 1e6)) for lat, lon in (one, other)
    )
    half = (
        math.sin((lat_2 - lat_1) / 2) ** 2
        + math.cos(lat_1) * math.cos(lat_2) * math.sin((lon_2 - lon_1) / 2) ** 2
    )
    return round(2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(half))))


def require_inside(store: Store, position: Position) -> int:
    """Whether a phone is in the store, its inaccuracy taken in its favour (STORE-1); metres off.

    Raises PositionTooVague, OutsideTheStore.
    """
    if position.accuracy_m > ACCURACY_M_MAX:
        raise PositionTooVague
    away = distance_m(store, position)
    if away - position.accuracy_m > store.radius_m:
        raise OutsideTheStore(f"the phone is {away} m from the store")
    return away


def turn_of(at: datetime) -> int:
    """Which turn of the stores' codes an instant is in."""
    return int(at.timestamp()) // CODE_TURNS_S


def turn_begins(turn: int, like: datetime) -> datetime:
    """When a turn begins."""
    return datetime.fromtimestamp(turn * CODE_TURNS_S, like.tzinfo)


def is_fresh(turn: int, at: datetime) -> bool:
    """Whether a store's code of a turn still lets somebody in."""
    return 0 <= turn_of(at) - turn < CODE_GOOD_TURNS
