"""The whole chain through the SDK and the hosted pages, with nothing patched: real processes."""

import time

import pytest

from processes.phone import Buyer
from simulators.magic import somebody
from tests.processes.system import PRICE_FEN, System

pytestmark = pytest.mark.processes


def walk(buyer: Buyer, *, until: str | None = None) -> None:
    for name, act in buyer.journey():
        if name == until:
            return
        act()


class TestAMallOrder:
    def test_is_paid_to_the_merchant_and_shrinks_when_goods_come_back(self, system: System):
        order = system.order("whole-1")
        buyer = Buyer(system.settings, order.checkout_url or "")
        walk(buyer)
        paid = system.until(order.id, "paid")
        assert paid.payout is not None
        assert paid.payout.amount_fen == PRICE_FEN - 3_599
        buyer.pay_first_instalment()
        refund = system.cf.mall.refunds.create(
            refund_no="whole-1-r1",
            order_id=order.id,
            amount_fen=100_000,
            idempotency_key="whole-1-r1",
        )
        assert refund.loan_reduction_fen == 100_000
        assert system.cf.mall.orders.get(order.id).state.value == "part_refunded"
        assert system.cf.mall.orders.contract(order.id).startswith(b"%PDF")

    def test_sends_its_news_in_order(self, system: System):
        order = system.order("whole-2")
        walk(Buyer(system.settings, order.checkout_url or ""))
        system.until(order.id, "paid")
        for _ in range(50):
            told = [e.type for e in system.cf.events.list() if e.subject == order.id]
            if "order.paid" in told:
                break
            time.sleep(0.1)
        assert sorted(told) == ["order.approved", "order.created", "order.paid", "order.signed"]

    def test_of_somebody_with_a_bad_record_is_declined(self, system: System):
        order = system.order("whole-3")
        person = somebody("declined")
        walk(Buyer(system.settings, order.checkout_url or "", person), until="decision")
        declined = system.until(order.id, "declined")
        assert declined.payout is None


class TestWhenCoreIsDown:
    def test_front_goes_on_taking_orders_and_they_complete_when_it_is_back(self, system: System):
        system.supervisor.kill("core")
        order = system.order("down-1")
        buyer = Buyer(system.settings, order.checkout_url or "")
        walk(buyer, until="decision")
        assert system.cf.mall.orders.get(order.id).state.value == "deciding"
        system.supervisor.start(system.parts["core"])
        steps = dict(buyer.journey())
        for name in list(steps)[4:]:
            steps[name]()
        assert system.until(order.id, "paid").payout is not None


class TestAPayoutWhoseAnswerIsLost:
    @pytest.mark.parametrize("fault", ["error_after", "error_before", "unsigned"])
    def test_is_paid_once_and_resolved_by_asking(self, system: System, fault: str):
        order = system.order(f"lost-{fault}")
        buyer = Buyer(system.settings, order.checkout_url or "")
        walk(buyer, until="sign")
        system.fault("payout", fault)
        before = system.context.channel.book()["payout_count"]
        dict(buyer.journey())["sign"]()
        system.until(order.id, "paid")
        assert system.context.channel.book()["payout_count"] == before + 1

    def test_to_a_refusing_account_goes_to_the_merchants_other_account(self, system: System):
        order = system.order("refused-1")
        buyer = Buyer(system.settings, order.checkout_url or "")
        walk(buyer, until="sign")
        system.fault("payout", "declined")
        dict(buyer.journey())["sign"]()
        paid = system.until(order.id, "paid")
        assert paid.payout is not None
        assert paid.payout.account_last4 == "0020"
