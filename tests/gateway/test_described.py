"""That the description tells a developer all there is to know, and nothing that is not so."""

import re
from collections.abc import Iterator

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from gateway import problems, sealed_examples
from gateway.openapi_parts import IDS, TAGS
from gateway.sealed import SealedMessage
from tests.gateway.described import ENDPOINTS as ALL
from tests.gateway.described import document
from tests.keys import example_key

ENDPOINTS = {each.name: each for each in ALL}
DESCRIBED = document()
SCHEMAS = DESCRIBED["components"]["schemas"]


def fields() -> Iterator[tuple[str, dict]]:
    for name, schema in SCHEMAS.items():
        for field, about in schema.get("properties", {}).items():
            yield f"{name}.{field}", about


def operations() -> Iterator[dict]:
    for item in DESCRIBED["paths"].values():
        yield from item.values()


FIELDS = dict(fields())
OPERATIONS = {each["operationId"]: each for each in operations()}


def fits(value: object, schema: dict) -> list[str]:
    whole = {**schema, "components": DESCRIBED["components"]}
    found = Draft202012Validator(
        whole, format_checker=Draft202012Validator.FORMAT_CHECKER
    ).iter_errors(value)
    return [error.message for error in found]


def test_is_valid_openapi_3_1():
    validate(DESCRIBED)


class TestEveryField:
    def test_says_what_it_is(self):
        for name, about in FIELDS.items():
            assert re.search(r"[.`]$", about.get("description", "")) or name == "Problem.status", (
                name
            )

    def test_of_money_is_whole_fen_within_64_bits(self):
        for name in (name for name in FIELDS if name.endswith("_fen")):
            about = FIELDS[name]
            assert "integer" in about["type"], name
            assert about["format"] == "int64", name
            assert "minimum" in about, name
            assert about["maximum"] <= 2**63 - 1, name
            assert about["description"].endswith("In fen."), name

    def test_of_time_is_an_instant(self):
        for name in (name for name in FIELDS if name.endswith("_at")):
            assert FIELDS[name]["format"] == "date-time", name

    def test_with_a_list_of_words_says_what_each_means(self):
        listed = [about for about in FIELDS.values() if "enum" in about]
        listed += [each["items"] for each in FIELDS.values() if "enum" in each.get("items", {})]
        assert listed
        for about in listed:
            words = [word for word in about["enum"] if word is not None]
            assert list(about["x-enumDescriptions"]) == words
            assert all(text.endswith(".") for text in about["x-enumDescriptions"].values())

    def test_has_examples_that_it_allows(self):
        for name, about in FIELDS.items():
            for example in about.get("examples", ()):
                assert fits(example, about) == [], name


class TestEveryCall:
    @pytest.mark.parametrize("name", OPERATIONS)
    def test_has_examples_that_its_schemas_allow(self, name):
        operation = OPERATIONS[name]
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        for body in [*bodies, *operation["responses"].values()]:
            for kind, content in body["content"].items():
                if kind == "application/json":
                    assert fits(content["example"], content["schema"]) == []

    @pytest.mark.parametrize("name", [n for n, each in ENDPOINTS.items() if each.request])
    def test_takes_the_example_of_its_body(self, name):
        content = OPERATIONS[name]["requestBody"]["content"]["application/json"]
        example, request = content["example"], ENDPOINTS[name].request
        if ENDPOINTS[name].takes_sealed:
            example = SealedMessage(example, {sealed_examples.KID: example_key()}).body
        assert request.load(example)

    @pytest.mark.parametrize("name", OPERATIONS)
    def test_tells_all_that_it_may_refuse_with_by_status(self, name):
        told = {
            (status, code)
            for status, answer in OPERATIONS[name]["responses"].items()
            for code in answer["content"].get("application/problem+json", {}).get("examples", ())
        }
        assert told == {(str(each.status), each.code) for each in problems.of(ENDPOINTS[name])}

    @pytest.mark.parametrize("name", OPERATIONS)
    def test_knows_its_ids_and_its_function(self, name):
        endpoint = ENDPOINTS[name]
        assert set(re.findall(r"<(\w+)>", endpoint.path)) <= set(IDS), "add the id to IDS"
        assert endpoint.function in TAGS, "say in TAGS what the function is for"

    @pytest.mark.parametrize("name", OPERATIONS)
    def test_describes_its_parameters(self, name):
        for each in OPERATIONS[name]["parameters"]:
            if "$ref" not in each:
                assert each["description"].endswith(".")

    def test_is_signed_and_says_so_in_its_headers(self):
        for operation in operations():
            for answer in operation["responses"].values():
                assert {"request-id", "Signature-Input", "Signature"} <= set(answer["headers"])


class TestProblems:
    def test_are_shown_as_they_look(self):
        for name, example in DESCRIBED["components"]["examples"].items():
            assert example["value"]["code"] == name
            assert fits(example["value"], SCHEMAS["Problem"]) == []

    def test_say_what_they_mean(self):
        for each in DESCRIBED["x-problems"]:
            assert each["meaning"].endswith("."), each["code"]
            assert each["title"], each["code"]


def test_says_what_events_may_come():
    types = set(SCHEMAS["Event"]["properties"]["type"]["enum"])
    assert set(DESCRIBED["webhooks"]) == types
    for hook in DESCRIBED["webhooks"].values():
        named = {each["name"] for each in hook["post"]["parameters"]}
        assert {"webhook-id", "webhook-timestamp", "Signature", "Signature-Input"} <= named


def test_lists_every_endpoint_once():
    assert sorted(OPERATIONS) == sorted(each.name for each in ALL)
