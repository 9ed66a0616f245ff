"""Events: prove the bytes, then read them; each step fails by its name."""

import json
from datetime import UTC, datetime

import pytest
from cf_partner_sdk import PrivateKey, WebhookRefused, WebhookVerifier
from cf_partner_sdk.http_signatures import Headers, SignatureRefused, content_digest

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


class TestARefusal:
    """Says what was expected and found, and nothing that is secret."""

    def test_of_another_body_compares_the_digests(self, platform):
        refused = refusal(posted(platform), body=BODY + b" ")
        assert refused.expected == content_digest(BODY)
        assert refused.found.startswith(content_digest(BODY + b" "))
        assert "raw bytes" in refused.mend

    def test_of_another_address_shows_the_base_that_was_built(self, platform):
        refused = refusal(posted(platform, url=URL + "/other"))
        assert '"@path": /cf/webhooks\n' in refused.expected
        assert refused.found == f"another, of key {EVENT.keyid}"
        assert "as it was registered" in refused.mend

    def test_shows_no_query_because_it_may_hold_a_secret(self, platform):
        secret = f"{URL}?token=hush-hush"
        with pytest.raises(WebhookRefused) as refused:
            WebhookVerifier(url=secret, key_of={EVENT.keyid: EVENT.public}.get).event(
                posted(platform), BODY, now=NOW
            )
        assert refused.value.step == "signature"
        assert "hush" not in str(refused.value)
        assert '"@query": (sha-256 ' in refused.value.expected

    def test_of_an_old_event_tells_both_times(self, platform):
        refused = refusal(posted(platform), now=NOW + 301)
        assert str(NOW + 301) in refused.expected
        assert refused.found == f"created={NOW}, expires={NOW + 300}"

    def test_of_missing_signatures_tells_which_headers_came(self, platform):
        refused = refusal(changed(posted(platform), signature=None))
        assert (
            refused.found == "Signature-Input present, Signature absent, tags: cf-partner-1-event"
        )

    def test_of_an_unknown_key_names_it(self, platform):
        refused = refusal(posted(platform, key=STRANGER))
        assert refused.found == f"keyid {STRANGER.keyid}"
        assert "test or live" in refused.mend

    def test_of_another_id_names_both(self, platform):
        refused = refusal(posted(platform, webhook_id="evt_2"))
        assert (refused.expected, refused.found) == ("id evt_2", "id evt_1")

    def test_of_a_body_that_was_parsed_before_is_a_mistake_of_the_program(self, platform):
        with pytest.raises(TypeError, match="raw bytes"):
            verifier().event(posted(platform), PAID, now=NOW)


class TestAnEventOutOfAQueue:
    def test_is_judged_by_when_it_arrived(self, platform):
        headers = posted(platform)
        assert refusal(headers, now=NOW + 3600).step == "time"
        for arrived in (NOW + 2, NOW + 2.5, datetime.fromtimestamp(NOW + 2, UTC)):
            assert verifier().event(headers, BODY, now=arrived).id == "evt_1"

    def test_needs_a_time_zone_with_its_time(self, platform):
        naive = datetime.fromtimestamp(NOW, UTC).replace(tzinfo=None)
        with pytest.raises(ValueError, match="time zone"):
            verifier().event(posted(platform), BODY, now=naive)


class TestARotationOfTheLendersKeys:
    def test_accepts_the_old_key_and_the_new_one(self, cf, platform):
        new = PrivateKey.generate()
        platform.keys.append((new, "event"))
        for key in (EVENT, new):
            assert cf.webhooks.verify(headers=posted(platform, key=key), body=BODY, url=URL)
        assert platform.directory_calls == 1

    def test_learns_a_key_that_was_published_meanwhile(self, cf, platform, wall):
        assert cf.webhooks.verify(headers=posted(platform), body=BODY, url=URL)
        new = PrivateKey.generate()
        platform.keys.append((new, "event"))
        wall.pass_time(61)
        assert cf.webhooks.verify(headers=posted(platform, key=new), body=BODY, url=URL)
        assert platform.directory_calls == 2


class TestAVerifier:
    @pytest.mark.parametrize("keys", [{}, {"directory": object(), "key_of": {}.get}])
    def test_needs_one_source_of_keys(self, keys):
        with pytest.raises(ValueError, match="either"):
            WebhookVerifier(url=URL, **keys)
