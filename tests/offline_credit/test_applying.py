from datetime import timedelta

import pytest

from lending.credit_lines import service as credit_lines
from lending.credit_lines.model import Line, LineState
from lending.customers import service as customers
from lending.customers.model import ConsentScope
from lending.foundation.database import Tx
from lending.loans.errors import WrongState
from scenarios.offline_credit import applying, stores
from scenarios.offline_credit.errors import (
    CodeForged,
    OutsideTheStore,
    PositionNeeded,
    PositionTooVague,
    StoreClosed,
    VisitEnded,
)
from scenarios.offline_credit.model import Position
from tests.loans.world import World
from tests.meeting import meets
from tests.offline_credit.shop import HERE, Shop

IN_THE_STORE = Position(*HERE, 20)


@pytest.fixture
def shop(world: World) -> Shop:
    made = Shop(world)
    with world.database.unit_of_work() as tx:
        credit_lines.close(tx, made.line_id, actor=applying.Actor("operator", "op"))
        tx.run("DELETE FROM partner_agreement WHERE product_code <> 'store-standard'")
    return made


def code(shop: Shop, store_id: str | None = None) -> str:
    with shop.world.database.unit_of_work() as tx:
        shown = stores.code(
            tx,
            shop.world.keys,
            shop.world.partner_id,
            store_id or shop.appliances,
            "https://lender.example",
        )
    return str(shown["url"]).removeprefix("https://lender.example/s/")


def arrive(shop: Shop, given: str | None = None, fingerprint: str = "fp-1") -> applying.Arrived:
    scanned = given or code(shop)
    with shop.world.database.unit_of_work() as tx:
        return applying.arrive(
            tx,
            shop.world.keys,
            scanned,
            staff_no=None,
            device={"fingerprint": fingerprint},
        )


def locate(shop: Shop, token: str, position: Position = IN_THE_STORE) -> str:
    with shop.world.database.unit_of_work() as tx:
        return applying.locate(tx, token, position).outcome


def begin(shop: Shop, token: str, wanted_fen: int = 3_000_000) -> str:
    with shop.world.database.unit_of_work() as tx:
        return applying.begin(tx, token, wanted_fen=wanted_fen)


def approved(shop: Shop, wanted_fen: int = 3_000_000) -> str:
    """A visit whose application was approved; the secret of its page."""
    token = arrive(shop).token
    locate(shop, token)
    application_id = begin(shop, token, wanted_fen)
    world = shop.world
    with world.database.unit_of_work() as tx:
        for scope in (ConsentScope.PERSONAL_INFO, ConsentScope.BUREAU_QUERY):
            customers.give_consent(
                tx,
                world.customer_id,
                scope,
                text_version="1",
                text_sha256="0" * 64,
                channel="hosted_store",
                subject=application_id,
            )
        applying.submit(
            tx,
            token,
            customer_id=world.customer_id,
            bank_card_id=world.card_id,
            device={"fingerprint": "fp-1"},
        )
    world.work()
    return token


def sign(shop: Shop, token: str) -> Line:
    with shop.world.database.unit_of_work() as tx:
        visit, _ = applying.open_visit(tx, token)
        return applying.sign(tx, visit, applying.offer(tx, visit))


def set_free(shop: Shop, value: str) -> None:
    """From now on lines above an amount need a guarantee."""
    with shop.world.database.unit_of_work() as tx:
        tx.run(
            "UPDATE regulation_parameter SET value = :value WHERE code = 'security.free_fen'",
            value=value,
        )


class TestTheStoresCode:
    def test_lets_in_whoever_scans_it_now(self, shop: Shop):
        assert arrive(shop).visit.outcome == "arrived"

    def test_photographed_lets_nobody_in_later_and_is_remembered(self, shop: Shop):
        old = code(shop)
        shop.world.clock.advance(timedelta(minutes=4))
        late = arrive(shop, old)
        assert late.visit.outcome == "stale_code"
        with shop.world.database.unit_of_work() as tx, pytest.raises(VisitEnded):
            applying.open_visit(tx, late.token)
        assert shop.world.count("SELECT count(*) FROM store_visit") == 1

    @pytest.mark.parametrize("change", ["x", "sto_other.1.abc", "a.b", "..", "a.99999999999999.c"])
    def test_forged_is_refused(self, shop: Shop, change: str):
        with pytest.raises(CodeForged):
            arrive(shop, change)

    def test_of_one_store_does_not_serve_for_another(self, shop: Shop):
        _, turn, mac = code(shop).split(".")
        with pytest.raises(CodeForged):
            arrive(shop, f"{shop.gym}.{turn}.{mac}")

    def test_of_a_closed_store_is_refused(self, shop: Shop):
        given = code(shop)
        with shop.world.database.unit_of_work() as tx:
            stores.set_open(tx, shop.world.partner_id, shop.appliances, is_open=False)
        with pytest.raises(StoreClosed):
            arrive(shop, given)


class TestThePosition:
    def test_within_the_radius_lets_on(self, shop: Shop):
        token = arrive(shop).token
        assert locate(shop, token) == "inside"
        begin(shop, token)

    def test_outside_is_kept_and_lets_nobody_on(self, shop: Shop):
        token = arrive(shop).token
        assert locate(shop, token, Position(HERE[0] + 10_000, HERE[1], 20)) == "outside"
        with pytest.raises(OutsideTheStore):
            begin(shop, token)
        (row,) = shop.world.rows("SELECT distance_m FROM store_visit")
        assert 1_100 < row["distance_m"] < 1_120

    def test_is_needed(self, shop: Shop):
        token = arrive(shop).token
        with pytest.raises(PositionNeeded):
            begin(shop, token)

    def test_too_vague_tells_nothing(self, shop: Shop):
        token = arrive(shop).token
        with pytest.raises(PositionTooVague):
            locate(shop, token, Position(*HERE, 501))

    def test_begins_one_application_however_often_the_button_is_pressed(self, shop: Shop):
        token, database = arrive(shop).token, shop.world.database
        locate(shop, token)

        def press(tx: Tx) -> str:
            return applying.begin(tx, token, wanted_fen=3_000_000)

        with database.unit_of_work() as tx:
            first, late = press(tx), meets(tx, database, press)
        assert late.result() == first
        assert shop.world.count("SELECT count(*) FROM application WHERE is_for_line") == 1


class TestBeingApproved:
    def test_opens_a_line_of_what_the_decision_allows_where_no_guarantee_is_needed(
        self, shop: Shop
    ):
        line = sign(shop, approved(shop))
        assert line.state is LineState.OPEN
        assert line.limit_fen == 2_000_000
        with shop.world.database.unit_of_work() as tx:
            standing = credit_lines.standing(tx, line.id)
        assert standing.available_fen == 2_000_000
        shop.world.require_books_agree()

    def test_for_a_large_line_waits_for_the_guarantee_that_is_asked_for(self, shop: Shop):
        set_free(shop, "1000000")
        line = sign(shop, approved(shop))
        assert line.state is LineState.WAITING
        assert line.security_needed_fen == line.limit_fen

    def test_signs_once(self, shop: Shop):
        token = approved(shop)
        first = sign(shop, token)
        with shop.world.database.unit_of_work() as tx:
            visit, _ = applying.open_visit(tx, token)
            offered = applying.Offered(1, 0, {}, first.review_due)
            assert applying.sign(tx, visit, offered).id == first.id

    def test_is_not_signed_before(self, shop: Shop):
        token = arrive(shop).token
        with shop.world.database.unit_of_work() as tx:
            visit, _ = applying.open_visit(tx, token)
            with pytest.raises(WrongState):
                applying.offer(tx, visit)

    def test_pays_in_the_store_from_then_on(self, shop: Shop):
        line = sign(shop, approved(shop))
        shop.line_id = line.id
        payment = shop.paid(300_000)
        assert payment.state == "paid"
