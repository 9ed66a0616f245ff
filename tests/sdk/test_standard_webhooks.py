"""Events by a shared secret, as Standard Webhooks has it."""

import base64

import pytest
from cf_partner_sdk import MemorySeenStore, WebhookRefused
from cf_partner_sdk.integrations import WebhookReceiver
from cf_partner_sdk.standard_webhooks import StandardWebhookVerifier

from gateway.webhook_sending import new_secret, standard_signature
from tests.sdk.platform import NOW
from tests.sdk.test_webhooks import BODY

SECRET, NEXT = new_secret(), new_secret()


def posted(*secrets: str, at: int = NOW, body: bytes = BODY) -> dict[str, str]:
    """Headers as the gateway makes them."""
    made = [standard_signature(secret, "evt_1", at, body) for secret in secrets]
    stamps = {"webhook-id": "evt_1", "webhook-timestamp": str(at)}
    return {**stamps, "webhook-signature": " ".join(made)}


def verifier(*secrets: str) -> StandardWebhookVerifier:
    return StandardWebhookVerifier(secrets=secrets or (SECRET,), now=lambda: NOW)


def refusal(headers, body: bytes = BODY, **how) -> str:
    with pytest.raises(WebhookRefused) as refused:
        verifier().event(headers, body, **how)
    assert refused.value.mend
    return refused.value.step


class TestAnEvent:
    def test_signed_by_the_gateway_is_proved(self):
        assert verifier().event(posted(SECRET), BODY).id == "evt_1"

    def test_is_proved_by_the_specifications_vector(self):
        headers = {
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp": "1614265330",
            "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        }
        known = StandardWebhookVerifier(secrets=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
        for body, step in (
            (b'{"test": 2432232314}', "body"),
            (b'{"test": 2432232315}', "signature"),
        ):
            with pytest.raises(WebhookRefused) as refused:
                known.event(headers, body, now=1614265330)
            assert refused.value.step == step, "proved, and then no event of the lender"

    def test_is_proved_by_either_secret_during_a_rotation(self):
        assert verifier(NEXT, SECRET).event(posted(SECRET), BODY)
        assert verifier(NEXT).event(posted(SECRET, NEXT), BODY)

    def test_out_of_a_queue_is_judged_by_when_it_arrived(self):
        assert verifier().event(posted(SECRET, at=NOW - 9000), BODY, now=NOW - 9000)

    @pytest.mark.parametrize(
        ("headers", "step"),
        [
            ({**posted(SECRET), "webhook-signature": ""}, "signature"),
            ({**posted(SECRET), "webhook-signature": "v1a,abc"}, "signature"),
            ({**posted(SECRET), "webhook-signature": "v1,é"}, "signature"),
            ({**posted(SECRET), "webhook-id": "evt_2"}, "signature"),
            (posted(NEXT), "signature"),
            (posted(SECRET, at=NOW - 301), "time"),
            (posted(SECRET, at=NOW + 301), "time"),
            ({"webhook-id": "evt_1"}, "signature-headers"),
        ],
    )
    def test_is_refused_at_the_step_that_fails(self, headers, step):
        assert refusal(headers) == step
        assert refusal(posted(SECRET), BODY + b" ") == "signature"

    def test_goes_through_a_receiver_like_any_other(self):
        receiver = WebhookReceiver(verifier(), lambda *_: None, seen=MemorySeenStore())
        answers = [receiver.receive(posted(SECRET), BODY).status for _ in range(2)]
        assert answers == [204, 200]


class TestASecret:
    @pytest.mark.parametrize(
        "secrets",
        [[], "whsec_" + base64.b64encode(b"x" * 32).decode(), ["x"], ["whsec_%%"], ["whsec_AAAA"]],
    )
    def test_is_as_the_lender_gives_it(self, secrets):
        with pytest.raises(ValueError, match=r"secret"):
            StandardWebhookVerifier(secrets=secrets)

    def test_is_in_no_message(self):
        with pytest.raises(WebhookRefused) as refused:
            verifier().event(posted(NEXT), BODY)
        assert SECRET[6:] not in str(refused.value)
