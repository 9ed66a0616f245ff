import shutil
from collections.abc import Iterator

import pytest

from processes.postgres import EmbeddedPostgres
from tests import memory
from tests.processes.system import System


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    """One installation for all tests of this folder; in the end the three books must agree."""
    var = memory.folder("cf-system-")
    running = System(var)
    yield running
    books = running.command("reconcile")
    proof = running.command("ledger", "verify")
    running.supervisor.stop()
    running.context.database.close()
    server = EmbeddedPostgres(var / "postgres")
    server.start()
    server.stop()
    shutil.rmtree(var, ignore_errors=True)
    assert books.returncode == 0, books.stdout + books.stderr
    assert proof.returncode == 0, proof.stdout + proof.stderr
