"""The client for event loops: the same services over the same core."""

import inspect
import json
from typing import Any

import anyio
import httpx
import pytest
import requests
import responses
from cf_partner_sdk import (
    AnswerNotTrusted,
    AsyncClient,
    Client,
    ClientClosed,
    HttpOptions,
    NotFound,
    TransportError,
)
from cf_partner_sdk._pages import AsyncPages, Pages
from cf_partner_sdk._service import Service, _Method, listing

from tests.sdk.platform import BASE, PARTNER, ROOT, Platform, problem, reply
from tests.sdk.test_client import EVENT, ITEM, ORDER

FAULTS = {requests.ConnectionError: httpx.ConnectError, requests.ReadTimeout: httpx.ReadTimeout}


@pytest.fixture
def platform(wall) -> Platform:
    return Platform(responses.RequestsMock(), wall)


class Line(httpx.AsyncBaseTransport):
    """The tests' platform at the other end of httpx."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        sent = requests.Request(request.method, str(request.url), request.headers, data=body)
        try:
            status, headers, content = self.platform._take(sent.prepare())
        except requests.RequestException as fault:
            raise FAULTS[type(fault)](str(fault)) from None
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(content))


def client(platform: Platform, **options: Any) -> AsyncClient:
    return AsyncClient(
        app_id="app_test",
        key=PARTNER,
        base_url=BASE,
        root_keyid=ROOT.keyid,
        options=HttpOptions(**options),
        clock=platform.clock.for_sdk(),
        transport=Line(platform),
    )


def run(platform: Platform, work: Any, **options: Any) -> Any:
    async def within() -> Any:
        async with client(platform, **options) as cf:
            return await work(cf)

    return anyio.run(within)


async def place(cf: AsyncClient) -> Any:
    return await cf.mall.orders.create(
        order_no="A-77", amount_fen=599900, items=[ITEM], return_url="https://shop.example/back"
    )


def methods(service: object, path: str = "") -> dict[str, object]:
    """Every method of a client's services, by its dotted name."""
    found: dict[str, object] = {}
    kind = type(service)
    for name in dir(kind):
        if not name.startswith("_") and isinstance(inspect.getattr_static(kind, name), _Method):
            found[path + name] = inspect.getattr_static(kind, name)
    offered = [name for name in dir(service) if not name.startswith("_") and name != "runner"]
    for name in offered:
        if isinstance(inspect.getattr_static(kind, name, None), _Method):
            continue
        part = getattr(service, name)
        if isinstance(part, Service) or type(part).__module__.startswith("cf_partner_sdk._"):
            found |= methods(part, f"{path}{name}.")
    return found


class TestTheServices:
    def test_are_the_same_in_both_clients(self, platform, wall):
        given = {"app_id": "a", "key": PARTNER, "base_url": BASE, "root_keyid": ROOT.keyid}
        sync, loop = methods(Client(**given)), methods(AsyncClient(**given))
        assert sync == loop
        expected = {"mall.orders.create", "keys.register", "sandbox.clock.advance"}
        expected |= {"events.list", "webhook_endpoints.check", "statements.list", "webhooks.verify"}
        assert expected <= set(sync)

    def test_are_awaited_by_one_and_called_by_the_other(self, platform):
        given = {"app_id": "a", "key": PARTNER, "base_url": BASE, "root_keyid": ROOT.keyid}
        for name, method in methods(Client(**given)).items():
            path = name.split(".")
            loop: Any = AsyncClient(**given)
            for part in path:
                loop = getattr(loop, part)
            assert inspect.iscoroutinefunction(loop) != isinstance(method, listing), name
            assert loop.__doc__, name

    def test_write_no_method_past_the_core(self, platform):
        given = {"app_id": "a", "key": PARTNER, "base_url": BASE, "root_keyid": ROOT.keyid}
        for path in {name.rpartition(".")[0] for name in methods(Client(**given))}:
            service: Any = Client(**given)
            for part in path.split("."):
                service = getattr(service, part)
            for name, value in vars(type(service)).items():
                assert name.startswith("_") or isinstance(value, _Method), f"{path}.{name}"


class TestACall:
    def test_is_signed_and_its_answer_proved(self, platform):
        platform.answers = [reply(201, ORDER)]
        assert run(platform, place).id == "ord_1"
        assert platform.calls[0].headers["user-agent"].startswith("cf-partner-sdk/")

    def test_is_not_believed_without_a_signature(self, platform):
        platform.sign_answers = False
        platform.answers = [reply(200, ORDER)]
        with pytest.raises(AnswerNotTrusted) as refused:
            run(platform, place)
        assert refused.value.code == "signature-missing"

    def test_raises_what_the_lender_says(self, platform):
        platform.answers = [problem(404, "order.not_found")]
        with pytest.raises(NotFound):
            run(platform, lambda cf: cf.mall.orders.get("ord_9"))

    @pytest.mark.parametrize(
        "fault", [requests.ConnectionError("reset"), requests.ReadTimeout("slow")]
    )
    def test_is_sent_again_with_its_key_and_a_new_nonce(self, platform, fault):
        platform.answers = [fault, reply(201, ORDER)]
        assert run(platform, place).id == "ord_1"
        first, second = platform.calls
        assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
        assert first.headers["signature-input"] != second.headers["signature-input"]

    def test_sets_a_wrong_clock_once(self, platform):
        platform.server_offset_s = 900
        platform.answers = [reply(201, ORDER)]
        assert run(platform, place).id == "ord_1"
        assert len(platform.calls) == 2

    def test_takes_an_unsigned_5xx_for_a_proxys(self, platform):
        platform.alter = lambda _: (502, {"Content-Type": "text/html"}, b"<h1>Bad gateway</h1>")
        platform.answers = [reply(201, ORDER)] * 4
        with pytest.raises(TransportError) as refused:
            run(platform, place)
        assert (refused.value.code, refused.value.attempts) == ("unsigned-5xx", 4)

    def test_is_not_made_once_the_client_is_closed(self, platform):
        async def late(cf: AsyncClient) -> None:
            await cf.aclose()
            await cf.mall.orders.get("ord_1")

        with pytest.raises(ClientClosed):
            run(platform, late)

    def test_fetches_the_keys_once_for_many_at_once(self, platform):
        platform.answers = [reply(200, ORDER)] * 8

        async def many(cf: AsyncClient) -> None:
            async with anyio.create_task_group() as tasks:
                for _ in range(8):
                    tasks.start_soon(cf.mall.orders.get, "ord_1")

        run(platform, many)
        assert platform.directory_calls == 1


class TestAList:
    def test_goes_on_after_an_error_where_it_was(self, platform):
        second = {**ORDER, "id": "ord_2"}
        platform.answers = [
            reply(200, {"data": [ORDER], "next_cursor": "c2"}),
            problem(404, "away"),
            reply(200, {"data": [second], "next_cursor": None}),
        ]

        async def read(cf: AsyncClient) -> list[str]:
            orders = cf.mall.orders.list(state="paid")
            assert isinstance(orders, AsyncPages)
            found = [(await anext(orders)).id]
            with pytest.raises(NotFound):
                await anext(orders)
            return found + [order.id async for order in orders]

        assert run(platform, read) == ["ord_1", "ord_2"]
        assert platform.calls[2].query == "state=paid&cursor=c2"


class TestAnEvent:
    def test_is_proved_with_keys_fetched_in_the_loop(self, platform):
        body = json.dumps(EVENT).encode()
        headers = platform.event(body, url="https://shop.example/cf", webhook_id="evt_1")

        async def verify(cf: AsyncClient) -> str:
            event = await cf.webhooks.verify(
                headers=headers, body=body, url="https://shop.example/cf"
            )
            return event.type

        assert run(platform, verify) == "order.paid"
        assert platform.directory_calls == 1


def test_pages_differ_only_in_how_they_are_read():
    assert {name for name in dir(Pages) if name[0] != "_"} == {
        name for name in dir(AsyncPages) if name[0] != "_"
    }
