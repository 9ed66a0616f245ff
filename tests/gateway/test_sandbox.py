from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from gateway import sandbox_store
from processes.sandbox.tenants import MainSandbox
from simulators.magic import MAGIC, MAGIC_AMOUNTS, MAGIC_CARDS
from tests.gateway.world import Partner, World, code_of
from tests.today import TODAY


class Sandbox:
    """The front of a sandbox, its owner, and another who owns another one."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.app: Flask = world.front(world.settings, MainSandbox())[0]
        self.owner = world.partner("app_owner", functions=("mall", "sandbox"))
        self.other = world.partner("app_second", functions=("mall", "sandbox"))

    def get(self, path: str, *, by: Partner | None = None) -> TestResponse:
        sent = self.world.request("GET", path)
        return self.world.send(self.world.signed(sent, (by or self.owner).key), self.app)

    def post(
        self, path: str, body: Any = None, *, by: Partner | None = None, key: str = "k-1"
    ) -> TestResponse:
        sent = self.world.request("POST", path, body, headers={"idempotency-key": key})
        return self.world.send(self.world.signed(sent, (by or self.owner).key), self.app)

    def jobs(self) -> list[tuple[str, str]]:
        with self.world.database.unit_of_work() as tx:
            rows = tx.all("SELECT task_name, queue_name FROM procrastinate_jobs ORDER BY id")
        return [(row["task_name"], row["queue_name"]) for row in rows]


@pytest.fixture
def sandbox(world: World) -> Sandbox:
    return Sandbox(world)


class TestTheClock:
    def test_is_shown_with_the_business_date(self, sandbox: Sandbox):
        shown = sandbox.get("/v1/sandbox/clock").json
        assert shown == {
            "now": "2026-11-23T02:00:00.000Z",
            "business_date": TODAY.isoformat(),
            "state": "ready",
            "days_ahead": 0,
            "days_left": 0,
            "failure": None,
        }

    def test_is_asked_to_advance_once_at_a_time(self, sandbox: Sandbox):
        asked = sandbox.post("/v1/sandbox/clock/advance", {"days": 35})
        assert (asked.status_code, asked.json["state"]) == (202, "advancing")
        assert asked.json["days_left"] == 35
        again = sandbox.post("/v1/sandbox/clock/advance", {"days": 1}, key="k-2")
        assert (again.status_code, code_of(again)) == (409, "sandbox.clock_advancing")
        assert sandbox.jobs() == [("sandbox.advance", "sandbox")]
        assert sandbox.post("/v1/sandbox/clock/advance", {"days": 35}).data == asked.data

    def test_is_asked_again_where_nobody_moves_it_any_more(self, sandbox: Sandbox):
        sandbox.post("/v1/sandbox/clock/advance", {"days": 35})
        with sandbox.world.database.unit_of_work() as tx:
            tx.run("UPDATE procrastinate_jobs SET status = 'failed'")
        again = sandbox.post("/v1/sandbox/clock/advance", {"days": 2}, key="k-2")
        assert (again.status_code, again.json["days_left"]) == (202, 2)

    @pytest.mark.parametrize("days", [0, -1, 367, "1", None, True])
    def test_takes_a_whole_number_of_days_up_to_a_year(self, sandbox: Sandbox, days: object):
        answer = sandbox.post("/v1/sandbox/clock/advance", {"days": days})
        assert answer.status_code == 400, answer.text
        assert answer.json["field"] == "/days"
        assert sandbox.jobs() == []


class TestApplicants:
    def test_are_all_of_the_institutions_own_tables(self, sandbox: Sandbox):
        rows = sandbox.get("/v1/sandbox/applicants").json["data"]
        found = {kind: {r["fate"] for r in rows if r["kind"] == kind} for kind in KINDS}
        assert found == {
            "person": set(MAGIC),
            "card": set(MAGIC_CARDS) - {"works"},
            "amount": set(MAGIC_AMOUNTS),
        }
        amounts = {r["fate"]: r["amount_fen"] for r in rows if r["kind"] == "amount"}
        assert amounts == MAGIC_AMOUNTS

    def test_are_new_each_time(self, sandbox: Sandbox):
        first, second = (
            {row["mobile"] for row in sandbox.get("/v1/sandbox/applicants").json["data"]}
            for _ in range(2)
        )
        assert len(first) > 20
        assert not first & second


KINDS = ("person", "card", "amount")


class TestABuyer:
    @pytest.fixture
    def order_id(self, sandbox: Sandbox) -> str:
        return str(sandbox.world.order("A-1", by=sandbox.owner)["id"])

    def test_is_asked_for_and_looked_after(self, sandbox: Sandbox, order_id: str):
        asked = sandbox.post(f"/v1/sandbox/orders/{order_id}/pay", {"card": "late"})
        assert asked.status_code == 202, asked.text
        shown = sandbox.get(f"/v1/sandbox/walks/{asked.json['id']}")
        assert shown.json == asked.json
        assert asked.headers["location"] == f"/v1/sandbox/walks/{asked.json['id']}"
        assert {k: asked.json[k] for k in ("goal", "applicant", "card", "periods", "state")} == {
            "goal": "pay",
            "applicant": "approved",
            "card": "late",
            "periods": 12,
            "state": "walking",
        }
        assert ("sandbox.walk", "sandbox") in sandbox.jobs()

    def test_ends_once(self, sandbox: Sandbox, order_id: str):
        walk_id = sandbox.post(f"/v1/sandbox/orders/{order_id}/sign", {}).json["id"]
        with sandbox.world.database.unit_of_work() as tx:
            sandbox_store.end_walk(tx, walk_id, "failed", "declined")
            sandbox_store.end_walk(tx, walk_id, "done")
        shown = sandbox.get(f"/v1/sandbox/walks/{walk_id}").json
        assert (shown["state"], shown["problem"]) == ("failed", "declined")

    @pytest.mark.parametrize("fates", [{"applicant": "rich"}, {"card": "gold"}])
    def test_has_a_fate_that_is_known(self, sandbox: Sandbox, order_id: str, fates: dict[str, str]):
        answer = sandbox.post(f"/v1/sandbox/orders/{order_id}/pay", fates)
        assert (answer.status_code, code_of(answer)) == (422, "sandbox.fate_unknown")

    def test_of_another_is_not_there(self, sandbox: Sandbox, order_id: str):
        walk_id = sandbox.post(f"/v1/sandbox/orders/{order_id}/decide", {}).json["id"]
        for goal in ("decide", "sign", "pay", "repay"):
            answer = sandbox.post(f"/v1/sandbox/orders/{order_id}/{goal}", {}, by=sandbox.other)
            assert (answer.status_code, code_of(answer)) == (404, "not_found")
        answer = sandbox.get(f"/v1/sandbox/walks/{walk_id}", by=sandbox.other)
        assert (answer.status_code, code_of(answer)) == (404, "not_found")


class TestTheMainInstallation:
    def test_is_a_sandbox_that_is_not_begun_afresh(self, sandbox: Sandbox):
        assert sandbox.get("/v1/sandbox").json == {
            "name": "main",
            "generation": 1,
            "state": "ready",
        }
        answer = sandbox.post("/v1/sandbox/reset")
        assert (answer.status_code, code_of(answer)) == (422, "sandbox.reset_not_here")


class TestTheFunctionsOfASandbox:
    PATHS = ("/v1/sandbox", "/v1/sandbox/clock", "/v1/sandbox/applicants")

    def test_are_not_there_for_who_does_not_own_it(self, sandbox: Sandbox):
        guest = sandbox.world.partner("app_guest", functions=("mall", "webhooks"))
        for path in self.PATHS:
            answer = sandbox.get(path, by=guest)
            assert (answer.status_code, code_of(answer)) == (404, "not_found")
        answer = sandbox.post("/v1/sandbox/clock/advance", {"days": 1}, by=guest)
        assert answer.status_code == 404
        assert sandbox.jobs() == []

    def test_are_not_there_in_live(self, world: World):
        live = world.front(replace(world.settings, environment="live"))[0]
        owner = world.partner("app_live", functions=("sandbox",), environment="live")
        for path in self.PATHS:
            sent = world.signed(world.request("GET", path), owner.key)
            assert world.send(sent, live).status_code == 404
        assert "/v1/sandbox" not in live.test_client().get("/openapi.json").text
