"""A lender as borrowers meet it: its front, and the outside behind it."""

from dataclasses import dataclass, replace
from pathlib import Path

from flask import Flask

from gateway.context import GatewayContext
from lending.foundation.clock import FixedClock
from lending.foundation.crypto import FieldKeys
from lending.foundation.files import FileStore
from processes.front import create_app
from tests.keys import platform_keys
from tests.loans.world import World, make
from tests.outside import OutsideWorld


@dataclass(frozen=True)
class House:
    """All of it together."""

    world: World
    app: Flask
    outside: OutsideWorld


def lender(
    url: str, clock: FixedClock, keys: FieldKeys, files: FileStore, outside: OutsideWorld
) -> World:
    made = make(url, clock, keys, files)
    made.context = replace(made.context, identity=outside.plugged.identity, sms=outside.plugged.sms)
    return made


def front(world: World, folder: Path) -> Flask:
    keys = platform_keys(folder / "platform")
    return create_app(world.context, GatewayContext(world.context, keys, lambda _: None))
