from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.webhooks import Deliveries
from lending.foundation import business_day, crypto
from lending.foundation.clock import FixedClock
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Database
from tests.databases import Databases
from tests.gateway.receiver import Receiver
from tests.gateway.world import World
from tests.today import NOW, TODAY


@pytest.fixture
def world(tmp_path: Path, database: Database, field_keys: FieldKeys) -> World:
    return World(tmp_path, database, field_keys)


@pytest.fixture(scope="module")
def shared_world(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One front for a whole file of tests that disturb nobody."""
    folder = tmp_path_factory.mktemp("shared")
    with databases.lent() as url:
        database = Database(url, clock=FixedClock(NOW))
        with database.unit_of_work() as tx:
            business_day.open_first(tx, TODAY)
        yield World(folder, database, crypto.load_or_make(folder / "field_keys.json"))
        database.close()


@pytest.fixture
def shop_server() -> Iterator[Receiver]:
    """A shop's own server that takes events."""
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def deliveries(world: World) -> Deliveries:
    return Deliveries(world.context)
