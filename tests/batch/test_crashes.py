"""T24, P14: killed anywhere and run again, the end of day leaves what it leaves undisturbed."""

import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from hashlib import sha256

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from lending.batch import end_of_day
from lending.batch.errors import LoansFailed
from lending.engine.events import Paid
from lending.finance import reconciliation
from lending.foundation import business_day
from lending.loans import life
from processes.postgres import EmbeddedPostgres
from tests.batch import ending
from tests.batch.portfolio import Lent, lend
from tests.loans.world import KilledError, World
from tests.today import TODAY

LOANS, DAYS, KILLS = 40, 36, 10
BUSINESS = {
    "journal": """
        SELECT e.kind, e.subject, e.memo, e.key, e.effective_date, e.booked_date,
            (SELECT json_agg(json_build_array(a.book, a.code, a.owner, l.debit_fen, l.credit_fen)
                ORDER BY a.book, a.code, a.owner, l.debit_fen, l.credit_fen)
            FROM journal_line l JOIN ledger_account a ON a.id = l.account_id
            WHERE l.entry_seq = e.seq)
        FROM journal_entry e ORDER BY e.key""",
    "standing": "SELECT * FROM loan_standing ORDER BY number",
    "plan": "SELECT * FROM instalment ORDER BY loan_id, plan_version, number",
    "loan": "SELECT id, state, plan_version, start_date FROM loan ORDER BY id",
    "debit": """SELECT id, loan_id, channel_order_no, amount_fen, state, business_date
        FROM repayment ORDER BY id""",
    "bill": "SELECT * FROM bill ORDER BY loan_id, due_date",
    "portfolio": "SELECT * FROM portfolio_day ORDER BY 1, 2, 3, 4",
    "statement": """SELECT partner_id, kind, span, period_start, version, sha256 FROM statement
        ORDER BY 1, 2, 3, 4, 5""",
    "file": "SELECT * FROM interface_file ORDER BY 1, 2",
    "date": "SELECT business_date FROM business_day",
    "closed": "SELECT business_date FROM closed_day ORDER BY 1",
}


def digest(url: str) -> dict[str, str]:
    """Of every business table, without what says when and under which random number."""
    with psycopg.connect(url) as connection:
        return {
            name: sha256(repr(connection.execute(sql).fetchall()).encode()).hexdigest()
            for name, sql in BUSINESS.items()
        }


@pytest.fixture
def lent(world: World) -> World:
    """Forty loans, some of which have paid and some not."""
    with world.database.unit_of_work() as tx:
        for number in range(LOANS):
            agreed = Lent(
                principal_fen=3_000 + 977 * number,
                periods=1 + number % 4,
                grace_days=number % 3,
                subsidy_fen=number % 2 * 100,
            )
            loan_id = lend(tx, world, agreed)
            if number % 5 == 0:
                paid = Paid(business_day.today(tx), 700, until=1)
                loan = life.locked(tx, loan_id)
                life.record(tx, loan, paid, source_id=f"rep-{number}", kind="loan.repaid")
    world.clock.advance(DAYS * timedelta(days=1))
    return world


@contextmanager
def copied(postgres: EmbeddedPostgres, url: str, name: str) -> Iterator[str]:
    """A second database with the same content."""
    source = conninfo_to_dict(url)["dbname"]
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY FILE_COPY")
        yield postgres.url_of(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def undisturbed(url: str, world: World) -> dict[str, str]:
    made = ending.context(url, world.files.root, world.clock.now())
    end_of_day.catch_up(made)
    made.database.close()
    return digest(url)


class TestKilling:
    def test_the_process_at_any_instant_changes_nothing(
        self,
        postgres: EmbeddedPostgres,
        database_url: str,
        lent: World,
        monkeypatch: pytest.MonkeyPatch,
    ):
        monkeypatch.setattr(end_of_day, "PART_SIZE", ending.PART_SIZE)
        lent.database.close()
        with copied(postgres, database_url, "undisturbed_sigkill") as other:
            expected = undisturbed(other, lent)
        run = (database_url, lent.files.root, lent.clock.now())
        wait = random.Random(20261123)
        for _ in range(KILLS):
            process = ending.begin(*run)
            time.sleep(wait.uniform(0.05, 0.4))
            assert process.is_alive(), "it was done before it could be killed"
            process.kill()
            process.join()
            assert process.exitcode == -signal.SIGKILL
        last = ending.begin(*run)
        last.join()
        assert last.exitcode == 0
        assert digest(database_url) == expected

    def test_at_every_commit_changes_nothing(
        self,
        postgres: EmbeddedPostgres,
        database_url: str,
        lent: World,
        monkeypatch: pytest.MonkeyPatch,
    ):
        monkeypatch.setattr(end_of_day, "PART_SIZE", 13)
        lent.database.close()
        with copied(postgres, database_url, "undisturbed_seams") as other:
            expected = undisturbed(other, lent)
        died = 0
        for seam in range(1, 5_000):
            lent.seams.passed, lent.seams.die_at = 0, 1 + seam * 7 % 150
            try:
                end_of_day.catch_up(lent.context)
                break
            except KilledError:
                died += 1
        assert died > 20
        assert digest(database_url) == expected


class TestTwoRunners:
    def test_share_the_work_and_do_nothing_twice(
        self,
        postgres: EmbeddedPostgres,
        database_url: str,
        lent: World,
        monkeypatch: pytest.MonkeyPatch,
    ):
        monkeypatch.setattr(end_of_day, "PART_SIZE", ending.PART_SIZE)
        lent.database.close()
        with copied(postgres, database_url, "undisturbed_runners") as other:
            expected = undisturbed(other, lent)
        run = (database_url, lent.files.root, lent.clock.now())
        runners = [ending.begin(*run) for _ in range(2)]
        for runner in runners:
            runner.join()
        assert [runner.exitcode for runner in runners] == [0, 0]
        assert digest(database_url) == expected


class TestALoanThatFails:
    @pytest.fixture
    def broken(self, lent: World) -> str:
        """A loan whose course has no length: its interest cannot be divided by days."""
        loan_id = str(
            lent.rows("SELECT loan_id FROM loan_standing WHERE number = 17")[0]["loan_id"]
        )
        with lent.database.unit_of_work() as tx:
            tx.run(
                "UPDATE loan_standing SET course_from = course_until + 90,"
                " course_until = course_until + 90 WHERE loan_id = :id",
                id=loan_id,
            )
        return loan_id

    def test_is_named_with_its_reason_and_the_others_finish(self, lent: World, broken: str):
        with pytest.raises(LoansFailed, match=f"accrue failed on {broken}: division by zero"):
            end_of_day.run(lent.context, TODAY)
        rows = lent.rows("SELECT loan_id, as_of FROM loan_standing")
        assert {row["loan_id"] for row in rows if row["as_of"] == TODAY} == {broken}
        with lent.database.unit_of_work() as tx:
            assert business_day.today(tx) == TODAY

    def test_is_tried_again_alone_once_it_is_mended(self, lent: World, broken: str):
        with pytest.raises(LoansFailed):
            end_of_day.run(lent.context, TODAY)
        with lent.database.unit_of_work() as tx:
            tx.run(
                "UPDATE loan_standing SET course_from = :today, course_until = course_until - 90"
                " WHERE loan_id = :id",
                today=TODAY,
                id=broken,
            )
        ended = end_of_day.run(lent.context, TODAY)
        assert ended
        assert lent.count("SELECT count(*) FROM loan_standing WHERE as_of = :day", day=TODAY) == 0
        with lent.database.unit_of_work() as tx:
            assert reconciliation.sub_ledger_check(tx) == []


class TestALoanThatBeginsMeanwhile:
    def test_comes_to_the_next_date_too(self, lent: World, monkeypatch: pytest.MonkeyPatch):
        first = end_of_day._seal
        calls = []

        def lend_one_more(database):
            if not calls:
                calls.append(1)
                with database.unit_of_work() as tx:
                    lend(tx, lent, Lent())
            first(database)

        monkeypatch.setattr(end_of_day, "_seal", lend_one_more)
        assert end_of_day.run(lent.context, TODAY)
        following: date = TODAY + timedelta(days=1)
        assert lent.rows("SELECT DISTINCT as_of FROM loan_standing") == [{"as_of": following}]


class TestADryRun:
    def test_tells_what_would_be_touched_and_changes_nothing(self, database_url: str, lent: World):
        before = digest(database_url)
        touched = end_of_day.dry_run(lent.context)
        assert touched["accrue"] == LOANS
        assert digest(database_url) == before
