from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from lending.foundation import jobs, sandbox_clock
from lending.foundation.clock import FixedClock
from lending.foundation.database import Database
from tests.today import NOW

DAY = timedelta(days=1)


@pytest.fixture
def sandbox(database_url: str, clock: FixedClock) -> Iterator[Database]:
    opened = Database(database_url, clock=clock, sandbox_clock=True)
    yield opened
    opened.close()


def advance(database: Database, days: int) -> None:
    for _ in range(days):
        with database.unit_of_work() as tx:
            sandbox_clock.advance(tx)


class TestAdvancing:
    def test_moves_business_and_leaves_the_machines_instant(self, sandbox: Database):
        advance(sandbox, 30)
        advance(sandbox, 5)
        with sandbox.unit_of_work() as tx:
            assert tx.now == NOW + 35 * DAY
            assert tx.machine_now == NOW

    def test_is_seen_by_every_process_at_once(
        self, sandbox: Database, database_url: str, clock: FixedClock
    ):
        other = Database(database_url, clock=clock, sandbox_clock=True)
        with other.unit_of_work() as tx:
            assert tx.now == NOW
        advance(sandbox, 1)
        with other.unit_of_work() as tx:
            assert tx.now == NOW + DAY
        other.close()

    def test_waits_for_whoever_has_read_the_clock(self, sandbox: Database):
        with ThreadPoolExecutor(1) as hands, sandbox.unit_of_work() as tx:
            assert tx.now == NOW
            moving = hands.submit(advance, sandbox, 1)
            with pytest.raises(TimeoutError):
                moving.result(timeout=0.1)
            tx.scalar("SELECT 1")
            assert tx.now == NOW
        with sandbox.unit_of_work() as tx:
            assert tx.now == NOW + DAY

    def test_gives_up_on_a_unit_of_work_that_stays_open(
        self, sandbox: Database, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(sandbox_clock, "PATIENCE_S", 0.05)
        with ThreadPoolExecutor(1) as hands, sandbox.unit_of_work() as tx:
            assert tx.now == NOW
            with pytest.raises(sandbox_clock.SandboxBusy):
                hands.submit(advance, sandbox, 1).result()

    def test_brings_the_jobs_nearer_that_wait_for_an_instant(self, sandbox: Database):
        advance(sandbox, 10)
        with sandbox.unit_of_work() as tx:
            jobs.enqueue(tx, "loans.ask", queue=jobs.CORE, at=tx.now + 2 * DAY)
            assert tx.scalar("SELECT scheduled_at FROM procrastinate_jobs") == NOW + 2 * DAY
        advance(sandbox, 2)
        with sandbox.unit_of_work() as tx:
            assert tx.scalar("SELECT scheduled_at FROM procrastinate_jobs") == NOW

    def test_does_nothing_to_an_installation_that_is_no_sandbox(
        self, database: Database, sandbox: Database
    ):
        advance(sandbox, 3)
        with database.unit_of_work() as tx:
            assert tx.now == NOW
