from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from lending.channels import service as channels
from lending.channels.errors import NoAgreement, PartnerNotListed
from lending.compliance import gates, parameters
from lending.compliance.errors import PurposeNotAllowed, SceneBlocked
from lending.foundation.audit import SYSTEM
from lending.loans import service as loans
from lending.loans.errors import WrongState
from lending.products import service as products
from lending.products.errors import AmountOutsideProduct, NoSuchProduct, PeriodsNotOffered
from scenarios.mall_installment import checkout, intake, servicing
from scenarios.mall_installment.errors import (
    CheckoutEnded,
    ItemsDoNotAddUp,
    ItemTwice,
    NoSuchOrder,
    OrderNoTaken,
)
from scenarios.mall_installment.intake import PlaceOrder
from scenarios.mall_installment.servicing import OrderFilter
from tests.loans.world import AMOUNT_FEN, CASE, PHONE, PRODUCT, PUBLIC_URL, World, shop

ORDER = PlaceOrder(
    order_no="A-1",
    amount_fen=AMOUNT_FEN,
    items=(PHONE, CASE),
    return_url="https://shop.example/back?lang=zh",
    metadata={"basket": "7"},
)
EVERY_FIELD = {
    "id",
    "order_no",
    "amount_fen",
    "currency",
    "product_code",
    "state",
    "items",
    "checkout_url",
    "return_url",
    "cancel_url",
    "metadata",
    "periods",
    "every",
    "unit",
    "loan_id",
    "paid_fen",
    "payout_due_on",
    "refunded_fen",
    "payout",
    "decline_reason",
    "created_at",
    "updated_at",
    "expires_at",
}


def place(world: World, command: PlaceOrder = ORDER) -> dict[str, Any]:
    with world.database.unit_of_work() as tx:
        return intake.place_order(tx, world.keys, world.partner_id, command, PUBLIC_URL)


def quote(world: World, amount_fen: int = AMOUNT_FEN, **asked: Any) -> dict[str, Any]:
    with world.database.unit_of_work() as tx:
        return intake.quote(tx, world.partner_id, amount_fen=amount_fen, **asked)


class TestAQuote:
    def test_shows_every_offer_with_all_it_costs(self, world: World):
        told = quote(world)
        assert [offer["periods"] for offer in told["offers"]] == [3, 6, 12, 24]
        twelve = told["offers"][2]
        assert twelve["instalment_fen"] == 53_976
        assert twelve["principal_fen"] + twelve["interest_total_fen"] == sum(
            row["total_fen"] for row in twelve["plan"]
        )
        assert round(Decimal(twelve["rate_annual"]), 3) == Decimal("0.144")
        gates.require_order_page(twelve)

    def test_names_the_annual_rate_before_the_price_per_month(self, world: World):
        message = quote(world, periods=[12])["message"]
        assert message == "年化利率(单利)14.40% · ¥539.76/月 × 12 期"
        with world.database.unit_of_work() as tx:
            gates.require_annual_rate_shown(message, Decimal("0.1440"), parameters.today(tx))

    def test_of_an_interest_free_offer_costs_the_buyer_nothing(self, world: World):
        free = quote(world, periods=[3])["offers"][0]
        assert free["interest_free"]
        assert free["subsidy_payer"] == "merchant"
        assert free["cost_total_fen"] == 0
        assert Decimal(free["rate_annual"]) == 0
        assert free["merchant_subsidy_fen"] > 0

    @pytest.mark.parametrize(("amount_fen", "longest"), [(99_999, 6), (100_000, 12), (500_000, 24)])
    def test_offers_dearer_goods_longer_terms(self, world: World, amount_fen: int, longest: int):
        assert quote(world, amount_fen)["offers"][-1]["periods"] == longest

    def test_refuses_what_is_not_on_offer(self, world: World):
        with pytest.raises(PeriodsNotOffered):
            quote(world, periods=[7])
        with pytest.raises(AmountOutsideProduct):
            quote(world, 1)
        with pytest.raises(NoAgreement):
            quote(world, product_code="mall-gold")

    def test_is_refused_to_a_shop_that_was_taken_off_the_list(self, world: World):
        with world.database.unit_of_work() as tx:
            channels.unlist(tx, world.partner_id, SYSTEM)
        with pytest.raises(PartnerNotListed):
            quote(world)

    def test_stores_nothing(self, world: World):
        before = world.count("SELECT count(*) FROM audit_log")
        quote(world)
        assert world.count("SELECT count(*) FROM application") == 0
        assert world.count("SELECT count(*) FROM audit_log") == before


class TestPlacingAnOrder:
    def test_answers_with_every_field(self, world: World):
        made = place(world)
        assert set(made) == EVERY_FIELD
        assert made["state"] == "created"
        assert made["currency"] == "CNY"
        assert made["metadata"] == {"basket": "7"}
        assert made["expires_at"] == "2026-11-23T04:00:00.000Z"
        assert made["items"][1] == {
            "sku": "sku-2",
            "name": "保护壳",
            "quantity": 2,
            "unit_price_fen": 50_000,
            "category": "electronics",
        }

    def test_opens_a_checkout_behind_a_secret_link(self, world: World):
        made = place(world)
        token = made["checkout_url"].removeprefix(f"{PUBLIC_URL}/checkout/")
        with world.database.unit_of_work() as tx:
            assert checkout.open_order(tx, token).order.id == made["id"]
        stored = str(world.rows("SELECT * FROM mall_order"))
        assert len(token) >= 43
        assert token not in stored

    def test_a_wrong_link_opens_nothing(self, world: World):
        place(world)
        with world.database.unit_of_work() as tx, pytest.raises(CheckoutEnded):
            checkout.open_order(tx, "x" * 43)

    def test_tells_the_shop(self, world: World):
        made = place(world)
        assert world.events(made["id"]) == ["order.created"]
        assert world.last_event(made["id"]) == made

    def test_whose_items_do_not_add_up_is_refused(self, world: World):
        with pytest.raises(ItemsDoNotAddUp):
            place(world, replace(ORDER, amount_fen=AMOUNT_FEN - 1))

    def test_with_one_sku_twice_is_refused(self, world: World):
        with pytest.raises(ItemTwice) as refused:
            place(world, replace(ORDER, items=(PHONE, PHONE), amount_fen=2 * PHONE.amount_fen))
        assert refused.value.field == "/items/1/sku"

    @pytest.mark.parametrize(
        ("category", "error"),
        [
            ("stock", PurposeNotAllowed),
            ("car", PurposeNotAllowed),
            ("toys", PurposeNotAllowed),
            ("Ｓｔｏｃｋ", PurposeNotAllowed),
        ],
    )
    def test_for_a_barred_purpose_is_refused(
        self, world: World, category: str, error: type[Exception]
    ):
        with pytest.raises(error):
            place(world, replace(ORDER, items=(PHONE, replace(CASE, category=category))))
        assert world.count("SELECT count(*) FROM mall_order") == 0

    def test_in_a_barred_scene_is_refused(self, world: World):
        listed = replace(PRODUCT, purposes=(*PRODUCT.purposes, "k12_training"))
        with world.database.unit_of_work() as tx:
            products.publish(tx, listed, SYSTEM)
        with pytest.raises(SceneBlocked):
            place(world, replace(ORDER, items=(PHONE, replace(CASE, category="k12_training"))))

    def test_under_a_number_that_was_used_is_refused(self, world: World):
        place(world)
        with pytest.raises(OrderNoTaken):
            place(world, replace(ORDER, items=(PHONE,), amount_fen=PHONE.amount_fen))
        assert world.count("SELECT count(*) FROM application") == 1

    def test_twenty_times_at_once_under_one_number_makes_one(self, world: World):
        def once(_: int) -> bool:
            try:
                place(world)
            except OrderNoTaken:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(once, range(20))) == 1
        assert world.count("SELECT count(*) FROM application") == 1

    def test_under_another_shops_number_is_fine(self, world: World):
        place(world)
        world.partner_id = shop(world, "app_2", "谷雨家居", ("6230580000000020011",))
        assert place(world)["state"] == "created"

    def test_keeps_the_version_of_the_product_it_was_made_under(self, world: World):
        made = place(world)
        with world.database.unit_of_work() as tx:
            products.publish(tx, replace(PRODUCT, rate_annual=Decimal("0.18")), SYSTEM)
            offers = checkout.offers(tx, made["id"])
        assert round(Decimal(offers[2]["rate_annual"]), 3) == Decimal("0.144")
        assert round(Decimal(quote(world)["offers"][2]["rate_annual"]), 3) == Decimal("0.18")

    def test_of_an_unknown_product_is_refused(self, world: World):
        with pytest.raises((NoAgreement, NoSuchProduct)):
            place(world, replace(ORDER, product_code="mall-gold"))


class TestLookingAtOrders:
    def test_another_shops_order_is_as_if_it_did_not_exist(self, world: World):
        made = place(world)
        other = shop(world, "app_2", "谷雨家居", ("6230580000000020011",))
        for order_id in (made["id"], "ord_none"):
            with world.database.unit_of_work() as tx:
                with pytest.raises(NoSuchOrder) as refused:
                    servicing.order(tx, world.keys, other, order_id, PUBLIC_URL)
                with pytest.raises(NoSuchOrder):
                    servicing.cancel(tx, world.keys, other, order_id, PUBLIC_URL)
                with pytest.raises(NoSuchOrder):
                    servicing.contract(tx, world.files, other, order_id)
            assert refused.value.detail == NoSuchOrder.title

    def test_pages_go_through_all_of_them_newest_first(self, world: World):
        made = []
        for each in range(5):
            world.clock.advance(timedelta(seconds=each % 2))  # two bear the same instant
            made.append(place(world, replace(ORDER, order_no=f"A-{each}"))["id"])
        seen, before = [], None
        for _ in range(3):
            with world.database.unit_of_work() as tx:
                page, before = servicing.orders_page(
                    tx,
                    world.keys,
                    world.partner_id,
                    PUBLIC_URL,
                    wanted=OrderFilter(),
                    before=before,
                    limit=2,
                )
            seen += [each["id"] for each in page]
        assert before is None
        assert sorted(seen) == sorted(made)
        assert seen[0] in made[3:]

    def test_can_be_found_by_number_and_by_state(self, world: World):
        first, second = place(world), place(world, replace(ORDER, order_no="A-2"))
        with world.database.unit_of_work() as tx:
            servicing.cancel(tx, world.keys, world.partner_id, second["id"], PUBLIC_URL)
        for wanted, expected in (
            (OrderFilter(order_no="A-1"), [first["id"]]),
            (OrderFilter(state="cancelled"), [second["id"]]),
            (OrderFilter(state="paid"), []),
        ):
            with world.database.unit_of_work() as tx:
                page, _ = servicing.orders_page(
                    tx,
                    world.keys,
                    world.partner_id,
                    PUBLIC_URL,
                    wanted=wanted,
                    before=None,
                    limit=10,
                )
            assert [each["id"] for each in page] == expected

    def test_a_paid_order_tells_where_the_money_went(self, world: World):
        order_id, loan_id = world.paid()
        seen = world.view(order_id)
        assert seen["loan_id"] == loan_id
        assert (seen["periods"], seen["every"], seen["unit"]) == (12, 1, "month")
        assert seen["paid_fen"] == seen["payout"]["amount_fen"] == AMOUNT_FEN - 3_599
        assert seen["payout"]["account_last4"] == "0012"
        assert seen["payout"]["channel_reference"].startswith("bank-")

    def test_the_contract_is_there_once_it_is_signed(self, world: World):
        order_id = world.approved()
        with world.database.unit_of_work() as tx, pytest.raises(NoSuchOrder):
            servicing.contract(tx, world.files, world.partner_id, order_id)
        world.sign(order_id)
        with world.database.unit_of_work() as tx:
            document = servicing.contract(tx, world.files, world.partner_id, order_id)
        assert document.startswith(b"%PDF")


class TestCancelling:
    def cancel(self, world: World, order_id: str) -> dict[str, Any]:
        with world.database.unit_of_work() as tx:
            return servicing.cancel(tx, world.keys, world.partner_id, order_id, PUBLIC_URL)

    @pytest.mark.parametrize("reached", ["order", "approved", "signed"])
    def test_ends_an_order_before_the_money_leaves(self, world: World, reached: str):
        made = getattr(world, reached)("A-1")
        order_id = made[0] if isinstance(made, tuple) else made
        world.clock.advance(timedelta(seconds=1))
        before = world.view(order_id)["updated_at"]
        cancelled = self.cancel(world, order_id)
        assert cancelled["state"] == "cancelled"
        assert cancelled["updated_at"] > before
        assert self.cancel(world, order_id)["state"] == "cancelled"
        world.work()
        assert world.bank.calls == []
        assert world.events(order_id)[-1] == "order.cancelled"
        assert world.events(order_id).count("order.cancelled") == 1

    def test_is_refused_once_it_is_paid_out(self, world: World):
        order_id, _ = world.paid()
        with pytest.raises(WrongState) as refused:
            self.cancel(world, order_id)
        assert "Refund" in refused.value.mend

    def test_ends_the_checkout_too(self, world: World):
        order_id = world.order()
        self.cancel(world, order_id)
        with pytest.raises(CheckoutEnded):
            world.submit(order_id)

    def test_and_paying_out_at_once_do_one_of_the_two(self, world: World):
        for each in range(6):
            world.another_buyer(each)
            order_id, _loan_id = world.signed(f"A-{each}")
            paid_before = len(world.bank.paid())

            def cancelled(order_id: str = order_id) -> bool:
                try:
                    self.cancel(world, order_id)
                except (WrongState, loans.PayoutUnderWay):
                    return False
                return True

            with ThreadPoolExecutor(2) as pool:
                working, cancelling = pool.submit(world.work), pool.submit(cancelled)
                working.result()
            assert world.state(order_id) == ("cancelled" if cancelling.result() else "paid")
            assert len(world.bank.paid()) - paid_before == (not cancelling.result())


class TestExpiring:
    def test_ends_an_order_that_nobody_signs(self, world: World):
        order_id = world.order()
        world.work(timedelta(minutes=119))
        assert world.state(order_id) == "created"
        world.work(timedelta(minutes=2))
        assert world.state(order_id) == "expired"
        assert world.events(order_id) == ["order.created", "order.expired"]

    def test_does_not_touch_a_signed_order(self, world: World):
        order_id, _ = world.paid()
        world.work(timedelta(hours=3))
        assert world.state(order_id) == "paid"

    def test_lets_nobody_sign_even_before_the_job_has_run(self, world: World):
        order_id = world.order()
        world.clock.advance(timedelta(minutes=110))
        world.submit(order_id)
        world.work()
        showing_id = world.confirmed(order_id)
        world.clock.advance(timedelta(minutes=10))
        with pytest.raises(CheckoutEnded):
            world.sign(order_id, showing_id=showing_id)


class TestNews:
    def test_tell_each_step_once_in_order_with_the_state_of_that_moment(self, world: World):
        order_id, loan_id = world.paid()
        assert world.events(order_id) == [
            "order.created",
            "order.approved",
            "order.signed",
            "order.paid",
        ]
        rows = world.rows("SELECT data FROM event ORDER BY seq")
        objects = [row["data"]["object"] for row in rows]
        assert [each["state"] for each in objects] == ["created", "approved", "signed", "paid"]
        assert objects[-1]["loan_id"] == loan_id
        assert world.count("SELECT count(*) FROM loan_news") == 0

    def test_by_many_relays_at_once_are_told_once(self, world: World):
        for each in range(10):
            place(world, replace(ORDER, order_no=f"A-{each}"))
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: world.events("none"), range(8)))
        assert world.count("SELECT count(*) FROM event") == 10
