"""Replay, keys in their life, tenants, and writing once."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from cf_partner_sdk import PrivateKey

from gateway import caller, store
from lending.channels import service as channels
from lending.foundation.audit import SYSTEM
from tests.gateway.world import ORDER, World, code_of

QUOTE = {"amount_fen": 599_900}


def quote(world: World, key=None):
    return world.signed(world.request("POST", "/v1/mall/quotes", QUOTE), key)


class TestReplay:
    def test_is_refused(self, world):
        sent = quote(world)
        assert world.send(sent).status_code == 200
        assert code_of(world.send(sent)) == "signature-replayed"

    def test_is_refused_though_the_first_answer_was_a_refusal(self, world):
        sent = world.signed(world.request("GET", "/v1/mall/orders/ord_none"))
        assert code_of(world.send(sent)) == "not_found"
        assert code_of(world.send(sent)) == "signature-replayed"

    def test_by_50_at_once_lets_exactly_one_through(self, world):
        for sent in (
            quote(world),
            world.signed(
                world.request("POST", "/v1/mall/orders", ORDER, headers={"idempotency-key": "A-1"})
            ),
        ):
            with ThreadPoolExecutor(50) as threads:
                answers = list(threads.map(lambda _, s=sent: world.send(s), range(50)))
            won = [a for a in answers if a.status_code < 300]
            assert len(won) == 1, [a.status for a in answers]
            assert {code_of(a) for a in answers if a not in won} == {"signature-replayed"}
        assert world.count("mall_order") == 1

    def test_at_another_process_is_refused(self, world):
        sent = quote(world)
        assert world.send(sent).status_code == 200
        another, _ = world.front(world.settings)
        assert code_of(world.send(sent, another)) == "signature-replayed"

    def test_on_another_path_is_refused(self, world):
        sent = world.signed(world.request("GET", "/v1/mall/orders"))
        assert world.send(sent).status_code == 200
        assert code_of(world.send(sent.but(path="/v1/mall/refunds"))) == "signature-mismatch"

    def test_stays_refused_while_the_signature_could_be_taken(self, world):
        sent = quote(world)
        assert world.send(sent).status_code == 200
        world.clock.advance(timedelta(seconds=299))
        with world.database.unit_of_work() as tx:
            assert store.prune_nonces(tx) == 0
        assert code_of(world.send(sent)) == "signature-replayed"
        world.clock.advance(timedelta(seconds=700))
        with world.database.unit_of_work() as tx:
            assert store.prune_nonces(tx) == 1
        assert code_of(world.send(sent)) == "signature-expired"

    def test_of_a_nonce_that_another_partner_used_is_none(self, world):
        plain = world.request("POST", "/v1/mall/quotes", QUOTE)
        for partner in (world.shop, world.other):
            sent = world.signed(plain, partner.key, nonce="same-nonce-of-two-partners")
            assert world.send(sent).status_code == 200


class TestKeys:
    def test_that_were_revoked_are_refused_in_every_process(self, world):
        another, _ = world.front(world.settings)
        for app in (world.app, another):
            assert world.send(quote(world), app).status_code == 200
        with world.database.unit_of_work() as tx:
            channels.revoke_key(tx, world.shop.key.keyid, SYSTEM)
        time.sleep(caller.KEY_GOOD_FOR_S + 0.1)
        assert caller.KEY_GOOD_FOR_S < 5
        for app in (world.app, another):
            assert code_of(world.send(quote(world), app)) == "key-revoked"

    def test_that_rotate_are_both_taken(self, world):
        new = PrivateKey.generate()
        world.add_key(world.shop.id, new)
        for key in (world.shop.key, new):
            assert world.send(quote(world, key)).status_code == 200

    def test_outside_their_dates_are_refused(self, world):
        with world.database.unit_of_work() as tx:
            tx.run(
                "UPDATE partner_key SET valid_to = :to WHERE keyid = :k",
                to=world.clock.now() + timedelta(seconds=60),
                k=world.shop.key.keyid,
            )
        assert world.send(quote(world)).status_code == 200
        world.clock.advance(timedelta(seconds=60))
        assert code_of(world.send(quote(world))) == "key-revoked"

    def test_that_are_not_registered_are_unknown(self, world):
        assert code_of(world.send(quote(world, PrivateKey.generate()))) == "key-unknown"

    def test_of_the_other_environment_are_unknown(self, world):
        live = world.partner("app_live", environment="live")
        assert code_of(world.send(quote(world, live.key))) == "key-unknown"
        front, _ = world.front(replace(world.settings, environment="live"))
        assert world.send(quote(world, live.key), front).status_code == 200
        assert code_of(world.send(quote(world), front)) == "key-unknown"

    def test_are_not_forgotten_amid_a_call(self, world, monkeypatch):
        monkeypatch.setattr(caller, "KEYS_KEPT_MAX", 1)
        plain = world.request("GET", "/v1/webhook_endpoints")
        partners = [world.shop, world.other, world.funder] * 10
        ready = [world.signed(plain, each.key) for each in partners]
        with ThreadPoolExecutor(8) as threads:
            assert {a.status_code for a in threads.map(world.send, ready)} == {200}


class TestWritingOnce:
    def test_needs_a_key(self, world):
        answer = world.call("POST", "/v1/mall/orders", ORDER)
        assert (answer.status_code, code_of(answer)) == (400, "idempotency.key_missing")
        assert world.count("mall_order") == 0

    @pytest.mark.parametrize("key", ["k" * 256, "with space", ""])
    def test_needs_a_key_of_the_agreed_form(self, world, key):
        answer = world.write("/v1/mall/orders", ORDER, key=key)
        assert code_of(answer) == "idempotency.key_missing"

    def test_answers_byte_for_byte_again_with_a_fresh_signature(self, world):
        first = world.write("/v1/mall/orders", ORDER, key="A-1")
        world.clock.advance(timedelta(seconds=60))
        again = world.write("/v1/mall/orders", ORDER, key="A-1")
        assert (first.status_code, first.data) == (again.status_code, again.data)
        assert first.headers["location"] == again.headers["location"]
        assert first.headers["signature"] != again.headers["signature"]
        assert first.headers["request-id"] != again.headers["request-id"]
        assert world.count("mall_order") == 1

    def test_refuses_the_key_for_another_body(self, world):
        world.write("/v1/mall/orders", ORDER, key="A-1")
        answer = world.write("/v1/mall/orders", ORDER | {"order_no": "A-2"}, key="A-1")
        assert (answer.status_code, code_of(answer)) == (422, "idempotency.key_reused")

    def test_refuses_the_key_for_another_path(self, world):
        order = world.order("A-1")
        world.write("/v1/mall/orders", ORDER | {"order_no": "A-2"}, key="k")
        answer = world.write(f"/v1/mall/orders/{order['id']}/cancel", key="k")
        assert code_of(answer) == "idempotency.key_reused"

    def test_refuses_while_the_same_key_is_at_work(self, world):
        with world.database.unit_of_work() as tx:
            assert store.lock_key(tx, world.shop.id, "A-1")
            with ThreadPoolExecutor(1) as thread:
                answer = thread.submit(world.write, "/v1/mall/orders", ORDER, key="A-1").result()
            assert (answer.status_code, code_of(answer)) == (409, "idempotency.running")
            assert answer.json["retryable"] is True
            assert answer.headers["retry-after"] == "1"

    def test_keeps_no_reply_of_a_refusal(self, world):
        wrong = ORDER | {"amount_fen": 1}
        assert code_of(world.write("/v1/mall/orders", wrong, key="A-1")).startswith("order.")
        assert world.write("/v1/mall/orders", ORDER, key="A-1").status_code == 201

    def test_is_apart_for_each_partner(self, world):
        mine = world.write("/v1/mall/orders", ORDER, key="A-1")
        theirs = world.write("/v1/mall/orders", ORDER, key="A-1", by=world.other)
        assert mine.status_code == theirs.status_code == 201
        assert mine.json["id"] != theirs.json["id"]

    def test_by_20_threads_makes_one_order(self, world):
        with ThreadPoolExecutor(20) as threads:
            answers = list(
                threads.map(lambda _: world.write("/v1/mall/orders", ORDER, key="A-1"), range(20))
            )
        assert world.count("mall_order") == 1
        assert {a.status_code for a in answers} <= {201, 409}
        assert len({a.data for a in answers if a.status_code == 201}) == 1
        assert {code_of(a) for a in answers if a.status_code == 409} <= {"idempotency.running"}

    def test_refuses_an_order_no_under_a_new_key(self, world):
        world.order("A-1")
        answer = world.write("/v1/mall/orders", ORDER, key="another")
        assert (answer.status_code, code_of(answer)) == (409, "order.number_taken")
        assert answer.json["field"] == "/order_no"
        assert world.count("mall_order") == 1

    def test_by_20_threads_with_keys_of_their_own_makes_one_order(self, world):
        with ThreadPoolExecutor(20) as threads:
            answers = list(
                threads.map(
                    lambda n: world.write("/v1/mall/orders", ORDER, key=f"k-{n}"), range(20)
                )
            )
        assert sorted(a.status_code for a in answers) == [201] + [409] * 19
        assert world.count("mall_order") == 1


def test_a_partner_sees_no_function_that_it_was_not_given(world):
    answer = world.call("GET", "/v1/mall/orders", by=world.funder)
    absent = world.call("GET", "/v1/mall/nothing", by=world.funder)
    assert answer.status_code == absent.status_code == 404
    told = [json.loads(a.data) for a in (answer, absent)]
    for each in told:
        del each["request_id"]
    assert told[0] == told[1]
    assert world.call("GET", "/v1/webhook_endpoints", by=world.funder).status_code == 200


class TestADatabaseThatIsAway:
    def test_is_told_as_that_and_the_next_call_gets_a_new_connection(self, world):
        assert world.send(quote(world)).status_code == 200
        sent = quote(world)
        with psycopg.connect(world.database.url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        answer = world.send(sent)
        assert (answer.status_code, code_of(answer)) == (503, "unavailable")
        assert answer.json["retryable"] is True
        assert world.send(sent).status_code == 200, "its nonce was not spent"
