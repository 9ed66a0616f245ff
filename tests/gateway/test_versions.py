"""Versions of the API by date: pinned, named, converted, ended."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from cf_partner_sdk import CfDeprecationWarning

from gateway import caller, versions
from gateway.versions import Ending, Version, Versions, VersionUnknown
from lending.foundation.audit import SYSTEM
from processes import front
from tests.gateway.world import Partner, World, code_of

OLD, NEW = "2026-11-01", "2027-03-01"
ENDING = Ending(datetime(2027, 3, 1, tzinfo=UTC), datetime(2028, 3, 1, tzinfo=UTC))


def take(endpoint: str, body: Any) -> Any:
    """The amount had another name before."""
    if endpoint == "quote" and isinstance(body, dict) and "price_fen" in body:
        body = dict(body)
        body["amount_fen"] = body.pop("price_fen")
    return body


def give(endpoint: str, body: Any) -> Any:
    if endpoint == "quote":
        body = dict(body)
        body["price_fen"] = body.pop("amount_fen")
    return body


TWO = Versions(Version(OLD, "The first.", ending=ENDING), Version(NEW, "price_fen.", take, give))


@pytest.fixture
def later(world: World, monkeypatch) -> World:
    """The world after a second version came, in which the amount of a quote has another name."""
    made = replace(world.context, versions=TWO)
    world.app = front.create_app(made.lending, made)
    monkeypatch.setattr(versions, "VERSIONS", TWO)
    monkeypatch.setattr(caller, "KEY_GOOD_FOR_S", 0)
    return world


def quote(
    world: World, name: str = "amount_fen", version: str | None = None, by: Partner | None = None
):
    """Asks without `World.send`, which holds answers against the newest version's description."""
    headers = {"cf-version": version} if version else {}
    plain = world.request("POST", "/v1/mall/quotes", {name: 599_900}, headers=headers)
    sent = world.signed(plain, (by or world.shop).key)
    return world.app.test_client().post(
        sent.path, headers=sent.headers, data=sent.body, base_url=sent.base_url
    )


class TestAPartner:
    def test_is_pinned_to_the_newest_at_its_first_call(self, world):
        assert quote(world).headers["cf-version"] == OLD
        with world.database.unit_of_work() as tx:
            assert tx.scalar("SELECT version FROM pinned_version WHERE partner_id = :id",
                             id=world.shop.id) == OLD  # fmt: skip

    def test_keeps_the_version_of_its_first_call_when_a_newer_one_comes(self, world, later):
        with world.database.unit_of_work() as tx:
            versions.version_store.pin(tx, world.shop.id, OLD)
        answer = quote(later, "price_fen")
        assert (answer.status_code, answer.headers["cf-version"]) == (200, OLD)
        assert answer.json["price_fen"] == 599_900
        assert "amount_fen" not in answer.json
        assert code_of(quote(later, "price")) == "fields.refused"

    def test_that_is_new_gets_the_newest(self, later):
        answer = quote(later, by=later.other)
        assert (answer.status_code, answer.headers["cf-version"]) == (200, NEW)
        assert answer.json["amount_fen"] == 599_900

    def test_may_name_another_version_for_one_call(self, later):
        assert quote(later).headers["cf-version"] == NEW
        answer = quote(later, "price_fen", OLD)
        assert (answer.headers["cf-version"], answer.json["price_fen"]) == (OLD, 599_900)
        assert quote(later).headers["cf-version"] == NEW

    def test_is_moved_when_it_says_that_it_is_ready(self, later):
        with later.database.unit_of_work() as tx:
            versions.version_store.pin(tx, later.shop.id, OLD)
        assert quote(later, "price_fen").headers["cf-version"] == OLD
        with later.database.unit_of_work() as tx:
            versions.pin(tx, later.shop.id, NEW, SYSTEM)
        assert quote(later).headers["cf-version"] == NEW
        with later.database.unit_of_work() as tx:
            assert tx.scalar("SELECT count(*) FROM audit_log WHERE action = 'partner.version'") == 1
            with pytest.raises(VersionUnknown):
                versions.pin(tx, later.shop.id, "2020-01-01", SYSTEM)


class TestAVersion:
    @pytest.mark.parametrize("day", ["2020-01-01", "latest", "x" * 500])
    def test_that_is_not_served_is_refused_with_those_that_are(self, world, day):
        answer = quote(world, version=day)
        assert (answer.status_code, code_of(answer)) == (400, "version.unknown")
        assert OLD in answer.json["mend"]
        assert len(answer.text) < 1000

    def test_that_ends_says_so_in_every_answer(self, later):
        answer = quote(later, "price_fen", OLD)
        assert answer.headers["deprecation"] == f"@{int(ENDING.deprecated_at.timestamp())}"
        assert answer.headers["sunset"] == "Wed, 01 Mar 2028 00:00:00 GMT"
        assert 'rel="deprecation"' in answer.headers["link"]
        refused = quote(later, "price", OLD)
        assert refused.status_code == 400
        assert "sunset" in refused.headers

    def test_that_is_newest_says_no_such_thing(self, later):
        headers = quote(later).headers
        assert "deprecation" not in headers
        assert "sunset" not in headers

    def test_that_ends_makes_the_sdk_warn(self, later):
        with later.database.unit_of_work() as tx:
            versions.version_store.pin(tx, later.shop.id, OLD)
        with pytest.warns(CfDeprecationWarning, match="sunset"):
            list(later.client().webhook_endpoints.list())

    def test_goes_through_all_changes_since_and_back(self):
        steps = Versions(
            Version("2026-01-01", "a"),
            Version("2026-02-01", "b", lambda _, b: [*b, "b"], lambda _, b: [*b, "-b"]),
            Version("2026-03-01", "c", lambda _, b: [*b, "c"], lambda _, b: [*b, "-c"]),
        )
        first, second, third = steps
        assert steps.taken(first, "x", []) == ["b", "c"]
        assert steps.given(first, "x", []) == ["-c", "-b"]
        assert steps.taken(second, "x", []) == ["c"]
        assert steps.taken(third, "x", []) == steps.given(third, "x", []) == []

    def test_of_a_write_is_stored_as_it_was_answered(self, later):
        headers = {"idempotency-key": "e", "cf-version": OLD}
        body = {"url": "https://hooks.shop.example/cf"}
        first = later.call("POST", "/v1/webhook_endpoints", body, headers=headers)
        again = later.call("POST", "/v1/webhook_endpoints", body, headers={"idempotency-key": "e"})
        assert first.status_code == again.status_code == 201
        assert first.data == again.data
