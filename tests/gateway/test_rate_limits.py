"""How often somebody may call: partners and keys over all processes, strangers by address."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cf_partner_sdk import PrivateKey, TooManyRequests

from gateway import caller, rate_limits
from gateway.rate_limits import STRANGER_QUOTA, Addresses, Buckets
from gateway.rate_model import DEFAULTS, Limit, LimitRefused, RateGroup, RateLimited
from lending.foundation.audit import SYSTEM
from tests.gateway.world import Sent, World, code_of

QUOTE = {"amount_fen": 599_900}
READS = "/v1/webhook_endpoints"


def agree(world: World, group: str, quota: int, key_quota: int, window_s: int = 60) -> None:
    with world.database.unit_of_work() as tx:
        limit = Limit(quota, key_quota, window_s)
        rate_limits.agree(tx, world.shop.id, group, limit, SYSTEM)


def read(world: World, app=None, key=None):
    return world.send(world.signed(world.request("GET", READS), key), app)


def policies(answer) -> dict[str, dict[str, int]]:
    """What both headers say of each policy."""
    found: dict[str, dict[str, int]] = {}
    for header in ("ratelimit-policy", "ratelimit"):
        for name, parameters in re.findall(r'"([a-z-]+)"((?:;[a-z]=\d+)+)', answer.headers[header]):
            pairs = re.findall(r";([a-z])=(\d+)", parameters)
            found.setdefault(name, {}).update({n: int(v) for n, v in pairs})
    return found


class TestAnAnswer:
    def test_tells_policies_and_where_the_caller_stands(self, world):
        agree(world, "reads", quota=100, key_quota=50)
        told = policies(read(world))
        assert told == {
            "reads": {"q": 100, "w": 60, "r": 99, "t": 1},
            "reads-key": {"q": 50, "w": 60, "r": 49, "t": 2},
        }
        assert policies(read(world))["reads"]["r"] == 98

    def test_of_another_group_stands_apart(self, world):
        agree(world, "reads", quota=1, key_quota=1)
        assert read(world).status_code == 200
        assert read(world).status_code == 429
        assert world.call("POST", "/v1/mall/quotes", QUOTE).status_code == 200

    def test_without_an_agreement_has_the_limits_of_all(self, world):
        told = policies(world.call("POST", "/v1/mall/quotes", QUOTE))
        assert told["quotes"]["q"] == DEFAULTS[RateGroup.QUOTES].quota
        assert told["quotes-key"]["q"] == DEFAULTS[RateGroup.QUOTES].key_quota

    def test_that_refuses_the_call_itself_tells_them_too(self, world):
        answer = world.call("GET", "/v1/mall/orders/ord_none")
        assert answer.status_code == 404
        assert "reads" in policies(answer)


class TestACallTooMany:
    @pytest.fixture
    def used_up(self, world: World) -> World:
        agree(world, "reads", quota=4, key_quota=3)
        for _ in range(3):
            assert read(world).status_code == 200
        return world

    def test_is_told_when_to_come_again(self, used_up):
        answer = read(used_up)
        assert (answer.status_code, code_of(answer)) == (429, "rate-limit")
        assert answer.headers["retry-after"] == "20"
        assert answer.json["violated_policies"] == ["reads-key"]
        assert answer.json["retryable"] is True
        assert policies(answer)["reads-key"]["r"] == 0
        assert "signature" in answer.headers

    def test_is_let_in_after_that_and_not_before(self, used_up):
        used_up.clock.advance(timedelta(seconds=19))
        assert read(used_up).status_code == 429
        used_up.clock.advance(timedelta(seconds=1))
        assert [read(used_up).status_code for _ in range(2)] == [200, 429]

    def test_uses_up_neither_its_nonce_nor_its_idempotency_key(self, world):
        agree(world, "writes", quota=1, key_quota=1)
        url = {"url": "https://hooks.shop.example/cf"}
        assert world.write(READS, url, key="one").status_code == 201
        plain = world.request("POST", READS, url, headers={"idempotency-key": "two"})
        sent = world.signed(plain)
        assert world.send(sent).status_code == 429
        world.clock.advance(timedelta(seconds=60))
        assert world.send(sent).status_code == 201

    def test_of_one_key_leaves_the_partners_other_key_its_part(self, used_up):
        new = PrivateKey.generate()
        used_up.add_key(used_up.shop.id, new)
        assert read(used_up).status_code == 429
        assert read(used_up, key=new).status_code == 200
        answer = read(used_up, key=new)
        assert answer.json["violated_policies"] == ["reads"]

    def test_of_one_partner_leaves_the_others_alone(self, used_up):
        assert read(used_up).status_code == 429
        assert read(used_up, key=used_up.other.key).status_code == 200

    def test_is_what_the_sdk_raises(self, used_up):
        with pytest.raises(TooManyRequests) as raised:
            list(used_up.client().webhook_endpoints.list())
        assert raised.value.retry_after_s == 20

    def test_by_50_at_once_in_two_processes_lets_in_what_was_agreed(self, world):
        agree(world, "reads", quota=10, key_quota=10)
        another, _ = world.front(world.settings)
        ready = [world.signed(world.request("GET", READS)) for _ in range(50)]
        with ThreadPoolExecutor(8) as threads:
            answers = list(
                threads.map(lambda n: world.send(ready[n], another if n % 2 else None), range(50))
            )
        assert sorted(a.status_code for a in answers) == [200] * 10 + [429] * 40

    def test_that_is_a_replay_is_not_counted_against_the_partner(self, world):
        agree(world, "reads", quota=5, key_quota=5)
        sent = world.signed(world.request("GET", READS))
        assert world.send(sent).status_code == 200
        for _ in range(20):
            assert code_of(world.send(sent)) == "signature-replayed"
        assert policies(read(world))["reads"]["r"] == 3


class TestAgreeing:
    def test_holds_within_seconds_and_is_in_the_audit_log(self, world, monkeypatch):
        monkeypatch.setattr(caller, "KEY_GOOD_FOR_S", 0)
        assert policies(read(world))["reads"]["q"] == DEFAULTS[RateGroup.READS].quota
        agree(world, "reads", quota=7, key_quota=6)
        assert policies(read(world))["reads"]["q"] == 7
        with world.database.unit_of_work() as tx:
            detail = tx.scalar("SELECT detail FROM audit_log WHERE action = 'partner.rate_limit'")
        assert detail == {"group": "reads", "quota": 7, "key_quota": 6, "window_s": 60}

    def test_refuses_what_lets_nothing_in(self, world):
        with pytest.raises(LimitRefused):
            Limit(0, 1, 60)
        with pytest.raises(LimitRefused):
            agree(world, "everything", 1, 1)


class TestBuckets:
    @pytest.fixture
    def two(self, database) -> tuple[Buckets, Buckets]:
        return Buckets(database), Buckets(database)

    def taken(self, buckets: Buckets, times: int, quota: int = 100) -> int:
        return sum(not buckets.take("b", "b", quota, 60).wait_s for _ in range(times))

    def test_of_all_processes_give_out_the_quota_once(self, two):
        assert self.taken(two[0], 60) + self.taken(two[1], 60) >= 100 - 2
        assert self.taken(two[0], 60) + self.taken(two[1], 60) <= 2

    def test_fill_steadily_and_never_beyond_the_quota(self, two, clock):
        assert self.taken(two[0], 150) == 100
        clock.advance(timedelta(seconds=30))
        assert self.taken(two[0], 150) == 50
        clock.advance(timedelta(days=1))
        assert self.taken(two[0], 150) == 100

    def test_ask_the_database_seldom(self, two, database, monkeypatch):
        asked: list[str] = []
        lease = rate_limits.rate_store.lease
        monkeypatch.setattr(
            rate_limits.rate_store, "lease", lambda *a, **k: asked.append("") or lease(*a, **k)
        )
        self.taken(two[0], 2000, quota=1000)
        assert len(asked) <= rate_limits.LEASES_A_QUOTA + 1


def unsigned(world: World) -> Sent:
    return world.request("GET", READS)


class TestStrangers:
    @pytest.fixture
    def flooded(self, world: World) -> Iterator[World]:
        for _ in range(STRANGER_QUOTA):
            world.context.strangers.count("127.0.0.1", world.clock.now())
        return world

    def test_are_refused_beyond_their_number(self, flooded):
        answer = flooded.send(unsigned(flooded))
        assert (answer.status_code, code_of(answer)) == (429, "rate-limit")
        assert answer.json["violated_policies"] == ["strangers"]
        flooded.clock.advance(timedelta(seconds=1))
        assert flooded.send(unsigned(flooded)).status_code == 401

    def test_do_not_keep_out_a_known_key_of_the_same_address(self, world):
        assert read(world).status_code == 200
        while world.send(unsigned(world)).status_code != 429:
            pass
        assert read(world).status_code == 200

    def test_are_not_who_signs_right(self, world):
        for _ in range(3):
            assert read(world, key=world.other.key).status_code == 200
        strangers, now = world.context.strangers, world.clock.now()
        for _ in range(STRANGER_QUOTA):
            strangers.take("127.0.0.1", now)
        with pytest.raises(RateLimited):
            strangers.take("127.0.0.1", now)

    def test_at_another_address_are_counted_apart(self, world):
        kept, now = Addresses("p", 1, 60), world.clock.now()
        for address in ("192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8:0:1::1", ""):
            kept.take(address, now)
        for address in ("192.0.2.1", "2001:db8::ffff", "2001:db8:0:1:abcd::1"):
            with pytest.raises(RateLimited):
                kept.take(address, now)


class TestWrongSignatures:
    def wrong(self, world: World) -> Sent:
        sent = world.signed(world.request("GET", READS))
        return sent.with_headers(signature="cf=:" + "A" * 86 + "==:")

    def test_under_a_known_key_are_refused_beyond_a_number_before_they_are_verified(
        self, world, monkeypatch
    ):
        monkeypatch.setattr("gateway.door.STRANGER_QUOTA", 5)
        app, _ = world.front(world.settings)
        assert read(world, app).status_code == 200
        told = [code_of(world.send(self.wrong(world), app)) for _ in range(7)]
        assert told == ["signature-mismatch"] * 5 + ["rate-limit"] * 2
        assert read(world, app, world.other.key).status_code == 200

    def test_at_one_address_do_not_keep_the_key_out_at_another(self, world, monkeypatch):
        monkeypatch.setattr("gateway.door.STRANGER_QUOTA", 2)
        app, _ = world.front(world.settings)
        assert read(world, app).status_code == 200
        for _ in range(3):
            world.send(self.wrong(world), app)
        assert read(world, app).status_code == 429
        sent = world.signed(world.request("GET", READS))
        elsewhere = app.test_client().get(
            READS,
            headers=sent.headers,
            base_url=sent.base_url,
            environ_overrides={"REMOTE_ADDR": "192.0.2.7"},
        )
        assert elsewhere.status_code == 200
