"""The front as a process runs it, with the outside behind it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from gateway.context import GatewayContext
from lending.foundation.clock import FixedClock
from lending.foundation.crypto import FieldKeys
from lending.foundation.files import FileStore
from processes.front import create_app
from tests.hosted.buyer import Buyer
from tests.keys import platform_keys
from tests.loans.world import World, make
from tests.outside import OutsideWorld


@pytest.fixture
def world(
    database_url: str,
    clock: FixedClock,
    field_keys: FieldKeys,
    files: FileStore,
    outside: OutsideWorld,
) -> Iterator[World]:
    """A lender with a shop, whose people are identified and told codes by the simulators."""
    made = make(database_url, clock, field_keys, files)
    made.context = replace(made.context, identity=outside.plugged.identity, sms=outside.plugged.sms)
    yield made
    made.database.close()


@pytest.fixture
def app(world: World, tmp_path: Path) -> Flask:
    """The front as a process runs it."""
    keys = platform_keys(tmp_path / "platform")
    return create_app(world.context, GatewayContext(world.context, keys, lambda _: None))


@pytest.fixture
def buyer(app: Flask, world: World, outside: OutsideWorld) -> Buyer:
    """Somebody new, with a browser of their own."""
    return Buyer(app, world, outside)
