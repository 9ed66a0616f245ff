"""The front as a process runs it, with the outside behind it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from lending.foundation import crypto
from lending.foundation.clock import FixedClock
from lending.foundation.crypto import FieldKeys
from lending.foundation.files import FileStore
from tests.databases import Databases
from tests.hosted.buyer import Buyer
from tests.hosted.house import House, front, lender
from tests.loans.world import World
from tests.outside import OutsideWorld
from tests.today import NOW


@pytest.fixture
def world(
    database_url: str,
    clock: FixedClock,
    field_keys: FieldKeys,
    files: FileStore,
    outside: OutsideWorld,
) -> Iterator[World]:
    """A lender with a shop, whose people are identified and told codes by the simulators."""
    made = lender(database_url, clock, field_keys, files, outside)
    yield made
    made.database.close()


@pytest.fixture
def app(world: World, tmp_path: Path) -> Flask:
    """The front as a process runs it."""
    return front(world, tmp_path)


@pytest.fixture(scope="class")
def house(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One front for a whole class of tests that disturb one another in nothing."""
    folder = tmp_path_factory.mktemp("house")
    with databases.lent() as url:
        outside = OutsideWorld(folder / "var")
        keys = crypto.load_or_make(folder / "field_keys.json")
        made = lender(url, FixedClock(NOW), keys, FileStore(folder / "files"), outside)
        yield House(made, front(made, folder), outside)
        made.database.close()


@pytest.fixture
def buyer(app: Flask, world: World, outside: OutsideWorld) -> Buyer:
    """Somebody new, with a browser of their own."""
    return Buyer(app, world, outside)
