"""MALL-6: a merchant is paid on the working day that was agreed, T+n, and the loan begins then."""

import csv
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.batch import end_of_day
from lending.foundation.audit import SYSTEM
from lending.foundation.calendar import is_working_day, working_days_after
from lending.loans import service
from lending.loans.model import LoanState
from tests.finance.merchants import days_end
from tests.loans.world import World
from tests.today import TODAY

MONDAY = TODAY
assert MONDAY.weekday() == 0


@pytest.fixture
def agreed(world: World) -> World:
    """A lender whose shop is paid at T+2."""
    with world.database.unit_of_work() as tx:
        tx.run("UPDATE partner_agreement SET settlement_days = 2")
    return world


def ends(world: World) -> None:
    """A date ends, and what waits for the next one begins."""
    days_end(world)
    world.work(timedelta(minutes=2))


class TestAMerchantPaidAtTPlusTwo:
    def test_is_told_the_date_and_paid_on_it(self, agreed: World):
        order_id, loan_id = agreed.signed()
        agreed.work()
        assert agreed.view(order_id)["payout_due_on"] == "2026-11-25"
        for state in ("signed", "paid"):
            ends(agreed)
            assert agreed.state(order_id) == state
            assert bool(agreed.bank.paid()) == (state == "paid")
        with agreed.database.unit_of_work() as tx:
            loan = service.loan(tx, loan_id)
            assert (loan.state, loan.start_date) == (LoanState.ACTIVE, MONDAY + timedelta(days=2))
            due = tx.scalar(
                "SELECT min(due_date) FROM instalment WHERE loan_id = :id AND plan_version = :v",
                id=loan_id,
                v=loan.plan_version,
            )
        assert due == date(2026, 12, 25), "the buyer pays for no day before the payout"
        agreed.require_books_agree()

    def test_finds_it_in_the_statement_of_that_date(self, agreed: World):
        order_id, _ = agreed.signed()
        agreed.work()
        ends(agreed)
        ends(agreed)
        ends(agreed)
        (made,) = agreed.rows("SELECT period_start, file_name FROM statement WHERE span = 'day'")
        assert made["period_start"] == MONDAY + timedelta(days=2)
        file = agreed.context.files.root / made["file_name"]
        rows = list(csv.DictReader(file.read_text("utf-8").splitlines()))
        assert {row["order_id"] for row in rows} == {order_id}
        assert {row["business_date"] for row in rows} == {"2026-11-25"}

    def test_waits_over_a_weekend(self, agreed: World):
        for _ in range(4):
            ends(agreed)
        order_id, _ = agreed.signed()
        agreed.work()
        assert agreed.view(order_id)["payout_due_on"] == "2026-12-01", "Friday, and two days"

    def test_is_paid_on_no_date_before_the_one_before_has_ended(self, agreed: World):
        order_id, _ = agreed.signed()
        agreed.work()
        agreed.work(timedelta(days=2, minutes=2))
        assert agreed.state(order_id) == "signed"
        end_of_day.catch_up(agreed.context)
        agreed.work(timedelta(minutes=2))
        assert agreed.state(order_id) == "paid"

    def test_is_paid_nothing_for_an_order_that_is_cancelled_meanwhile(self, agreed: World):
        order_id, _ = agreed.signed()
        agreed.work()
        application_id = agreed.rows("SELECT application_id FROM loan")[0]["application_id"]
        with agreed.database.unit_of_work() as tx:
            service.cancel(tx, application_id, SYSTEM)
        ends(agreed)
        ends(agreed)
        assert agreed.state(order_id) == "cancelled"
        assert agreed.bank.calls == []
        assert agreed.exposure() == 0

    def test_keeps_what_was_agreed_when_the_buyer_signed(self, agreed: World):
        order_id, _ = agreed.signed()
        with agreed.database.unit_of_work() as tx:
            tx.run("UPDATE partner_agreement SET settlement_days = 0")
        agreed.work()
        assert agreed.state(order_id) == "signed"
        assert agreed.view(order_id)["payout_due_on"] == "2026-11-25"


class TestAMerchantPaidAtOnce:
    def test_is_due_on_the_date_of_the_signature(self, world: World):
        order_id, _ = world.signed()
        assert world.view(order_id)["payout_due_on"] == MONDAY.isoformat()
        world.work()
        assert world.state(order_id) == "paid"


@given(day=st.dates(date(2024, 1, 1), date(2030, 1, 1)), count=st.integers(0, 30))
def test_working_days_are_counted_and_nothing_else(day: date, count: int):
    found = working_days_after(day, count)
    between = [day + timedelta(days=n) for n in range(1, (found - day).days + 1)]
    assert sum(map(is_working_day, between)) == count
    assert count == 0 or is_working_day(found)
