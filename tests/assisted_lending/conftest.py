"""One lender for a whole file of tests that do not disturb each other."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask

from gateway.context import GatewayContext
from gateway.platform_keys import PlatformKeys
from lending.foundation import crypto
from lending.foundation.clock import FixedClock
from lending.foundation.files import FileStore
from processes.front import create_app
from simulators.magic import Somebody
from tests.assisted_lending.sending import Sending, Sent
from tests.databases import Databases
from tests.loans.world import make
from tests.outside import OutsideWorld
from tests.today import NOW


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> OutsideWorld:
    """Institutions outside."""
    return OutsideWorld(tmp_path_factory.mktemp("outside"))


@pytest.fixture(scope="module")
def sending(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory, outside: OutsideWorld
) -> Iterator[Sending]:
    """A lender with a platform on its list."""
    folder = tmp_path_factory.mktemp("lender")
    keys = crypto.load_or_make(folder / "field_keys.json")
    with databases.lent() as url:
        world = make(url, FixedClock(NOW), keys, FileStore(folder / "files"))
        plugged = outside.plugged
        world.context = replace(world.context, identity=plugged.identity, sms=plugged.sms)
        yield Sending(world)
        world.database.close()


@pytest.fixture(scope="module")
def app(sending: Sending, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The front as a process runs it."""
    keys = PlatformKeys.load_or_make(tmp_path_factory.mktemp("platform"))
    return create_app(sending.world.context, GatewayContext(sending.world.context, keys, _nobody))


@pytest.fixture
def person(app: Flask, sending: Sending, outside: OutsideWorld) -> Callable[..., Sent]:
    """Makes somebody who is sent, with a browser of their own."""

    def made(who: Somebody | None = None) -> Sent:
        return Sent(app, sending, outside, who)

    return made


def _nobody(_: object) -> None:
    raise AssertionError("no bank calls here")
