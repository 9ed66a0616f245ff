from collections.abc import Iterator

import pytest

from lending.foundation.clock import FixedClock
from lending.foundation.crypto import FieldKeys
from lending.foundation.files import FileStore
from tests.loans.world import World, make


@pytest.fixture
def world(
    database_url: str, clock: FixedClock, field_keys: FieldKeys, files: FileStore
) -> Iterator[World]:
    """A lender with a shop and a buyer, on a fresh database."""
    made = make(database_url, clock, field_keys, files)
    yield made
    made.database.close()
