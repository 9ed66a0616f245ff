"""What the end of day tells each partner of its account (MALL-6)."""

from datetime import date, timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from lending.batch import end_of_day
from lending.finance import statements as service
from lending.finance.statement_file import StatementWriter, defused, read_rows
from lending.finance.statement_kinds import SETTLEMENT
from lending.foundation.audit import SYSTEM
from lending.foundation.files import FileStore, StoredFile
from lending.ledger import service as ledger
from lending.ledger.chart import Code
from lending.ledger.model import Account, Entry, credit, debit
from tests.finance.merchants import buy, days_end, lines, statements, take_back
from tests.loans.world import World, shop
from tests.today import NOW, TODAY

FORMULAS = [
    f"{start}{rest}"
    for start in ("=", "+", "-", "@", "\t", "\r", "\n", "'", "''=", "＝", "＋", "－", "＠")
    for rest in ('HYPERLINK("http://x","y")', "cmd|'/c calc'!A1", "1+1", "SUM(1)\r\n2", "")
]


class TestADay:
    def test_lists_the_order_what_was_withheld_and_the_payout(self, world: World):
        order_id = buy(world, "A-1", 599_900, periods=3)
        days_end(world)
        (made,) = statements(world)
        rows = lines(world, made)
        assert [row["type"] for row in rows] == ["order_paid", "fee", "subsidy", "payout"]
        amounts = [int(row["amount_fen"]) for row in rows]
        assert amounts[:2] == [599_900, -3_599]
        assert amounts[3] == -world.bank.paid()[0].amount_fen
        assert sum(amounts) == 0
        assert {row["order_no"] for row in rows} == {"A-1"}
        assert {row["order_id"] for row in rows} == {order_id}
        assert [bool(row["bank_reference"]) for row in rows] == [False, False, False, True]
        assert rows[3]["account_last4"] == "0012"
        assert made["rows"] == 4
        assert made["sums"]["fee"] == {"rows": 1, "amount_fen": -3_599}
        assert (made["opening_fen"], made["closing_fen"]) == (0, 0)
        assert (made["period_start"], made["period_end"]) == (TODAY, TODAY)

    def test_carries_a_claim_on_to_the_next_and_ends_with_what_the_books_say(self, world: World):
        order_id = buy(world, "A-1")
        take_back(world, order_id, 100_000, "R-1")
        days_end(world)
        buy(world, "A-2")
        days_end(world)
        first, second = statements(world)
        claim = lines(world, first)[-1]
        assert (claim["type"], claim["amount_fen"]) == ("refund_claim", "-100000")
        assert (claim["refund_no"], claim["order_no"]) == ("R-1", "A-1")
        assert claim["balance_fen"] == "-100000"
        assert first["closing_fen"] == second["opening_fen"] == -100_000
        assert second["closing_fen"] == -world.balance(Code.MERCHANT_CLAIM, world.partner_id) == 0

    def test_without_movements_makes_none(self, world: World):
        days_end(world, 2)
        assert statements(world) == []

    def test_of_one_partner_holds_nothing_of_another(self, world: World):
        buy(world, "A-1")
        first, world.partner_id = world.partner_id, shop(world, "app_2", "谷雨家居", ("62305",))
        buy(world, "B-1")
        days_end(world)
        assert {row["order_no"] for row in lines(world, statements(world)[0])} == {"B-1"}
        world.partner_id = first
        assert {row["order_no"] for row in lines(world, statements(world)[0])} == {"A-1"}

    def test_is_made_once_however_often_the_end_of_day_runs(self, world: World):
        buy(world, "A-1")
        days_end(world)
        end_of_day.catch_up(world.context)
        assert len(statements(world)) == 1
        with world.database.unit_of_work() as tx:
            assert end_of_day.store.claim_closed(tx) is None

    def test_that_was_not_made_because_of_a_crash_is_made_the_next_time(self, world: World):
        buy(world, "A-1")
        world.clock.advance(timedelta(days=1))
        end_of_day.run(world.context, TODAY)  # the process dies before what follows
        assert statements(world) == []
        end_of_day.catch_up(world.context)
        assert len(statements(world)) == 1

    def test_tells_its_partner(self, world: World):
        buy(world, "A-1")
        days_end(world)
        (made,) = statements(world)
        (event,) = world.rows("SELECT * FROM event WHERE type = 'statement.ready'")
        assert (event["partner_id"], event["subject"]) == (world.partner_id, made["id"])
        assert event["data"]["object"]["sha256"] == made["sha256"]

    def test_whose_movements_do_not_explain_the_books_is_not_made(self, world: World):
        with world.database.unit_of_work() as tx:
            legs = (
                debit(Account(Code.MERCHANT_CLAIM, world.partner_id), 5),
                credit(Account(Code.BANK_SETTLEMENT), 5),
            )
            ledger.post(tx, Entry("by.hand", "no loan", "", legs, "by-hand"))
        world.clock.advance(timedelta(days=1))
        end_of_day.run(world.context, TODAY)
        with pytest.raises(service.StatementDoesNotAgree):
            end_of_day.follow(world.context)
        assert statements(world) == []


class TestAMonth:
    def test_is_the_sum_of_its_days(self, world: World):
        order_id = buy(world, "A-1", periods=3)
        take_back(world, order_id, 50_000, "R-1")
        days_end(world)
        buy(world, "A-2")
        take_back(world, order_id, 7, "R-2")
        days_end(world, 7)
        (month,), days = statements(world, "month"), statements(world)
        assert (month["period_start"], month["period_end"]) == (
            date(2026, 11, 1),
            date(2026, 11, 30),
        )
        assert month["rows"] == sum(day["rows"] for day in days) == len(lines(world, month))
        assert month["sums"] == service.summed(day["sums"] for day in days)
        assert (month["opening_fen"], month["closing_fen"]) == (0, days[-1]["closing_fen"])
        rows = [row for day in days for row in lines(world, day)]
        for number, (own, row) in enumerate(zip(lines(world, month), rows, strict=True), 1):
            assert own == row | {"line": str(number)}

    def test_whose_days_were_altered_is_not_made(self, world: World):
        buy(world, "A-1")
        days_end(world)
        (day,) = statements(world)
        path = world.files.root / day["file_name"]
        path.write_bytes(path.read_bytes().replace(b"599900", b"599901"))
        with pytest.raises(RuntimeError):
            days_end(world, 7)
        assert statements(world, "month") == []


class TestACorrection:
    def test_is_a_new_version_that_names_the_old_of_the_day_and_of_the_month(self, world: World):
        buy(world, "A-1")
        days_end(world, 8)
        (old,), (month,) = statements(world), statements(world, "month")
        with world.database.unit_of_work() as tx:  # the partner's number had been read wrong
            tx.run("UPDATE mall_order SET order_no = 'A-1b'")
            made = service.correct(tx, world.files, old["id"], "wrong number", SYSTEM)
        assert made == [statements(world)[1]["id"], statements(world, "month")[1]["id"]]
        corrected = statements(world)[1]
        assert (corrected["version"], corrected["corrects"]) == (2, old["id"])
        assert statements(world, "month")[1]["corrects"] == month["id"]
        assert {row["order_no"] for row in lines(world, corrected)} == {"A-1b"}
        assert {row["order_no"] for row in lines(world, old)} == {"A-1"}, "the old one stays"
        with pytest.raises(service.NothingToCorrect), world.database.unit_of_work() as tx:
            service.correct(tx, world.files, old["id"], "again", SYSTEM)

    def test_that_changes_nothing_is_refused(self, world: World):
        buy(world, "A-1")
        days_end(world)
        (made,) = statements(world)
        with pytest.raises(service.NothingToCorrect), world.database.unit_of_work() as tx:
            service.correct(tx, world.files, made["id"], "why not", SYSTEM)
        assert len(statements(world)) == 1


class TestAStatement:
    @pytest.mark.parametrize("sql", ["UPDATE statement SET rows = 0", "DELETE FROM statement"])
    def test_is_never_changed(self, world: World, sql: str):
        with pytest.raises(DBAPIError, match="stays as it was made"):
            world.rows(sql)


class TestAFile:
    @pytest.mark.parametrize("text", FORMULAS)
    def test_runs_no_formula_and_loses_no_character(self, tmp_path, text: str):
        store = FileStore(tmp_path)
        writer = StatementWriter(store, SETTLEMENT, 0)
        own = dict.fromkeys((column.name for column in SETTLEMENT.own), text)
        writer.add(TODAY, {"type": "fee", "amount_fen": -1, "booked_at": NOW, **own})
        file, size = writer.done()
        content = store.get(StoredFile(file.name, file.sha256))
        assert len(content) == size
        (row,) = read_rows(content, SETTLEMENT)
        assert row["order_no"] == text
        cell = defused(text)
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))

    def test_that_is_dropped_leaves_nothing(self, tmp_path):
        StatementWriter(FileStore(tmp_path), SETTLEMENT, 0).drop()
        assert not [path for path in tmp_path.rglob("*") if path.is_file()]
