"""Checks of receivers: what a careful one, a careless one and an absent one are told."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from cf_partner_sdk import (
    CheckState,
    CheckVerdict,
    EndpointCheck,
    NotFound,
    PublicKey,
    WebhookRefused,
)
from cf_partner_sdk.http_signatures import TAG_EVENT, Message, SignatureRefused, verify_request

from gateway import webhook_store
from gateway.webhook_checks import Checks
from gateway.webhooks import Deliveries
from tests.gateway.receiver import Arrived, Receiver
from tests.gateway.world import World

BAD = ("bad_signature", "stale", "wrong_digest", "unsigned", "foreign_key", "other_address")


class Judging(Receiver):
    """Answers as a judge of what arrived says: a receiver of a partner's own."""

    judge: Callable[["Judging", Arrived], int]

    def _take(self, arrived: Arrived) -> int:
        super()._take(arrived)
        return self.judge(self, arrived)


@pytest.fixture
def receiver() -> Iterator[Judging]:
    found = Judging()
    yield found
    found.stop()


def checked(world: World, url: str, **more: object) -> EndpointCheck:
    """The report that the SDK waits for, while the delivering process works."""
    checks = Checks(world.context)
    cf = world.client(sleep=lambda _: checks.run_once())
    made = cf.webhook_endpoints.create(url=url, **more)
    report = cf.webhook_endpoints.check(made.id)
    assert list(cf.webhook_endpoints.checks(made.id)) == [report]
    with pytest.raises(NotFound):
        list(world.client(world.other).webhook_endpoints.checks(made.id))
    return report


def verdicts(report: EndpointCheck) -> dict[str, CheckVerdict]:
    return {each.name: each.verdict for each in report.results}


class TestAReceiverBuiltOnTheSdk:
    def test_is_safe(self, world, receiver):
        cf = world.client()

        def judge(at, arrived):
            try:
                event = cf.webhooks.verify(headers=arrived.headers, body=arrived.body, url=at.url)
            except WebhookRefused:
                return 401
            assert event.test
            return 200

        receiver.judge = judge
        report = checked(world, receiver.url)
        assert report.state is CheckState.DONE
        assert report.safe is True
        assert [each.name for each in report.results] == ["good", *BAD, "replayed"]
        assert {each.status for each in report.results} == {200, 401}
        assert report.results[-1].says.startswith("Taken again.")
        assert "cannot" in report.results[-1].says
        assert "webhook-id" in report.limits
        assert report.finished_at >= report.created_at
        first, *_, last = receiver.arrived
        assert (first.headers["webhook-id"], first.body) == (last.headers["webhook-id"], last.body)
        assert len({each.headers["webhook-id"] for each in receiver.arrived}) == len(BAD) + 1
        Deliveries(world.context).run_once()
        assert len(receiver.arrived) == len(BAD) + 2, "nothing is delivered besides"


class TestACarelessReceiver:
    def test_that_takes_all_is_unsafe_in_every_way(self, world, receiver):
        receiver.judge = lambda _at, _arrived: 204
        report = checked(world, receiver.url)
        assert report.safe is False
        expected = dict.fromkeys(BAD, CheckVerdict.UNSAFE)
        expected |= {"good": CheckVerdict.SAFE, "replayed": CheckVerdict.SAFE}
        assert verdicts(report) == expected
        for each in report.results:
            assert each.says.endswith(".")
            assert each.expected == ("4xx" if each.name in BAD else "2xx")

    @pytest.mark.parametrize("forgets", ["stale", "wrong_digest"])
    def test_that_forgets_one_thing_is_told_which(self, world, receiver, forgets):
        key = PublicKey.from_jwk(world.platform.event.jwk)

        def judge(at, arrived):
            body, now = arrived.body, world.now
            if forgets == "stale":
                now = int(arrived.headers["webhook-timestamp"])
            elif b', "added"' in body:
                body = body.partition(b', "added"')[0] + b"}"
            message = Message.of_url("POST", at.url, arrived.headers, body)
            try:
                verify_request(message, key_of={key.keyid: key}.get, now=now, tag=TAG_EVENT)
            except SignatureRefused:
                return 401
            return 200

        receiver.judge = judge
        report = checked(world, receiver.url)
        assert {each.name for each in report.results if each.verdict == "unsafe"} == {forgets}


class TestAReceiver:
    def test_that_refuses_duplicates_is_told_what_comes_of_it(self, world, receiver):
        seen: set[str] = set()

        def judge(_at, arrived):
            event_id = arrived.headers["webhook-id"]
            is_known = event_id in seen
            seen.add(event_id)
            return 409 if is_known or len(seen) > 1 else 200

        receiver.judge = judge
        report = checked(world, receiver.url)
        assert report.safe is False
        assert verdicts(report)["replayed"] is CheckVerdict.REFUSED
        assert "we send it again" in report.results[-1].says

    def test_that_refuses_the_good_event_gets_nothing_more(self, world, receiver):
        receiver.judge = lambda _at, _arrived: 500
        report = checked(world, receiver.url)
        assert (report.safe, len(receiver.arrived)) == (False, 1)
        found = verdicts(report)
        assert found.pop("good") is CheckVerdict.REFUSED
        assert set(found.values()) == {CheckVerdict.NOT_SENT}

    def test_that_is_not_there_is_told_so(self, world, receiver):
        url = receiver.url
        receiver.stop()
        report = checked(world, url)
        receiver.__post_init__()
        assert report.safe is False
        assert report.results[0].verdict is CheckVerdict.NO_ANSWER
        assert report.results[0].status is None

    def test_that_verifies_standard_webhooks_is_sent_them_spoilt_likewise(self, world, receiver):
        receiver.judge = lambda _at, _arrived: 200
        checked(world, receiver.url, standard_webhooks=True)
        good, bad, stale, wrong, unsigned, foreign, _, again = receiver.arrived
        name = "webhook-signature"
        assert good.headers[name] == again.headers[name]
        assert name not in unsigned.headers
        assert len({each.headers[name] for each in (good, bad, stale, wrong, foreign)}) == 5
        ages = [world.now - int(each.headers["webhook-timestamp"]) for each in (good, stale)]
        assert ages == [0, 600]


class TestACheck:
    def test_is_one_at_a_time_and_fails_when_nobody_can_finish_it(self, world):
        cf = world.client()
        made = cf.webhook_endpoints.create(url="https://hooks.shop.example/cf")
        running = cf.webhook_endpoints.check(made.id, timeout_s=0, idempotency_key="c")
        assert (running.state, running.safe, running.results) == (CheckState.RUNNING, None, ())
        path = f"/v1/webhook_endpoints/{made.id}/check"
        again = world.write(path, key="d")
        assert (again.status_code, again.json["code"]) == (409, "webhook.check_running")
        assert world.write(path, key="c").json["id"] == running.id
        for _ in range(4):
            with world.database.unit_of_work() as tx:
                webhook_store.lease_checks(tx, limit=1, until=tx.machine_now + timedelta(seconds=9))
            world.clock.advance(timedelta(seconds=9))
        (failed,) = cf.webhook_endpoints.checks(made.id)
        assert (failed.state, failed.safe) == (CheckState.FAILED, None)
        assert world.write(path, key="e").status_code == 201
