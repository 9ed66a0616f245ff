"""JOINT-7: what moved for a funder reaches it, net, once, and the books say the same."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from lending.batch import end_of_day
from lending.engine.events import Paid
from lending.finance import clearings
from lending.finance.model import Clearing, ClearingMode, ClearingState
from lending.foundation.audit import SYSTEM
from lending.foundation.ports import IncomingMoney
from lending.funding import money_in
from lending.ledger.chart import Code
from lending.loans import life
from tests.finance.funders import funder, happen, in_its_book, lent, shared_with
from tests.loans.world import World
from tests.today import TODAY

ONE_DAY = timedelta(days=1)
PAID_FEN = 50_000
ACCOUNT = "6230580000000077001"


def days_end(world: World, days: int = 1) -> None:
    world.clock.advance(days * ONE_DAY)
    end_of_day.catch_up(world.context)


def newest(world: World, funder_id: str) -> Clearing:
    with world.database.unit_of_work() as tx:
        return clearings.newest(tx, funder_id)[0]


def send_us(world: World, came: IncomingMoney) -> None:
    with world.database.unit_of_work() as tx:
        money_in.take(tx, world.keys, came)
    clearings.clear_events(world.context)


def how_many(world: World) -> int:
    return world.count("SELECT count(*) FROM clearing")


@pytest.fixture
def bank_a(world: World) -> str:
    return funder(world)


class TestADay:
    def test_is_paid_to_each_funder_net_and_once(self, world: World, bank_a: str):
        bank_b = funder(world, "乙信托", "6230580000000077002")
        for number in range(3):
            loan_id = lent(world, shared_with(bank_a, bank_b, fee="0.10"))
            happen(world, loan_id, Paid(TODAY, PAID_FEN, until=1), f"rep-{number}")
        days_end(world)
        world.work_until_quiet()
        for each in (bank_a, bank_b):
            cleared = newest(world, each)
            assert cleared.state is ClearingState.PAID
            assert cleared.movements == 6  # three payouts from what was sent, three payments
            assert cleared.amount_fen == (
                cleared.principal_fen + cleared.funded_fen + cleared.interest_fen
                + cleared.service_fee_fen
            )  # fmt: skip
            assert in_its_book(world, each, Code.LEAD_RECEIVABLE) == 0
            assert world.balance(Code.FUNDER_PAYABLE, each) == 0
        paid = sum(each.amount_fen for each in world.bank.paid())
        assert paid == newest(world, bank_a).amount_fen + newest(world, bank_b).amount_fen
        days_end(world)
        assert how_many(world) == 2

    def test_on_which_banks_rest_goes_into_the_next(self, world: World, bank_a: str):
        loan_id = lent(world, shared_with(bank_a))
        days_end(world, 5)
        happen(world, loan_id, Paid(TODAY + 5 * ONE_DAY, PAID_FEN, until=1), "rep-1")
        days_end(world, 2)
        assert how_many(world) == 0
        days_end(world)
        assert newest(world, bank_a).business_date == TODAY + 7 * ONE_DAY

    def test_ends_at_the_agreed_time(self, world: World, bank_a: str):
        with world.database.unit_of_work() as tx:
            clearings.agree(tx, bank_a, ClearingMode.DAY, time(0, 1), SYSTEM)
        loan_id = lent(world, shared_with(bank_a))
        happen(world, loan_id, Paid(TODAY, PAID_FEN, until=1), "rep-1")
        days_end(world)
        assert how_many(world) == 0
        days_end(world)
        assert newest(world, bank_a).business_date == TODAY + ONE_DAY

    def test_whose_payment_is_unknown_is_asked_about_and_never_paid_again(
        self, world: World, bank_a: str
    ):
        loan_id = lent(world, shared_with(bank_a))
        happen(world, loan_id, Paid(TODAY, PAID_FEN, until=1), "rep-1")
        world.bank.lose_answers = 1
        days_end(world)
        world.work()
        assert newest(world, bank_a).state is ClearingState.UNKNOWN
        world.work_until_quiet()
        assert newest(world, bank_a).state is ClearingState.PAID
        assert len(world.bank.paid()) == 1

    def test_that_the_bank_refuses_goes_into_the_next(self, world: World, bank_a: str):
        loan_id = lent(world, shared_with(bank_a))
        happen(world, loan_id, Paid(TODAY, PAID_FEN, until=1), "rep-1")
        world.bank.refuse = {"6230580000000077001"}
        days_end(world)
        world.work_until_quiet()
        failed = newest(world, bank_a)
        assert failed.state is ClearingState.FAILED
        world.bank.refuse = set()
        days_end(world)
        world.work_until_quiet()
        again = newest(world, bank_a)
        assert (again.state, again.carried_fen) == (ClearingState.PAID, failed.amount_fen)
        with world.database.unit_of_work() as tx:
            assert clearings.get(tx, failed.id).carried_into == again.id


class TestWhatAFunderOwes:
    def test_is_expected_of_it_and_offset_by_what_comes_for_it(self, world: World, bank_a: str):
        loan_id = lent(world, shared_with(bank_a, prefunded=True))
        days_end(world)
        owes = newest(world, bank_a)
        assert (owes.state, owes.amount_fen) == (ClearingState.EXPECTED, -360_000)
        happen(world, loan_id, Paid(TODAY + ONE_DAY, PAID_FEN, until=1), "rep-1")
        days_end(world)
        less = newest(world, bank_a)
        assert less.state is ClearingState.EXPECTED
        assert less.carried_fen == -360_000
        assert -360_000 < less.amount_fen < 0

    def test_is_taken_in_once_in_full_and_from_its_own_account(self, world: World, bank_a: str):
        lent(world, shared_with(bank_a, prefunded=True))
        days_end(world)
        owes = newest(world, bank_a)
        came = IncomingMoney("in-1", 1, "62309", "甲银行", 360_000, owes.id, world.clock.now())
        for other in (
            came,
            replace(came, reference="in-2", seq=2, from_account=ACCOUNT, amount_fen=359_999),
        ):
            send_us(world, other)
            assert newest(world, bank_a).state is ClearingState.EXPECTED
        for _ in range(2):
            send_us(world, replace(came, reference="in-3", seq=3, from_account=ACCOUNT))
        received = newest(world, bank_a)
        assert (received.state, received.reference) == (ClearingState.RECEIVED, "in-3")
        assert in_its_book(world, bank_a, Code.LEAD_RECEIVABLE) == 0
        days_end(world)
        assert how_many(world) == 1

    def test_that_comes_after_it_was_offset_goes_back(self, world: World, bank_a: str):
        loan_id = lent(world, shared_with(bank_a, prefunded=True))
        days_end(world)
        owes = newest(world, bank_a)
        happen(world, loan_id, Paid(TODAY + ONE_DAY, PAID_FEN, until=1), "rep-1")
        days_end(world)
        late = IncomingMoney("in-1", 1, ACCOUNT, "甲银行", 360_000, owes.id, world.clock.now())
        send_us(world, late)
        assert world.rows("SELECT state FROM incoming_transfer") == [{"state": "returning"}]
        assert newest(world, bank_a).state is ClearingState.EXPECTED

    def test_begins_when_a_payment_that_was_cleared_is_taken_back(self, world: World, bank_a: str):
        loan_id = lent(world, shared_with(bank_a))
        happen(world, loan_id, Paid(TODAY, PAID_FEN, until=1), "rep-1")
        days_end(world)
        world.work_until_quiet()
        paid = newest(world, bank_a)
        with world.database.unit_of_work() as tx:
            life.take_back(tx, life.locked(tx, loan_id), "rep-1", "the bank took it back")
        days_end(world)
        owes = newest(world, bank_a)
        assert (owes.state, owes.amount_fen) == (ClearingState.EXPECTED, -paid.amount_fen)


class TestAnEvent:
    def test_is_cleared_at_once_where_that_was_agreed(self, world: World, bank_a: str):
        with world.database.unit_of_work() as tx:
            clearings.agree(tx, bank_a, ClearingMode.EVENT, None, SYSTEM)
        loan_id = lent(world, shared_with(bank_a))
        happen(world, loan_id, Paid(TODAY, PAID_FEN, until=1), "rep-1")
        assert clearings.clear_events(world.context)
        assert not clearings.clear_events(world.context)
        world.work_until_quiet()
        assert newest(world, bank_a).state is ClearingState.PAID
        days_end(world)
        assert how_many(world) == 1

    def test_that_the_bank_refuses_is_tried_again_on_the_next_date(self, world: World, bank_a: str):
        with world.database.unit_of_work() as tx:
            clearings.agree(tx, bank_a, ClearingMode.EVENT, None, SYSTEM)
        loan_id = lent(world, shared_with(bank_a))
        happen(world, loan_id, Paid(TODAY, PAID_FEN, until=1), "rep-1")
        world.bank.refuse = {"6230580000000077001"}
        assert clearings.clear_events(world.context)
        world.work_until_quiet()
        assert newest(world, bank_a).state is ClearingState.FAILED
        assert not clearings.clear_events(world.context)
        world.bank.refuse = set()
        days_end(world)
        assert clearings.clear_events(world.context)
        world.work_until_quiet()
        assert newest(world, bank_a).state is ClearingState.PAID


class TestTheProof:
    def test_finds_a_movement_that_was_changed(self, world: World, bank_a: str):
        lent(world, shared_with(bank_a, prefunded=True))
        with world.database.unit_of_work() as tx:
            tx.run("UPDATE share_movement SET principal_fen = principal_fen + 1")
        with pytest.raises(end_of_day.BooksDoNotAgree, match="its book claims"):
            days_end(world)
