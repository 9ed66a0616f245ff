"""A borrower whom an operator flags for fraud: nothing more is paid out to them or for them."""

from datetime import timedelta

import pytest

from lending.foundation.audit import Actor
from lending.foundation.ports import ChannelState
from lending.loans import fraud, payouts, service
from lending.loans.errors import BorrowerHeld
from lending.loans.fraud import FraudKind
from lending.risk.model import Outcome
from scenarios.mall_installment.errors import CheckoutEnded
from tests.loans.world import AMOUNT_FEN, MERCHANT_ACCOUNTS, World

OPERATOR = Actor("operator", "op_1")


def flag(world: World) -> None:
    with world.database.unit_of_work() as tx:
        fraud.flag(
            tx, world.keys, world.customer_id, FraudKind.COLLUSION, because="套现", actor=OPERATOR
        )


def application_id(world: World, order_id: str) -> str:
    rows = world.rows("SELECT application_id FROM mall_order WHERE id = :id", id=order_id)
    return str(rows[0]["application_id"])


class TestFlagging:
    def test_cancels_what_is_signed_and_leaves_what_is_paid_out(self, world: World):
        paid, _ = world.paid("A-1")
        signed, _ = world.signed("A-2")
        flag(world)
        world.work()
        assert [world.state(paid), world.state(signed)] == ["paid", "cancelled"]
        assert world.events(signed)[-2:] == ["order.signed", "order.cancelled"]
        assert len(world.bank.paid()) == 1
        assert world.exposure() == AMOUNT_FEN
        assert world.count("SELECT count(*) FROM ledger_hold WHERE state = 'held'") == 0
        world.require_books_agree()

    def test_cancels_what_waits_for_the_day_of_its_payout(self, world: World):
        with world.database.unit_of_work() as tx:
            tx.run("UPDATE partner_agreement SET settlement_days = 2")
        order_id, _ = world.signed()
        world.work()
        flag(world)
        world.work(timedelta(days=5))
        assert world.state(order_id) == "cancelled"
        assert world.bank.calls == []

    def test_ends_what_is_approved_so_that_it_is_not_signed(self, world: World):
        order_id = world.approved()
        showing_id = world.confirmed(order_id)
        flag(world)
        world.work()
        assert world.state(order_id) == "cancelled"
        with pytest.raises(CheckoutEnded):
            world.sign(order_id, showing_id=showing_id)

    def test_holds_the_payout_of_what_is_signed_in_the_same_moment(self, world: World):
        order_id, loan_id = world.signed()
        flag(world)
        payouts.pay_out(world.context, loan_id)
        assert world.bank.calls == []
        world.work()
        assert world.state(order_id) == "cancelled"

    def test_leaves_a_payout_under_way_to_its_result_and_cancels_the_others(self, world: World):
        world.bank.slow = 1
        under_way, _ = world.signed("A-1")
        world.work()
        other, _ = world.signed("A-2")
        flag(world)
        world.work()
        assert [world.state(under_way), world.state(other)] == ["paying", "cancelled"]
        world.bank.settle()
        world.work_until_quiet()
        assert world.state(under_way) == "paid"
        world.require_books_agree()

    def test_cancels_what_the_bank_refuses_afterwards_and_tries_no_other_account(
        self, world: World
    ):
        world.bank.slow = 1
        order_id, _ = world.signed()
        world.work()
        flag(world)
        world.bank.settle(ChannelState.FAILED)
        world.work_until_quiet()
        assert world.state(order_id) == "cancelled"
        assert "order.payout_failed" not in world.events(order_id)
        assert [each.account_no for each in world.bank.book.values()] == [MERCHANT_ACCOUNTS[0]]
        assert world.exposure() == 0
        world.require_books_agree()

    def test_cancels_what_no_account_took_and_nobody_has_it_tried_again(self, world: World):
        world.bank.refuse = set(MERCHANT_ACCOUNTS)
        order_id, loan_id = world.signed()
        world.work()
        assert world.state(order_id) == "payout_failed"
        flag(world)
        with world.database.unit_of_work() as tx, pytest.raises(BorrowerHeld):
            payouts.retry(tx, loan_id, OPERATOR)
        world.work()
        assert world.state(order_id) == "cancelled"

    def test_keeps_a_person_from_approving_what_is_referred(self, world: World):
        order_id = world.order()
        world.submit(order_id)
        of = application_id(world, order_id)
        with world.database.unit_of_work() as tx:
            tx.run("UPDATE application SET state = 'referred' WHERE id = :id", id=of)
        flag(world)
        with world.database.unit_of_work() as tx, pytest.raises(BorrowerHeld):
            service.decide_by_person(tx, of, Outcome.APPROVE, operator_id="op_1", note="")
        with world.database.unit_of_work() as tx:
            assert service.application(tx, of).state.value == "referred"


class TestLifting:
    def test_lets_the_borrower_be_lent_to_again(self, world: World):
        world.signed("A-1")
        flag(world)
        world.work()
        with world.database.unit_of_work() as tx:
            fraud.lift(tx, world.customer_id, OPERATOR)
        order_id, _ = world.paid("A-2")
        assert world.state(order_id) == "paid"
