from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest

from lending.batch import end_of_day, store
from lending.batch.errors import BooksDoNotAgree, DayNotOver
from lending.batch.steps import END_OF_DAY
from lending.foundation import business_day
from lending.foundation.clock import FixedClock
from lending.foundation.context import Context
from lending.foundation.database import Database
from lending.ledger import service as ledger
from lending.ledger.chart import Code
from lending.ledger.model import Account, Entry, credit, debit
from tests.today import TODAY


def today(database: Database):
    with database.unit_of_work() as tx:
        return business_day.today(tx)


def post(database: Database, key: str) -> None:
    legs = (debit(Account(Code.BANK_SETTLEMENT), 5), credit(Account(Code.INTEREST_INCOME), 5))
    with database.unit_of_work() as tx:
        ledger.post(tx, Entry(kind="x", subject="x", memo="", legs=legs, key=key))


class TestClosingADay:
    def test_waits_until_the_day_is_over_in_shanghai(self, context: Context, database: Database):
        with pytest.raises(DayNotOver):
            end_of_day.run(context, TODAY)
        assert today(database) == TODAY

    def test_seals_proves_and_opens_the_next(
        self, context: Context, database: Database, clock: FixedClock
    ):
        post(database, "a")
        clock.advance(timedelta(days=1))
        closed = end_of_day.run(context, TODAY)
        assert closed is not None
        assert set(closed.step_ms) == {*(step.name for step in END_OF_DAY), "seal", "prove"}
        assert today(database) == TODAY + timedelta(days=1)
        with database.unit_of_work() as tx:
            assert tx.scalar("SELECT count(*) FROM journal_seal") == 1

    def test_p14_twice_is_once(self, context: Context, database: Database, clock: FixedClock):
        clock.advance(timedelta(days=1))
        assert end_of_day.run(context, TODAY)
        assert end_of_day.run(context, TODAY) is None
        assert today(database) == TODAY + timedelta(days=1)

    def test_by_two_at_once_closes_each_date_once(
        self, context: Context, database: Database, clock: FixedClock
    ):
        clock.advance(timedelta(days=3))
        with ThreadPoolExecutor(4) as runners:
            list(runners.map(lambda _: end_of_day.catch_up(context), range(4)))
        end_of_day.catch_up(context)
        assert today(database) == TODAY + timedelta(days=3)
        with database.unit_of_work() as tx:
            dates = [row["business_date"] for row in store.closed(tx)]
        assert dates == [TODAY + timedelta(days=n) for n in (2, 1, 0)]

    def test_stays_open_when_the_books_were_touched(
        self, context: Context, database: Database, database_url: str, clock: FixedClock
    ):
        post(database, "a")
        with psycopg.connect(database_url) as intruder:
            intruder.execute("SET session_replication_role = replica")
            intruder.execute("UPDATE journal_line SET debit_fen = 6 WHERE debit_fen = 5")
        clock.advance(timedelta(days=1))
        with pytest.raises(BooksDoNotAgree):
            end_of_day.run(context, TODAY)
        assert today(database) == TODAY


class TestCatchingUp:
    def test_p14_closes_every_date_that_is_over_in_order(
        self, context: Context, database: Database, clock: FixedClock
    ):
        clock.advance(timedelta(days=5))
        told: list[object] = []
        closed = end_of_day.catch_up(context, closed=told.append)
        assert [day.business_date for day in closed] == [
            TODAY + timedelta(days=n) for n in range(5)
        ]
        assert told == closed
        assert end_of_day.catch_up(context) == []
