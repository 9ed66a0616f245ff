"""P22: grades follow from days past due and flags; the portfolio adds up; provisions follow it."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from lending.batch import end_of_day
from lending.engine.ageing import grade
from lending.engine.events import Paid, WrittenOff
from lending.foundation import business_day
from lending.foundation.calendar import add_months
from lending.foundation.money import half_up
from lending.ledger.chart import Code
from lending.loans import life
from tests.batch.portfolio import Lent, fresh_world, lend
from tests.databases import Databases
from tests.loans.world import World
from tests.today import TODAY

RATES = {
    "normal": Decimal("0.01"),
    "special_mention": Decimal("0.02"),
    "substandard": Decimal("0.25"),
    "doubtful": Decimal("0.50"),
    "loss": Decimal(1),
}
PRODUCT = "mall-standard"
LATE = (0, 29, 30, 89, 90, 269, 270, 359, 360)
"""Days past due on the first date that `aged` closes: the second takes each over a threshold."""
LAST = TODAY + timedelta(days=1)
"""The date that `aged` has closed last."""


def days_pass(world: World, days: int) -> None:
    world.clock.advance(days * timedelta(days=1))
    end_of_day.catch_up(world.context)


@pytest.fixture(scope="module")
def aged(databases: Databases) -> Iterator[World]:
    """Loans of every age that nobody has paid; the last is new."""
    with fresh_world(databases) as world:
        with world.database.unit_of_work() as tx:
            for days in LATE:
                since = add_months(TODAY - timedelta(days=days), -1)
                lend(tx, world, Lent(principal_fen=100_000 + days, periods=6), since=since)
            lend(tx, world, Lent(principal_fen=99_999, periods=6))
        days_pass(world, 2)
        yield world


class TestGrading:
    def test_p22_is_a_function_of_days_past_due(self, aged: World):
        rows = aged.rows("SELECT days_past_due, grade FROM loan_standing")
        assert sorted(row["days_past_due"] for row in rows) == [0, *(days + 2 for days in LATE)]
        assert {row["grade"] for row in rows} == set(RATES)
        for row in rows:
            assert row["grade"] == grade(row["days_past_due"])

    def test_p22_a_written_off_loan_is_lost_whatever_its_days(self, world: World):
        with world.database.unit_of_work() as tx:
            loan_id = lend(tx, world, Lent())
            loan = life.locked(tx, loan_id)
            life.record(tx, loan, WrittenOff(TODAY), source_id="wo", kind="loan.written_off")
        days_pass(world, 1)
        assert world.rows("SELECT grade FROM loan_standing") == [{"grade": "loss"}]


class TestThePortfolioOfADate:
    def test_p22_adds_up_to_the_accounts(self, aged: World):
        day = LAST
        (row,) = aged.rows(
            "SELECT sum(loans) AS loans, sum(principal_fen) AS principal,"
            " sum(interest_receivable_fen) AS interest FROM portfolio_day"
            " WHERE business_date = :day",
            day=day,
        )
        assert row["loans"] == aged.count("SELECT count(*) FROM loan_standing")
        with aged.database.unit_of_work() as tx:
            principal = sum(
                life.position(tx, life.locked(tx, each["loan_id"]), day).principal_open_fen
                for each in tx.all("SELECT loan_id FROM loan_standing")
            )
        assert row["principal"] == principal
        assert row["interest"] == aged.balance(Code.INTEREST_RECEIVABLE, PRODUCT)


class TestProviding:
    def test_p22_sets_aside_the_sum_of_rates_times_exposure(self, aged: World):
        rows = aged.rows(
            "SELECT grade, sum(principal_fen + interest_receivable_fen) AS fen FROM portfolio_day"
            " WHERE business_date = :day GROUP BY grade",
            day=LAST,
        )
        expected = sum(half_up(row["fen"] * RATES[row["grade"]]) for row in rows)
        assert aged.balance(Code.LOAN_LOSS_PROVISION, PRODUCT) == -expected
        assert aged.balance(Code.IMPAIRMENT_LOSS) == expected

    def test_is_drawn_on_by_what_is_written_off_and_made_up_the_same_night(self, world: World):
        with world.database.unit_of_work() as tx:
            lost, kept = (lend(tx, world, Lent(principal_fen=100_000)) for _ in range(2))
        days_pass(world, 1)
        assert world.balance(Code.LOAN_LOSS_PROVISION, PRODUCT) == -half_up(
            (200_000 + world.balance(Code.INTEREST_RECEIVABLE, PRODUCT)) * RATES["normal"]
        )
        with world.database.unit_of_work() as tx:
            today = business_day.today(tx)
            loan = life.locked(tx, lost)
            life.record(tx, loan, WrittenOff(today), source_id="wo", kind="loan.written_off")
        assert world.balance(Code.LOAN_PRINCIPAL, lost) == 0
        assert world.balance(Code.WRITTEN_OFF, lost) >= 100_000
        days_pass(world, 1)
        exposed = world.balance(Code.LOAN_PRINCIPAL, kept) + world.balance(
            Code.INTEREST_RECEIVABLE, PRODUCT
        )
        assert world.balance(Code.LOAN_LOSS_PROVISION, PRODUCT) == -half_up(
            exposed * RATES["normal"]
        )

    def test_gets_back_what_a_written_off_borrower_pays(self, world: World):
        with world.database.unit_of_work() as tx:
            loan_id = lend(tx, world, Lent(principal_fen=100_000))
            loan = life.locked(tx, loan_id)
            life.record(tx, loan, WrittenOff(TODAY), source_id="wo", kind="loan.written_off")
        before = world.balance(Code.LOAN_LOSS_PROVISION, PRODUCT)
        with world.database.unit_of_work() as tx:
            loan = life.locked(tx, loan_id)
            paid = Paid(TODAY, 10_000, until=12)
            life.record(tx, loan, paid, source_id="rep", kind="loan.recovered")
        recovered = before - world.balance(Code.LOAN_LOSS_PROVISION, PRODUCT)
        interest = -world.balance(Code.INTEREST_INCOME)
        assert recovered + interest == 10_000
        assert world.balance(Code.LOAN_PRINCIPAL, loan_id) == 0
        assert world.trial_balance() == 0
