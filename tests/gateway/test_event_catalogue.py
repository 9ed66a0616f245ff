"""The catalogue: all that is published is in it, with a schema that its example and data meet."""

import ast
import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from cf_partner_sdk import Event
from openapi_schema_validator import OAS31Validator

import gateway
from gateway import catalogue, openapi
from gateway.versions import VERSIONS
from scenarios.mall_installment import news

ROOT = Path(__file__).parents[2]
CARRIED = (
    *("order", "refund", "repayment", "endpoint", "statement", "clock"),
    *("lead", "lead_repayment", "lead_standing"),
    *("share", "returned", "movement", "closing", "lateness", "fraud", "clearing", "mark"),
    *("accrual", "bill", "claim"),
    *("payment", "payment_refund", "payment_repayment", "release", "stop"),
    *("credit_line", "dispute"),
)
PUBLISHERS = ("lending", "scenarios", "gateway", "hosted", "console", "processes")


def is_served(package: str, source: Path) -> bool:
    """Whether partners can be told of it: a scenario that the gateway knows, or what is shared."""
    if package != "scenarios":
        return True
    name = f"scenarios.{source.relative_to(ROOT / package).parts[0]}"
    return any(name in each.read_text("utf-8") for each in (ROOT / "gateway").rglob("*.py"))


def publishing() -> Iterator[tuple[str, ast.expr]]:
    """Every call of `events.publish`: the module, and what it gives as kind."""
    for package in PUBLISHERS:
        for source in (ROOT / package).rglob("*.py"):
            if not is_served(package, source):
                continue
            name = ".".join(source.relative_to(ROOT).with_suffix("").parts)
            for node in ast.walk(ast.parse(source.read_text("utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "events.publish":
                    yield name, next(each.value for each in node.keywords if each.arg == "kind")


def kinds(module: str, given: ast.expr) -> set[str]:
    """What an expression may be: a text, a name of the module, or a member of a mapping of it."""
    if isinstance(given, ast.Constant):
        return {str(given.value)}
    if ast.unparse(given) == "kind.name":
        return set()  # of the catalogue itself: a test event
    subject = given.value if isinstance(given, ast.Subscript) else given
    value = importlib.import_module(module)
    for part in ast.unparse(subject).split("."):
        value = getattr(value, part)
    return set(value.values()) if isinstance(value, Mapping) else {str(value)}


class TestWhatIsPublished:
    def test_is_in_the_catalogue(self):
        found = {kind for module, given in publishing() for kind in kinds(module, given)}
        assert found >= {"order.paid", "loan.repaid", "endpoint.test", "endpoint.disabled"}
        assert found <= set(catalogue.BY_NAME), "add a line to gateway/schemas/…_events.py"

    def test_of_a_kind_that_is_not_there_would_be_found(self):
        (given,) = (
            node.keywords[0].value
            for node in ast.walk(ast.parse("events.publish(tx, kind='order.unheard_of')"))
            if isinstance(node, ast.Call)
        )
        assert not kinds("gateway.webhooks", given) <= set(catalogue.BY_NAME)

    def test_is_all_that_there_is_in_the_catalogue(self):
        found = {kind for module, given in publishing() for kind in kinds(module, given)}
        assert set(catalogue.BY_NAME) == found
        assert set(news.KINDS.values()) < found


class TestEachType:
    @pytest.mark.parametrize("name", sorted(catalogue.BY_NAME))
    def test_has_an_example_that_its_schema_allows_and_the_sdk_reads(self, name):
        kind = catalogue.BY_NAME[name]
        told = catalogue.described(kind)
        schema = {**told["schema"], "additionalProperties": False}
        checker = OAS31Validator(schema, format_checker=OAS31Validator.FORMAT_CHECKER)
        assert [each.message for each in checker.iter_errors(told["example"])] == []
        assert told["description"].endswith(".")
        event = Event.from_json(
            {
                "id": "evt_1",
                "type": name,
                "created_at": "2026-11-27T08:30:00.000Z",
                "subject": kind.subject_of(told["example"]),
                "data": {"object": told["example"]},
            }
        )
        assert type(event) is not Event, "give it a class in cf_partner_sdk/_event_types.py"
        carried = [
            getattr(event, part) for part in CARRIED if getattr(event, part, None) is not None
        ]
        assert len(carried) == 1
        unread = set(getattr(carried[0], "extra", ()))
        assert not unread or name == "order.refunded", unread

    def test_is_served_with_its_schema(self, world):
        client = world.client()
        found = {each.type: each for each in client.event_types.list()}
        assert set(found) == set(catalogue.BY_NAME)
        paid = client.event_types.get("order.paid")
        assert paid.description == "You have the money: deliver."
        assert paid.schema["properties"]["payout"]
        assert paid.example["payout"]["account_last4"] == "0012"
        assert found["order.declined"].example["decline_reason"] == "declined_by_lender"

    def test_is_in_the_description_of_the_api(self):
        document = openapi.describe(gateway.ENDPOINTS, "https://lender.example", VERSIONS)
        assert set(document["webhooks"]) == set(catalogue.BY_NAME)
        named = document["components"]["schemas"]
        for name, item in document["webhooks"].items():
            content = item["post"]["requestBody"]["content"]["application/json"]
            schema = {**content["schema"], "components": {"schemas": named}}
            assert list(OAS31Validator(schema).iter_errors(content["example"])) == [], name
            wrong = content["example"] | {"type": "order.unheard_of"}
            assert list(OAS31Validator(schema).iter_errors(wrong)), name
