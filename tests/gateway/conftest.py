from pathlib import Path

import pytest

from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Database
from tests.gateway.world import World


@pytest.fixture
def world(tmp_path: Path, database: Database, field_keys: FieldKeys) -> World:
    return World(tmp_path, database, field_keys)
