"""PyPI's http-message-signatures calls the lender and proves its answers and events; no SDK."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import http_message_signatures as other
import pytest
import requests
from cf_partner_sdk.http_signatures import (
    TAG_EVENT,
    TAG_REQUEST,
    TAG_RESPONSE,
    TARGET_PARTS,
    TARGET_URI,
    new_nonce,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.public import DIRECTORY
from gateway.webhooks import Deliveries
from lending.foundation import events
from tests.gateway.receiver import Receiver
from tests.gateway.world import ORDER, PUBLIC_URL, Partner, Sent, World, code_of, dumps

ALGORITHMS = {
    "ed25519": other.algorithms.ED25519,
    "ecdsa-p256-sha256": other.algorithms.ECDSA_P256_SHA256,
    "rsa-pss-sha512": other.algorithms.RSA_PSS_SHA512,
    "rsa-v1_5-sha256": other.algorithms.RSA_V1_5_SHA256,
}
BASE = ("@method", "content-type", "content-digest", "idempotency-key")


@dataclass
class Answer:
    """An answer as their library wants one."""

    status_code: int
    request: Any
    headers: dict[str, str]
    url: str


class Theirs:
    """A partner that has never heard of our SDK."""

    def __init__(self, world: World, partner: Partner) -> None:
        self.world, self.partner = world, partner

    def order(
        self, *, target: tuple[str, ...] = TARGET_URI, covered: tuple[str, ...] = BASE
    ) -> requests.PreparedRequest:
        """An order, signed by their library."""
        key = self.partner.key
        body = dumps(ORDER)
        plain = {"content-type": "application/json", "idempotency-key": "A-1"}
        url = f"{PUBLIC_URL}/v1/mall/orders"
        prepared = requests.Request("POST", url, headers=plain, data=body).prepare()
        private = load_pem_private_key(key.to_pem().encode(), None)
        keys = other.MappingKeyResolver(public_keys={}, private_keys={key.keyid: private})
        signer = other.HTTPMessageSigner(
            signature_algorithm=ALGORITHMS[key.algorithm], key_resolver=keys
        )
        signer.sign(
            prepared,
            key_id=key.keyid,
            created=datetime.fromtimestamp(self.world.now, UTC),
            expires=datetime.fromtimestamp(self.world.now + 300, UTC),
            nonce=new_nonce(),
            tag=TAG_REQUEST,
            body=body,
            covered_component_ids=(*covered, *target),
        )
        return prepared


def sent(prepared: requests.PreparedRequest) -> Sent:
    headers = {name.lower(): str(value) for name, value in prepared.headers.items()}
    headers.pop("content-length")
    return Sent("POST", "/v1/mall/orders", "", headers, bytes(prepared.body or b""))


@pytest.fixture
def theirs(world: World) -> Theirs:
    return Theirs(world, world.shop)


def published(world: World, purpose: str) -> dict[str, Ed25519PublicKey]:
    """Our keys for a purpose, as anybody reads them from the directory."""
    found = json.loads(world.send(world.request("GET", DIRECTORY)).data)["keys"]
    return {
        jwk["kid"]: Ed25519PublicKey.from_public_bytes(_bytes(jwk["x"]))
        for jwk in found
        if jwk.get("purpose") == purpose
    }


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def verifier(keys: dict[str, Ed25519PublicKey]) -> other.HTTPMessageVerifier:
    resolver = other.MappingKeyResolver(public_keys=keys, private_keys={})
    return other.HTTPMessageVerifier(
        signature_algorithm=other.algorithms.ED25519, key_resolver=resolver
    )


def answer_to(prepared: requests.PreparedRequest, answer: Any) -> Answer:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Answer(answer.status_code, prepared, headers, str(prepared.url))


class TestACallOfTheirs:
    @pytest.mark.parametrize("target", [TARGET_URI, TARGET_PARTS], ids=["uri", "parts"])
    @pytest.mark.parametrize("algorithm", ALGORITHMS)
    def test_is_taken(self, world, algorithm, target):
        partner = world.partner(f"app_{algorithm.replace('_', '-')}", algorithm=algorithm)
        answer = world.send(sent(Theirs(world, partner).order(target=target)))
        assert answer.status_code == 201, answer.text
        assert world.count("mall_order") == 1

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"body": dumps(ORDER | {"order_no": "A-2"})}, "digest-mismatch"),
            ({"path": "/v1/mall/quotes"}, "signature-mismatch"),
            ({"query": "a=1"}, "signature-mismatch"),
            ({"method": "PUT"}, "not_found"),
        ],
        ids=["body", "path", "query", "method"],
    )
    def test_is_refused_when_its_message_was_tampered_with(self, world, theirs, change, code):
        assert code_of(world.send(sent(theirs.order()).but(**change))) == code
        assert world.count("mall_order") == 0

    @pytest.mark.parametrize(
        ("header", "value", "code"),
        [
            ("idempotency_key", "A-2", "signature-mismatch"),
            ("content_type", "application/json; charset=utf-8", "signature-mismatch"),
            ("signature", None, "signature-missing"),
            ("content_digest", None, "signature-malformed"),
        ],
    )
    def test_is_refused_when_a_header_was_tampered_with(self, world, theirs, header, value, code):
        altered = sent(theirs.order()).with_headers(**{header: value})
        assert code_of(world.send(altered)) == code
        assert world.count("mall_order") == 0

    def test_is_refused_when_it_covers_too_little(self, world, theirs):
        thin = theirs.order(covered=("@method", "content-type", "content-digest"))
        answer = world.send(sent(thin))
        assert code_of(answer) == "component-not-covered"
        assert answer.json["missing"] == ["idempotency-key"]

    def test_is_refused_the_second_time(self, world, theirs):
        once = sent(theirs.order())
        assert world.send(once).status_code == 201
        assert code_of(world.send(once)) == "signature-replayed"

    def test_is_refused_under_the_key_of_somebody_else(self, world, theirs):
        stranger = Partner(world.shop.id, "x", type(world.shop.key).generate())
        assert code_of(world.send(sent(Theirs(world, stranger).order()))) == "key-unknown"


class TestOurAnswer:
    @pytest.fixture(autouse=True)
    def _today(self, world: World) -> None:
        """Their library knows no clock but the machine's."""
        world.clock.advance(datetime.now(UTC) - world.clock.now())

    def prove(self, world: World, prepared: Any, answer: Any, body: bytes) -> Any:
        return verifier(published(world, "response")).verify(
            answer_to(prepared, answer),
            expect_tag=TAG_RESPONSE,
            require_components=(
                *("@status", "request-id", "content-type", "content-digest"),
                *('"@method";req', '"@target-uri";req', '"content-digest";req'),
                '"idempotency-key";req',
            ),
            body=body,
        )

    def test_is_proved_by_them(self, world, theirs):
        prepared = theirs.order()
        answer = world.send(sent(prepared))
        assert answer.status_code == 201
        (found,) = self.prove(world, prepared, answer, answer.data)
        assert f'nonce="{found.nonce}"' in prepared.headers["signature-input"]

    def test_that_refuses_is_proved_too(self, world, theirs):
        prepared = theirs.order()
        tampered = world.send(sent(prepared).but(body=dumps(ORDER | {"order_no": "A-3"})))
        assert tampered.status_code == 401
        assert self.prove(world, prepared, tampered, tampered.data)

    def test_is_refused_by_them_when_altered(self, world, theirs):
        prepared = theirs.order()
        answer = world.send(sent(prepared))
        with pytest.raises(other.HTTPMessageSignaturesException):
            self.prove(world, prepared, answer, answer.data.replace(b"A-1", b"A-2"))
        answer.status_code = 200
        with pytest.raises(other.InvalidSignature):
            self.prove(world, prepared, answer, answer.data)


class TestOurEvent:
    @pytest.fixture
    def shop_server(self, world: World) -> Iterator[Receiver]:
        """A shop that has just received an event."""
        world.clock.advance(datetime.now(UTC) - world.clock.now())
        receiver = Receiver()
        body = {"url": receiver.url}
        assert world.write("/v1/webhook_endpoints", body, key="e").status_code == 201
        with world.database.unit_of_work() as tx:
            events.publish(
                tx, partner_id=world.shop.id, kind="order.paid", subject="s", data={"object": {}}
            )
        Deliveries(world.context).run_once()
        yield receiver
        receiver.stop()

    def prove(self, world: World, receiver: Receiver, **altered: str) -> Any:
        (came,) = receiver.arrived
        headers = came.headers | {name.replace("_", "-"): value for name, value in altered.items()}
        message = requests.Request("POST", receiver.url, headers=headers, data=came.body).prepare()
        return verifier(published(world, "event")).verify(
            message,
            expect_tag=TAG_EVENT,
            require_components=("@method", "content-digest", "webhook-id", "webhook-timestamp"),
            body=came.body,
        )

    def test_is_proved_by_them(self, world, shop_server):
        (found,) = self.prove(world, shop_server)
        assert json.loads(found.body)["type"] == "order.paid"

    def test_is_refused_by_them_under_another_id(self, world, shop_server):
        with pytest.raises(other.InvalidSignature):
            self.prove(world, shop_server, webhook_id="evt_other")
