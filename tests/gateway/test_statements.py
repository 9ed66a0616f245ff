"""Statements over the signed door: lists, files in one answer and in parts."""

import base64
from hashlib import sha256

import pytest
from cf_partner_sdk.http_signatures import content_digest

from gateway import ranges
from tests.gateway.statements import statement_of
from tests.gateway.world import World, code_of

LIST = "/v1/statements"


@pytest.fixture
def path(world: World) -> str:
    return f"{LIST}/{statement_of(world, world.shop)}/file"


def part(world: World, path: str, wanted: str, **headers: str):
    sent = {"range": wanted} | {name.replace("_", "-"): value for name, value in headers.items()}
    return world.call("GET", path, headers=sent)


class TestTheList:
    def test_has_what_a_statement_has_and_says_how_its_file_is_read(self, world):
        statement_id = statement_of(world, world.shop)
        (listed,) = world.call("GET", LIST).json["data"]
        assert listed == world.call("GET", f"{LIST}/{statement_id}").json
        assert (listed["rows"], listed["closing_balance_fen"]) == (3, 0)
        assert {"type": "fee", "rows": 1, "amount_fen": -3_599} in listed["sums"]
        content = world.call("GET", f"{LIST}/{statement_id}/file").data
        names = content.decode().split("\r\n")[0].split(",")
        assert [field["name"] for field in listed["schema"]["fields"]] == names
        assert (listed["size_bytes"], listed["sha256"]) == (
            len(content),
            sha256(content).hexdigest(),
        )

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("kind=settlement", 1),
            ("span=day", 1),
            ("span=month", 0),
            ("period=2026-11-23", 1),
            ("period=2026-11-24", 0),
            ("period=2026-11", 0),
            ("kind=settlement&span=day&period=2026-11-23", 1),
        ],
    )
    def test_is_filtered(self, world, query, found):
        statement_of(world, world.shop)
        assert len(world.call("GET", LIST, query=query).json["data"]) == found

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ("kind=other", "fields.refused"),
            ("span=year", "fields.refused"),
            ("period=2026", "fields.refused"),
            ("period=2026-13", "statement.period_refused"),
            ("period=2026-02-30", "statement.period_refused"),
            ("period=20261123", "fields.refused"),
            ("month=2026-11", "fields.refused"),
        ],
    )
    def test_refuses_filters_that_it_cannot_read(self, world, query, code):
        answer = world.call("GET", LIST, query=query)
        assert (answer.status_code, code_of(answer)) == (400, code)


class TestAFile:
    def test_says_what_it_is_and_that_parts_may_be_asked_for(self, world, path):
        answer = world.call("GET", path)
        digest = sha256(answer.data)
        assert answer.content_type == "text/csv; charset=utf-8; header=present"
        assert answer.headers["accept-ranges"] == "bytes"
        assert answer.headers["etag"] == f'"{digest.hexdigest()}"'
        told = base64.b64encode(digest.digest()).decode()
        assert answer.headers["repr-digest"] == f"sha-256=:{told}:"
        assert "repr-digest" in answer.headers["signature-input"]

    @pytest.mark.parametrize(
        ("wanted", "cut"),
        [
            ("bytes=0-0", slice(0, 1)),
            ("bytes=5-20", slice(5, 21)),
            ("bytes=100-", slice(100, None)),
            ("bytes=-7", slice(-7, None)),
            ("bytes=-999999", slice(0, None)),
            ("bytes=3-999999", slice(3, None)),
        ],
    )
    def test_is_given_in_parts_whose_digest_is_the_parts_own(self, world, path, wanted, cut):
        whole = world.call("GET", path)
        answer = part(world, path, wanted)
        assert answer.status_code == 206
        assert answer.data == whole.data[cut]
        start, stop, _ = cut.indices(len(whole.data))
        assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(whole.data)}"
        assert answer.headers["content-digest"] == content_digest(answer.data)
        assert answer.headers["repr-digest"] == whole.headers["repr-digest"]
        assert "content-range" in answer.headers["signature-input"]

    @pytest.mark.parametrize(
        "wanted",
        [
            *("bytes=999999-", "bytes=-0", "bytes=5-4", "bytes=", "bytes=-", "bytes=a-b"),
            *("bytes=0-1,3-4", "bytes = 0-1", "lines=0-1"),
            "bytes=0-" + "9" * 30,
        ],
    )
    def test_refuses_a_range_that_is_not_one_of_it(self, world, path, wanted):
        size = len(world.call("GET", path).data)
        answer = part(world, path, wanted)
        assert (answer.status_code, code_of(answer)) == (416, "range.refused")
        assert answer.headers["content-range"] == f"bytes */{size}"

    def test_is_given_whole_where_the_part_was_of_another_file(self, world, path):
        etag = world.call("GET", path).headers["etag"]
        assert part(world, path, "bytes=5-9", if_range=etag).status_code == 206
        answer = part(world, path, "bytes=5-9", if_range=f'"{"0" * 64}"')
        assert (answer.status_code, answer.headers.get("content-range")) == (200, None)

    @pytest.mark.parametrize("name", ["range", "if-range"])
    def test_is_not_cut_by_a_header_that_was_not_signed(self, world, path, name):
        sent = world.signed(world.request("GET", path))
        answer = world.send(sent.but(headers=sent.headers | {name: "bytes=0-1"}))
        assert (answer.status_code, code_of(answer)) == (401, "component-not-covered")
        assert answer.json["missing"] == [name]

    def test_of_several_mib_comes_in_parts_and_not_at_once(self, world, monkeypatch):
        path = f"{LIST}/{statement_of(world, world.shop, orders=20_000)}/file"
        whole = world.call("GET", path)
        assert len(whole.data) > 4 * 1024 * 1024
        monkeypatch.setattr(ranges, "PART_MAX", 1024 * 1024)
        answer = world.call("GET", path)
        assert (answer.status_code, code_of(answer)) == (422, "file.too_long")
        parts = b""
        while len(parts) < len(whole.data):
            answer = part(world, path, f"bytes={len(parts)}-")
            assert (answer.status_code, len(answer.data) <= 1024 * 1024) == (206, True)
            parts += answer.data
        assert parts == whole.data

    def test_that_is_gone_is_a_fault_that_may_pass(self, world, path):
        for file in (world.context.lending.files.root / "statement").rglob("*.csv"):
            file.unlink()
        answer = world.call("GET", path)
        assert (answer.status_code, code_of(answer)) == (503, "statement.file_away")
        assert answer.json["retryable"]
