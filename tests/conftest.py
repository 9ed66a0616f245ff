"""A real PostgreSQL for the tests: one server a session, a fresh database for each test."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import pytest
from argon2 import PasswordHasher
from flask import Flask
from hypothesis import HealthCheck, settings
from jinja2 import FileSystemBytecodeCache
from werkzeug.routing import Rule
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from lending.foundation import business_day, crypto
from lending.foundation.clock import FixedClock
from lending.foundation.database import Database
from lending.foundation.files import FileStore
from lending.system import service as system_service
from processes.postgres import EmbeddedPostgres
from tests import memory
from tests.databases import Databases
from tests.loans.world import World, make
from tests.outside import OutsideWorld
from tests.today import NOW, TODAY

settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")
"""How fast the machine is, and what else it does meanwhile, decides nothing."""


class Scheduling(LoadFileScheduling):
    """Keeps the tests of a file together, and of those folders that start a system for all."""

    def _split_scope(self, nodeid: str) -> str:
        file = PurePosixPath(super()._split_scope(nodeid))
        return str(file.parent if file.parent.name in ("browser", "processes") else file)


@pytest.hookimpl
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    return Scheduling(config, log)


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """Passwords hashed at the least cost: at the real one each takes a fifth of a second."""
    with pytest.MonkeyPatch.context() as patch:
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(system_service, "_hasher", cheap)
        yield


@pytest.fixture(scope="session", autouse=True)
def _rules_compiled_once() -> Iterator[None]:
    """Compiles what builds an address once, not once for each of hundreds of applications."""
    compile_builder = Rule._compile_builder
    made: dict[tuple[object, ...], Callable[..., tuple[str, str]]] = {}

    def once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        if rule.defaults:
            return compile_builder(rule, append_unknown)
        which = (rule.rule, tuple(rule._trace), append_unknown)
        if which not in made:
            made[which] = compile_builder(rule, append_unknown)
        return made[which]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", once)
        yield


@pytest.fixture(scope="session", autouse=True)
def _pages_compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Compiles a page once, not once for each application that shows it."""
    cache = FileSystemBytecodeCache(str(tmp_path_factory.mktemp("pages")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": cache})
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A server of the session's own."""
    folder = memory.folder("cf-postgres-")
    server = EmbeddedPostgres(folder)
    server.start(for_tests=True)
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def databases(postgres: EmbeddedPostgres) -> Iterator[Databases]:
    made = Databases(postgres)
    yield made
    made.close()


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A fresh migrated database."""
    with databases.lent() as url:
        yield url


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
