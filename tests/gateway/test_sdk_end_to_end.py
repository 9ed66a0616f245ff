"""The SDK against the lender itself: what it says, and what it makes of answers on the way."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from io import BytesIO
from threading import Thread

import pytest
import requests
from cf_partner_sdk import (
    AnswerNotTrusted,
    Client,
    Conflict,
    NotAuthenticated,
    NotFound,
    OrderState,
    PrivateKey,
    Refused,
    RequestInvalid,
    TransportError,
)
from urllib3 import HTTPResponse
from werkzeug.serving import make_server

from tests.gateway.world import ORDER, World
from tests.outside import WsgiTransport


@dataclass
class Passing:
    """An answer on its way, in the hands of somebody else."""

    status: int
    headers: dict[str, str]
    body: bytes


class Meddler(WsgiTransport):
    """Somebody between the shop and the lender, who alters what is answered to calls."""

    alter: Callable[[Passing], object] | None = None
    calls = 0

    def send(self, request: requests.PreparedRequest, **more: object) -> requests.Response:
        answer = super().send(request, **more)
        if self.alter is None or "/v1/" not in str(request.url):
            return answer
        self.calls += 1
        headers = {name.lower(): value for name, value in answer.headers.items()}
        passing = Passing(answer.status_code, headers, answer.raw.data)
        self.alter(passing)
        answer.status_code = passing.status
        answer.headers.clear()
        answer.headers.update(passing.headers)
        answer.raw = HTTPResponse(body=BytesIO(passing.body), preload_content=False)
        return answer


def place(cf: Client, order_no: str = "A-1", **more: object):
    wanted = ORDER | {"order_no": order_no, "idempotency_key": order_no, **more}
    return cf.mall.orders.create(**wanted)


@pytest.fixture
def cf(world: World) -> Client:
    return world.client()


@pytest.fixture
def meddler(world: World) -> Meddler:
    return Meddler(world.app)


@pytest.fixture
def meddled(world: World, meddler: Meddler) -> Client:
    """A client whose line goes through the meddler."""
    return world.client(through=meddler)


class TestAnOrder:
    def test_is_quoted_placed_listed_and_cancelled(self, cf):
        quote = cf.mall.quotes.create(amount_fen=599_900)
        assert {offer.periods for offer in quote.offers} == {3, 6, 12, 24}
        order = place(cf)
        assert (order.order_no, order.amount_fen, order.state) == (
            "A-1",
            599_900,
            OrderState.CREATED,
        )
        assert order.checkout_url
        assert [each.id for each in cf.mall.orders.list()] == [order.id]
        assert cf.mall.orders.find("A-1") == cf.mall.orders.get(order.id)
        cancelled = cf.mall.orders.cancel(order.id, idempotency_key="c-1")
        assert (cancelled.id, cancelled.state) == (order.id, OrderState.CANCELLED)
        assert cf.mall.orders.get(order.id).state is OrderState.CANCELLED
        assert list(cf.mall.orders.list(state="created")) == []

    def test_is_the_same_when_it_is_placed_again_under_its_key(self, world, cf):
        assert place(cf) == place(cf)
        assert world.count("mall_order") == 1

    def test_list_goes_through_every_page(self, world, cf):
        made = []
        for number in range(5):
            made.append(place(cf, f"A-{number}").id)
            world.clock.advance(timedelta(seconds=1))
        assert [each.id for each in cf.mall.orders.list(limit=2)] == made[::-1]

    def test_is_shown_to_nobody_else(self, world, cf):
        order = place(cf)
        with pytest.raises(NotFound) as refused:
            world.client(world.other).mall.orders.get(order.id)
        assert (refused.value.code, refused.value.retryable) == ("not_found", False)
        assert list(world.client(world.other).mall.orders.list()) == []


class TestARefusal:
    def test_of_what_is_not_there_is_not_found(self, cf):
        for ask in (
            lambda: cf.mall.orders.get("ord_none"),
            lambda: cf.mall.orders.find("A-404"),
            lambda: cf.mall.orders.cancel("ord_none"),
            lambda: cf.mall.orders.contract("ord_none"),
            lambda: cf.mall.refunds.get("rfd_none"),
            lambda: cf.webhook_endpoints.get("whe_none"),
            lambda: cf.events.get("evt_none"),
        ):
            with pytest.raises(NotFound):
                ask()

    def test_has_its_class_code_field_and_mend(self, cf):
        place(cf)
        for kind, code, field, change in (
            (RequestInvalid, "fields.refused", "/order_no", {"order_no": "A 1"}),
            (Conflict, "order.number_taken", "/order_no", {}),
        ):
            with pytest.raises(kind) as refused:
                place(cf, **{"idempotency_key": "new", **change})
            told = refused.value
            assert (told.code, told.field, told.idempotency_key) == (code, field, "new")
            assert told.mend
            assert str(told.request_id).startswith("req_")

    def test_by_a_rule_is_refused(self, cf):
        with pytest.raises(Refused) as refused:
            cf.mall.quotes.create(amount_fen=1)
        assert refused.value.code == "product.amount_outside"

    def test_of_a_key_that_is_not_registered_is_believed(self, world):
        stranger = world.client(replace(world.shop, key=PrivateKey.generate()))
        with pytest.raises(NotAuthenticated) as refused:
            stranger.mall.quotes.create(amount_fen=599_900)
        assert refused.value.code == "key-unknown"

    def test_for_a_clock_an_hour_off_is_put_right_by_the_client(self, world, cf):
        cf.mall.quotes.create(amount_fen=599_900)
        cf._http.clock.offset_s = -3600.0
        assert cf.mall.quotes.create(amount_fen=599_900)
        assert cf._http.clock.now() == world.now


def flip(text: str, at: int) -> str:
    other = "A" if text[at] != "A" else "B"
    return text[:at] + other + text[at + 1 :]


class TestAnAlteredAnswer:
    COVERED = (
        *("body", "status", "request-id", "content-type", "content-digest"),
        *("signature", "signature-input"),
    )

    def test_is_passed_on_faithfully_when_nobody_alters_it(self, meddled, meddler):
        meddler.alter = lambda _: None
        assert place(meddled).order_no == "A-1"
        assert meddler.calls == 1

    def test_is_refused_200_times_of_200(self, meddled, meddler):
        chance = random.Random(9421)
        order = place(meddled)

        def alter(passing: Passing) -> None:
            part = chance.choice(self.COVERED)
            if part == "body":
                at = chance.randrange(len(passing.body))
                swapped = passing.body[at] ^ (1 << chance.randrange(8))
                passing.body = passing.body[:at] + bytes([swapped]) + passing.body[at + 1 :]
            elif part == "status":
                passing.status = chance.choice([201, 202, 204, 400, 404, 409, 422])
            else:
                value = passing.headers[part]
                # the last character of base64 may hold bits that mean nothing
                passing.headers[part] = flip(value, chance.randrange(len(value) - 4))

        meddler.alter = alter
        for number in range(200):
            with pytest.raises(AnswerNotTrusted):
                meddled.mall.orders.get(order.id)
            assert meddler.calls == number + 1, "an answer not trusted is not asked for again"

    @pytest.mark.parametrize(
        "alter",
        [
            lambda passing: passing.headers.pop("signature"),
            lambda passing: passing.headers.pop("signature-input"),
            lambda passing: passing.headers.pop("content-digest"),
            lambda passing: passing.headers.pop("request-id"),
            lambda passing: passing.headers.clear(),
            lambda passing: setattr(passing, "body", b""),
        ],
        ids=["signature", "input", "digest", "request id", "all headers", "body"],
    )
    def test_is_refused_when_something_was_taken_away(self, meddled, meddler, alter):
        order = place(meddled)
        meddler.alter = alter
        with pytest.raises(AnswerNotTrusted):
            meddled.mall.orders.get(order.id)

    def test_is_refused_when_it_was_given_to_an_earlier_call(self, meddled, meddler):
        kept: list[Passing] = []
        order = place(meddled)
        meddler.alter = lambda passing: kept.append(replace(passing))
        meddled.mall.orders.get(order.id)

        def old(passing: Passing) -> None:
            passing.headers, passing.body = dict(kept[0].headers), kept[0].body

        meddler.alter = old
        with pytest.raises(AnswerNotTrusted):
            meddled.mall.orders.get(order.id)

    def test_of_a_write_names_the_key_under_which_to_ask_again(self, world, meddled, meddler):
        meddler.alter = lambda passing: setattr(passing, "body", passing.body + b" ")
        with pytest.raises(AnswerNotTrusted) as refused:
            place(meddled)
        meddler.alter = None
        order = place(meddled, idempotency_key=refused.value.idempotency_key)
        assert order.order_no == "A-1"
        assert world.count("mall_order") == 1

    def test_of_a_proxy_is_no_answer_and_is_asked_for_again(self, world, meddled, meddler):
        def bad_gateway(passing: Passing) -> None:
            if meddler.calls == 1:
                passing.status, passing.headers, passing.body = 502, {}, b"<h1>Bad gateway</h1>"

        meddler.alter = bad_gateway
        assert place(meddled).order_no == "A-1"
        assert meddler.calls == 2
        assert world.count("mall_order") == 1


class TestOverASocket:
    @pytest.fixture
    def origin(self, world: World) -> Iterator[str]:
        """The front behind a real server on this machine."""
        server = make_server("127.0.0.1", 0, world.app, threaded=True)
        settings = replace(world.settings, front_url=f"http://127.0.0.1:{server.server_port}")
        server.app, _ = world.front(settings)
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield settings.public_url
        server.shutdown()
        thread.join()
        server.server_close()

    def client(self, world: World, origin: str) -> Client:
        return Client(
            app_id=world.shop.app_id,
            key=world.shop.key,
            base_url=origin,
            root_keyid=world.platform.root_keyid,
            clock=world.client()._http.clock,
        )

    def test_an_order_goes_the_whole_way(self, world, origin):
        with self.client(world, origin) as cf:
            assert cf.mall.quotes.create(amount_fen=599_900).offers
            order = place(cf)
            assert str(order.checkout_url).startswith(origin)
            assert [each.id for each in cf.mall.orders.list()] == [order.id]
            assert cf.mall.orders.cancel(order.id).state is OrderState.CANCELLED
            with pytest.raises(NotFound):
                cf.mall.orders.get("ord_none")

    def test_another_lender_is_not_believed(self, world, origin):
        cf = self.client(world, origin)
        stranger = Client(
            app_id=world.shop.app_id,
            key=world.shop.key,
            base_url=origin,
            root_keyid=PrivateKey.generate().keyid,
            clock=cf._http.clock,
        )
        with stranger, pytest.raises(AnswerNotTrusted):
            stranger.mall.quotes.create(amount_fen=599_900)

    def test_nobody_at_the_other_end_is_a_transport_error(self, world):
        with (
            self.client(world, "http://127.0.0.1:9") as cf,
            pytest.raises(TransportError) as failed,
        ):
            place(cf)
        assert failed.value.retryable
        assert failed.value.idempotency_key == "A-1"
        assert world.count("mall_order") == 0
