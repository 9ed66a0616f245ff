from datetime import timedelta

import pytest

from lending.foundation.audit import SYSTEM
from lending.funding.model import RequestState, ShareState, TransferState
from lending.ledger.chart import Code
from lending.loans import service as loans
from tests.funding.lenders import TO_TWO, Lenders, account_of, joint
from tests.loans.world import AMOUNT_FEN, World

MINUTE = timedelta(minutes=1)
PART_FEN = AMOUNT_FEN * 6 // 10


@pytest.fixture
def lenders(world: World) -> Lenders:
    joint(world)
    return Lenders(world, 2)


def signed(world: World, lenders: Lenders) -> tuple[str, str]:
    order_id = lenders.agreed()
    loan_id = world.sign(order_id)
    world.work()
    return order_id, loan_id


class TestMoneyThatComes:
    def test_lets_the_loan_be_paid_out_once_all_is_there(self, world: World, lenders: Lenders):
        order_id, _ = signed(world, lenders)
        lenders.pay(lenders.living()[0])
        lenders.look()
        assert world.state(order_id) == "paid"
        assert lenders.living()[0].state is ShareState.ACTIVE
        assert lenders.request().state is RequestState.PAID
        assert len(world.bank.paid()) == 1
        assert world.balance(Code.FUNDER_QUOTA, f"{lenders.ids[0]}:mall-standard") == PART_FEN
        assert lenders.news() == ["invited", "funding_called", "funded"]

    def test_of_one_of_two_funders_is_not_enough(self, world: World):
        joint(world, TO_TWO)
        lenders = Lenders(world, 2)
        order_id, loan_id = signed(world, lenders)
        one, two = lenders.living()
        lenders.pay(one)
        lenders.look()
        assert world.state(order_id) == "signed"
        assert world.balance(Code.FUNDER_MONEY_IN, f"{loan_id}:{one.funder_id}") == -one.amount_fen
        lenders.pay(two)
        lenders.look()
        assert world.state(order_id) == "paid"

    def test_is_taken_once_however_often_the_feed_is_read(self, world: World, lenders: Lenders):
        signed(world, lenders)
        lenders.pay(lenders.living()[0])
        lenders.look()
        lenders.look()
        assert world.count("SELECT count(*) FROM incoming_transfer") == 1

    def test_of_a_wrong_amount_goes_back(self, world: World, lenders: Lenders):
        order_id, _ = signed(world, lenders)
        reference = lenders.pay(lenders.living()[0], PART_FEN - 1)
        lenders.look()
        transfer = lenders.transfer(reference)
        assert (transfer.state, transfer.because) == (TransferState.RETURNED, "wrong_amount")
        assert world.state(order_id) == "signed"
        (back,) = world.bank.paid()
        assert (back.account_no, back.amount_fen) == (account_of(1), PART_FEN - 1)
        assert world.balance(Code.SUSPENSE, reference) == 0
        assert lenders.news()[-1] == "money_returned"
        lenders.pay(lenders.living()[0])
        lenders.look()
        assert world.state(order_id) == "paid"

    @pytest.mark.parametrize("lost", ["lose_requests", "lose_answers"])
    def test_goes_back_once_when_the_bank_is_silent(
        self, world: World, lenders: Lenders, lost: str
    ):
        signed(world, lenders)
        reference = lenders.pay(lenders.living()[0], PART_FEN + 1)
        setattr(world.bank, lost, 1)
        lenders.look()
        assert lenders.transfer(reference).state is TransferState.UNKNOWN
        world.work(3 * timedelta(seconds=1))
        assert lenders.transfer(reference).state is TransferState.RETURNED
        assert len(world.bank.paid()) == 1

    def test_from_another_account_goes_back_there(self, world: World, lenders: Lenders):
        signed(world, lenders)
        reference = lenders.pay(lenders.living()[0], account="6230580000977777777")
        lenders.look()
        assert lenders.transfer(reference).because == "other_account"
        assert world.bank.paid()[0].account_no == "6230580000977777777"

    def test_that_names_no_share_goes_back(self, world: World, lenders: Lenders):
        signed(world, lenders)
        reference = world.bank.send(account_of(1), PART_FEN, "hello", world.clock.now())
        lenders.look()
        assert lenders.transfer(reference).because == "no_share_named"

    def test_late_finds_no_loan_and_goes_back(self, world: World, lenders: Lenders):
        order_id, _ = signed(world, lenders)
        share = lenders.living()[0]
        world.work(31 * MINUTE)
        assert world.state(order_id) == "cancelled"
        reference = lenders.pay(share)
        lenders.look()
        assert lenders.transfer(reference).because == "share_dead"
        assert lenders.transfer(reference).state is TransferState.RETURNED
        assert lenders.held_fen() == 0
        assert world.exposure() == 0

    def test_of_one_funder_goes_back_when_the_others_does_not_come(self, world: World):
        joint(world, TO_TWO)
        lenders = Lenders(world, 2)
        order_id, loan_id = signed(world, lenders)
        one = lenders.living()[0]
        reference = lenders.pay(one)
        lenders.look()
        world.work(31 * MINUTE)
        assert world.state(order_id) == "cancelled"
        assert lenders.transfer(reference).state is TransferState.RETURNED
        assert world.balance(Code.FUNDER_MONEY_IN, f"{loan_id}:{one.funder_id}") == 0
        assert world.balance(Code.BANK_SETTLEMENT) == 0

    def test_goes_back_when_the_order_is_cancelled(self, world: World):
        joint(world, TO_TWO)
        lenders = Lenders(world, 2)
        signed(world, lenders)
        reference = lenders.pay(lenders.living()[0])
        lenders.look()
        application_id = lenders.request().application_id
        with world.database.unit_of_work() as tx:
            loans.cancel(tx, application_id, SYSTEM)
        world.work()
        assert lenders.transfer(reference).state is TransferState.RETURNED
        assert world.balance(Code.BANK_SETTLEMENT) == 0
        world.require_books_agree()


class TestPrefunding:
    def test_pays_out_at_once_where_it_is_agreed(self, world: World):
        joint(world)
        lenders = Lenders(world, 1, is_prefunded=True)
        order_id, _ = signed(world, lenders)
        world.work()
        assert world.state(order_id) == "paid"
