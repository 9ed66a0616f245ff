import threading
import time
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from lending.foundation import business_day, jobs
from lending.foundation.database import Database, Tx, is_lost
from lending.foundation.libpq import PREPARED_MAX
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


class TestAQuickStatement:
    SLEEP = "SELECT pg_sleep(CAST(:s AS double precision)) IS NULL, CAST(:name AS text)"
    MOVE = "UPDATE business_day SET business_date = business_date + 1 RETURNING business_date"

    def test_gives_what_any_other_gives(self, database: Database):
        asked = {
            "text": "\u5206 '\\", "number": 2**40, "day": TODAY, "at": NOW, "bytes": b"\x00\xff"
        }  # fmt: skip
        sql = (
            "SELECT CAST(:text AS text), CAST(:number AS bigint), CAST(:day AS date),"
            " CAST(:at AS timestamptz), CAST(:bytes AS bytea), CAST(:text AS text) AS again,"
            " NULL AS n"
        )
        with database.unit_of_work() as tx:
            answer = tx.quick(sql, **asked)
            assert answer == tuple(tx.all(sql, **asked)[0].values())

    @pytest.mark.parametrize("first", [True, False])
    def test_may_be_longer_than_what_a_connection_takes_at_once(
        self, database: Database, first: bool
    ):
        text = "x" * 8_000_000
        with database.unit_of_work() as tx:
            if not first:
                tx.scalar("SELECT 1")
            assert tx.quick("SELECT CAST(:text AS text)", text=text) == (text,)
        sql = "SELECT length(CAST(:text AS text)), CAST(:text AS text)"
        assert database.at_once(sql, text=text) == (len(text), text)

    @pytest.mark.parametrize("first", [True, False])
    def test_is_undone_with_its_unit_of_work(self, database: Database, first: bool):
        def move_and_fail() -> None:
            with database.unit_of_work() as tx:
                if not first:
                    tx.scalar("SELECT 1")
                assert tx.quick(self.MOVE) == (TODAY + timedelta(days=1),)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            move_and_fail()
        with database.unit_of_work() as tx:
            assert business_day.today(tx) == TODAY

    @pytest.mark.parametrize("first", [True, False])
    def test_that_fails_tells_why_and_leaves_the_next_unit_of_work_whole(
        self, database: Database, first: bool
    ):
        def divide(by: int) -> tuple[object, ...]:
            with database.unit_of_work() as tx:
                if not first:
                    tx.scalar("SELECT 1")
                return tx.quick("SELECT 1 / CAST(:by AS int)", by=by)

        with pytest.raises(DBAPIError, match="division by zero"):
            divide(0)
        assert divide(1) == (1,)

    def test_stays_prepared_when_a_unit_of_work_is_undone(self, database: Database):
        def prepared() -> list[str]:
            with database.unit_of_work() as tx:
                tx.quick(self.SLEEP, s=0, name="")
                return [row["name"] for row in tx.all("SELECT name FROM pg_prepared_statements")]

        def fail(tx: Tx) -> None:
            with tx.savepoint():
                tx.scalar("SELECT 1 / 0")

        def fail_twice() -> None:
            with database.unit_of_work() as tx:
                with pytest.raises(DBAPIError):
                    fail(tx)
                fail(tx)

        before = prepared()
        with pytest.raises(DBAPIError):
            fail_twice()
        assert set(before) <= set(prepared())

    def test_is_prepared_anew_once_tables_are_changed(self, database: Database):
        with database.unit_of_work() as tx:
            tx.quick(self.SLEEP, s=0, name="before")
            for sql in ("CREATE TABLE t (a int)", "ALTER TABLE t ADD b int", "DROP TABLE t"):
                tx.touched(sql)
                assert tx.quick(self.SLEEP, s=0, name=sql) == (False, sql)

    def test_is_prepared_anew_where_the_driver_dropped_it(self, database: Database):
        with database.unit_of_work() as tx:
            tx.quick(self.SLEEP, s=0, name="before")
            tx.driver.execute("DEALLOCATE ALL")
        with database.unit_of_work() as tx:
            assert tx.quick(self.SLEEP, s=0, name="after") == (False, "after")

    @pytest.mark.parametrize("first", [True, False])
    def test_on_a_connection_that_was_ended_says_that_it_is_lost(
        self, database: Database, first: bool
    ):
        def quickly() -> tuple[object, ...]:
            with database.unit_of_work() as tx:
                if not first:
                    tx.scalar("SELECT 1")
                if pids:
                    end(pids.pop())
                pids_seen.append(tx.driver.info.backend_pid)
                return tx.quick(self.SLEEP, s=0, name="n")

        def end(pid: int) -> None:
            with psycopg.connect(database.url, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))

        pids: list[int] = []
        pids_seen: list[int] = []
        quickly()
        pids.append(pids_seen[-1])
        with pytest.raises(DBAPIError) as raised:
            quickly()
        assert is_lost(raised.value)
        assert quickly() == (False, "n")

    def test_lets_other_threads_run_while_it_waits(self, database: Database):
        def wait() -> None:
            with database.unit_of_work() as tx:
                tx.quick(self.SLEEP, s=0.4, name="")

        waiting = threading.Thread(target=wait)
        waiting.start()
        turns = 0
        while waiting.is_alive():
            time.sleep(0.005)
            turns += 1
        assert turns > 20

    def test_at_the_start_of_a_part_is_undone_with_the_part(self, database: Database):
        def move_and_fail(tx: Tx) -> None:
            with tx.savepoint():
                tx.quick(self.MOVE)
                raise ZeroDivisionError

        with database.unit_of_work() as tx:
            with pytest.raises(ZeroDivisionError):
                move_and_fail(tx)
            assert business_day.today(tx) == TODAY


class TestAStatementThatNobodyWaitsFor:
    MOVE = "UPDATE business_day SET business_date = business_date + CAST(:days AS int)"
    DIVIDE = "SELECT 1 / CAST(:by AS int)"
    REFUSE = "SELECT refuse(CAST(:why AS jsonb))"

    @staticmethod
    def moved(database: Database) -> int:
        with database.unit_of_work() as tx:
            return (business_day.today(tx) - TODAY).days

    @pytest.mark.parametrize("begun", [True, False])
    @pytest.mark.parametrize("many", [1, 3])
    def test_runs_when_the_unit_of_work_ends(self, database: Database, begun: bool, many: int):
        with database.unit_of_work() as tx:
            if begun:
                tx.scalar("SELECT 1")
            for _ in range(many):
                tx.run(self.MOVE, days=1)
        assert self.moved(database) == many

    def test_runs_before_any_other_statement(self, database: Database):
        with database.unit_of_work() as tx:
            for move in (
                lambda: tx.quick(TestAQuickStatement.MOVE),
                lambda: tx.touched(self.MOVE, days=1),
                lambda: tx.run_many(self.MOVE, [{"days": 1}]),
                lambda: tx.run(self.MOVE, days=1),
            ):
                tx.run(self.MOVE, days=1)
                move()
            ask = "SELECT business_date FROM business_day"
            found = [tx.scalar(ask)]
            tx.run(self.MOVE, days=1)
            found += [row["business_date"] for row in tx.all(ask)]
            tx.run(self.MOVE, days=1)
            found += [row["business_date"] for row in tx.stream(ask)]
            tx.run(self.MOVE, days=1)
            copied = b"".join(tx.copy(f"COPY ({ask}) TO STDOUT")).decode().strip()
            tx.run(self.MOVE, days=1)
            found += tx.driver.execute(ask).fetchone() or ()
        assert [(day - TODAY).days for day in found] == [8, 9, 10, 12]
        assert copied == str(TODAY + timedelta(days=11))

    @pytest.mark.parametrize("begun", [True, False])
    @pytest.mark.parametrize("many", [1, 2])
    def test_that_fails_undoes_the_unit_of_work(self, database: Database, begun: bool, many: int):
        def divide_last() -> None:
            with database.unit_of_work() as tx:
                if begun:
                    tx.touched(self.MOVE, days=1)
                for _ in range(many - 1):
                    tx.run(self.MOVE, days=1)
                tx.run(self.DIVIDE, by=0)

        with pytest.raises(DBAPIError, match=r"division by zero(.|\n)*SELECT 1 /"):
            divide_last()
        assert self.moved(database) == 0

    def test_that_fails_is_told_by_the_next_one_and_by_its_own_text(self, database: Database):
        def divide(tx: Tx) -> None:
            tx.run(self.DIVIDE, by=0)
            tx.quick(TestAQuickStatement.MOVE)

        with (
            pytest.raises(DBAPIError, match=r"division by zero(.|\n)*SELECT 1 /"),
            database.unit_of_work() as tx,
        ):
            divide(tx)
        assert self.moved(database) == 0

    def test_that_refuses_raises_what_it_was_told_to(self, database: Database):
        def refuse(why: str) -> None:
            with database.unit_of_work() as tx:
                tx.run(self.MOVE, days=1)
                tx.run(self.REFUSE, lambda told: KeyError(told["field"]), why=why)

        with pytest.raises(KeyError, match="amount_fen"):
            refuse('{"field": "amount_fen"}')
        assert self.moved(database) == 0
        with database.unit_of_work() as tx:
            tx.run("SELECT refuse(NULL)", KeyError)

    @pytest.mark.parametrize("begun", [True, False])
    def test_is_undone_with_its_unit_of_work(self, database: Database, begun: bool):
        def move_and_fail() -> None:
            with database.unit_of_work() as tx:
                if begun:
                    tx.scalar("SELECT 1")
                tx.run(self.MOVE, days=1)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            move_and_fail()
        assert self.moved(database) == 0

    def test_is_undone_with_its_part_and_no_other(self, database: Database):
        def fail(tx: Tx) -> None:
            with tx.savepoint():
                tx.run(self.MOVE, days=10)
                raise ZeroDivisionError

        def divide(tx: Tx) -> None:
            with tx.savepoint():
                tx.run(self.MOVE, days=100)
                tx.run(self.DIVIDE, by=0)

        with database.unit_of_work() as tx:
            tx.run(self.MOVE, days=1)
            with pytest.raises(ZeroDivisionError):
                fail(tx)
            with pytest.raises(DBAPIError, match="division by zero"):
                divide(tx)
            with tx.savepoint():
                tx.run(self.MOVE, days=1)
        assert self.moved(database) == 2

    def test_is_tried_in_a_rehearsal(self, database: Database):
        with database.rehearsal() as tx:
            tx.run(self.MOVE, days=1)
        assert self.moved(database) == 0
        with (
            pytest.raises(DBAPIError, match="division by zero"),
            database.rehearsal() as tx,
        ):
            tx.run(self.DIVIDE, by=0)

    def test_is_prepared_anew_where_the_driver_dropped_it(self, database: Database):
        for _ in range(2):
            with database.unit_of_work() as tx:
                tx.run(self.MOVE, days=1)
                tx.run(self.DIVIDE, by=1)
            with database.unit_of_work() as tx:
                tx.driver.execute("DEALLOCATE ALL")
        assert self.moved(database) == 2

    def test_may_be_of_more_kinds_than_are_kept_prepared(self, database: Database):
        with database.unit_of_work() as tx:
            for number in range(PREPARED_MAX + 2):
                tx.run(f"{self.MOVE} - {number}", days=number + 1)
            assert tx.quick(f"SELECT {PREPARED_MAX}") == (PREPARED_MAX,)
        with database.unit_of_work() as tx:
            tx.run(f"{self.MOVE} + 0", days=1)
        assert self.moved(database) == PREPARED_MAX + 3

    def test_may_be_many_and_long(self, database: Database):
        with database.unit_of_work() as tx:
            for _ in range(200):
                tx.run("SELECT CAST(:text AS text)", text="x" * 100_000)
                tx.run(self.MOVE, days=1)
        assert self.moved(database) == 200


def test_a_unit_of_work_does_not_end_well_after_a_statement_that_failed(database: Database):
    def swallow() -> None:
        with database.unit_of_work() as tx:
            business_day.close(tx)
            with pytest.raises(DBAPIError):
                tx.scalar("SELECT 1 / 0")

    with pytest.raises(DBAPIError, match="all of them are undone"):
        swallow()
