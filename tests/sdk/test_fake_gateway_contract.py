"""The fake gateway keeps the real one's contract: one script, answers of the same shape."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import timedelta
from enum import Enum
from typing import Any

import pytest
from cf_partner_sdk import Client, PrivateKey, ProblemError
from cf_partner_sdk.testing import FakeGateway

from tests.loans.world import CASE, PHONE
from tests.sdk.lenders import FakeLender, Lender, RealLender

ITEMS = [
    {
        name: getattr(item, name)
        for name in ("sku", "name", "quantity", "unit_price_fen", "category")
    }
    for item in (PHONE, CASE)
]
AMOUNT_FEN = 599_900

Step = tuple[str, Callable[[], Any]]


def place(cf: Client, order_no: str, **more: Any) -> Any:
    wanted = {
        "order_no": order_no,
        "amount_fen": AMOUNT_FEN,
        "items": ITEMS,
        "return_url": "https://shop.example/back",
        "idempotency_key": order_no,
        **more,
    }
    return cf.mall.orders.create(**wanted)


def quoting(cf: Client) -> Iterator[Step]:
    quote = cf.mall.quotes.create
    yield "a quote", lambda: quote(amount_fen=AMOUNT_FEN)
    yield "a quote for some periods", lambda: quote(amount_fen=AMOUNT_FEN, periods=[12, 3])
    yield "a quote for too little", lambda: quote(amount_fen=1)
    yield "a quote for odd periods", lambda: quote(amount_fen=AMOUNT_FEN, periods=[7])
    yield "a quote for no number", lambda: quote(amount_fen="12")
    yield "a quote of no product", lambda: quote(amount_fen=AMOUNT_FEN, product_code="none")
    yield "a quote for no period", lambda: quote(amount_fen=AMOUNT_FEN, periods=[])


def ordering(cf: Client, lender: Lender) -> Iterator[Step]:
    again = {"idempotency_key": "again"}
    yield "an order", lambda: place(cf, "A-1", metadata={"till": "4"})
    yield "the same again", lambda: place(cf, "A-1", metadata={"till": "4"})
    yield "another under its key", lambda: place(cf, "A-1", metadata={"till": "5"})
    yield "its number again", lambda: place(cf, "A-1", **again)
    yield "a wrong sum", lambda: place(cf, "A-2", amount_fen=AMOUNT_FEN - 1)
    yield "an item twice", lambda: place(cf, "A-2", items=[ITEMS[0], ITEMS[0]])
    yield "an odd number", lambda: place(cf, "A 2", **again)
    yield "a negative amount", lambda: place(cf, "A-2", amount_fen=-1)
    yield "an unknown field", lambda: place(cf, "A-2", items=[ITEMS[0] | {"colour": "red"}])
    yield "no items", lambda: place(cf, "A-2", items=[])
    yield "no product of ours", lambda: place(cf, "A-2", product_code="none", amount_fen=1)
    yield "no address", lambda: place(cf, "A-2", return_url="shop.example")
    yield "an order found", lambda: cf.mall.orders.find("A-1")
    yield "an order by id", lambda: cf.mall.orders.get(cf.mall.orders.find("A-1").id)
    yield "no such order", lambda: cf.mall.orders.get("ord_none")
    yield "another order", lambda: place(cf, "A-3", cancel_url="https://shop.example/basket")
    yield "a list by pages", lambda: [one.order_no for one in cf.mall.orders.list(limit=1)]
    yield "a list by state", lambda: [one.state for one in cf.mall.orders.list(state="paid")]
    yield "a page of none", lambda: list(cf.mall.orders.list(limit=0))
    yield "a contract too early", lambda: cf.mall.orders.contract(cf.mall.orders.find("A-1").id)
    yield "a refund too early", lambda: refund(cf, "A-1", "R-0", 100)
    yield "a cancelling", lambda: cancel(cf, "A-3", "c-1")
    yield "a cancelling again", lambda: cancel(cf, "A-3", "c-2")
    yield "a refund of a cancelled order", lambda: refund(cf, "A-3", "R-0", 100)
    yield "an order that waits", lambda: place(cf, "A-4")
    lender.wait(timedelta(minutes=121))
    yield "an order that expired", lambda: cf.mall.orders.find("A-4")
    yield "a cancelling too late", lambda: cancel(cf, "A-4", "c-3")
    yield "what was told of it", lambda: told(lender, "A-4")


def selling(cf: Client, lender: Lender) -> Iterator[Step]:
    place(cf, "B-1")
    lender.approve("B-1")
    yield "an order approved", lambda: cf.mall.orders.find("B-1")
    lender.sign("B-1")
    yield "an order signed", lambda: cf.mall.orders.find("B-1")
    yield "a contract", lambda: cf.mall.orders.contract(cf.mall.orders.find("B-1").id)[:4]
    lender.pay("B-1")
    yield "an order paid", lambda: cf.mall.orders.find("B-1")
    yield "a cancelling of it", lambda: cancel(cf, "B-1", "c-4")
    case = [{"sku": "sku-2", "quantity": 1}]
    yield "a refund", lambda: refund(cf, "B-1", "R-1", 50_000, items=case, reason="broken")
    yield "its number again", lambda: refund(cf, "B-1", "R-1", 50_000, again="r-2")
    yield "a refund of too much", lambda: refund(cf, "B-1", "R-2", AMOUNT_FEN)
    yield "a refund of too many", lambda: refund(cf, "B-1", "R-3", 100, items=case * 2)
    yield "a refund above price", lambda: refund(cf, "B-1", "R-4", 50_001, items=case)
    yield (
        "a refund of strange goods",
        lambda: refund(cf, "B-1", "R-5", 100, items=[{"sku": "sku-9", "quantity": 1}]),
    )
    yield "an order partly refunded", lambda: cf.mall.orders.find("B-1")
    yield "the rest refunded", lambda: refund(cf, "B-1", "R-6", AMOUNT_FEN - 50_000)
    yield "a refund of nothing left", lambda: refund(cf, "B-1", "R-7", 1)
    yield "an order refunded", lambda: cf.mall.orders.find("B-1")
    yield "refunds listed", lambda: list(cf.mall.refunds.list())
    yield "a refund by id", lambda: cf.mall.refunds.get(next(cf.mall.refunds.list()).id)
    yield "no such refund", lambda: cf.mall.refunds.get("rfd_none")
    yield "what was told of it", lambda: told(lender, "B-1")


def listening(cf: Client, lender: Lender) -> Iterator[Step]:
    place(cf, "C-1")
    create = cf.webhook_endpoints.create
    yield "an event", lambda: cf.events.get(lender.events_of("C-1")[0].id)
    yield "an event signed", lambda: sign(cf, lender, "http://localhost:5000/cf")
    yield "an event signed for afar", lambda: sign(cf, lender, "https://shop.example/cf")
    yield "no such event", lambda: cf.events.get("evt_none")
    yield "an endpoint", lambda: create(url="https://shop.example.com/cf", description="till")
    yield "an endpoint inside", lambda: create(url="http://10.0.0.1/cf")
    yield "endpoints listed", lambda: list(cf.webhook_endpoints.list())
    yield "an endpoint by id", lambda: cf.webhook_endpoints.get(endpoint(cf))
    yield "a test of it", lambda: cf.webhook_endpoints.test(endpoint(cf))
    yield "an endpoint removed", lambda: cf.webhook_endpoints.delete(endpoint(cf))
    yield "no such endpoint", lambda: cf.webhook_endpoints.delete("whe_none")


def signing(lender: Lender) -> Iterator[Step]:
    with lender.client(PrivateKey.generate()) as stranger:
        yield "a strange key", lambda: stranger.mall.orders.find("A-1")


def refund(cf: Client, order_no: str, refund_no: str, fen: int, **more: Any) -> Any:
    key = more.pop("again", refund_no)
    order = cf.mall.orders.find(order_no)
    return cf.mall.refunds.create(
        refund_no=refund_no, order_id=order.id, amount_fen=fen, idempotency_key=key, **more
    )


def cancel(cf: Client, order_no: str, key: str) -> Any:
    return cf.mall.orders.cancel(cf.mall.orders.find(order_no).id, idempotency_key=key)


def sign(cf: Client, lender: Lender, url: str) -> Any:
    return cf.events.signed(lender.events_of("C-1")[0].id, url=url)


def endpoint(cf: Client) -> str:
    return next(cf.webhook_endpoints.list()).id


def told(lender: Lender, order_no: str) -> Any:
    heard = [[event.type, event] for event in reversed(lender.events_of(order_no))]
    return sorted(heard, key=lambda told: told[0])


def shape(value: Any) -> Any:
    """What a program can rely on: fields, their types, states and counts, not the very values."""
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        known = {one.name: shape(getattr(value, one.name)) for one in fields(value)}
        return {type(value).__name__: known | shape(value.extra)}
    if isinstance(value, Mapping):
        return {name: shape(member) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [shape(member) for member in value]
    return value if isinstance(value, (bool, bytes)) else type(value).__name__


def outcome(lender: Lender, act: Callable[[], Any]) -> Any:
    lender.tick()
    try:
        return shape(act())
    except ProblemError as no:
        said = (type(no).__name__, no.status, no.code, no.field, no.retryable)
        return (*said, bool(no.mend), set(no.extra), bool(no.request_id), no.retry_after_s)


def differing(real: Any, fake: Any, at: str = "") -> Iterator[str]:
    """Where two outcomes differ, each place a line."""
    if isinstance(real, dict) and isinstance(fake, dict):
        for name in real | fake:
            yield from differing(real.get(name), fake.get(name), f"{at}/{name}")
    elif isinstance(real, list) and isinstance(fake, list) and len(real) == len(fake):
        for place_, (one, other) in enumerate(zip(real, fake, strict=True)):
            yield from differing(one, other, f"{at}/{place_}")
    elif real != fake:
        yield f"{at}: {real!r} really, {fake!r} faked"


def played(lender: Lender) -> dict[str, Any]:
    """The whole script, and what came of each step."""
    with lender.client() as cf:
        script = (quoting(cf), ordering(cf, lender), selling(cf, lender))
        scenes = [*script, listening(cf, lender), signing(lender)]
        return {
            f"{number}. {name}": outcome(lender, act)
            for number, scene in enumerate(scenes)
            for name, act in scene
        }


@pytest.fixture
def real(world, tmp_path) -> dict[str, Any]:
    return played(RealLender(world, tmp_path / "var"))


@pytest.fixture
def fake() -> Iterator[dict[str, Any]]:
    with FakeGateway() as gateway:
        yield played(FakeLender(gateway))


class TestTheFakeGateway:
    def test_answers_every_call_as_the_real_one_does(self, real, fake):
        assert list(real) == list(fake)
        differences = list(differing(real, fake))
        assert not differences, "\n".join(differences)
        assert len(real) > 50
