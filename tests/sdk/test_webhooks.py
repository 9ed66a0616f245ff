"""Events: prove the bytes, then read them; each step fails by its name."""

import json

import pytest
from cf_partner_sdk import (
    MemorySeenStore,
    TransportError,
    WebhookDuplicate,
    WebhookRefused,
    WebhookVerifier,
)
from cf_partner_sdk.flask_webhooks import blueprint
from cf_partner_sdk.http_signatures import Headers, SignatureRefused, content_digest
from cf_partner_sdk.webhooks import REMEMBER_S
from flask import Flask

from tests.sdk.platform import EVENT, NOW, RESPONSE, STRANGER
from tests.sdk.test_client import EVENT as PAID

URL = "https://shop.example/cf/webhooks"
BODY = json.dumps(PAID).encode()


def posted(platform, *, body: bytes = BODY, url: str = URL, key=EVENT, webhook_id: str = "evt_1"):
    return platform.event(body, url=url, webhook_id=webhook_id, key=key)


def verifier(**more) -> WebhookVerifier:
    return WebhookVerifier(url=URL, key_of={EVENT.keyid: EVENT.public}.get, **more)


def refusal(headers, *, body: bytes = BODY, now: int = NOW, **more) -> WebhookRefused:
    with pytest.raises(WebhookRefused) as refused:
        verifier(**more).event(headers, body, now=now)
    return refused.value


def changed(headers: Headers, **changes: str | None) -> dict[str, str]:
    given = {name.replace("_", "-"): value for name, value in changes.items()}
    merged = {**headers, **given}
    return {name: value for name, value in merged.items() if value is not None}


class TestAGoodEvent:
    def test_is_proved_by_the_clients_directory_and_read(self, cf, platform):
        event = cf.webhooks.verify(headers=posted(platform), body=BODY, url=URL)
        assert (event.id, event.type) == ("evt_1", "order.paid")
        assert event.order.paid_fen == 596300
        assert platform.directory_calls == 1

    def test_is_proved_by_keys_of_ones_own(self, platform):
        assert verifier().event(posted(platform), BODY, now=NOW).id == "evt_1"

    @pytest.mark.parametrize("skew", [-300, 300])
    def test_may_be_five_minutes_off_both_ways(self, platform, skew):
        assert verifier().event(posted(platform), BODY, now=NOW + skew).id == "evt_1"

    def test_of_a_type_newer_than_the_sdk_is_given_all_the_same(self, platform):
        body = json.dumps({**PAID, "type": "order.insured", "severity": 3}).encode()
        event = verifier().event(posted(platform, body=body), body, now=NOW)
        assert (event.type, event.extra["severity"]) == ("order.insured", 3)


class TestARefusedEvent:
    @pytest.mark.parametrize("name", ["signature", "signature_input"])
    def test_has_no_signature(self, platform, name):
        headers = changed(posted(platform), **{name: None})
        assert refusal(headers).step == "signature-headers"

    def test_is_signed_as_an_answer_or_a_request(self, platform):
        headers = posted(platform)
        text = headers["signature-input"].replace("-event", "-request")
        assert refusal(changed(headers, signature_input=text)).step == "signature-headers"

    def test_does_not_cover_its_id(self, platform):
        headers = posted(platform)
        text = headers["signature-input"].replace(' "webhook-id"', "")
        assert refusal(changed(headers, signature_input=text)).step == "coverage"

    @pytest.mark.parametrize("skew", [-301, 301])
    def test_is_too_old_or_too_new(self, platform, skew):
        assert refusal(posted(platform), now=NOW + skew).step == "time"

    @pytest.mark.parametrize("stamp", [str(NOW - 301), "soon", "", "-1", "9" * 13])
    def test_has_a_timestamp_that_is_off(self, platform, stamp):
        headers = platform.event(BODY, url=URL, webhook_id="evt_1", timestamp=stamp)
        assert refusal(headers).step == "time"

    @pytest.mark.parametrize("key", [STRANGER, RESPONSE])
    def test_is_signed_by_another_key(self, platform, key):
        assert refusal(posted(platform, key=key)).step == "key"

    def test_is_signed_by_a_key_withdrawn(self, platform):
        def revoked(keyid):
            raise SignatureRefused("key-revoked", "withdrawn", keyid=keyid)

        with pytest.raises(WebhookRefused) as refused:
            WebhookVerifier(url=URL, key_of=revoked).event(posted(platform), BODY, now=NOW)
        assert refused.value.step == "key"

    def test_is_signed_by_the_key_for_answers_as_the_directory_tells(self, cf, platform):
        headers = posted(platform, key=RESPONSE)
        with pytest.raises(WebhookRefused) as refused:
            cf.webhooks.verify(headers=headers, body=BODY, url=URL)
        assert refused.value.step == "key"

    def test_claims_another_algorithm(self, platform):
        headers = posted(platform)
        text = headers["signature-input"] + ';alg="ed25519"'
        assert refusal(changed(headers, signature_input=text)).step == "algorithm"

    @pytest.mark.parametrize("name", ["webhook_id", "webhook_timestamp", "content_type"])
    def test_has_another_header(self, platform, name):
        headers = changed(posted(platform), **{name: str(NOW + 1)})
        assert refusal(headers).step == "signature"

    def test_has_another_body(self, platform):
        assert refusal(posted(platform), body=BODY + b" ").step == "digest"

    def test_has_another_body_with_its_digest(self, platform):
        body = BODY.replace(b"596300", b"999999")
        headers = changed(posted(platform), content_digest=content_digest(body))
        assert refusal(headers, body=body).step == "signature"

    def test_was_sent_to_another_endpoint(self, platform):
        assert refusal(posted(platform, url=URL + "/other")).step == "signature"

    @pytest.mark.parametrize(
        "body",
        [b"no json", b"[]", b"{}", b"\xff", b"[" * 100_000, json.dumps({"id": "evt_1"}).encode()],
    )
    def test_is_signed_but_cannot_be_read(self, platform, body):
        assert refusal(posted(platform, body=body), body=body).step == "body"

    def test_names_another_id_than_its_header(self, platform):
        assert refusal(posted(platform, webhook_id="evt_2")).step == "body"

    def test_comes_to_an_address_that_is_none(self, cf, platform):
        with pytest.raises(WebhookRefused) as refused:
            cf.webhooks.verify(headers=posted(platform), body=BODY, url="/cf/webhooks")
        assert refused.value.step == "request"


class TestADuplicate:
    def test_is_told_apart_once_it_was_dealt_with(self, platform):
        seen = MemorySeenStore()
        receiver = verifier(seen=seen)
        headers = posted(platform)
        event = receiver.event(headers, BODY, now=NOW)
        assert receiver.event(headers, BODY, now=NOW).id == event.id
        receiver.done(event, now=NOW)
        with pytest.raises(WebhookDuplicate) as refused:
            receiver.event(headers, BODY, now=NOW)
        assert (refused.value.step, refused.value.webhook_id) == ("duplicate", "evt_1")

    def test_is_remembered_longer_than_the_lender_tries(self):
        kept = {}

        class Table:
            def seen(self, webhook_id):
                return webhook_id in kept

            def remember(self, webhook_id, *, until):
                kept[webhook_id] = until

        receiver = verifier(seen=Table())
        receiver.done(type("Event", (), {"id": "evt_1"})(), now=NOW)
        assert kept == {"evt_1": NOW + REMEMBER_S}
        assert REMEMBER_S > 3 * 24 * 3600

    def test_that_is_forged_is_not_even_looked_up(self, platform):
        class Untouched:
            def seen(self, webhook_id):
                raise AssertionError(webhook_id)

        headers = posted(platform, key=STRANGER)
        assert refusal(headers, seen=Untouched()).step == "key"

    def test_memory_is_bounded(self):
        store = MemorySeenStore(size_max=2)
        for name in ("a", "b", "c"):
            store.remember(name, until=NOW)
        assert [store.seen(name) for name in ("a", "b", "c")] == [False, True, True]


class TestAVerifier:
    @pytest.mark.parametrize("keys", [{}, {"directory": object(), "key_of": {}.get}])
    def test_needs_one_source_of_keys(self, keys):
        with pytest.raises(ValueError, match="either"):
            WebhookVerifier(url=URL, **keys)


class TestTheFlaskRoute:
    @pytest.fixture
    def handled(self):
        return []

    @pytest.fixture
    def shop(self, platform, wall, handled):
        receiver = verifier(seen=MemorySeenStore())
        receiver._now = lambda: int(wall.wall)
        app = Flask(__name__)
        app.register_blueprint(blueprint(receiver, handled.append))
        return app.test_client()

    def post(self, shop, headers, body=BODY):
        given = [(name, value) for name, value in Headers(headers).items()]
        return shop.post("/cf/webhooks", data=body, headers=given)

    def test_gives_the_event_to_the_handler_once(self, shop, platform, handled):
        headers = posted(platform)
        assert self.post(shop, headers).status_code == 204
        assert self.post(shop, headers).status_code == 200
        assert [event.id for event in handled] == ["evt_1"]

    def test_tells_the_step_of_a_refusal(self, shop, platform, handled):
        answer = self.post(shop, posted(platform), BODY + b" ")
        assert (answer.status_code, answer.json["step"]) == (401, "digest")
        assert handled == []

    def test_has_the_lender_try_again_if_the_handler_fails(self, platform, wall):
        tries = []

        def fail_once(event):
            tries.append(event.id)
            if len(tries) == 1:
                raise RuntimeError("the database is away")

        receiver = verifier(seen=MemorySeenStore())
        receiver._now = lambda: int(wall.wall)
        app = Flask(__name__)
        app.register_blueprint(blueprint(receiver, fail_once))
        headers = posted(platform)
        assert self.post(app.test_client(), headers).status_code == 500
        assert self.post(app.test_client(), headers).status_code == 204
        assert tries == ["evt_1", "evt_1"]

    def test_asks_for_another_try_while_the_keys_are_away(self, platform):
        def away(_):
            raise TransportError("down")

        app = Flask(__name__)
        receiver = WebhookVerifier(url=URL, key_of=away)
        receiver._now = lambda: NOW
        app.register_blueprint(blueprint(receiver, lambda _: None))
        assert self.post(app.test_client(), posted(platform)).status_code == 503

    def test_takes_no_long_body(self, shop, platform):
        assert self.post(shop, posted(platform), b"x" * (1024 * 1024 + 1)).status_code == 413
