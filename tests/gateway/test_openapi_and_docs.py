"""What the lender says of itself: the description, the docs, its keys, the embed script."""

import re

import pytest
from flask import Flask

from gateway import errors
from gateway.oauth_errors import TokenRefused
from gateway.public import DIRECTORY, DIRECTORY_TYPE
from tests.gateway.described import ENDPOINTS
from tests.gateway.world import ORDER, PUBLIC_URL, World, code_of

OPERATIONS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
PAGES = {
    "/docs/": "text/html; charset=utf-8",
    "/docs/signing": "text/html; charset=utf-8",
    "/docs/search.json": "application/json",
    "/docs/code.css": "text/css; charset=utf-8",
    "/gateway/static/docs.js": "text/javascript; charset=utf-8",
    "/openapi.json": "application/json",
    DIRECTORY: DIRECTORY_TYPE,
    "/embed/v1/cf.js": "text/javascript; charset=utf-8",
    "/embed/v1/price-message?app_id=app_shop&amount_fen=599900": "application/json",
    "/embed/v1/price-message?app_id=app_shop&amount_fen=x": "application/problem+json",
    "/gateway/static/docs.css": "text/css; charset=utf-8",
    "/healthz": "text/html; charset=utf-8",
}


def get(world: World, url: str):
    path, _, query = url.partition("?")
    return world.send(world.request("GET", path, query=query))


@pytest.fixture
def described(world: World) -> dict:
    return dict(get(world, "/openapi.json").json)


def served(app: Flask) -> set[tuple[str, str]]:
    """What the front's router has under /v1, in OpenAPI's spelling."""
    return {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/v1/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def operations(described: dict) -> dict[tuple[str, str], dict]:
    return {
        (method, path): operation
        for path, item in described["paths"].items()
        for method, operation in item.items()
        if method in OPERATIONS
    }


def references(value: object) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(references, value), set())
    if not isinstance(value, dict):
        return set()
    own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
    return own.union(*map(references, value.values()))


class TestTheDescription:
    def test_is_openapi_3_1_of_this_server(self, described):
        assert described["openapi"] == "3.1.0"
        assert described["servers"] == [{"url": PUBLIC_URL}]
        assert described["info"]["version"]

    def test_lists_exactly_what_is_served(self, world, described):
        assert set(operations(described)) == served(world.app)
        assert len(served(world.app)) == len(ENDPOINTS)

    def test_names_each_operation_once(self, described):
        names = [each["operationId"] for each in operations(described).values()]
        assert sorted(names) == sorted({endpoint.name for endpoint in ENDPOINTS})

    def test_asks_a_signature_of_every_call_and_a_key_of_every_write(self, described):
        asked = {endpoint.name: endpoint.writes for endpoint in ENDPOINTS}
        for operation in operations(described).values():
            assert all("signature" in each for each in operation["security"])
            headers = {
                each["$ref"].split("/")[-1] for each in operation["parameters"] if "$ref" in each
            }
            wanted = {"Signature-Input", "Signature"}
            wanted |= {"Idempotency-Key"} if asked[operation["operationId"]] else set()
            wanted |= {"Content-Digest"} if "requestBody" in operation else set()
            assert headers - {"CF-Version", "traceparent"} == wanted, operation["operationId"]

    def test_declares_every_parameter_of_every_path(self, described):
        for (_, path), operation in operations(described).items():
            declared = {
                each["name"] for each in operation["parameters"] if each.get("in") == "path"
            }
            assert declared == set(re.findall(r"{(\w+)}", path))

    def test_points_to_nothing_that_is_not_there(self, described):
        found = references(described)
        assert found
        for reference in found:
            place = described
            for step in reference.removeprefix("#/").split("/"):
                place = place[step]

    def test_has_the_members_that_a_problem_really_has(self, world, described):
        schema = described["components"]["schemas"]["Problem"]
        answer = world.write("/v1/mall/orders", ORDER | {"amount_fen": "1"}, key="k")
        assert set(schema["required"]) <= set(answer.json) <= set(schema["properties"])

    def test_has_the_members_that_an_order_really_has(self, world, described):
        schema = described["components"]["schemas"]["Order"]
        assert set(world.order("A-1")) == set(schema["properties"])


class TestCodes:
    def test_are_listed_once_each_with_a_mend(self, described):
        listed = described["x-problems"]
        codes = [each["code"] for each in listed]
        assert len(codes) == len(set(codes))
        assert all(each["status"] >= 400 and each["title"] for each in listed)

    def test_of_signatures_are_all_listed(self, described):
        told = {each["code"] for each in described["x-problems"] if each["status"] == 401}
        assert told - {TokenRefused.code} == set(errors.SIGNATURE_CODES)

    def test_of_the_gateway_are_all_listed(self, described):
        own = {
            each.code
            for each in vars(errors).values()
            if isinstance(each, type)
            and issubclass(each, errors.Problem)
            and each.__module__ == errors.__name__
        }
        assert own - {errors.NotSignedRight.code} <= {
            each["code"] for each in described["x-problems"]
        }

    def test_that_calls_get_are_listed_and_their_type_leads_into_the_docs(self, world, described):
        order = world.order("A-1")["id"]
        page = get(world, "/docs/errors").text
        listed = {each["code"]: each["status"] for each in described["x-problems"]}
        refund = {"refund_no": "R-1", "order_id": order, "amount_fen": 100}
        path = "/v1/mall/orders"
        twice = ORDER | {"order_no": "A-2", "amount_fen": 1_199_800, "items": ORDER["items"] * 2}
        for answer in (
            world.call("POST", path, ORDER),
            world.write(path, ORDER | {"state": "paid"}, key="1"),
            world.write(path, b"{", key="2"),
            world.write(path, ORDER, key="3"),
            world.write(path, ORDER | {"order_no": "A-2", "amount_fen": 1}, key="4"),
            world.write(path, twice, key="5"),
            world.write(path, ORDER | {"product_code": "none"}, key="6"),
            world.write(path, ORDER | {"order_no": "A-2"}, key="A-1"),
            world.write("/v1/mall/refunds", refund, key="7"),
            world.write("/v1/webhook_endpoints", {"url": "https://10.0.0.1/"}, key="8"),
            world.call("POST", "/v1/mall/quotes", {"amount_fen": 1}),
            world.call("POST", "/v1/mall/quotes", {"amount_fen": 599_900, "periods": [7]}),
            world.call("GET", path, query="cursor=x"),
            world.call("GET", "/v1/mall/orders/ord_none"),
            world.send(world.request("GET", path)),
        ):
            code = code_of(answer)
            assert listed[code] == answer.status_code, code
            assert answer.json["type"] == f"{PUBLIC_URL}/docs/errors#{code}"
            assert f'id="{code}"' in page


class TestPages:
    @pytest.mark.parametrize("url", PAGES)
    def test_have_their_type_and_security_headers(self, world, url):
        answer = get(world, url)
        assert answer.content_type == PAGES[url]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "set-cookie" not in answer.headers

    def test_answer_an_unknown_path_signed_under_v1(self, world):
        answer = world.call("GET", "/v1/nothing/here")
        assert (answer.status_code, code_of(answer)) == (404, "not_found")
        assert answer.headers["signature"]

    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
    def test_of_another_method_are_not_there(self, world, method):
        answer = world.call(method, "/v1/mall/orders")
        assert (answer.status_code, code_of(answer)) == (404, "not_found")


class TestTheKeyDirectory:
    def test_is_kept_by_nobody_and_holds_no_secret(self, world):
        answer = get(world, DIRECTORY)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["signature"]
        for key in answer.json["keys"]:
            assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(key), key["kid"]

    def test_tells_one_key_for_each_purpose(self, world):
        keys = get(world, DIRECTORY).json["keys"]
        assert sorted(key.get("purpose") or key["use"] for key in keys) == [
            *("encryption", "event", "response", "root")
        ]
        assert len({key["kid"] for key in keys}) == 4


class TestThePriceMessage:
    URL = "/embed/v1/price-message"

    def test_may_be_read_by_any_page_and_kept_a_minute(self, world):
        answer = get(world, f"{self.URL}?app_id=app_shop&amount_fen=599900")
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["cache-control"] == "public, max-age=60"
        quoted = world.call("POST", "/v1/mall/quotes", {"amount_fen": 599_900})
        assert answer.json == quoted.json

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ("app_id=app_shop&amount_fen=", 400),
            ("app_id=app_shop&amount_fen=-1", 400),
            ("app_id=app_shop&amount_fen=1e9", 400),
            ("app_id=app_shop&amount_fen=" + "9" * 13, 400),
            ("app_id=%3Cscript%3E&amount_fen=599900", 400),
            ("amount_fen=599900", 400),
            ("app_id=app_nobody&amount_fen=599900", 404),
            ("app_id=app_shop&amount_fen=1", 422),
        ],
    )
    def test_is_refused_in_problem_details_that_nobody_keeps(self, world, query, status):
        answer = get(world, f"{self.URL}?{query}")
        assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "<script>" not in answer.text


class TestTheEmbedScript:
    def test_is_kept_five_minutes(self, world):
        answer = get(world, "/embed/v1/cf.js")
        assert answer.headers["cache-control"] == "public, max-age=300"
        assert "data-cf-price" in answer.text
