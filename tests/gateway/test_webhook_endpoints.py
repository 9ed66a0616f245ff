"""Endpoints as a partner manages them: changed, switched off, tried out, looked into."""

import base64
import hmac
import json
from datetime import timedelta
from hashlib import sha256

import pytest
from cf_partner_sdk import (
    Client,
    Conflict,
    DeliveryState,
    DisabledReason,
    EndpointState,
    LoanRepaid,
    NotFound,
    OrderPaid,
    Refused,
    RequestInvalid,
)

from gateway import catalogue, delivery_store
from gateway.webhooks import Deliveries
from tests.gateway.receiver import Receiver
from tests.gateway.test_webhooks import LONG, ids_at, publish
from tests.gateway.world import World


@pytest.fixture
def cf(world: World) -> Client:
    return world.client()


def settle(deliveries: Deliveries) -> None:
    while deliveries.run_once():
        pass


class TestAnEndpoint:
    def test_is_changed_where_it_is_told_and_nowhere_else(self, world, cf):
        made = cf.webhook_endpoints.create(
            url="https://hooks.shop.example/a", event_types=["order.paid"], description="仓库"
        )
        world.clock.advance(timedelta(seconds=1))
        moved = cf.webhook_endpoints.update(made.id, url="https://hooks.shop.example/b")
        assert moved.url == "https://hooks.shop.example/b"
        assert (moved.event_types, moved.description) == (("order.paid",), "仓库")
        assert moved.updated_at == made.updated_at + timedelta(seconds=1)
        wider = cf.webhook_endpoints.update(made.id, event_types=["*"], description="")
        assert (wider.event_types, wider.description) == (("*",), "")
        assert cf.webhook_endpoints.get(made.id) == wider
        with pytest.raises(NotFound):
            world.client(world.other).webhook_endpoints.update(made.id, description="mine")

    def test_takes_known_types_only_and_says_which_are_known(self, cf):
        made = cf.webhook_endpoints.create(url="https://hooks.shop.example/a")
        for act in (
            lambda: cf.webhook_endpoints.create(url=made.url, event_types=["order.sung"]),
            lambda: cf.webhook_endpoints.update(made.id, event_types=["order.paid", "x"]),
            lambda: cf.webhook_endpoints.test(made.id, type="order.sung"),
        ):
            with pytest.raises(RequestInvalid) as refused:
                act()
            for name in catalogue.BY_NAME:
                assert name in str(refused.value)

    def test_that_leads_inside_is_not_changed(self, world, cf):
        made = cf.webhook_endpoints.create(url="https://hooks.shop.example/a")
        with pytest.raises(Refused, match="not public"):
            cf.webhook_endpoints.update(made.id, url="https://10.0.0.1/")
        assert cf.webhook_endpoints.get(made.id) == made


class TestSwitchingOff:
    def test_parks_what_waits_and_enabling_begins_anew(self, world, cf, shop_server, deliveries):
        shop_server.statuses = [500, 200]
        made = cf.webhook_endpoints.create(url=shop_server.url)
        first = publish(world)
        deliveries.run_once()
        off = cf.webhook_endpoints.update(made.id, enabled=False)
        assert off.state is EndpointState.DISABLED
        assert off.disabled_reason is DisabledReason.BY_PARTNER
        assert off.disabled_at is not None
        missed = publish(world, subject="ord_2")
        world.clock.advance(LONG)
        settle(deliveries)
        assert ids_at(shop_server) == [first]
        with pytest.raises(Conflict) as refused:
            cf.webhook_endpoints.test(made.id)
        assert refused.value.code == "webhook.endpoint_disabled"
        on = cf.webhook_endpoints.update(made.id, enabled=True)
        assert (on.state, on.disabled_reason) == (EndpointState.ENABLED, None)
        assert (on.disabled_at, on.failing_since) == (None, None)
        later = publish(world, subject="ord_3")
        settle(deliveries)
        assert ids_at(shop_server) == [first, later]
        resent = cf.webhook_endpoints.resend(made.id, since=made.created_at)
        assert (resent.count, resent.more) == (2, False)
        settle(deliveries)
        assert sorted(ids_at(shop_server)) == sorted([first, later, first, missed])
        assert cf.webhook_endpoints.resend(made.id, since=made.created_at).count == 0


class TestTryingOut:
    def test_sends_an_example_of_any_type_marked_as_a_test(
        self, world, cf, shop_server, deliveries
    ):
        made = cf.webhook_endpoints.create(url=shop_server.url, event_types=["order.paid"])
        asked = [cf.webhook_endpoints.test(made.id, type=name) for name in catalogue.BY_NAME]
        settle(deliveries)
        came = {event.type: event for event in shop_server.events(cf)}
        assert set(came) == set(catalogue.BY_NAME)
        assert all(event.test for event in came.values())
        assert {event.id for event in asked} == {event.id for event in came.values()}
        paid, repaid = came["order.paid"], came["loan.repaid"]
        assert isinstance(paid, OrderPaid)
        assert paid.order.payout.amount_fen == paid.order.paid_fen > 0
        assert paid.subject == paid.order.id
        assert isinstance(repaid, LoanRepaid)
        assert repaid.subject == repaid.repayment.order_id

    def test_again_does_not_wait_for_the_test_before(self, cf, shop_server, deliveries):
        shop_server.statuses = [500, 200]
        made = cf.webhook_endpoints.create(url=shop_server.url)
        first = cf.webhook_endpoints.test(made.id)
        settle(deliveries)
        second = cf.webhook_endpoints.test(made.id)
        settle(deliveries)
        assert ids_at(shop_server) == [first.id, second.id]


class TestLookingInto:
    def test_shows_each_try_and_when_the_next_one_is(self, world, cf, shop_server, deliveries):
        shop_server.statuses = [503, 200]
        made = cf.webhook_endpoints.create(url=shop_server.url)
        event_id = publish(world)
        deliveries.run_once()
        (waiting,) = cf.webhook_endpoints.deliveries(made.id, state=DeliveryState.WAITING)
        (tried,) = cf.events.attempts(event_id)
        assert (tried.status, tried.outcome, tried.number) == (503, "answered 503", 1)
        assert waiting.next_at == tried.next_at
        assert 5 <= (tried.next_at - tried.at).total_seconds() <= 6.25
        assert cf.webhook_endpoints.get(made.id).failing_since == tried.at
        world.clock.advance(timedelta(seconds=10))
        other = publish(world, subject="ord_2")
        settle(deliveries)
        found = list(cf.webhook_endpoints.attempts(made.id))
        assert [(each.event_id, each.status) for each in found][-1] == (event_id, 503)
        assert {(each.event_id, each.status) for each in found[:-1]} == {
            (event_id, 200),
            (other, 200),
        }
        assert [each.next_at for each in found[:2]] == [None, None]
        assert cf.webhook_endpoints.get(made.id).failing_since is None
        states = {each.event_id: each.state for each in cf.webhook_endpoints.deliveries(made.id)}
        assert states == {event_id: DeliveryState.DELIVERED, other: DeliveryState.DELIVERED}
        for look in (cf.webhook_endpoints.attempts, cf.webhook_endpoints.deliveries):
            with pytest.raises(NotFound):
                list(look("whe_" + "a" * 26))

    def test_forgets_a_try_after_ninety_days_and_no_event(self, world, cf, shop_server, deliveries):
        made = cf.webhook_endpoints.create(url=shop_server.url)
        event_id = publish(world)
        settle(deliveries)
        kept = delivery_store.ATTEMPTS_KEPT_DAYS
        for days, pruned in ((kept - 1, 0), (2, 1)):
            world.clock.advance(timedelta(days=days))
            with world.database.unit_of_work() as tx:
                assert delivery_store.prune_attempts(tx) == pruned
        assert list(cf.webhook_endpoints.attempts(made.id)) == []
        cf.events.resend(event_id)
        settle(deliveries)
        (tried,) = cf.events.attempts(event_id)
        assert (tried.number, tried.status) == (1, 200)

    def test_goes_page_by_page(self, world, cf, shop_server, deliveries):
        made = cf.webhook_endpoints.create(url=shop_server.url)
        sent = {publish(world, subject=f"ord_{number}") for number in range(5)}
        settle(deliveries)
        for name in ("attempts", "deliveries"):
            found, query = [], "limit=2"
            while True:
                path = f"/v1/webhook_endpoints/{made.id}/{name}"
                page = world.call("GET", path, query=query).json
                found += [each["event_id"] for each in page["data"]]
                if page["next_cursor"] is None:
                    break
                query = f"limit=2&cursor={page['next_cursor']}"
            assert (len(found), set(found)) == (5, sent), name


class TestTheListOfEvents:
    def test_is_of_one_type_one_subject_or_since_an_instant(self, world, cf):
        old = publish(world)
        world.clock.advance(timedelta(hours=1))
        with world.database.unit_of_work() as tx:
            since = tx.now
        created = publish(world, kind="order.created", subject="ord_2")
        paid = publish(world, subject="ord_2")

        def listed(**wanted):
            return {each.id for each in cf.events.list(limit=1, **wanted)}

        assert listed() == {old, created, paid}
        assert listed(type="order.paid") == {old, paid}
        assert listed(subject="ord_2") == {created, paid}
        assert listed(since=since) == {created, paid}
        assert listed(since=since, type="order.paid", subject="ord_2") == {paid}
        assert listed(since=since + timedelta(seconds=1)) == set()
        for query in ("since=yesterday", "since=2026-13-01T00:00:00Z", "type=order.sung"):
            answer = world.call("GET", "/v1/events", query=query)
            assert answer.status_code == 400
            assert answer.json["field"] == f"/{query.partition('=')[0]}"


class TestStandardWebhooks:
    def test_are_signed_with_a_secret_that_is_told_once(self, world, cf, shop_server, deliveries):
        made = cf.webhook_endpoints.create(
            url=shop_server.url, standard_webhooks=True, idempotency_key="s"
        )
        assert made.secret.startswith("whsec_")
        assert made.secret not in repr(made)
        again = cf.webhook_endpoints.create(
            url=shop_server.url, standard_webhooks=True, idempotency_key="s"
        )
        assert again == made
        shown = world.call("GET", f"/v1/webhook_endpoints/{made.id}")
        assert "secret" not in shown.json
        with world.database.unit_of_work() as tx:
            kept = [bytes(row["body"]) for row in tx.all("SELECT body FROM stored_reply")]
            kept += [bytes(tx.scalar("SELECT secret_sealed FROM webhook_endpoint"))]
        assert not any(made.secret.encode() in each for each in kept)
        publish(world)
        settle(deliveries)
        assert shop_server.events(cf)
        assert signed_by(shop_server, -1) == [standard(shop_server, -1, made.secret)]

    def test_are_signed_with_both_secrets_for_a_while(self, world, cf, shop_server, deliveries):
        made = cf.webhook_endpoints.create(url=shop_server.url)
        with pytest.raises(Conflict) as refused:
            cf.webhook_endpoints.update(made.id, standard_webhooks=True)
        assert refused.value.code == "webhook.no_secret"
        first = cf.webhook_endpoints.rotate_secret(made.id)
        assert first.old_valid_until is None
        second = cf.webhook_endpoints.rotate_secret(made.id, old_valid_s=3600)
        assert second.secret != first.secret
        publish(world)
        settle(deliveries)
        both = [standard(shop_server, 0, each.secret) for each in (second, first)]
        assert signed_by(shop_server, 0) == both
        world.clock.advance(timedelta(seconds=3601))
        publish(world, subject="ord_2")
        settle(deliveries)
        assert signed_by(shop_server, 1) == [standard(shop_server, 1, second.secret)]
        cf.webhook_endpoints.rotate_secret(made.id, old_valid_s=0)
        publish(world, subject="ord_3")
        settle(deliveries)
        assert len(signed_by(shop_server, 2)) == 1
        off = cf.webhook_endpoints.update(made.id, standard_webhooks=False)
        assert not off.standard_webhooks
        publish(world, subject="ord_4")
        settle(deliveries)
        assert "webhook-signature" not in shop_server.arrived[3].headers


def signed_by(receiver: Receiver, number: int) -> list[str]:
    return receiver.arrived[number].headers["webhook-signature"].split(" ")


def standard(receiver: Receiver, number: int, secret: str) -> str:
    """The signature as the Standard Webhooks specification has it."""
    came = receiver.arrived[number]
    key = base64.b64decode(secret.split("_", 1)[1])
    head = f"{came.headers['webhook-id']}.{came.headers['webhook-timestamp']}."
    mac = hmac.new(key, head.encode() + came.body, sha256).digest()
    assert json.loads(came.body)["id"] == came.headers["webhook-id"]
    return "v1," + base64.b64encode(mac).decode()
