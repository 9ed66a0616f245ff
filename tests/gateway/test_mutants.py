"""5,000 signed requests, each altered in one or two places after signing: none is taken (T02)."""

import random
from collections.abc import Callable
from datetime import timedelta

from cf_partner_sdk.http_signatures.profile import MEANINGFUL

from gateway.rate_limits import STRANGER_QUOTA, STRANGER_WINDOW_S
from tests.gateway.world import ORDER, Sent, World

COUNT = 5_000
A_STRANGERS_TURN = timedelta(seconds=STRANGER_WINDOW_S / STRANGER_QUOTA)
"""Time enough between two mutants that none is refused for coming too often."""
Mutation = Callable[[random.Random, Sent], Sent]


def flipped(chance: random.Random, text: str) -> str:
    """The text with one character changed, added, or taken away."""
    at = chance.randrange(len(text)) if text else 0
    other = chance.choice("abcXYZ0189-_~.")
    kinds = [
        text[:at] + other + text[at + 1 :],
        text[:at] + other + text[at:],
        text[:at] + text[at + 1 :],
    ]
    return chance.choice([kind for kind in kinds if kind != text])


def path(chance: random.Random, sent: Sent) -> Sent:
    return sent.but(path="/" + flipped(chance, sent.path[1:]))


def query(chance: random.Random, sent: Sent) -> Sent:
    return sent.but(query=flipped(chance, sent.query))


def method(chance: random.Random, sent: Sent) -> Sent:
    other = [each for each in ("GET", "POST", "PUT", "DELETE", "PATCH") if each != sent.method]
    return sent.but(method=chance.choice(other))


def body(chance: random.Random, sent: Sent) -> Sent:
    text = sent.body.decode("latin-1")
    return sent.but(body=flipped(chance, text).encode("latin-1"))


def host(chance: random.Random, sent: Sent) -> Sent:
    return sent.but(base_url=chance.choice(["http://127.0.0.1:8080", "http://localhost:8080"]))


def header(chance: random.Random, sent: Sent) -> Sent:
    name = chance.choice(list(sent.headers))
    return sent.but(headers=sent.headers | {name: flipped(chance, sent.headers[name])})


def less(chance: random.Random, sent: Sent) -> Sent:
    name = chance.choice(list(sent.headers))
    return sent.but(headers={n: v for n, v in sent.headers.items() if n != name})


def more(chance: random.Random, sent: Sent) -> Sent:
    absent = [name for name in MEANINGFUL if name not in sent.headers]
    return sent.but(headers=sent.headers | {chance.choice(absent): "x"})


MUTATIONS: tuple[Mutation, ...] = (
    path,
    query,
    method,
    body,
    host,
    header,
    header,
    header,
    less,
    more,
)


def test_no_mutant_is_taken_and_none_breaks_us(world: World):
    chance = random.Random(9421)
    order = world.order("A-0")["id"]
    key = {"idempotency-key": "mutant-1"}
    calls = [
        world.request("POST", "/v1/mall/quotes", {"amount_fen": 599_900}),
        world.request("POST", "/v1/mall/orders", ORDER | {"order_no": "M-1"}, headers=key),
        world.request("GET", "/v1/mall/orders", query="limit=2&state=created"),
        world.request("GET", f"/v1/mall/orders/{order}"),
        world.request("POST", f"/v1/mall/orders/{order}/cancel", headers=key),
        world.request("POST", "/v1/webhook_endpoints", {"url": "https://a.example/"}, headers=key),
        world.request("GET", "/v1/events", query="limit=1"),
    ]
    accepted = []
    client = world.app.test_client(use_cookies=False)
    for _ in range(COUNT):
        world.clock.advance(A_STRANGERS_TURN)
        whole = world.signed(chance.choice(calls))
        sent = whole
        for mutate in chance.sample(MUTATIONS, chance.choice([1, 1, 2])):
            sent = mutate(chance, sent)
        if sent == whole:
            continue
        answer = client.open(
            sent.path,
            method=sent.method,
            query_string=sent.query,
            headers=sent.headers,
            data=sent.body or None,
            base_url=sent.base_url,
        )
        assert answer.status_code < 500, (answer.text, sent)
        if answer.status_code < 400 or answer.status_code not in (401, 404, 415, 421):
            accepted.append((answer.status, whole, sent))
    assert not accepted, accepted[:3]
    assert world.count("mall_order") == 1
    assert world.count("webhook_endpoint") == 0
