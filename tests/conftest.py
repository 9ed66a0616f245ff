"""A real PostgreSQL for the tests: one server a session, one database a test."""

import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest

from lending.foundation import business_day, crypto
from lending.foundation.clock import FixedClock
from lending.foundation.database import Database
from lending.foundation.files import FileStore
from processes.migrate import migrate
from processes.postgres import EmbeddedPostgres
from tests.loans.world import World, make
from tests.outside import OutsideWorld
from tests.today import NOW, TODAY

_serial = count()
_MEMORY = Path("/dev/shm")
_ROOM = 2 * 1024**3


def _folder() -> str:
    """Where a server for tests keeps its files: in memory where there is room.

    Each test copies a database of a thousand files, which a busy disk takes seconds for. It is not
    pytest's own folder: that is closed to the user the server runs as.
    """
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM
    return tempfile.mkdtemp(prefix="cf-postgres-", dir=_MEMORY if roomy else None)


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A server with a migrated database `template_cf` to copy from."""
    folder = _folder()
    server = EmbeddedPostgres(Path(folder))
    server.start(for_tests=True)
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE template_cf")
    migrate(server.url_of("template_cf"))
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    """A fresh migrated database."""
    name = f"test_{next(_serial)}"
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template_cf STRATEGY FILE_COPY")
        yield postgres.url_of(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def database(database_url: str, clock: FixedClock) -> Iterator[Database]:
    """A fresh database with the business date open and a clock that the test moves."""
    opened = Database(database_url, clock=clock)
    with opened.unit_of_work() as tx:
        business_day.open_first(tx, TODAY)
    yield opened
    opened.close()


@pytest.fixture
def field_keys(tmp_path: Path) -> crypto.FieldKeys:
    return crypto.load_or_make(tmp_path / "field_keys.json")


@pytest.fixture
def files(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files")


@pytest.fixture
def outside(tmp_path: Path) -> OutsideWorld:
    """Bank, bureaus, identity check and SMS, each with a fresh book."""
    return OutsideWorld(tmp_path / "var")


@pytest.fixture
def world(
    database_url: str, clock: FixedClock, field_keys: crypto.FieldKeys, files: FileStore
) -> Iterator[World]:
    """A lender with a shop and a buyer, on a fresh database."""
    made = make(database_url, clock, field_keys, files)
    yield made
    made.database.close()
