import pytest

from lending.foundation import business_day, jobs
from lending.foundation.database import Database
from tests.today import NOW, TODAY


class TestUnitOfWork:
    def test_commits_effect_and_job_together(self, database: Database):
        with database.unit_of_work() as tx:
            jobs.enqueue(tx, "loans.decide", queue=jobs.CORE, application_id="app_1")
        with database.unit_of_work() as tx:
            job = tx.one("SELECT task_name, args FROM procrastinate_jobs")
        assert job["task_name"] == "loans.decide"
        assert job["args"] == {"application_id": "app_1"}

    def test_leaves_neither_when_anything_raises(self, database: Database):
        def fail_halfway() -> None:
            with database.unit_of_work() as tx:
                jobs.enqueue(tx, "loans.decide", queue=jobs.CORE, application_id="app_1")
                business_day.close(tx)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail_halfway()
        with database.unit_of_work() as tx:
            assert tx.scalar("SELECT count(*) FROM procrastinate_jobs") == 0
            assert business_day.today(tx) == TODAY

    def test_has_one_instant(self, database: Database):
        with database.unit_of_work() as tx:
            assert tx.now == NOW

    def test_does_not_nest(self, database: Database):
        with database.unit_of_work(), pytest.raises(AssertionError), database.unit_of_work():
            pass
