"""One key, one effect: in every write, on every process, and nothing left behind by a refusal."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cf_partner_sdk.http_signatures import new_nonce

import gateway
from gateway import store
from tests.gateway.world import ENDPOINTS, ORDER, World, code_of

WRITES = sorted(each.name for each in gateway.ENDPOINTS if each.writes)
MONEY = {
    "place_order": lambda _: ORDER | {"order_no": "A-9"},
    "cancel": lambda _: None,
    "refund": lambda order: {"refund_no": "R-1", "order_id": order, "amount_fen": 100},
}


def rows(world: World) -> dict[str, int]:
    """How many rows each table has, all but the nonces, which a refusal spends too."""
    with world.database.unit_of_work() as tx:
        found = tx.all("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
        names = {str(row["name"]) for row in found} - {"spent_nonce"}
        assert {"mall_order", "journal_entry", "event", "stored_reply"} <= names
        counted = (f"SELECT '{name}' AS name, count(*) AS rows FROM {name}" for name in names)
        return {row["name"]: row["rows"] for row in tx.all(" UNION ALL ".join(counted))}


def path_of(name: str, order_id: str) -> str:
    return re.sub(r"<\w+>", order_id, ENDPOINTS[name].path)


class TestAWriteWithoutAKey:
    @pytest.mark.parametrize("name", WRITES)
    def test_is_refused_and_told_which_header_it_lacks(self, shared_world, name):
        world = shared_world
        order_id = world.order("A-1")["id"]
        body = MONEY.get(name, lambda _: None)(order_id)
        if name == "create_endpoint":
            body = {"url": "https://hooks.shop.example/cf"}
        before = rows(world)
        answer = world.call(ENDPOINTS[name].method, path_of(name, order_id), body)
        assert (answer.status_code, code_of(answer)) == (400, "idempotency.key_missing")
        assert "Idempotency-Key" in answer.json["title"]
        assert answer.json["mend"]
        assert answer.json["retryable"] is False
        assert rows(world) == before

    def test_may_follow_with_one_and_is_carried_out(self, world):
        assert world.call("POST", "/v1/mall/orders", ORDER).status_code == 400
        assert world.write("/v1/mall/orders", ORDER, key="A-1").status_code == 201

    def test_is_no_lookup_which_takes_none(self, world):
        assert world.call("POST", "/v1/mall/quotes", {"amount_fen": 599_900}).status_code == 200
        assert world.count("stored_reply") == 0


class TestTheSameCallAgain:
    def test_is_answered_alike_by_another_process(self, world):
        first = world.write("/v1/mall/orders", ORDER, key="A-1")
        another, _ = world.front(world.settings)
        sent = world.request("POST", "/v1/mall/orders", ORDER, headers={"idempotency-key": "A-1"})
        again = world.send(world.signed(sent), another)
        assert (first.status_code, first.data) == (again.status_code, again.data)
        assert first.content_type == again.content_type

    def test_is_answered_as_it_was_then_though_the_order_went_on(self, world):
        first = world.write("/v1/mall/orders", ORDER, key="A-1")
        path = f"/v1/mall/orders/{first.json['id']}"
        assert world.write(f"{path}/cancel", key="c").json["state"] == "cancelled"
        assert world.call("GET", path).json["state"] == "cancelled"
        assert world.write("/v1/mall/orders", ORDER, key="A-1").data == first.data

    def test_is_answered_alike_after_400_days(self, world):
        first = world.write("/v1/mall/orders", ORDER, key="A-1")
        world.clock.advance(timedelta(days=400))
        again = world.write("/v1/mall/orders", ORDER, key="A-1")
        assert (first.status_code, first.data) == (again.status_code, again.data)

    def test_with_the_old_nonce_is_a_replay_and_with_a_new_one_a_repetition(self, world):
        plain = world.request("POST", "/v1/mall/orders", ORDER, headers={"idempotency-key": "A-1"})
        nonce = new_nonce()
        first = world.send(world.signed(plain, nonce=nonce))
        assert code_of(world.send(world.signed(plain, nonce=nonce))) == "signature-replayed"
        assert world.send(world.signed(plain)).data == first.data

    def test_may_be_signed_by_the_partners_new_key(self, world):
        first = world.write("/v1/mall/orders", ORDER, key="A-1")
        new = type(world.shop.key).generate()
        world.add_key(world.shop.id, new)
        plain = world.request("POST", "/v1/mall/orders", ORDER, headers={"idempotency-key": "A-1"})
        assert world.send(world.signed(plain, new)).data == first.data

    def test_of_a_cancellation_cancels_once(self, world):
        order_id = world.order("A-1")["id"]
        first = world.write(f"/v1/mall/orders/{order_id}/cancel", key="c")
        before = rows(world)
        again = world.write(f"/v1/mall/orders/{order_id}/cancel", key="c")
        assert (first.status_code, first.data) == (again.status_code, again.data)
        assert rows(world) == before

    def test_by_20_threads_in_two_processes_makes_one_order(self, world):
        another, _ = world.front(world.settings)
        plain = world.request("POST", "/v1/mall/orders", ORDER, headers={"idempotency-key": "A-1"})
        with ThreadPoolExecutor(20) as threads:
            answers = list(
                threads.map(
                    lambda n: world.send(world.signed(plain), another if n % 2 else None), range(20)
                )
            )
        assert world.count("mall_order") == world.count("stored_reply") == 1
        assert {a.status_code for a in answers} <= {201, 409}
        assert len({a.data for a in answers if a.status_code == 201}) == 1

    def test_that_ran_into_the_first_succeeds_as_told(self, world):
        with world.database.unit_of_work() as tx:
            assert store.lock_key(tx, world.shop.id, "A-1")
            with ThreadPoolExecutor(1) as thread:
                told = thread.submit(world.write, "/v1/mall/orders", ORDER, key="A-1").result()
        assert (told.status_code, told.json["retryable"]) == (409, True)
        assert world.count("mall_order") == 0
        assert world.write("/v1/mall/orders", ORDER, key="A-1").status_code == 201


class TestTheKeyOfAnotherCall:
    @pytest.mark.parametrize(
        "other",
        [
            ORDER | {"amount_fen": 599_901},
            ORDER | {"metadata": {}},
            dict(reversed(ORDER.items())),
        ],
        ids=["other amount", "one field more", "same fields, other bytes"],
    )
    def test_is_refused_and_changes_nothing(self, world, other):
        first = world.write("/v1/mall/orders", ORDER, key="A-1")
        before = rows(world)
        answer = world.write("/v1/mall/orders", other, key="A-1")
        assert (answer.status_code, code_of(answer)) == (422, "idempotency.key_reused")
        assert answer.json["retryable"] is False
        assert rows(world) == before
        assert world.write("/v1/mall/orders", ORDER, key="A-1").data == first.data

    def test_is_refused_for_another_method_on_the_same_path(self, world):
        url = {"url": "https://hooks.shop.example/cf"}
        made = world.write("/v1/webhook_endpoints", url, key="e").json["id"]
        path = f"/v1/webhook_endpoints/{made}"
        answer = world.write(path, key="e", method="DELETE")
        assert code_of(answer) == "idempotency.key_reused"
        assert world.call("GET", path).status_code == 200

    def test_at_another_partner_tells_nothing_of_the_first(self, world):
        mine = world.write("/v1/mall/orders", ORDER, key="A-1")
        body = ORDER | {"order_no": "B-1", "metadata": {"theirs": "yes"}}
        theirs = world.write("/v1/mall/orders", body, key="A-1", by=world.other)
        assert theirs.status_code == 201, theirs.text
        assert mine.json["id"] not in theirs.text
        assert world.count("mall_order") == 2


class TestARefusedCall:
    @pytest.mark.parametrize(
        ("code", "change"),
        [
            ("fields.refused", {"order_no": "A-2", "amount_fen": "599900"}),
            ("order.items_do_not_add_up", {"order_no": "A-2", "amount_fen": 599_901}),
            ("partner.no_agreement", {"order_no": "A-2", "product_code": "no-such-product"}),
            ("order.number_taken", {}),
        ],
    )
    def test_leaves_no_row_in_orders_journal_or_outbox(self, world, code, change):
        world.order("A-1")
        before = rows(world)
        assert code_of(world.write("/v1/mall/orders", ORDER | change, key="new")) == code
        assert rows(world) == before

    def test_that_is_not_signed_leaves_nothing_not_even_a_nonce(self, world):
        before = rows(world), world.count("spent_nonce")
        plain = world.request("POST", "/v1/mall/orders", ORDER, headers={"idempotency-key": "A-1"})
        signed = world.signed(plain)
        assert world.send(plain).status_code == 401
        assert world.send(signed.but(body=signed.body + b" ")).status_code == 401
        assert (rows(world), world.count("spent_nonce")) == before

    def test_of_a_refund_before_the_payout_leaves_nothing(self, world):
        order_id = world.order("A-1")["id"]
        before = rows(world)
        body = {"refund_no": "R-1", "order_id": order_id, "amount_fen": 100}
        answer = world.write("/v1/mall/refunds", body, key="R-1")
        assert 400 <= answer.status_code < 500
        assert rows(world) == before
