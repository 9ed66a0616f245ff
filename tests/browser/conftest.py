"""One running system and one phone for all journeys."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.phone import Phone


@pytest.fixture(scope="session")
def phone() -> Iterator[Phone]:
    var = Path(tempfile.mkdtemp(prefix="cf-browser-"))
    opened = Phone(var)
    yield opened
    opened.close()
    shutil.rmtree(var, ignore_errors=True)
