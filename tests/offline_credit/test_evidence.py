"""Contradictions at stores weigh on decisions, where people are real (STORE-1)."""

from datetime import timedelta
from pathlib import Path

import pytest

from lending.credit_lines import service as credit_lines
from lending.foundation.audit import SYSTEM
from lending.loans import service as loans
from lending.system.model import Role
from scenarios.offline_credit import applying, paying, stores
from scenarios.offline_credit.drawing import Payer
from scenarios.offline_credit.model import NewStore, Payment, Position
from tests.console.test_loans_and_approvals import Desk
from tests.console.test_sign_in import composed
from tests.loans.world import World
from tests.offline_credit import test_applying as visiting
from tests.offline_credit.shop import HERE, Shop

AWAY = (HERE[0] + 1_500_000, HERE[1])
"""Some 167 km to the north."""


@pytest.fixture
def shop(world: World) -> Shop:
    made = Shop(world)
    with world.database.unit_of_work() as tx:
        tx.run("UPDATE partner SET environment = 'live'")
        tx.run("DELETE FROM partner_agreement WHERE product_code <> 'store-standard'")
    return made


def reasons(shop: Shop, application_id: str | None) -> list[str]:
    with shop.world.database.unit_of_work() as tx:
        decided = loans.decision(tx, application_id or "")
    assert decided is not None
    return [each.code for each in decided.reasons]


def claimed(shop: Shop, payment: Payment, at: tuple[int, int] | None = HERE) -> Payment:
    """The customer scanned the till's code from a place."""
    token = shop.view(payment.id)["pay_url"].rpartition("/")[2]
    world = shop.world
    payer = Payer(shop.line_id, world.card_id, {"fingerprint": "fp-1"}, at)
    with world.database.unit_of_work() as tx:
        return paying.claim(tx, world.keys, token, payer)


class TestAPayment:
    def test_of_a_phone_far_from_the_till_is_declined(self, shop: Shop):
        payment = claimed(shop, shop.take(300_000), AWAY)
        assert payment.state == "declined"
        assert reasons(shop, payment.application_id) == ["DRAW_FAR_AWAY"]

    def test_of_a_phone_that_does_not_tell_where_it_is_is_not_declined_for_that(self, shop: Shop):
        assert claimed(shop, shop.take(300_000), None).state == "confirming"

    def test_in_two_cities_within_minutes_is_declined_and_locks_nobody_out_of_the_first(
        self, shop: Shop
    ):
        assert shop.take(100_000, shop.code()).state == "confirming"
        new = NewStore("S-8", "外地店", "appliances", *AWAY, 200)
        with shop.world.database.unit_of_work() as tx:
            away = str(stores.register(tx, shop.world.partner_id, new)["id"])
        shop.world.clock.advance(timedelta(minutes=10))
        there = shop.take(100_000, payment_no="P-2", store_id=away, till=shop.add_till(away))
        there = claimed(shop, there, AWAY)
        assert reasons(shop, there.application_id) == ["DRAW_TWO_CITIES"]
        assert shop.take(100_000, shop.code(), payment_no="P-3").state == "confirming"

    def test_of_a_nearly_whole_line_is_declined_at_a_till_that_took_six_within_an_hour(
        self, shop: Shop
    ):
        for number in range(6):
            assert shop.take(1_600_000, shop.code(), payment_no=f"P-{number}").state == "confirming"
        last = shop.take(1_600_000, shop.code(), payment_no="P-7")
        assert reasons(shop, last.application_id) == ["TILL_HIGH"]
        assert shop.take(300_000, shop.code(), payment_no="P-8").state == "confirming"

    def test_of_half_a_line_is_declined_at_a_till_that_gave_back_eight_within_a_day(
        self, shop: Shop
    ):
        for number in range(8):
            paid = shop.paid(20_000, payment_no=f"P-{number}")
            shop.refund(paid.id, 20_000, f"R-{number}")
        last = shop.take(1_000_000, shop.code(), payment_no="P-9")
        assert reasons(shop, last.application_id) == ["TILL_REFUNDS"]

    def test_by_a_device_that_came_with_photographed_codes_is_declined(self, shop: Shop):
        old = visiting.code(shop)
        shop.world.clock.advance(timedelta(minutes=4))
        for _ in range(3):
            visiting.arrive(shop, old)
        payment = shop.take(100_000, shop.code())
        assert reasons(shop, payment.application_id) == ["DRAW_DEVICE_REFUSED"]


class TestAnApplication:
    @pytest.fixture
    def shop(self, shop: Shop) -> Shop:
        with shop.world.database.unit_of_work() as tx:
            credit_lines.close(tx, shop.line_id, actor=SYSTEM)
        return shop

    def applied(self, shop: Shop) -> list[str]:
        token = visiting.approved(shop)
        with shop.world.database.unit_of_work() as tx:
            visit, _ = applying.open_visit(tx, token)
        return reasons(shop, visit.application_id)

    def test_of_an_ordinary_visit_is_approved(self, shop: Shop):
        assert self.applied(shop) == ["SCORE_GOOD"]

    def test_of_a_device_that_came_with_photographed_codes_goes_to_a_person(self, shop: Shop):
        old = visiting.code(shop)
        shop.world.clock.advance(timedelta(minutes=4))
        visiting.arrive(shop, old)
        visiting.arrive(shop, old)
        assert self.applied(shop) == ["DEVICE_STALE_CODES"]

    def test_of_a_phone_that_first_was_far_from_the_store_goes_to_a_person(self, shop: Shop):
        token = visiting.arrive(shop).token
        visiting.locate(shop, token, Position(*AWAY, 20))
        assert visiting.locate(shop, token) == "inside"
        assert self.applied(shop) == ["DEVICE_ELSEWHERE"]

    def test_at_the_very_position_that_other_phones_told_goes_to_a_person(self, shop: Shop):
        for number in range(3):
            visiting.locate(shop, visiting.arrive(shop, fingerprint=f"other-{number}").token)
        assert self.applied(shop) == ["POSITION_COPIED"]

    def test_in_two_cities_within_minutes_is_declined(self, shop: Shop):
        token = visiting.arrive(shop, fingerprint="fp-2").token
        visiting.locate(shop, token)
        with shop.world.database.unit_of_work() as tx:
            tx.run(
                "UPDATE store_visit SET customer_id = :id, latitude_e6 = :latitude",
                id=shop.world.customer_id,
                latitude=AWAY[0],
            )
        shop.world.clock.advance(timedelta(minutes=10))
        assert self.applied(shop) == ["VISIT_TWO_CITIES"]


class TestOperators:
    def test_see_who_was_turned_away_and_what_the_device_applied_for(
        self, shop: Shop, tmp_path: Path
    ):
        old = visiting.code(shop)
        shop.world.clock.advance(timedelta(minutes=4))
        visiting.arrive(shop, old)
        token = visiting.arrive(shop, fingerprint="from-afar").token
        visiting.locate(shop, token, Position(*AWAY, 20))
        visiting.locate(shop, token)
        visiting.arrive(shop, fingerprint="an-honest-one")
        application_id = visiting.begin(shop, token, 100_000)
        desk = Desk(composed(shop.world, tmp_path), shop.world, "chen", "陈审核", Role.RISK)
        page = desk.get("/risk-signals")[1]
        assert "疑似翻拍" in page
        assert "先在远处打开" in page
        assert f"/console/applications/{application_id}" in page
        assert "an-honest-on" not in page
