"""Events on their way to a shop: signed, in order, tried again, ended by 410, seen in the list."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import timedelta

import pytest
from cf_partner_sdk import (
    DisabledReason,
    EndpointDisabled,
    MemorySeenStore,
    WebhookDuplicate,
    WebhookRefused,
)

from gateway.webhooks import WAITS_S, Deliveries
from lending.foundation import events
from tests.gateway.receiver import Receiver
from tests.gateway.world import Partner, World, code_of

LONG = timedelta(days=2)
"""Longer than any wait between two tries."""


def register(world: World, url: str, *, by: Partner | None = None, **more: object) -> str:
    key = f"{url}{len(more)}"
    made = world.write("/v1/webhook_endpoints", {"url": url, **more}, key=key, by=by)
    assert made.status_code == 201, made.text
    return str(made.json["id"])


def publish(
    world: World, *, subject: str = "ord_1", kind: str = "order.paid", to: Partner | None = None
) -> str:
    with world.database.unit_of_work() as tx:
        return events.publish(
            tx,
            partner_id=(to or world.shop).id,
            kind=kind,
            subject=subject,
            data={"object": {"note": "手机"}},
        )


def ids_at(receiver: Receiver) -> list[str]:
    return [each.headers["webhook-id"] for each in receiver.arrived]


def attempts(world: World, event_id: str) -> list[tuple[int, int | None, str]]:
    found = world.call("GET", f"/v1/events/{event_id}/attempts").json["data"]
    return [(each["number"], each["status"], each["outcome"]) for each in found]


class TestEndpoints:
    def test_are_registered_read_listed_and_deleted(self, world):
        body = {
            "url": "https://hooks.shop.example/cf",
            "event_types": ["order.paid"],
            "description": "仓库",
        }
        made = world.write("/v1/webhook_endpoints", body, key="e")
        assert made.status_code == 201
        assert made.json | body == made.json
        assert made.json["state"] == "enabled"
        path = made.headers["location"]
        shown = world.call("GET", path).json
        assert shown | {"secret": None} == made.json
        assert world.call("GET", "/v1/webhook_endpoints").json["data"] == [shown]
        gone = world.write(path, key="d", method="DELETE")
        assert gone.json == {"id": made.json["id"], "deleted": True}
        assert world.call("GET", path).status_code == 404
        assert world.call("GET", "/v1/webhook_endpoints").json["data"] == []
        assert code_of(world.write(path, key="d2", method="DELETE")) == "not_found"

    @pytest.mark.parametrize("types", [[], ["order.unheard_of"], "order.paid", ["*"] * 51, [1]])
    def test_take_known_event_types_only(self, world, types):
        body = {"url": "https://hooks.shop.example/cf", "event_types": types}
        answer = world.write("/v1/webhook_endpoints", body, key="e")
        assert (answer.status_code, code_of(answer)) == (400, "fields.refused")
        assert answer.json["field"].startswith("/event_types")

    def test_are_20_at_most(self, world):
        for number in range(20):
            register(world, f"https://hooks.shop.example/{number}")
        body = {"url": "https://hooks.shop.example/20"}
        answer = world.write("/v1/webhook_endpoints", body, key="one-more")
        assert (answer.status_code, code_of(answer)) == (409, "webhook.too_many_endpoints")
        assert world.count("webhook_endpoint") == 20


class TestADelivery:
    def test_is_proved_and_read_by_the_sdk(self, world, shop_server, deliveries):
        register(world, shop_server.url)
        event_id = publish(world)
        assert deliveries.run_once()
        (event,) = shop_server.events(world.client())
        assert (event.id, event.type, event.subject) == (event_id, "order.paid", "ord_1")
        shown = world.call("GET", f"/v1/events/{event_id}").json
        assert json.loads(shop_server.arrived[0].body) == shown
        assert shop_server.arrived[0].path == "/cf?shop=1"
        assert attempts(world, event_id) == [(1, 200, "delivered")]
        world.clock.advance(LONG)
        assert not deliveries.run_once()
        assert len(shop_server.arrived) == 1

    def test_is_refused_by_the_sdk_when_altered_old_or_for_another_address(
        self, world, shop_server, deliveries
    ):
        register(world, shop_server.url)
        publish(world)
        deliveries.run_once()
        (came,) = shop_server.arrived
        cf = world.client()
        good = {"headers": came.headers, "body": came.body, "url": shop_server.url}
        assert cf.webhooks.verify(**good)
        for change in (
            {"body": came.body.replace(b"order.paid", b"order.created")},
            {"headers": came.headers | {"webhook-id": "evt_other"}},
            {"headers": came.headers | {"webhook-timestamp": str(world.now + 1)}},
            {"url": shop_server.url.replace("shop=1", "shop=2")},
            {"now": world.now + 301},
        ):
            with pytest.raises(WebhookRefused):
                cf.webhooks.verify(**good | change)

    def test_goes_where_its_type_is_wanted_and_to_no_other_partner(
        self, world, shop_server, deliveries
    ):
        all_of_it, some, foreign = Receiver(), Receiver(), Receiver()
        try:
            register(world, all_of_it.url)
            register(world, some.url, event_types=["order.paid"])
            register(world, foreign.url, by=world.other)
            paid, created = publish(world), publish(world, kind="order.created", subject="ord_2")
            deliveries.run_once()
            assert sorted(ids_at(all_of_it)) == sorted([paid, created])
            assert ids_at(some) == [paid]
            assert ids_at(foreign) == []
        finally:
            for each in (all_of_it, some, foreign):
                each.stop()

    def test_starts_with_the_commit_of_what_it_tells_and_not_before(
        self, world, shop_server, deliveries
    ):
        register(world, shop_server.url)
        with world.database.unit_of_work() as tx:
            events.publish(
                tx, partner_id=world.shop.id, kind="order.paid", subject="s", data={"object": {}}
            )
            with ThreadPoolExecutor(1) as thread:
                assert not thread.submit(deliveries.run_once).result()
            assert shop_server.arrived == []
        deliveries.run_once()
        assert len(shop_server.arrived) == 1

    def test_by_two_processes_at_once_arrives_once(self, world, shop_server):
        register(world, shop_server.url)
        sent = {publish(world, subject=f"ord_{number}") for number in range(30)}
        running = [Deliveries(world.front(world.settings)[1]) for _ in range(2)]
        for _ in range(3):
            with ThreadPoolExecutor(2) as threads:
                list(threads.map(Deliveries.run_once, running))
        assert sorted(ids_at(shop_server)) == sorted(sent)

    def test_does_not_follow_a_redirect(self, world, shop_server, deliveries):
        inside = Receiver()
        try:
            shop_server.statuses, shop_server.location = [307], inside.url
            register(world, shop_server.url)
            event_id = publish(world)
            deliveries.run_once()
            assert inside.arrived == []
            assert len(shop_server.arrived) == 1
            assert attempts(world, event_id) == [(1, 307, "answered 307")]
        finally:
            inside.stop()


class TestAnotherTry:
    def test_has_the_same_id_and_body_and_a_new_time_and_signature(
        self, world, shop_server, deliveries
    ):
        shop_server.statuses = [500, 200]
        register(world, shop_server.url)
        event_id = publish(world)
        deliveries.run_once()
        world.clock.advance(timedelta(seconds=WAITS_S[0] * 2))
        assert deliveries.run_once()
        first, again = shop_server.arrived
        assert first.headers["webhook-id"] == again.headers["webhook-id"] == event_id
        assert first.body == again.body
        stamps = [int(each.headers["webhook-timestamp"]) for each in (first, again)]
        assert stamps[1] - stamps[0] == WAITS_S[0] * 2
        assert first.headers["signature"] != again.headers["signature"]
        assert len(shop_server.events(world.client())) == 2
        assert attempts(world, event_id) == [(1, 500, "answered 500"), (2, 200, "delivered")]

    def test_is_told_apart_as_a_duplicate_by_who_remembers(self, world, shop_server, deliveries):
        shop_server.statuses = [500, 200]
        register(world, shop_server.url)
        publish(world)
        seen, cf = MemorySeenStore(), world.client()
        for _ in range(2):
            deliveries.run_once()
            world.clock.advance(timedelta(seconds=30))
        first, again = shop_server.arrived
        for arrived, raised in ((first, nullcontext()), (again, pytest.raises(WebhookDuplicate))):
            event = cf.webhooks.verify(
                headers=arrived.headers, body=arrived.body, url=shop_server.url
            )
            with raised, seen.once(event.id, until=world.now + 1000):
                pass

    def test_does_not_come_before_its_time(self, world, shop_server, deliveries):
        shop_server.statuses = [503]
        register(world, shop_server.url)
        publish(world)
        deliveries.run_once()
        world.clock.advance(timedelta(seconds=1))
        assert not deliveries.run_once()
        assert len(shop_server.arrived) == 1

    def test_is_the_tenth_and_last_after_nine_waits(self, world, shop_server, deliveries):
        shop_server.statuses = [500]
        register(world, shop_server.url)
        event_id = publish(world)
        for _ in range(15):
            deliveries.run_once()
            world.clock.advance(LONG)
        assert [number for number, _, _ in attempts(world, event_id)] == list(range(1, 11))
        assert timedelta(days=2) < timedelta(seconds=sum(WAITS_S)) < timedelta(days=4)

    def test_follows_when_nobody_listens(self, world, shop_server, deliveries):
        url = shop_server.url
        register(world, url)
        shop_server.stop()
        event_id = publish(world)
        deliveries.run_once()
        world.clock.advance(LONG)
        deliveries.run_once()
        assert [status for _, status, _ in attempts(world, event_id)] == [None, None]


class TestTheOrder:
    def test_of_one_subject_is_kept_while_others_go_on(self, world, shop_server, deliveries):
        shop_server.statuses = [500, 200]
        register(world, shop_server.url)
        first = publish(world, kind="order.created")
        deliveries.run_once()
        second, other = publish(world), publish(world, subject="ord_2")
        deliveries.run_once()
        assert ids_at(shop_server) == [first, other]
        world.clock.advance(LONG)
        for _ in range(2):
            deliveries.run_once()
        assert ids_at(shop_server) == [first, other, first, second]

    def test_goes_on_behind_an_event_that_was_given_up(self, world, shop_server, deliveries):
        shop_server.statuses = [500] * 9 + [200, 500, 200]
        register(world, shop_server.url)
        first = publish(world, kind="order.created")
        second = publish(world)
        for number in range(9):
            deliveries.run_once()
            world.clock.advance(LONG if number < 8 else timedelta(minutes=10))
        other = publish(world, subject="ord_2")
        deliveries.run_once()
        for _ in range(2):
            world.clock.advance(LONG)
            deliveries.run_once()
        assert ids_at(shop_server) == [first] * 9 + [other, first, second]


class TestGone:
    def test_ends_the_endpoint_and_all_that_waits_for_it(self, world, shop_server, deliveries):
        shop_server.statuses = [410, 200]
        endpoint_id = register(world, shop_server.url)
        first = publish(world)
        publish(world)
        deliveries.run_once()
        path = f"/v1/webhook_endpoints/{endpoint_id}"
        assert world.call("GET", path).json["state"] == "disabled"
        publish(world, subject="ord_2")
        for _ in range(3):
            world.clock.advance(LONG)
            deliveries.run_once()
        assert ids_at(shop_server) == [first]
        assert attempts(world, first) == [(1, 410, "answered 410")]
        answer = world.write(f"{path}/test", key="t")
        assert (answer.status_code, code_of(answer)) == (409, "webhook.endpoint_disabled")
        world.write(f"/v1/events/{first}/resend", key="r")
        deliveries.run_once()
        assert len(shop_server.arrived) == 1

    def test_leaves_another_endpoint_of_the_shop_as_it_is_and_tells_it(
        self, world, shop_server, deliveries
    ):
        gone = Receiver(statuses=[410])
        try:
            ended = register(world, gone.url)
            register(world, shop_server.url)
            sent = [publish(world) for _ in range(2)]
            for _ in range(3):
                deliveries.run_once()
            told = shop_server.events(world.client())
            assert [each.id for each in told if each.subject != ended] == sent
            (notice,) = (each for each in told if each.subject == ended)
            assert isinstance(notice, EndpointDisabled)
            assert notice.endpoint.disabled_reason is DisabledReason.GONE
            assert len(gone.arrived) == 1
        finally:
            gone.stop()


class TestADeletedEndpoint:
    def test_gets_nothing_more(self, world, shop_server, deliveries):
        shop_server.statuses = [500]
        endpoint_id = register(world, shop_server.url)
        publish(world)
        deliveries.run_once()
        world.write(f"/v1/webhook_endpoints/{endpoint_id}", key="d", method="DELETE")
        publish(world)
        world.clock.advance(LONG)
        deliveries.run_once()
        assert len(shop_server.arrived) == 1

    def test_during_a_delivery_does_not_hold_up_the_others(self, world, shop_server, deliveries):
        endpoint_id = register(world, shop_server.url)
        event_id = publish(world)
        take = shop_server._take

        def delete_then_take(arrived):
            world.write(f"/v1/webhook_endpoints/{endpoint_id}", key="d", method="DELETE")
            return take(arrived)

        shop_server._take = delete_then_take
        assert deliveries.run_once()
        assert attempts(world, event_id) == [(1, 200, "delivered")]
        assert world.count("webhook_delivery") == 0


class TestSendingAgain:
    def test_of_a_delivered_event_delivers_the_same_event(self, world, shop_server, deliveries):
        register(world, shop_server.url)
        event_id = publish(world)
        deliveries.run_once()
        answer = world.write(f"/v1/events/{event_id}/resend", key="r")
        assert (answer.status_code, answer.json["id"]) == (200, event_id)
        deliveries.run_once()
        assert ids_at(shop_server) == [event_id] * 2
        assert [number for number, _, _ in attempts(world, event_id)] == [1, 2]

    def test_reaches_an_endpoint_that_was_registered_later(self, world, shop_server, deliveries):
        event_id = publish(world)
        deliveries.run_once()
        register(world, shop_server.url)
        deliveries.run_once()
        assert shop_server.arrived == []
        world.write(f"/v1/events/{event_id}/resend", key="r")
        deliveries.run_once()
        assert ids_at(shop_server) == [event_id]

    def test_under_one_key_is_one_more_delivery_and_no_more(self, world, shop_server, deliveries):
        register(world, shop_server.url)
        event_id = publish(world)
        for _ in range(3):
            deliveries.run_once()
            world.write(f"/v1/events/{event_id}/resend", key="r")
        assert len(shop_server.arrived) == 2


class TestATestEvent:
    def test_goes_to_its_endpoint_only(self, world, shop_server, deliveries):
        other = Receiver()
        try:
            register(world, other.url)
            endpoint_id = register(world, shop_server.url, event_types=["order.paid"])
            answer = world.write(f"/v1/webhook_endpoints/{endpoint_id}/test", key="t")
            assert (answer.status_code, answer.json["type"]) == (201, "endpoint.test")
            deliveries.run_once()
            (event,) = shop_server.events(world.client())
            assert (event.id, event.subject) == (answer.json["id"], endpoint_id)
            world.write(f"/v1/events/{event.id}/resend", key="r")
            deliveries.run_once()
            assert len(shop_server.arrived) == 2
            assert other.arrived == []
        finally:
            other.stop()
