"""Whose things a call gives out: foreign and missing ids are answered alike (T05, T07)."""

import base64
import json
import random
import re

import pytest
from cf_partner_sdk import PrivateKey

import gateway
from gateway import webhook_store
from gateway.endpoints import Endpoint
from lending.foundation import events
from tests.gateway.statements import statement_of
from tests.gateway.world import ENDPOINTS, World, code_of

REFUND = {"refund_no": "R-1", "amount_fen": 100}
BODIES = {
    "refund": lambda ids: REFUND | {"order_id": ids["order_id"]},
    "retire_key": lambda _ids: {},
    "resend_missed": lambda _ids: {"since": "2026-11-01T00:00:00Z"},
    "sign_event": lambda _ids: {"url": "http://localhost:5000/cf"},
}
"""Calls that name somebody's thing in the body."""
IDS = (*("order_id", "refund_id", "endpoint_id", "event_id", "check_id", "keyid", "statement_id"),)
OF_ALL = ("event_types",)
"""Lists that are the same for everybody."""


def names_a_thing(endpoint: Endpoint) -> bool:
    return bool(re.search(r"<\w+>", endpoint.path)) or endpoint.name in BODIES


OWNED = sorted(each.name for each in gateway.ENDPOINTS if names_a_thing(each))
LISTS = sorted(
    each.name
    for each in gateway.ENDPOINTS
    if each.method == "GET" and not names_a_thing(each) and each.name not in OF_ALL
)


@pytest.fixture
def mine(world: World) -> dict[str, str]:
    """One thing of each kind, all of the shop."""
    order = world.order("A-1")["id"]
    url = {"url": "https://hooks.shop.example/cf"}
    endpoint = world.write("/v1/webhook_endpoints", url, key="e").json["id"]
    with world.database.unit_of_work() as tx:
        event = events.publish(
            tx, partner_id=world.shop.id, kind="order.paid", subject=order, data={"object": {}}
        )
        tx.run(
            "INSERT INTO mall_refund (id, order_id, partner_id, refund_no, amount_fen, items,"
            " reason, loan_reduction_fen, borrower_refund_fen, merchant_claim_fen,"
            " outstanding_principal_fen, business_date, created_at) VALUES ('rfd_1', :order,"
            " :partner, 'R-0', 1, '[]', '', 1, 0, 1, 0, current_date, :now)",
            order=order,
            partner=world.shop.id,
            now=tx.now,
        )
        check = webhook_store.insert_check(tx, endpoint, event)
        tx.run("UPDATE webhook_check SET state = 'done', finished_at = :now", now=tx.machine_now)
    key = PrivateKey.generate()
    world.add_key(world.shop.id, key)
    return {
        "order_id": order,
        "refund_id": "rfd_1",
        "endpoint_id": endpoint,
        "event_id": event,
        "check_id": check,
        "keyid": key.keyid,
        "statement_id": statement_of(world, world.shop),
    }


def ask(world: World, name: str, ids: dict[str, str], by, key: str):
    endpoint = ENDPOINTS[name]
    path = re.sub(r"<(\w+)>", lambda found: ids[found[1]], endpoint.path)
    body = BODIES[name](ids) if name in BODIES else None
    headers = {"idempotency-key": key} if endpoint.writes else {}
    return world.call(endpoint.method, path, body, by=by, headers=headers)


class TestEveryEndpoint:
    @pytest.mark.parametrize("name", sorted(ENDPOINTS))
    def test_has_an_owner_rule(self, name):
        endpoint = ENDPOINTS[name]
        assert endpoint.owner in ("none", "partner")
        if (endpoint.method == "GET" and name not in OF_ALL) or names_a_thing(endpoint):
            assert endpoint.owner == "partner", "say by what foreign things are kept out"
        assert set(re.findall(r"<(\w+)>", endpoint.path)) <= set(IDS), "teach this test the id"

    @pytest.mark.parametrize("name", sorted(ENDPOINTS))
    def test_that_changes_something_is_a_write(self, name):
        endpoint = ENDPOINTS[name]
        assert endpoint.writes or endpoint.method == "GET" or name in ("quote", "sign_event")

    @pytest.mark.parametrize("name", sorted(ENDPOINTS))
    def test_refuses_who_does_not_sign(self, world, name):
        endpoint = ENDPOINTS[name]
        path = re.sub(r"<\w+>", "some_id", endpoint.path)
        answer = world.send(world.request(endpoint.method, path))
        assert (answer.status_code, code_of(answer)) == (401, "signature-missing")


class TestForeignThings:
    @pytest.mark.parametrize("name", OWNED)
    def test_answer_as_missing_ones_do(self, world, mine, name):
        absent = {each: f"{value[:3]}_{'a' * 26}" for each, value in mine.items()}
        answers = []
        for ids in (mine, absent):
            answer = ask(world, name, ids, world.other, f"{name}{len(answers)}")
            told = json.loads(answer.data)
            del told["request_id"]
            answers.append((answer.status_code, told))
        assert answers[0] == answers[1]
        assert answers[0][0] == 404

    @pytest.mark.parametrize("name", OWNED)
    def test_are_there_for_their_owner(self, world, mine, name):
        answer = ask(world, name, mine, world.shop, "own")
        assert answer.status_code in (200, 201, 409) or name == "contract", answer.text

    @pytest.mark.parametrize("name", LISTS)
    def test_are_in_no_list(self, world, mine, name):
        path = ENDPOINTS[name].path
        seen = world.call("GET", path).json["data"]
        assert seen, "the owner sees it"
        others = world.call("GET", path, by=world.other).json["data"]
        assert not [each for each in others if each in seen]
        assert others == [] or name == "keys", "each partner has a key of its own"

    def test_of_another_function_are_404_for_a_partner_without_it(self, world, mine):
        for name in (each.name for each in gateway.ENDPOINTS if each.function == "mall"):
            assert ask(world, name, mine, world.funder, name).status_code == 404


class TestAnswers:
    @pytest.mark.parametrize(
        "name", sorted(set(OWNED) - {"contract", "refund", "statement_file"}) + LISTS
    )
    def test_give_out_what_their_schema_names_and_no_more(self, world, mine, name):
        answer = ask(world, name, mine, world.shop, "k")
        assert answer.status_code in (200, 201), answer.text
        schema = ENDPOINTS[name].response()
        assert schema.validate(answer.json) == {}, "a field that the schema does not know"
        assert set(answer.json) == set(schema.fields)


class TestCursors:
    @pytest.fixture
    def cursor(self, world: World) -> str:
        for number in range(3):
            world.order(f"A-{number}")
        page = world.call("GET", "/v1/mall/orders", query="limit=2").json
        assert len(page["data"]) == 2
        return str(page["next_cursor"])

    def test_lead_through_everything_once(self, world, cursor):
        page = world.call("GET", "/v1/mall/orders", query=f"limit=2&cursor={cursor}").json
        assert len(page["data"]) == 1
        assert page["next_cursor"] is None

    def test_that_were_altered_are_refused(self, world, cursor):
        chance = random.Random(1)
        for _ in range(100):
            at = chance.randrange(len(cursor))
            other = chance.choice([c for c in "ABCabc019-_" if c != cursor[at]])
            for altered in (
                cursor[:at] + other + cursor[at + 1 :],
                cursor[:at],
                cursor[:at] + "!" + cursor[at:],
            ):
                answer = world.call("GET", "/v1/mall/orders", query=f"cursor={altered}")
                assert code_of(answer) == "cursor.refused", altered

    def test_made_up_are_refused(self, world):
        made_up = base64.urlsafe_b64encode(b"0" * 16 + b'["2026-11-23","ord_1",{}]').decode()
        for query in (f"cursor={made_up.rstrip('=')}", "cursor=", "cursor=%F0%9F%92%A9"):
            answer = world.call("GET", "/v1/mall/orders", query=query)
            assert code_of(answer) == "cursor.refused"

    def test_are_good_for_no_other_list_or_filter(self, world, cursor):
        for path, query in (("/v1/events", ""), ("/v1/mall/orders", "&state=created")):
            answer = world.call("GET", path, query=f"cursor={cursor}{query}")
            assert code_of(answer) == "cursor.refused"

    def test_of_another_partner_show_only_ones_own(self, world, cursor):
        answer = world.call("GET", "/v1/mall/orders", query=f"cursor={cursor}", by=world.other)
        assert answer.json["data"] == []
