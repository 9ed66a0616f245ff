"""What is told of a request: one line of JSON, a few counts, whose trace it belongs to, health."""

import io
import json
import logging
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from gateway.observing import JsonLines, Trace
from processes import front
from tests.gateway.world import ORDER, code_of

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def told() -> Iterator[list[dict[str, object]]]:
    """Every line that is logged, read as JSON."""
    stream, lines = io.StringIO(), []
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    handler.emit = lambda record: lines.append(json.loads(handler.format(record)))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.getLogger("cf.request").setLevel(logging.INFO)
    yield lines
    root.removeHandler(handler)
    root.setLevel(before)


def requests_of(told: list[dict[str, object]]) -> list[dict[str, object]]:
    return [line for line in told if line["logger"] == "cf.request"]


class TestEachRequest:
    def test_leaves_one_line_that_names_partner_key_route_and_ids(self, world, told):
        order = world.order("A-1")
        answer = world.call("GET", f"/v1/mall/orders/{order['id']}", headers={"traceparent": TRACE})
        line = requests_of(told)[-1]
        assert line["method"] == "GET"
        assert line["route"] == "/v1/mall/orders/<order_id>"
        assert line["status"] == 200
        assert line["partner_id"] == world.shop.id
        assert line["keyid"] == world.shop.key.keyid
        assert line["version"] == "2026-11-01"
        assert line["request_id"] == answer.headers["request-id"]
        assert line["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", str(line["at"]))
        assert len(requests_of(told)) == 2

    def test_that_was_refused_names_the_code(self, world, told):
        world.send(world.request("GET", "/v1/mall/orders"))
        line = requests_of(told)[-1]
        assert (line["status"], line["code"]) == (401, "signature-missing")
        assert "partner_id" not in line

    def test_tells_nothing_of_body_query_token_or_checkout_link(self, world, told):
        name, number = "王小明", "SECRET-ORDER-77"
        items = [{**ORDER["items"][0], "name": name}]
        made = world.write("/v1/mall/orders", ORDER | {"order_no": number, "items": items}, key="k")
        assert made.status_code == 201
        token = made.json["checkout_url"].rpartition("/")[2]
        world.app.test_client().get(f"/checkout/{token}", base_url="http://lender.example:8080")
        world.call("GET", "/v1/mall/orders", query=f"order_no={number}")
        world.call("GET", "/v1/mall/orders", headers={"authorization": "Bearer top-secret-token"})
        world.write("/v1/mall/orders", {"order_no": number, "amount_fen": name}, key="k2")
        text = json.dumps(told, ensure_ascii=False)
        for secret in (name, number, token, "top-secret-token", "599900"):
            assert secret not in text, secret

    def test_of_a_path_that_is_none_of_ours_is_counted_under_no_name(self, world, told):
        world.send(world.request("GET", "/v1/mall/orders/a/b/c/d"))
        assert requests_of(told)[-1]["route"] == "none"


class TestADefect:
    def test_is_told_with_type_and_place_and_without_the_value(self):
        with pytest.raises(ValueError) as raised:
            int("440101199001011234 is no number")
        about = (raised.type, raised.value, raised.tb)
        record = logging.makeLogRecord({"msg": "broken", "exc_info": about})
        line = json.loads(JsonLines().format(record))
        assert line["exception"] == "builtins.ValueError"
        assert any("test_observing.py" in place for place in line["stack"])
        assert "440101199001011234" not in json.dumps(line)

    def test_is_answered_as_a_problem_with_the_id_that_the_log_has(self, world, told, monkeypatch):
        def broken(*_: object, **__: object) -> object:
            raise RuntimeError("a borrower's number 440101199001011234")

        monkeypatch.setattr("scenarios.mall_installment.intake.quote_again", broken)
        answer = world.call("POST", "/v1/mall/quotes", {"amount_fen": 599_900})
        assert (answer.status_code, code_of(answer)) == (500, "internal")
        assert "signature" in answer.headers
        line = next(line for line in told if line.get("exception"))
        assert answer.json["request_id"] in str(line["message"])
        assert "440101199001011234" not in json.dumps(told) + answer.text


class TestRequestIds:
    def test_are_new_each_time_covered_by_the_signature_and_in_the_problem(self, world):
        answers = [world.send(world.request("GET", "/v1/mall/orders")) for _ in range(2)]
        ids = [answer.headers["request-id"] for answer in answers]
        assert len(set(ids)) == 2
        assert [answer.json["request_id"] for answer in answers] == ids
        assert all('"request-id"' in answer.headers["signature-input"] for answer in answers)

    def test_are_never_the_callers(self, world):
        sent = world.request("GET", "/v1/mall/orders", headers={"request-id": "req_mine"})
        assert world.send(sent).headers["request-id"] != "req_mine"


class TestTraces:
    def test_go_on_with_a_step_of_our_own(self, world):
        answer = world.send(world.request("GET", "/healthz", headers={"traceparent": TRACE}))
        given = re.fullmatch(r"00-([0-9a-f]{32})-([0-9a-f]{16})-01", answer.headers["traceparent"])
        assert given
        assert given[1] == "4bf92f3577b34da6a3ce929d0e0e4736"
        assert given[2] != "00f067aa0ba902b7"

    @pytest.mark.parametrize(
        "given",
        [
            None,
            "",
            "x",
            TRACE.upper(),
            TRACE.replace("00-4", "ff-4", 1),
            TRACE + "-more",
            f"00-{'0' * 32}-00f067aa0ba902b7-01",
            f"00-4bf92f3577b34da6a3ce929d0e0e4736-{'0' * 16}-01",
            TRACE + "\x85",
        ],
    )
    def test_begin_anew_where_none_can_be_read(self, given):
        trace = Trace.of(given)
        assert trace.trace_id != "4bf92f3577b34da6a3ce929d0e0e4736"
        assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", str(trace))

    def test_of_a_later_form_are_read_as_far_as_we_know_them(self):
        trace = Trace.of(TRACE.replace("00-4", "cc-4", 1) + "-what-the-future-holds")
        assert str(trace).startswith("00-4bf92f3577b34da6a3ce929d0e0e4736-")


class TestMetrics:
    def samples(self, name: str) -> dict[tuple[str, ...], float]:
        families = text_string_to_metric_families(generate_latest().decode())
        return {
            tuple(sample.labels.values()): sample.value
            for family in families
            for sample in family.samples
            if sample.name == name
        }

    def test_count_answers_by_route_template_and_refusals_by_code(self, world):
        before = self.samples("cf_requests_total")
        refused = self.samples("cf_refusals_total")
        order = world.order("A-1")
        world.call("GET", f"/v1/mall/orders/{order['id']}")
        world.send(world.request("GET", "/v1/mall/orders"))
        after = self.samples("cf_requests_total")
        for labels in (
            ("POST", "/v1/mall/orders", "201"),
            ("GET", "/v1/mall/orders/<order_id>", "200"),
            ("GET", "/v1/mall/orders", "401"),
        ):
            assert after[labels] - before.get(labels, 0) == 1, labels
        label = ("signature-missing", "/v1/mall/orders")
        assert self.samples("cf_refusals_total")[label] - refused.get(label, 0) == 1
        assert order["id"] not in generate_latest().decode()

    def test_have_no_label_that_a_caller_can_make_up(self, world):
        known = len(self.samples("cf_requests_total"))
        for number in range(30):
            world.app.test_client().open(
                f"/made/up/{number}", method=f"VERB{number}", base_url="http://lender.example:8080"
            )
        assert len(self.samples("cf_requests_total")) <= known + 2

    def test_are_not_on_the_partners_door(self, world):
        answer = world.send(world.request("GET", "/metrics"))
        assert answer.status_code == 404


class TestHealth:
    def test_is_ok_while_the_process_lives(self, world):
        answer = world.send(world.request("GET", "/healthz"))
        assert (answer.status_code, answer.text) == (200, "ok")

    def test_is_ready_with_database_schema_and_business_day(self, world):
        answer = world.send(world.request("GET", "/readyz"))
        assert answer.status_code == 200
        assert answer.json == {
            "ready": True, "database": "ok", "schema": "ok", "business_day": "ok"
        }  # fmt: skip

    def test_is_not_ready_before_the_business_day_is_open(self, world):
        with world.database.unit_of_work() as tx:
            tx.run("DELETE FROM business_day")
        answer = world.send(world.request("GET", "/readyz"))
        assert (answer.status_code, answer.json["business_day"]) == (503, "not open")

    def test_is_not_ready_on_an_older_schema_and_ready_on_a_newer(self, world):
        for there, status in (("0000_before", 503), ("9999_after", 200)):
            made = replace(world.context, schemas=("0000_before", "0001_first"))
            app = front.create_app(made.lending, made)
            with world.database.unit_of_work() as tx:
                tx.run("UPDATE alembic_version SET version_num = :there", there=there)
            answer = world.send(world.request("GET", "/readyz"), app)
            assert answer.status_code == status, answer.text

    def test_is_not_ready_without_the_database_and_says_so_without_a_secret(self, world):
        lost = type(world.database)("postgresql://nobody:secret@127.0.0.1:1/none")
        made = replace(world.context, lending=replace(world.context.lending, database=lost))
        app = front.create_app(made.lending, made)
        answer = world.send(world.request("GET", "/readyz"), app)
        assert (answer.status_code, answer.json["database"]) == (503, "away")
        assert "secret" not in answer.text
        assert world.send(world.request("GET", "/healthz"), app).status_code == 200
