"""What a body and a query may be: read without doubt, or refused with a pointer."""

import pytest

from gateway import strict_json
from tests.assisted_lending.test_attachments import document
from tests.gateway.hostile import bodies
from tests.gateway.world import ORDER, Sent, World, code_of


def send(world: World, body: bytes, **headers: str | None):
    sent = Sent(
        "POST",
        "/v1/mall/orders",
        "",
        {"content-type": "application/json", "idempotency-key": "k"},
        body,
    )
    return world.send(world.signed(sent.with_headers(**headers)))


class TestHostileBodies:
    def test_are_at_least_300(self):
        assert len(set(bodies())) >= 300

    def test_are_all_refused_and_none_breaks_us(self, world):
        for body in bodies():
            answer = send(world, body)
            assert 400 <= answer.status_code < 500, (answer.status, body[:200])
            assert answer.json["mend"], body[:200]
        assert world.count("mall_order") == 0

    def test_of_deep_brackets_hidden_in_texts_are_not_taken_for_deep(self):
        assert strict_json.loads(b'{"a":"' + b"[" * 100 + b'\\"{"}') == {"a": "[" * 100 + '"{'}


class TestFields:
    @pytest.mark.parametrize("wrong", [True, False, "5", 1.0, None, [], {}, 0, -1, 2**63])
    @pytest.mark.parametrize("pointer", ["/amount_fen", "/items/0/quantity"])
    def test_take_no_other_type_as_a_number(self, world, pointer, wrong):
        item = dict(ORDER["items"][0])
        body = ORDER | {"items": [item]}
        (body if pointer == "/amount_fen" else item)[pointer.rpartition("/")[2]] = wrong
        answer = world.write("/v1/mall/orders", body, key="k")
        assert (answer.status_code, answer.json["field"]) == (400, pointer)

    def test_that_are_wrong_are_all_named(self, world):
        body = ORDER | {"items": [{"sku": "x", "fen": 1}]}
        detail = world.write("/v1/mall/orders", body, key="k").json["detail"]
        for name in ("name", "quantity", "unit_price_fen", "category", "fen"):
            assert f"items/0/{name}" in detail, name

    def test_say_in_words_what_they_take(self, world):
        body = ORDER | {"return_url": "shop.example/back"}
        detail = world.write("/v1/mall/orders", body, key="k").json["detail"]
        assert detail.startswith("return_url: must be an absolute http or https URL")

    @pytest.mark.parametrize("name", ["approved", "rate_annual", "state", "fen", "partner_id"])
    def test_that_are_unknown_are_refused_nested_too(self, world, name):
        item = {**ORDER["items"][0], name: 1}
        for body, pointer in (
            (ORDER | {name: 1}, f"/{name}"),
            (ORDER | {"items": [item]}, f"/items/0/{name}"),
        ):
            answer = world.write("/v1/mall/orders", body, key="k")
            assert (code_of(answer), answer.json["field"]) == ("fields.refused", pointer)

    def test_keep_what_was_given(self, world):
        items = [{**ORDER["items"][0], "name": "“苹果”手机 <b>&amp; 👩‍💻"[:-3]}]
        made = world.write("/v1/mall/orders", ORDER | {"items": items}, key="k")
        assert made.status_code == 201, made.text
        assert made.json["items"] == items


class TestQueries:
    @pytest.mark.parametrize(
        ("query", "pointer"),
        [
            ("unknown=1", "/unknown"),
            ("state=paid&state=paid", "/state"),
            ("limit=0", "/limit"),
            ("limit=201", "/limit"),
            ("limit=-1", "/limit"),
            ("limit=1.0", "/limit"),
            ("limit=0001999", "/limit"),
            ("limit=" + "9" * 5000, "/limit"),
            ("limit=%EF%BC%91", "/limit"),
            ("order_no=%00", "/order_no"),
            ("state=a%0Ab", "/state"),
        ],
    )
    def test_are_refused_with_a_pointer(self, world, query, pointer):
        answer = world.call("GET", "/v1/mall/orders", query=query)
        assert (answer.status_code, answer.json["field"]) == (400, pointer)

    @pytest.mark.parametrize(
        "attack",
        ["%27%20OR%201%3D1--", "%27%3BDROP%20TABLE%20mall_order--", "%25", "_", "%5C", "%7B%7D"],
    )
    def test_are_values_and_never_statements(self, world, attack):
        world.order("A-1")
        for name in ("order_no", "state"):
            answer = world.call("GET", "/v1/mall/orders", query=f"{name}={attack}")
            assert (answer.status_code, answer.json.get("data", [])) in ((200, []), (400, []))
        assert world.count("mall_order") == 1

    def test_with_a_plus_or_bytes_beyond_ascii_break_nothing(self, world):
        for query in ("order_no=a+b", "order_no=%C3%A4", "order_no=%FF"):
            answer = world.call("GET", "/v1/mall/orders", query=query)
            assert (answer.status_code, code_of(answer)) == (400, "fields.refused")
        for path in ("/v1/mall/orders", "/.well-known/http-message-signatures-directory"):
            raw = world.app.test_client().get(
                path,
                base_url="http://lender.example:8080",
                environ_overrides={"QUERY_STRING": "order_no=\xe4"},
            )
            assert raw.status_code < 500


class TestPaths:
    @pytest.mark.parametrize(
        "path",
        [
            "/v1/mall/orders/%E4%B8%AD",
            "/v1/mall/orders/a%20b",
            "/v1/mall/orders/a%00b",
            "/v1/mall/orders/%2e%2e%2fetc",
            "/v1/%F0%9F%92%A9",
            "/v1//mall/orders",
            "/v1/mall/orders/" + "a" * 10_000,
            "/v1/mall/orders/'%20OR%201=1",
        ],
    )
    def test_that_are_not_plain_are_404_before_anything(self, world, path):
        answer = world.app.test_client().get(path, base_url="http://lender.example:8080")
        assert answer.status_code in (401, 404), answer.text
        if "aaa" not in path:
            assert answer.status_code == 404
        assert b"Traceback" not in answer.data

    def test_of_another_method_are_404(self, world):
        for method in ("PUT", "PATCH", "DELETE", "OPTIONS"):
            assert world.call(method, "/v1/mall/orders").status_code == 404


class TestForm:
    def test_that_is_too_large_is_413(self, world):
        answer = send(world, b" " * (1024 * 1024 + 1))
        assert (answer.status_code, code_of(answer)) == (413, "body.too_large")

    def test_of_a_file_is_larger_and_no_more_than_it_says(self, world):
        def attached(size: int, **headers: str) -> str:
            key, kind = {"idempotency-key": "k"}, {"content-type": "application/pdf"}
            path = "/v1/leads/led_none/attachments"
            pdf = document(size=max(size - 2_000, 1))
            sent = Sent("POST", path, "kind=income", key | kind | headers, pdf.ljust(size))
            return code_of(world.send(world.signed(sent)))

        most = 10 * 1024 * 1024
        assert attached(most) == "not_found"
        assert attached(most + 1) == "body.too_large"
        assert attached(999, **{"content-type": "application/json"}) == "body.encoding_refused"
        assert attached(999, **{"content-encoding": "gzip"}) == "body.encoding_refused"

    def test_of_just_1_mib_is_read(self, world):
        assert code_of(send(world, b" " * 1024 * 1024)) == "json.refused"

    @pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "zstd", "gzip, gzip", "x"])
    def test_that_is_encoded_is_415(self, world, encoding):
        answer = send(world, b"{}", content_encoding=encoding)
        assert (answer.status_code, code_of(answer)) == (415, "body.encoding_refused")

    @pytest.mark.parametrize(
        "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x"]
    )
    def test_other_than_json_is_415(self, world, kind):
        assert send(world, b"{}", content_type=kind).status_code == 415

    def test_where_none_is_wanted_is_refused(self, world):
        answer = world.write("/v1/mall/orders/ord_x/cancel", {}, key="k")
        assert code_of(answer) == "fields.refused"
