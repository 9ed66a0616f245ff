from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from lending.foundation import business_day, crypto
from lending.foundation.clock import FixedClock
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Database
from processes.postgres import EmbeddedPostgres
from tests.gateway.world import World
from tests.today import NOW, TODAY


@pytest.fixture
def world(tmp_path: Path, database: Database, field_keys: FieldKeys) -> World:
    return World(tmp_path, database, field_keys)


@pytest.fixture(scope="module")
def shared_world(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory, request
) -> Iterator[World]:
    """One front for a whole file of tests that disturb nobody."""
    folder = tmp_path_factory.mktemp("shared")
    name = f"shared_{folder.name}_{request.module.__name__.rsplit('.', 1)[-1]}".lower()
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template_cf STRATEGY FILE_COPY")
    database = Database(postgres.url_of(name), clock=FixedClock(NOW))
    with database.unit_of_work() as tx:
        business_day.open_first(tx, TODAY)
    yield World(folder, database, crypto.load_or_make(folder / "field_keys.json"))
    database.close()
