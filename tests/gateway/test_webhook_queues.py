"""Queues of deliveries: a slow or dead endpoint delays no other, and a crash only itself."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from cf_partner_sdk import (
    DeliveryState,
    DisabledReason,
    EndpointDisabled,
    EndpointState,
)

from gateway import delivery_store
from gateway.webhooks import FAILING_MAX, LEASE, WAITS_S
from tests.gateway.receiver import Arrived, Receiver
from tests.gateway.test_webhooks import LONG, ids_at, publish, register

MOMENT = timedelta(milliseconds=1)
"""Instants go over the wire without what is shorter."""


class Slow(Receiver):
    """Answers when it is let."""

    def __post_init__(self) -> None:
        self.let = threading.Event()
        self.waiting = 0
        super().__post_init__()

    def _take(self, arrived: Arrived) -> int:
        self.waiting += 1
        self.let.wait(10)
        return super()._take(arrived)


@pytest.fixture
def slow() -> Iterator[Slow]:
    receiver = Slow()
    yield receiver
    receiver.let.set()
    receiver.stop()


def until(done, step=lambda: None) -> None:
    limit = time.monotonic() + 10
    while not done():
        assert time.monotonic() < limit, "it takes too long"
        step()


class TestASlowEndpoint:
    def test_delays_nobody_else_and_is_not_crowded(self, world, shop_server, slow, deliveries):
        register(world, slow.url, by=world.other)
        register(world, shop_server.url)
        for number in range(30):
            publish(world, subject=f"slow_{number}", to=world.other)
        deliveries.step()
        sent = {publish(world, subject=f"ord_{number}") for number in range(20)}
        until(lambda: len(shop_server.arrived) == 20, deliveries.step)
        assert set(ids_at(shop_server)) == sent
        assert slow.arrived == []
        assert slow.waiting <= 8
        slow.let.set()
        until(lambda: len(slow.arrived) == 30, deliveries.step)
        deliveries.run_once()


class TestADeadEndpoint:
    def test_rests_the_longer_the_longer_it_fails(self, world, shop_server, deliveries):
        shop_server.statuses = [500]
        register(world, shop_server.url)
        for number in range(40):
            publish(world, subject=f"ord_{number}")
        for _ in range(200):
            deliveries.run_once()
        assert len(shop_server.arrived) < 20, "with 40 subjects to try, it is left in peace"
        before = len(shop_server.arrived)
        for _ in range(60):
            world.clock.advance(timedelta(minutes=1))
            deliveries.run_once()
        assert 10 < len(shop_server.arrived) - before < 20, "about every five minutes"
        shop_server.statuses = [200]
        world.clock.advance(timedelta(minutes=6))
        until(lambda: not deliveries.run_once())
        world.clock.advance(LONG)
        until(lambda: not deliveries.run_once())
        assert len({each.headers["webhook-id"] for each in shop_server.arrived}) == 40

    def test_is_ended_after_three_days_and_the_others_are_told(
        self, world, shop_server, deliveries
    ):
        shop_server.statuses = [500]
        other = Receiver()
        cf = world.client()
        try:
            made = cf.webhook_endpoints.create(url=shop_server.url, event_types=["order.paid"])
            cf.webhook_endpoints.create(url=other.url, event_types=["endpoint.disabled"])
            event_id = publish(world)
            begun = world.clock.now()
            for _ in range(10):
                deliveries.run_once()
                (tried,) = list(cf.webhook_endpoints.attempts(made.id))[:1]
                if tried.next_at:
                    world.clock.advance(tried.next_at - world.clock.now() + MOMENT)
            deliveries.run_once()
            ended = cf.webhook_endpoints.get(made.id)
            assert ended.state is EndpointState.DISABLED
            assert ended.disabled_reason is DisabledReason.FAILING
            assert FAILING_MAX <= ended.disabled_at - begun <= FAILING_MAX * 1.26
            assert timedelta(days=2.4) < FAILING_MAX < timedelta(days=3)
            (notice,) = other.events(cf)
            assert isinstance(notice, EndpointDisabled)
            assert notice.endpoint.id == made.id
            assert notice.endpoint.disabled_reason is DisabledReason.FAILING
            assert len(shop_server.arrived) == len(WAITS_S) + 1
            shop_server.statuses = [200]
            cf.webhook_endpoints.update(made.id, enabled=True)
            assert cf.webhook_endpoints.resend(made.id, since=begun).count == 1
            deliveries.run_once()
            assert ids_at(shop_server)[-1] == event_id
            assert len(shop_server.arrived) == len(WAITS_S) + 2
        finally:
            other.stop()


class TestACrash:
    def test_of_the_delivering_process_delays_by_a_lease(self, world, shop_server, deliveries):
        register(world, shop_server.url)
        event_id = publish(world)
        with world.database.unit_of_work() as tx:
            delivery_store.fan_out(tx, 10)
            taken = delivery_store.lease_due(
                tx, slow=False, each=8, limit=8, until=tx.machine_now + LEASE
            )
        assert [each["id"] for each in taken] == [event_id]
        deliveries.run_once()
        assert shop_server.arrived == []
        world.clock.advance(LEASE)
        deliveries.run_once()
        assert ids_at(shop_server) == [event_id]

    def test_that_an_event_causes_each_time_parks_it_and_others_go_on(
        self, world, shop_server, deliveries
    ):
        cf = world.client()
        endpoint_id = register(world, shop_server.url)
        deadly, other = publish(world), publish(world, subject="ord_2")
        for _ in range(10):
            with world.database.unit_of_work() as tx:
                delivery_store.fan_out(tx, 10)
                tx.run("UPDATE webhook_delivery SET next_at = :now", now=tx.machine_now)
                delivery_store.lease_due(
                    tx, slow=False, each=1, limit=1, until=tx.machine_now + LEASE
                )
            world.clock.advance(LEASE)
        deliveries.run_once()
        assert ids_at(shop_server) == [other]
        (parked,) = cf.webhook_endpoints.deliveries(endpoint_id, state=DeliveryState.PARKED)
        assert (parked.event_id, parked.attempts) == (deadly, 10)
        assert parked.outcome == "sending it did not end, ten times"
        cf.events.resend(deadly)
        deliveries.run_once()
        assert ids_at(shop_server) == [other, deadly]

    def test_of_our_own_making_does_not_speak_against_the_endpoint(
        self, world, shop_server, deliveries
    ):
        cf = world.client()
        made = cf.webhook_endpoints.create(url=shop_server.url, standard_webhooks=True)
        with world.database.unit_of_work() as tx:
            tx.run("UPDATE webhook_endpoint SET secret_sealed = 'moved from another row'")
        event_id = publish(world)
        for _ in range(12):
            deliveries.run_once()
            world.clock.advance(LONG)
        assert shop_server.arrived == []
        assert cf.webhook_endpoints.get(made.id).state is EndpointState.ENABLED
        (parked,) = cf.webhook_endpoints.deliveries(made.id, state=DeliveryState.PARKED)
        assert (parked.event_id, parked.outcome) == (event_id, "CellDoesNotOpen")
        cf.webhook_endpoints.rotate_secret(made.id, old_valid_s=0)
        cf.events.resend(event_id)
        deliveries.run_once()
        assert ids_at(shop_server) == [event_id]
