"""JOINT-7: every day each funder gets its account, its positions and what falls due to it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from lending.batch import end_of_day
from lending.engine.events import Claimed, Paid, Waived, WrittenOff
from lending.engine.shares import divided
from lending.finance.share_files import forecast
from lending.finance.statement_file import read_rows
from lending.finance.statement_kinds import KINDS, SHARE_FORECAST
from lending.finance.statements import NothingToCorrect, correct, make_kind
from lending.foundation.audit import SYSTEM
from lending.foundation.files import StoredFile
from lending.ledger.chart import Code
from lending.loans import life, store
from lending.loans.partner_terms import Guarantee
from tests.batch.portfolio import Lent, lend
from tests.finance.funders import funder, happen, in_its_book, lent, shared_with
from tests.loans.world import World
from tests.today import TODAY

ONE_DAY = timedelta(days=1)


def days_end(world: World, days: int = 1) -> None:
    world.clock.advance(days * ONE_DAY)
    end_of_day.catch_up(world.context)


def newest(world: World, funder_id: str, kind: str) -> dict[str, Any]:
    found = world.rows(
        "SELECT * FROM statement WHERE partner_id = :id AND kind = :kind"
        " AND span = 'day' ORDER BY period_start DESC LIMIT 1",
        id=funder_id,
        kind=kind,
    )
    return dict(found[0])


def lines(world: World, made: dict[str, Any]) -> list[dict[str, str]]:
    content = world.files.get(StoredFile(made["file_name"], made["sha256"]))
    return list(read_rows(content, KINDS[made["kind"]]))


def end_of_one_day(world: World) -> None:
    """The date closes; what follows it waits."""
    world.clock.advance(ONE_DAY)
    end_of_day.run(world.context, TODAY)


@pytest.fixture
def bank_a(world: World) -> str:
    return funder(world)


class TestPositions:
    def test_show_each_loan_by_the_part_of_the_funder_and_end_with_its_book(
        self, world: World, bank_a: str
    ):
        bank_b = funder(world, "乙信托", "6230580000000077002")
        both = lent(world, shared_with(bank_a, bank_b), 600_001)
        alone = lent(world, shared_with(bank_a))
        happen(world, alone, Paid(TODAY, 60_000, until=1), "rep-1")
        days_end(world)
        made = newest(world, bank_a, "share_positions")
        rows = {row["loan_id"]: row for row in lines(world, made)}
        assert set(rows) == {both, alone}
        assert int(rows[both]["principal_fen"]) == divided(600_001, [4, 3, 3])[1]
        assert rows[both]["type"] == "normal"
        assert rows[both]["share_bp"] == "3000"
        assert made["closing_fen"] == sum(int(row["amount_fen"]) for row in rows.values())
        assert made["closing_fen"] == sum(
            in_its_book(world, bank_a, Code.LOAN_PRINCIPAL, loan_id) for loan_id in rows
        )
        assert made["sums"]["normal"] == {"rows": 2, "amount_fen": made["closing_fen"]}
        (other,) = lines(world, newest(world, bank_b, "share_positions"))
        assert other["loan_id"] == both

    def test_of_a_loan_given_up_are_listed_and_count_no_more(self, world: World, bank_a: str):
        loan_id = lent(world, shared_with(bank_a))
        lent(world, shared_with(bank_a))
        with world.database.unit_of_work() as tx:
            life.record(
                tx,
                life.locked(tx, loan_id),
                WrittenOff(TODAY),
                source_id="wo-1",
                kind="loan.written_off",
            )
        days_end(world)
        made = newest(world, bank_a, "share_positions")
        assert made["sums"]["written_off"] == {"rows": 1, "amount_fen": 0}
        assert made["closing_fen"] == 360_000

    def test_are_those_of_the_date_whatever_has_happened_since(self, world: World, bank_a: str):
        loans = [lent(world, shared_with(bank_a)) for _ in range(5)]
        happen(world, loans[0], Paid(TODAY, 60_000, until=1), "rep-1")
        happen(world, loans[3], Paid(TODAY, 700_000, until=12), "rep-2")
        world.clock.advance(ONE_DAY)
        end_of_day.run(world.context, TODAY)
        with world.database.unit_of_work() as tx:  # what the files are to say
            expected = tx.all(
                "SELECT loan_id, principal_open_fen AS fen FROM share_standing"
                ' WHERE funder = :id ORDER BY loan_id COLLATE "C"',
                id=bank_a,
            )
        following = TODAY + ONE_DAY
        happen(world, loans[0], Paid(following, 60_000, until=2), "rep-3")
        happen(world, loans[1], Paid(following, 700_000, until=12), "rep-4")
        happen(world, loans[2], Waived(following, interest_fen=1), "wv-1")
        with world.database.unit_of_work() as tx:
            life.take_back(tx, life.locked(tx, loans[3]), "rep-2", "it went back")
        lent(world, shared_with(bank_a))
        end_of_day.follow(world.context)
        rows = lines(world, newest(world, bank_a, "share_positions"))
        assert [(row["loan_id"], int(row["amount_fen"])) for row in rows] == [
            (each["loan_id"], each["fen"]) for each in expected
        ]
        assert newest(world, bank_a, "share_forecast")["sums"]["principal_due"][
            "amount_fen"
        ] == sum(each["fen"] for each in expected)

    def test_cannot_be_made_again(self, world: World, bank_a: str):
        lent(world, shared_with(bank_a))
        days_end(world)
        made = newest(world, bank_a, "share_positions")
        with pytest.raises(NothingToCorrect), world.database.unit_of_work() as tx:
            correct(tx, world.files, made["id"], "", SYSTEM)


class TestMovements:
    def test_lead_from_what_was_owed_to_what_is(self, world: World, bank_a: str):
        loan_id = lent(world, shared_with(bank_a, fee="0.10"))
        happen(world, loan_id, Paid(TODAY, 60_000, until=1), "rep-1")
        days_end(world)
        first = newest(world, bank_a, "share_movements")
        assert (first["sums"]["lent"]["amount_fen"], first["sums"]["funded"]["amount_fen"]) == (
            -360_000,
            360_000,
        )
        owed = first["closing_fen"]
        assert owed == sum(
            first["sums"][kind]["amount_fen"]
            for kind in ("principal_repaid", "interest_received", "service_fee")
        )
        assert first["sums"]["service_fee"]["amount_fen"] < 0
        world.work_until_quiet()
        days_end(world)
        second = newest(world, bank_a, "share_movements")
        assert (second["opening_fen"], second["closing_fen"]) == (owed, 0)
        (row,) = lines(world, second)
        assert (row["type"], int(row["amount_fen"])) == ("cleared", -owed)

    def test_are_summed_for_a_month(self, world: World, bank_a: str):
        loan_id = lent(world, shared_with(bank_a))
        happen(world, loan_id, Paid(TODAY, 60_000, until=1), "rep-1")
        days_end(world, 9)
        months = world.rows("SELECT kind FROM statement WHERE span = 'month' ORDER BY kind")
        assert [row["kind"] for row in months] == ["settlement", "share_movements"]


class TestTheForecast:
    def test_is_the_plan_by_the_part_of_the_funder(self, world: World, bank_a: str):
        loan_id = lent(world, shared_with(bank_a), 600_007)
        happen(world, loan_id, Paid(TODAY, 20_000, until=1), "rep-1")
        days_end(world)
        with world.database.unit_of_work() as tx:
            rows = store.instalments(tx, loan_id, 1)
        expected, paid = {}, sum(row.principal_paid_fen for row in rows)
        for row in rows:
            owed = row.principal_fen - row.principal_paid_fen
            expected[row.due_date.isoformat()] = (
                divided(paid + owed, [4, 6])[1] - divided(paid, [4, 6])[1]
            )
            paid += owed
        made = lines(world, newest(world, bank_a, "share_forecast"))
        found = {
            row["due_date"]: int(row["amount_fen"])
            for row in made
            if row["type"] == "principal_due"
        }
        assert found == {due: fen for due, fen in expected.items() if fen}
        assert int(made[-1]["balance_fen"]) == sum(found.values())

    def test_kept_from_day_to_day_is_what_counting_all_loans_anew_gives(
        self, world: World, bank_a: str
    ):
        other = funder(world, "乙信托", "6230580000000077002")
        loans = [lent(world, shared_with(bank_a, other), 300_001 + n) for n in range(5)]
        days_end(world)
        day = TODAY + ONE_DAY
        happen(world, loans[0], Paid(day, 60_007, until=3), "rep-1")
        happen(world, loans[1], Paid(day, 400_000, until=12), "rep-2")
        happen(world, loans[2], WrittenOff(day), "wo-1")
        lent(world, shared_with(other), 77_777)
        world.clock.advance(ONE_DAY)
        end_of_day.run(world.context, day)
        happen(world, loans[0], Paid(day + ONE_DAY, 9_999, until=4), "rep-3")
        with world.database.unit_of_work() as tx:
            life.take_back(tx, life.locked(tx, loans[1]), "rep-2", "it went back")
        end_of_day.follow(world.context)
        for _ in range(2):
            days_end(world)
            day += ONE_DAY
        with world.database.rehearsal() as tx:
            kept = list(forecast(tx, day, None))
            tx.run("DELETE FROM share_due")
            tx.run("DELETE FROM share_due_total")
            tx.run("DELETE FROM share_due_day")
            assert kept == list(forecast(tx, day, None))
        assert {row["partner_id"] for row in kept} == {bank_a, other}


class TestAGuarantee:
    def test_that_is_claimed_gives_each_funder_its_exact_principal(self, world: World, bank_a: str):
        with world.database.unit_of_work() as tx:
            guarantee = Guarantee("gua_1", "agr_1", 0, Decimal(0), 80, True, False)
            shares = shared_with(bank_a, funder_b := "fun_b")
            loan_id = lend(
                tx, world, Lent(principal_fen=600_001, shares=shares, guarantee=guarantee)
            )
        happen(world, loan_id, Paid(TODAY, 60_000, until=1), "rep-1")
        with world.database.unit_of_work() as tx:
            loan = life.locked(tx, loan_id)
            owed = life.position(tx, loan, TODAY)
            claim = Claimed(TODAY, owed.principal_open_fen, owed.sums().interest_receivable_fen)
            life.record(tx, loan, claim, source_id="clm-1", kind="loan.claimed")
        end_of_one_day(world)
        for each in (bank_a, funder_b):
            assert in_its_book(world, each, Code.LOAN_PRINCIPAL, loan_id) == 0
            (row,) = world.rows(
                "SELECT sum(principal_fen)::bigint AS fen, sum(due_fen)::bigint AS due"
                " FROM share_movement WHERE funder = :id AND kind <> 'loan.paid_out'",
                id=each,
            )
            lent_fen = divided(600_001, [4_000, 3_000, 3_000])[1 if each == bank_a else 2]
            assert row["fen"] == lent_fen
            assert row["due"] == in_its_book(world, each, Code.LEAD_RECEIVABLE)
        with world.database.unit_of_work() as tx:
            made = make_kind(tx, world.files, SHARE_FORECAST, TODAY)
            assert {row["id"] for row in tx.all("SELECT id FROM statement")} == set(made)


class TestAMerchant:
    @pytest.mark.parametrize("prefunded", [False, True])
    def test_is_told_of_whole_orders_whoever_funds_them(
        self, world: World, bank_a: str, *, prefunded: bool
    ):
        with world.database.unit_of_work() as tx:
            shares = shared_with(bank_a, fee="0.10", prefunded=prefunded)
            lend(tx, world, Lent(principal_fen=600_000, subsidy_fen=777, shares=shares))
        days_end(world)
        sums = newest(world, world.partner_id, "settlement")["sums"]
        assert {kind: each["amount_fen"] for kind, each in sums.items()} == {
            "order_paid": 600_000,
            "subsidy": -777,
            "payout": -599_223,
        }


class TestOwnFunds:
    def test_make_no_files_for_funders(self, world: World, bank_a: str):
        world.paid()
        days_end(world)
        assert world.count("SELECT count(*) FROM statement WHERE kind LIKE 'share%'") == 0
