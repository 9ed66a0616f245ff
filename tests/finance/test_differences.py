"""What the bank's file and our books disagree on, from the day it is found to the day it is not."""

from datetime import timedelta
from typing import Any

from lending.batch import overview
from lending.finance import differences
from lending.foundation.ports import ChannelState
from lending.repayments import service as repayments
from lending.repayments.model import What
from tests.finance.merchants import buy, days_end
from tests.loans.world import AMOUNT_FEN, FEE_FEN, World, shop

PAID_FEN = AMOUNT_FEN - FEE_FEN


def seen(world: World, state: str | None = None) -> list[dict[str, Any]]:
    """What the merchant is shown."""
    with world.database.unit_of_work() as tx:
        found, _ = differences.page(tx, world.partner_id, state=state, before=None, limit=50)
    return found


class TestADifference:
    def test_is_shown_to_the_merchant_with_order_amounts_and_age(self, world: World):
        order_id = buy(world, "A-1")
        (booked,) = world.bank.book.values()
        booked.amount_fen += 1
        days_end(world)
        (one,) = seen(world)
        assert (one["state"], one["kind"]) == ("open", "amount_differs")
        assert (one["order_id"], one["order_no"]) == (order_id, "A-1")
        assert (one["bank_fen"], one["lender_fen"]) == (PAID_FEN + 1, PAID_FEN)
        assert one["age_days"] == 1, "the date of the file has ended"
        days_end(world, 2)
        assert max(each["age_days"] for each in seen(world, "open")) == 3

    def test_is_settled_by_the_day_on_which_the_books_agree_again(self, world: World):
        buy(world, "A-1")
        (booked,) = world.bank.book.values()
        booked.amount_fen += 1
        days_end(world)
        booked.amount_fen -= 1
        days_end(world)
        (one,) = seen(world)
        assert (one["state"], one["age_days"]) == ("settled", 1)
        assert one["settled_at"]
        assert seen(world, "open") == []
        assert seen(world, "settled") == [one]

    def test_that_our_own_row_made_good_is_settled_without_a_new_line(self, world: World):
        world.bank.lose_answers, world.bank.silent_queries = 1, 2
        world.signed("A-1")
        world.work()
        days_end(world)
        (one,) = seen(world)
        assert (one["kind"], one["bank_fen"], one["lender_fen"]) == ("state_differs", PAID_FEN, 0)
        world.bank.heal()
        world.work_until_quiet()
        days_end(world)
        assert [each["state"] for each in seen(world)] == ["settled"]

    def test_of_a_file_that_comes_late_is_not_settled_before_it_agrees(self, world: World):
        buy(world, "A-1")
        (number,) = world.bank.book
        booked = world.bank.book.pop(number)
        days_end(world)
        assert [(each["kind"], each["bank_fen"]) for each in seen(world)] == [
            ("missing_in_bank", None)
        ]
        world.clock.advance(timedelta(days=0))
        world.bank.book[number] = booked
        days_end(world)
        assert [each["state"] for each in seen(world)] == ["settled"]

    def test_of_another_merchant_or_of_a_borrower_is_not_shown(self, world: World):
        _, loan_id = world.paid()
        with world.database.unit_of_work() as tx:
            amount = repayments.quote(tx, loan_id, What.NEXT).amount_fen
        repayments.pay(world.context, loan_id, What.NEXT, amount_fen=amount)
        for booked in world.bank.book.values():
            booked.state = ChannelState.FAILED
        days_end(world)
        assert len(seen(world)) == 1
        with world.database.unit_of_work() as tx:
            rows = overview.overview(tx).bank_differences
        assert sorted(bool(row["order_id"]) for row in rows) == [False, True]
        world.partner_id = shop(world, "app_2", "谷雨家居", ("6230580000000020011",))
        assert seen(world) == []
