"""Cursors: opaque, and good only for the list, the filters and the partner they came from."""

import base64
import random

import pytest

from tests.gateway.world import World, code_of


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
