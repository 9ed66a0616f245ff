"""T24, P14: killed anywhere and run again, the end of day leaves what it leaves undisturbed."""

import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import sha256
from itertools import count

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from lending.batch import end_of_day
from lending.batch.errors import LoansFailed
from lending.engine.events import Claimed, Event, Paid
from lending.foundation import business_day
from lending.foundation.database import Database, Tx
from lending.loans import life
from processes.postgres import EmbeddedPostgres
from tests.assisted.brought import LAST_DAY, assisted
from tests.batch import ending
from tests.batch.portfolio import Lent, fresh_world, lend
from tests.databases import Databases
from tests.finance.funders import funder, shared_with
from tests.loans.world import FragileDatabase, KilledError, World

LOANS, DAYS, KILLS = 24, 12, 10
WEEKLY = (1, "week", "act/365")
BUSINESS = {
    "journal": """
        SELECT e.kind, e.effective_date, e.booked_date,
            (SELECT json_agg(json_build_array(a.book, a.code, a.owner, l.debit_fen, l.credit_fen)
                ORDER BY a.book, a.code, a.owner, l.debit_fen, l.credit_fen)
            FROM journal_line l JOIN ledger_account a ON a.id = l.account_id
            WHERE l.entry_seq = e.seq)::text AS lines
        FROM journal_entry e ORDER BY booked_date, kind, lines""",
    "booked": """SELECT e.booked_date, e.kind, a.book, a.code, a.owner, sum(l.debit_fen),
            sum(l.credit_fen)
        FROM journal_entry e JOIN journal_line l ON l.entry_seq = e.seq
        JOIN ledger_account a ON a.id = l.account_id
        GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5""",
    "hold": """SELECT d.book, d.code, d.owner, h.amount_fen, h.state FROM ledger_hold h
        JOIN ledger_account d ON d.id = h.debit_account ORDER BY 1, 2, 3, 4, 5""",
    "standing": "SELECT * FROM loan_standing ORDER BY number",
    "plan": "SELECT * FROM instalment ORDER BY loan_id, plan_version, number",
    "loan": "SELECT id, state, plan_version, start_date FROM loan ORDER BY id",
    "debit": """SELECT id, loan_id, channel_order_no, amount_fen, state, business_date
        FROM repayment ORDER BY id""",
    "bill": "SELECT * FROM bill ORDER BY loan_id, due_date",
    "portfolio": "SELECT * FROM portfolio_day ORDER BY 1, 2, 3, 4",
    "share": """SELECT funder, loan_id, kind, business_date, due_fen, principal_open_fen,
        clearing_id IS NULL FROM share_movement ORDER BY 1, 2, 3, 4, 5, 6""",
    "told": "SELECT * FROM share_told ORDER BY 1",
    "clearing": """SELECT funder, business_date, movements, amount_fen, state FROM clearing
        ORDER BY 1, 2""",
    "claim": """SELECT loan_id, state, filed_on, days_past_due, amount_fen FROM guarantee_claim
        ORDER BY 1, 3""",
    "commission": """SELECT loan_id, kind, amount_fen, earned_fen, business_date
        FROM commission_movement ORDER BY 1, 5, 2, 4""",
    "commission bill": """SELECT month, state, loans, rows, accrued_fen, payable_fen
        FROM commission_bill ORDER BY 1""",
    "remittance": "SELECT purpose, partner_id, amount_fen, state FROM remittance ORDER BY 1, 2, 3",
    "statement": """SELECT partner_id, kind, span, period_start, version, rows, sums::text,
        opening_fen, closing_fen FROM statement ORDER BY 1, 2, 3, 4, 5""",
    "file": "SELECT * FROM interface_file ORDER BY 1, 2",
    "news": "SELECT type, count(*) FROM event GROUP BY 1 ORDER BY 1",
    "job": "SELECT task_name, count(*) FROM procrastinate_jobs GROUP BY 1 ORDER BY 1",
    "date": "SELECT business_date FROM business_day",
    "closed": "SELECT business_date FROM closed_day ORDER BY 1",
}
"""Every business table, without what says when and under which random number."""


def digest(url: str) -> dict[str, str]:
    """Of every business table."""
    with psycopg.connect(url) as connection:
        return {
            name: sha256(repr(connection.execute(sql).fetchall()).encode()).hexdigest()
            for name, sql in BUSINESS.items()
        }


def in_sums(found: dict[str, str]) -> dict[str, str]:
    """Without how many entries there are: what one loan held up is booked by more of them."""
    return {name: one for name, one in found.items() if name != "journal"}


@dataclass(frozen=True)
class Portfolio:
    """Loans of all sorts on the last day of November, and what twelve nights make of them."""

    postgres: EmbeddedPostgres
    url: str
    world: World
    undisturbed: dict[str, str]

    @contextmanager
    def copied(self) -> Iterator[World]:
        """The same on a database of its own."""
        with _copied(self.postgres, self.url) as url:
            database = FragileDatabase(url, clock=self.world.clock)
            database.seams = self.world.seams
            self.world.seams.die_at = None
            context = replace(self.world.context, database=database)
            yield replace(self.world, database=database, context=context)
            database.close()


_numbers = count()


@contextmanager
def _copied(postgres: EmbeddedPostgres, url: str) -> Iterator[str]:
    source, name = conninfo_to_dict(url)["dbname"], f"crash_{next(_numbers)}"
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY FILE_COPY")
        yield postgres.url_of(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def portfolio(databases: Databases, postgres: EmbeddedPostgres) -> Iterator[Portfolio]:
    """Loans of which a third is joint, a third guaranteed and brought by a platform."""
    with fresh_world(databases) as world, pytest.MonkeyPatch.context() as patch:
        patch.setattr(end_of_day, "PART_SIZE", ending.PART_SIZE)
        _lend(world)
        world.clock.advance(timedelta(days=DAYS))
        world.database.close()
        with _copied(postgres, world.database.url) as other:
            made = ending.context(other, world.files.root, world.clock.now())
            end_of_day.catch_up(made)
            made.database.close()
            undisturbed = digest(other)
        yield Portfolio(postgres, world.database.url, world, undisturbed)


def _lend(world: World) -> None:
    """Some have paid, some are late already, some fall due and are late in the days to come."""
    both = assisted(world, trigger_days=3)
    banks = funder(world), funder(world, "乙银行", "6230580000000078001")
    joint = shared_with(*banks, fee="0.2", prefunded=True)
    with world.database.unit_of_work() as tx:
        for number in range(LOANS):
            agreed = Lent(
                principal_fen=30_000 + 977 * number,
                periods=1 + number % 4,
                period=WEEKLY if number % 3 else (1, "month", "30/360"),
                rounding="half-even" if number % 2 else "half-up",
                grace_days=number % 3,
                subsidy_fen=number % 2 * 100,
            )
            if number % 3 == 1 or number % 12 == 2:
                agreed = replace(agreed, shares=joint)
            if number % 3 == 2:
                agreed = both.with_partners(tx, agreed)
            since = business_day.today(tx) - timedelta(days=number % 4 * 4)
            loan_id = lend(tx, world, agreed, since=since)
            if number % 5 == 0:
                _happen(tx, loan_id, Paid(LAST_DAY, 7_700, until=1))
            if number % 12 == 11:
                _happen(tx, loan_id, Claimed(LAST_DAY, 20_000))
                _happen(tx, loan_id, Paid(LAST_DAY, 9_000, until=4))


def _happen(tx: Tx, loan_id: str, event: Event) -> None:
    number = tx.scalar("SELECT count(*) FROM loan_event")
    loan = life.locked(tx, loan_id)
    life.record(tx, loan, event, source_id=f"evt-{number}", kind="loan.repaid")


@pytest.fixture
def lent(portfolio: Portfolio, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(end_of_day, "PART_SIZE", ending.PART_SIZE)
    with portfolio.copied() as world:
        yield world


class TestThePortfolio:
    def test_meets_all_that_a_night_does(self, portfolio: Portfolio):
        nothing = sha256(repr([]).encode()).hexdigest()
        assert [name for name, found in portfolio.undisturbed.items() if found == nothing] == []


class TestKilling:
    def test_the_process_at_any_instant_changes_nothing(self, lent: World, portfolio: Portfolio):
        lent.database.close()
        run = (lent.database.url, lent.files.root, lent.clock.now())
        when = random.Random(20261123)
        for _ in range(KILLS):
            process = ending.begin(*run, die_at=when.randint(20, 500))
            process.join()
            assert process.exitcode == -signal.SIGKILL
        last = ending.begin(*run)
        last.join()
        assert last.exitcode == 0
        assert digest(lent.database.url) == portfolio.undisturbed

    def test_at_every_commit_changes_nothing(self, lent: World, portfolio: Portfolio):
        died = 0
        for seam in range(1, 5_000):
            lent.seams.passed, lent.seams.die_at = 0, 1 + seam * 7 % 150
            try:
                end_of_day.catch_up(lent.context)
                break
            except KilledError:
                died += 1
        assert died > 20
        assert digest(lent.database.url) == portfolio.undisturbed


class TestTwoRunners:
    def test_share_the_work_and_do_nothing_twice(self, lent: World, portfolio: Portfolio):
        lent.database.close()
        run = (lent.database.url, lent.files.root, lent.clock.now())
        runners = [ending.begin(*run) for _ in range(2)]
        for runner in runners:
            runner.join()
        assert [runner.exitcode for runner in runners] == [0, 0]
        assert digest(lent.database.url) == portfolio.undisturbed


class TestALoanThatFails:
    LATE = LAST_DAY + timedelta(days=3)
    """On this date something falls due and stays unpaid."""

    @pytest.fixture
    def broken(self, lent: World) -> tuple[str, date]:
        """A loan that is late from tonight on and whose course has no days to divide interest by.

        When its course began, too.
        """
        for day in range(3):
            end_of_day.run(lent.context, LAST_DAY + timedelta(days=day))
            end_of_day.follow(lent.context)
        loan_id, began = lent.rows(
            "SELECT loan_id, course_from FROM loan_standing WHERE oldest_due = :day"
            " AND course_until > oldest_due + 1 ORDER BY number",
            day=self.LATE,
        )[0].values()
        self.begin_course(lent, loan_id, None)
        return loan_id, began

    def begin_course(self, lent: World, loan_id: str, on: date | None) -> None:
        with lent.database.unit_of_work() as tx:
            tx.run(
                "UPDATE loan_standing SET course_from = coalesce(:on, course_until)"
                " WHERE loan_id = :id",
                id=loan_id,
                on=on,
            )

    def test_is_named_with_its_reason_and_the_others_finish(
        self, lent: World, broken: tuple[str, date]
    ):
        loan_id, _ = broken
        with pytest.raises(LoansFailed, match=f"accrue failed on {loan_id}: division by zero"):
            end_of_day.run(lent.context, self.LATE)
        rows = lent.rows("SELECT loan_id, as_of FROM loan_standing")
        assert {row["loan_id"] for row in rows if row["as_of"] == self.LATE} == {loan_id}
        with lent.database.unit_of_work() as tx:
            assert business_day.today(tx) == self.LATE

    def test_leaves_no_trace_once_it_is_mended(
        self, lent: World, broken: tuple[str, date], portfolio: Portfolio
    ):
        with pytest.raises(LoansFailed):
            end_of_day.run(lent.context, self.LATE)
        self.begin_course(lent, *broken)
        end_of_day.catch_up(lent.context)
        assert in_sums(digest(lent.database.url)) == in_sums(portfolio.undisturbed)


class TestWhatComesMeanwhile:
    """Between the last step and the moment in which the date moves."""

    @pytest.fixture
    def meanwhile(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
        def once(happen: Callable[[], None]) -> None:
            seal, calls = end_of_day._seal, iter((happen,))

            def first(database: Database) -> None:
                next(calls, lambda: None)()
                seal(database)

            monkeypatch.setattr(end_of_day, "_seal", first)

        return once

    def said(self, lent: World) -> tuple[int, ...]:
        """Loans and their principal, as the portfolio of the date and as the loans have it."""
        of_date = "FROM portfolio_day WHERE business_date = :day"
        return tuple(
            lent.count(sql, day=LAST_DAY)
            for sql in (
                f"SELECT sum(loans) {of_date}",
                f"SELECT sum(principal_fen) {of_date}",
                "SELECT count(*) FROM loan_standing WHERE as_of > :day",
                "SELECT sum(principal_open_fen) FROM loan_standing WHERE as_of > :day",
            )
        )

    def test_a_new_loan_comes_to_the_next_date_and_counts_on_this_one(self, lent: World, meanwhile):
        def begin() -> None:
            with lent.database.unit_of_work() as tx:
                lend(tx, lent, Lent())

        meanwhile(begin)
        assert end_of_day.run(lent.context, LAST_DAY)
        loans, principal_fen, loans_now, principal_now_fen = self.said(lent)
        assert (loans, principal_fen) == (loans_now, principal_now_fen)
        assert loans == LOANS + 1

    def test_p22_a_payment_counts_on_the_date_on_which_it_is_booked(self, lent: World, meanwhile):
        loan_id = lent.rows("SELECT loan_id FROM loan_standing WHERE oldest_due < '2026-11-30'")[0]

        def pay() -> None:
            with lent.database.unit_of_work() as tx:
                _happen(tx, loan_id["loan_id"], Paid(LAST_DAY, 9_000))

        meanwhile(pay)
        assert end_of_day.run(lent.context, LAST_DAY)
        loans, principal_fen, loans_now, principal_now_fen = self.said(lent)
        assert (loans, principal_fen) == (loans_now, principal_now_fen)


class TestADryRun:
    def test_tells_what_would_be_touched_and_changes_nothing(self, lent: World):
        before = digest(lent.database.url)
        touched = end_of_day.dry_run(lent.context).touched
        assert touched["accrue"] == LOANS
        assert digest(lent.database.url) == before
