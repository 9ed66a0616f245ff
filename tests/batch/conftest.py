import pytest

from lending.compliance import parameters
from lending.foundation.context import Context
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Database
from lending.foundation.files import FileStore
from lending.foundation.settings import Settings
from tests.loans.world import Bank, Seams


@pytest.fixture
def context(database: Database, field_keys: FieldKeys, files: FileStore) -> Context:
    """An installation without loans, whose bank has an empty book."""
    with database.unit_of_work() as tx:
        parameters.seed(tx)
    return Context(
        database=database,
        keys=field_keys,
        files=files,
        settings=Settings(),
        channel=Bank(Seams()),
        bureaus=(),
        identity=None,
        sms=None,
    )
