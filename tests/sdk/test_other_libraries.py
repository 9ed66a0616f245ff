"""PyPI's http-message-signatures verifies what we sign, and we verify what it signs."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import http_message_signatures as other
import pytest
import requests
from cf_partner_sdk import PrivateKey
from cf_partner_sdk.http_signatures import (
    TAG_EVENT,
    TAG_REQUEST,
    TAG_RESPONSE,
    TARGET_PARTS,
    TARGET_URI,
    Message,
    SignatureRefused,
    new_nonce,
    sign_request,
    sign_response,
    verify_request,
    verify_response,
)
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from tests.keys import partner_key
from tests.sdk.platform import message_of

THEIR_ALGORITHMS = {
    "ed25519": other.algorithms.ED25519,
    "ecdsa-p256-sha256": other.algorithms.ECDSA_P256_SHA256,
    "rsa-pss-sha512": other.algorithms.RSA_PSS_SHA512,
    "rsa-v1_5-sha256": other.algorithms.RSA_V1_5_SHA256,
}
KEYS = {name: partner_key(name) for name in THEIR_ALGORITHMS}
URL = "https://api.lender.example/v1/mall/orders?limit=20&state=paid"
BODY = b'{"amount_fen":599900}'
COVERED = ("@method", "content-type", "content-digest", "idempotency-key")


@dataclass
class TheirAnswer:
    """An answer as their library wants one."""

    status_code: int
    request: Any
    headers: dict[str, str] = field(default_factory=dict)
    url: str = URL


def signer(key: PrivateKey) -> other.HTTPMessageSigner:
    private = load_pem_private_key(key.to_pem().encode(), None)
    keys = other.MappingKeyResolver(public_keys={}, private_keys={key.keyid: private})
    return other.HTTPMessageSigner(
        signature_algorithm=THEIR_ALGORITHMS[key.algorithm], key_resolver=keys
    )


def verifier(key: PrivateKey) -> other.HTTPMessageVerifier:
    public = load_pem_public_key(key.public.to_pem().encode())
    keys = other.MappingKeyResolver(public_keys={key.keyid: public}, private_keys={})
    return other.HTTPMessageVerifier(
        signature_algorithm=THEIR_ALGORITHMS[key.algorithm], key_resolver=keys
    )


def prepared(**headers: str) -> requests.PreparedRequest:
    plain = {"Content-Type": "application/json", "Idempotency-Key": "A-77", **headers}
    return requests.Request("POST", URL, headers=plain, data=BODY).prepare()


def signed_by_them(key: PrivateKey, *, target: tuple[str, ...], tag: str, nonce: str) -> Message:
    sent = prepared(**{"webhook-id": "evt_1", "webhook-timestamp": str(int(time.time()))})
    extra = ("webhook-id", "webhook-timestamp") if tag == TAG_EVENT else ()
    now = int(time.time())
    signer(key).sign(
        sent,
        key_id=key.keyid,
        created=datetime.fromtimestamp(now, UTC),
        expires=datetime.fromtimestamp(now + 300, UTC),
        nonce=nonce,
        tag=tag,
        body=BODY,
        covered_component_ids=(*COVERED, *target, *extra),
    )
    return message_of(sent)


class TestWhatTheySign:
    @pytest.mark.parametrize("target", [TARGET_URI, TARGET_PARTS], ids=["uri", "parts"])
    @pytest.mark.parametrize("algorithm", KEYS)
    def test_as_a_request_we_verify(self, algorithm, target):
        key, nonce = KEYS[algorithm], new_nonce()
        message = signed_by_them(key, target=target, tag=TAG_REQUEST, nonce=nonce)
        found = verify_request(message, key_of={key.keyid: key.public}.get, now=int(time.time()))
        assert (found.keyid, found.nonce) == (key.keyid, nonce)

    def test_as_an_event_we_verify(self):
        key = KEYS["ed25519"]
        message = signed_by_them(key, target=TARGET_URI, tag=TAG_EVENT, nonce=new_nonce())
        found = verify_request(
            message, key_of={key.keyid: key.public}.get, now=int(time.time()), tag=TAG_EVENT
        )
        assert found.label == "pyhms"

    def test_and_somebody_altered_we_refuse(self):
        key = KEYS["ed25519"]
        message = signed_by_them(key, target=TARGET_URI, tag=TAG_REQUEST, nonce=new_nonce())
        moved = Message.of_url("POST", URL + "1", message.headers, BODY)
        with pytest.raises(SignatureRefused) as refused:
            verify_request(moved, key_of={key.keyid: key.public}.get, now=int(time.time()))
        assert refused.value.code == "signature-mismatch"

    def test_as_an_answer_we_verify(self):
        key, nonce = KEYS["ecdsa-p256-sha256"], new_nonce()
        sent = prepared(**{"Content-Digest": "sha-256=:AAAA:"})
        now = int(time.time())
        answer = TheirAnswer(201, sent, {"request-id": "req_1", "Content-Type": "application/json"})
        signer(key).sign(
            answer,
            key_id=key.keyid,
            created=datetime.fromtimestamp(now, UTC),
            expires=datetime.fromtimestamp(now + 300, UTC),
            nonce=nonce,
            tag=TAG_RESPONSE,
            body=b"{}",
            covered_component_ids=(
                "@status",
                "request-id",
                "content-type",
                "content-digest",
                '"@method";req',
                '"@target-uri";req',
                '"content-digest";req',
                '"idempotency-key";req',
            ),
        )
        message = message_of(sent).answered(201, answer.headers, b"{}")
        found = verify_response(message, key_of={key.keyid: key.public}.get, now=now, nonce=nonce)
        assert found.keyid == key.keyid


class TestWhatWeSign:
    @pytest.mark.parametrize("target", [TARGET_URI, TARGET_PARTS], ids=["uri", "parts"])
    @pytest.mark.parametrize("algorithm", KEYS)
    def test_as_a_request_they_verify(self, algorithm, target):
        key = KEYS[algorithm]
        sent = prepared()
        added = sign_request(
            message_of(sent), key, created=int(time.time()), nonce=new_nonce(), target=target
        )
        sent.headers.update(added)
        found = verifier(key).verify(
            sent,
            expect_tag=TAG_REQUEST,
            require_components=("@method", *target, "content-digest", "idempotency-key"),
            body=BODY,
        )
        assert found[0].parameters["keyid"] == key.keyid

    def test_and_somebody_altered_they_refuse(self):
        key = KEYS["ed25519"]
        sent = prepared()
        now = int(time.time())
        sent.headers.update(sign_request(message_of(sent), key, created=now, nonce=new_nonce()))
        sent.headers["Idempotency-Key"] = "A-78"
        with pytest.raises(other.InvalidSignature):
            verifier(key).verify(sent, expect_tag=TAG_REQUEST, body=BODY)

    def test_as_an_answer_they_verify(self):
        key, now, nonce = KEYS["ed25519"], int(time.time()), new_nonce()
        sent = prepared()
        sent.headers.update(sign_request(message_of(sent), key, created=now, nonce=nonce))
        headers = {"request-id": "req_1", "Content-Type": "application/json"}
        plain = message_of(sent).answered(201, headers, b"{}")
        headers |= sign_response(plain, key, created=now, nonce=nonce)
        found = verifier(key).verify(
            TheirAnswer(201, sent, headers),
            expect_tag=TAG_RESPONSE,
            require_components=("@status", "request-id", '"@method";req', '"content-digest";req'),
            body=b"{}",
        )
        assert found[0].nonce == nonce
