"""One running system and one phone for all journeys."""

import shutil
from collections.abc import Iterator

import pytest

from tests import memory
from tests.browser.phone import Phone


@pytest.fixture(scope="session")
def phone() -> Iterator[Phone]:
    var = memory.folder("cf-browser-")
    opened = Phone(var)
    yield opened
    opened.close()
    shutil.rmtree(var, ignore_errors=True)
