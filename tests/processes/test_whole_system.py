"""The whole chain through the SDK and the hosted pages, with nothing patched: real processes."""

import time
from dataclasses import replace

import pytest
import requests

from lending.channels import service as channels
from lending.foundation.audit import SYSTEM
from lending.funding import funders as lending_funders
from lending.products import service as products
from lending.products.model import Funding
from processes.parts import funders
from processes.phone import Buyer
from processes.seed import JOINT_PRODUCT
from simulators.magic import somebody
from tests.processes.system import PRICE_FEN, System, place

AMOUNT_FEN = 250_000
"""What the careful funder lends for, to somebody with a good score."""
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


class TestAnOrderOfThreeLenders:
    def test_is_paid_by_two_funders_at_once_also_when_one_was_down(self, system: System):
        product_code = funded_by_two(system)
        careful, generous = funders(system.settings)
        system.supervisor.start(generous)  # and the careful one is down
        order = place(system.cf, "three-1", AMOUNT_FEN, product_code)
        buyer = Buyer(system.settings, order.checkout_url or "", somebody(of="year 0"))
        walk(buyer, until="decision")
        assert system.cf.mall.orders.get(order.id).state.value == "deciding"
        system.supervisor.start(careful)
        steps = dict(buyer.journey())
        for name in list(steps)[4:]:
            steps[name]()
        assert system.until(order.id, "paid").payout is not None
        parts = []
        for number, part in enumerate((careful, generous)):
            port = system.settings.funder_port + number
            parts += shown_within_a_second(f"http://127.0.0.1:{port}/")
            system.supervisor.kill(part.name)
        assert parts == [AMOUNT_FEN * 3 // 10] * 2


def funded_by_two(system: System) -> str:
    """A product of which both example funders lend 30 % each; its code."""
    product = replace(
        JOINT_PRODUCT,
        code="mall-of-three",
        funding=Funding(own_bp=4000, funders_bp=(3000, 3000), own_bp_max=4000, wait_minutes=60),
    )
    with system.context.database.unit_of_work() as tx:
        products.publish(tx, product, SYSTEM)
        shop = channels.partner_by_app_id(tx, "app_demo_shop")
        agreed = channels.agreement(tx, shop.id, JOINT_PRODUCT.code)
        channels.agree(tx, replace(agreed, product_code=product.code), SYSTEM)
        for each in lending_funders.agreements(tx, product_code=JOINT_PRODUCT.code):
            lending_funders.agree(tx, replace(each, product_code=product.code, id=""), SYSTEM)
    return product.code


def shown_within_a_second(url: str) -> list[int]:
    """What a funder's own book says of its loans, once it has heard."""
    for _ in range(50):
        shown = requests.get(url, timeout=5).json()["positions"]
        if shown:
            break
        time.sleep(0.1)
    return [each["principal_open_fen"] for each in shown]
