"""Whose things a call gives out, for every call and every id that the description names.

A foreign thing and a missing one are answered alike (T05, T07).
"""

import json
from datetime import timedelta

import pytest

from lending.channels.model import PartnerKind
from tests.gateway.described import ENDPOINTS
from tests.gateway.things import (
    MAKERS,
    OPERATIONS,
    Operation,
    ask,
    is_id,
    missing,
    things_of,
    without_signature,
)
from tests.gateway.world import Partner, World, code_of

OF_ALL = ("event_types",)
"""Lists that are the same for everybody."""
NO_LIST = ("platform", "platform_statistics")
"""The partner's own."""
READ_BY_POST = ("quote", "sign_event", "precheck", "precheck_batch")
"""They change nothing that an answer tells of."""
NAMED = [(name, place, of) for name, each in OPERATIONS.items() for place, of in each.ids()]
OWNED = [case for case in NAMED if case[1] != "query"]
LISTS = sorted(
    name
    for name, each in OPERATIONS.items()
    if each.method == "GET"
    and not [*each.ids()]
    and "/sandbox" not in each.path
    and name not in (*OF_ALL, *NO_LIST)
)
GIVEN = {
    PartnerKind.MERCHANT: ("mall", "statements", "webhooks"),
    PartnerKind.STORE: ("stores", "payments", "statements", "webhooks"),
    PartnerKind.PLATFORM: ("leads", "webhooks"),
    PartnerKind.FUNDER: ("shares", "webhooks"),
    PartnerKind.GUARANTOR: ("webhooks",),
}
"""Functions by kind of partner; each may manage its own keys besides."""
INNER_NAMES = (
    *("id", "state", "status", "partner_id", "app_id", "owner", "owner_id", "tenant", "tenant_id"),
    *("environment", "kind", "function", "role", "is_admin", "created_at", "updated_at", "version"),
    *("loan_id", "application_id", "decision", "decision_id", "approved", "limit_fen", "score"),
    *("rate_annual", "rate_nominal", "fee_fen", "paid_fen", "refunded_fen", "payout", "account_no"),
    *("settlement_account", "merchant_fee_rate", "product_version", "checkout_url", "expires_at"),
    *("idempotency_key", "request_id", "__proto__", "constructor"),
)
assert len(INNER_NAMES) >= 40


@pytest.fixture(scope="module")
def mine(shared_world: World) -> dict[str, str]:
    """One thing of each kind, all of the shop."""
    return things_of(shared_world, shared_world.shop)


def told(answer) -> tuple[int, object]:
    """Status and body, without what differs between any two answers."""
    body = json.loads(answer.data)
    body.pop("request_id", None)
    return answer.status_code, body


class TestEveryCall:
    @pytest.mark.parametrize("name", OPERATIONS)
    def test_has_an_owner_rule(self, name):
        operation = OPERATIONS[name]
        rule = operation.about["x-owner"]
        assert rule in ("none", "partner")
        if (operation.method == "GET" and name not in OF_ALL) or [*operation.ids()]:
            assert rule == "partner", "say by what foreign things are kept out"

    @pytest.mark.parametrize("name", OPERATIONS)
    def test_names_only_things_that_can_be_made(self, name):
        assert {of for _, of in OPERATIONS[name].ids()} <= set(MAKERS), "add it to MAKERS"

    @pytest.mark.parametrize("name", OPERATIONS)
    def test_that_changes_something_is_a_write(self, name):
        operation = OPERATIONS[name]
        assert operation.is_write or operation.method == "GET" or name in READ_BY_POST

    def test_names_no_thing_deep_in_its_body(self):
        def deep(value: object, depth: int = 0) -> set[str]:
            if isinstance(value, list):
                return set().union(*(deep(each, depth) for each in value), set())
            if not isinstance(value, dict):
                return set()
            own = {name for name in value if depth and is_id(name)}
            return own.union(*(deep(each, depth + 1) for each in value.values()))

        for operation in OPERATIONS.values():
            assert deep(operation.example) == set(), operation.id

    @pytest.mark.parametrize("name", OPERATIONS)
    def test_refuses_who_does_not_sign(self, shared_world, name):
        answer = without_signature(shared_world, OPERATIONS[name])
        assert (answer.status_code, code_of(answer)) == (401, "signature-missing")


class TestForeignThings:
    @pytest.mark.parametrize(("name", "place", "of"), OWNED)
    def test_answer_as_missing_ones_do(self, shared_world, mine, name, place, of):
        world, operation = shared_world, OPERATIONS[name]
        for other in (world.other, world.third):
            foreign = told(ask(world, operation, mine, other))
            absent = told(ask(world, operation, mine | {of: missing(mine[of])}, other))
            assert foreign == absent
            assert foreign[0] == 404, foreign

    @pytest.mark.parametrize(
        ("name", "of"),
        [
            (n, of)
            for n, each in OPERATIONS.items()
            if each.path.count("{") > 1
            for _, of in each.ids()
        ],
    )
    def test_under_ones_own_answer_as_missing_ones_do(self, shared_world, mine, name, of):
        world, operation = shared_world, OPERATIONS[name]
        own = things_of(world, world.other)
        foreign = told(ask(world, operation, own | {of: mine[of]}, world.other))
        absent = told(ask(world, operation, own | {of: missing(mine[of])}, world.other))
        assert foreign == absent
        assert foreign[0] == 404, foreign

    @pytest.mark.parametrize(
        ("name", "place", "of"), [case for case in NAMED if case[1] == "query"]
    )
    def test_in_a_filter_find_what_missing_ones_find(self, shared_world, mine, name, place, of):
        world, operation = shared_world, OPERATIONS[name]
        foreign = told(ask(world, operation, {of: mine[of]}, world.other))
        absent = told(ask(world, operation, {of: missing(mine[of])}, world.other))
        assert foreign == absent
        assert foreign == (200, {"data": [], "next_cursor": None})

    @pytest.mark.parametrize("name", sorted({name for name, _, _ in OWNED} - {"contract"}))
    def test_are_there_for_their_owner(self, shared_world, name):
        world, operation = shared_world, OPERATIONS[name]
        owner = world.partner(f"app_owner_{name}")
        answer = ask(world, operation, things_of(world, owner), owner)
        assert answer.status_code != 404, answer.text

    @pytest.mark.parametrize("name", LISTS)
    def test_are_in_no_list(self, shared_world, mine, name):
        world, operation = shared_world, OPERATIONS[name]
        seen = ask(world, operation, {}, world.shop).json["data"]
        assert seen, "the owner sees it"
        assert not [
            each for each in ask(world, operation, {}, world.other).json["data"] if each in seen
        ]


@pytest.fixture(scope="module")
def partners(shared_world: World) -> dict[PartnerKind, Partner]:
    """Two functions' worth of each kind of partner."""
    return {
        kind: shared_world.partner(f"app_of_kind_{kind}", kind=kind, functions=functions)
        for kind, functions in GIVEN.items()
    }


class TestFunctions:
    @pytest.mark.parametrize("kind", GIVEN)
    def test_that_a_partner_was_not_given_are_not_there(self, shared_world, mine, partners, kind):
        nothing = told(shared_world.call("GET", "/v1/nothing", by=partners[kind]))
        for operation in OPERATIONS.values():
            if operation.function not in (*GIVEN[kind], "keys"):
                assert told(ask(shared_world, operation, mine, partners[kind])) == nothing

    @pytest.mark.parametrize("kind", GIVEN)
    def test_that_it_was_given_are(self, shared_world, mine, partners, kind):
        for operation in OPERATIONS.values():
            if operation.method == "GET" and operation.function in GIVEN[kind]:
                answer = ask(shared_world, operation, mine, partners[kind])
                assert answer.status_code == (404 if "{" in operation.path else 200)


def write_names() -> list[str]:
    return [
        name
        for name, each in OPERATIONS.items()
        if (each.is_write or each.example) and not each.file
    ]


class TestMassAssignment:
    @pytest.mark.parametrize("name", write_names())
    def test_of_inner_names_is_refused(self, shared_world, mine, name):
        operation: Operation = OPERATIONS[name]
        known = set(operation.example or ())
        shared_world.clock.advance(timedelta(minutes=1))  # past the limit of writes
        for inner in INNER_NAMES:
            if inner in known:
                continue
            body = (operation.example or {}) | {inner: "1"}
            answer = ask(shared_world, operation, mine, shared_world.shop, body)
            assert (answer.status_code, code_of(answer)) == (400, "fields.refused"), inner
            if operation.example is not None:
                assert answer.json["field"] == f"/{inner}"


def test_every_answer_has_a_schema():
    """It is held against every answer of these tests: see `World.send`."""
    assert all(each.response or each.gives != "application/json" for each in ENDPOINTS)
