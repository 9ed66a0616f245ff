"""Each way in which a signature can be wrong, with the code that says so."""

import base64
import re
from hashlib import sha512

import pytest
from cf_partner_sdk import PrivateKey
from cf_partner_sdk.http_signatures import (
    TARGET_PARTS,
    TARGET_URI,
    Message,
    SignatureRefused,
    content_digest,
    new_nonce,
    sign_request,
    verify_response,
)

from gateway.keys import KeyUnusable, VerifyingKey
from lending.foundation.clock import rfc3339
from tests.gateway.world import PUBLIC_URL, Sent, World, code_of

QUOTE = {"amount_fen": 599_900}


@pytest.fixture
def quote(world: World) -> Sent:
    """A quote, signed rightly."""
    return world.signed(plain(world))


def plain(world: World) -> Sent:
    return world.request("POST", "/v1/mall/quotes", QUOTE)


def edited(sent: Sent, pattern: str, by: str) -> Sent:
    """The request with its Signature-Input changed after signing."""
    changed, count = re.subn(pattern, by, sent.headers["signature-input"])
    assert count == 1
    return sent.with_headers(signature_input=changed)


def refused(world: World, sent: Sent, code: str, status: int = 401) -> dict:
    answer = world.send(sent)
    assert (answer.status_code, code_of(answer)) == (status, code), answer.text
    assert answer.json["server_time"] == "2026-11-23T02:00:00.000Z"
    assert answer.json["request_id"] == answer.headers["request-id"]
    assert answer.json["mend"]
    return dict(answer.json)


class TestTakes:
    @pytest.mark.parametrize("target", [TARGET_PARTS, TARGET_URI], ids=["parts", "uri"])
    @pytest.mark.parametrize(
        "algorithm", ["ed25519", "ecdsa-p256-sha256", "rsa-pss-sha512", "rsa-v1_5-sha256"]
    )
    def test_every_algorithm_and_both_targets(self, world, algorithm, target):
        partner = world.partner("app_more", algorithm=algorithm)
        sent = world.signed(plain(world), partner.key, target=target)
        assert world.send(sent).status_code == 200

    @pytest.mark.parametrize("age", [300, 299, 0, -29, -30])
    def test_a_clock_that_is_a_little_off(self, world, age):
        sent = world.signed(plain(world), created=world.now - age)
        if age == 300:
            refused(world, sent, "signature-expired")  # its 300 seconds of life are over
        else:
            assert world.send(sent).status_code == 200

    def test_a_signature_beside_one_of_another_application(self, world, quote):
        both = quote.with_headers(
            signature_input='proxy=("@method");created=1;tag="proxy", '
            + quote.headers["signature-input"],
            signature="proxy=:AAAA:, " + quote.headers["signature"],
        )
        assert world.send(both).status_code == 200

    def test_a_sha_512_digest(self, world):
        body = b'{"amount_fen":599900}'
        digest = f"sha-512=:{base64.b64encode(sha512(body).digest()).decode()}:"
        message = Message.of_url(
            "POST",
            f"{PUBLIC_URL}/v1/mall/quotes",
            {"content-type": "application/json", "content-digest": digest},
        )
        added = sign_request(
            message, world.shop.key, created=world.now, nonce=new_nonce(), cover=("content-type",)
        )
        sent = Sent("POST", "/v1/mall/quotes", "", {**message.headers, **added}, body)
        answer = world.send(sent)
        assert answer.status_code == 200, answer.text

    def test_and_answers_signed_and_bound_to_the_request(self, world, quote):
        answer = world.send(quote)
        asked = Message.of_url("POST", f"{PUBLIC_URL}/v1/mall/quotes", quote.headers, quote.body)
        nonce = re.search('nonce="([^"]+)"', quote.headers["signature-input"])[1]
        ours = VerifyingKey(world.platform.response.jwk, "ed25519")

        def check(body: bytes, status: int, nonce: str) -> None:
            message = asked.answered(status, list(answer.headers.items()), body)
            verify_response(message, key_of={ours.keyid: ours}.get, now=world.now, nonce=nonce)

        check(answer.data, 200, nonce)
        for altered in (
            (answer.data.replace(b"599900", b"599901"), 200, nonce),
            (answer.data, 201, nonce),
            (answer.data, 200, nonce[:-1] + ("A" if nonce[-1] != "A" else "B")),
        ):
            with pytest.raises(SignatureRefused):
                check(*altered)


class TestRefusesAsMissing:
    def test_a_request_without_any(self, world):
        refused(world, plain(world), "signature-missing")

    def test_an_input_without_a_signature(self, world, quote):
        refused(world, quote.with_headers(signature=None), "signature-missing")

    def test_a_signature_without_an_input(self, world, quote):
        refused(world, quote.with_headers(signature_input=None), "signature-missing")

    def test_one_under_another_tag(self, world, quote):
        refused(world, edited(quote, "cf-partner-1-request", "other"), "signature-missing")


class TestRefusesAsMalformed:
    @pytest.mark.parametrize(
        ("pattern", "by"),
        [
            ("^cf=", "cf=="),
            (r'"@method"', '"@method" "@method"'),
            (r'"@method"', '"@method" "@unheard-of"'),
            (r'"@method"', '"@method" "@path";sf'),
            (r'"@method"', '"@method" "@method";req'),
            (r";created=\d+", ""),
            (r";expires=\d+", ""),
            (r";created=(\d+)", r";created=\1;created=\1"),
            (r";created=(\d+)", r';created="\1"'),
            (r'nonce="[^"]+"', 'nonce="short"'),
            (r'nonce="[^"]+"', 'nonce="with a space in its midst"'),
            (r';nonce="[^"]+"', ""),
            (r';keyid="[^"]+"', ""),
            ("$", ";colour=1"),
            ("$", ';alg="'),
            (r'"@method"', " ".join(f'"x-{n}"' for n in range(17)) + ' "@method"'),
        ],
    )
    def test_an_input_that_the_profile_does_not_write(self, world, quote, pattern, by):
        refused(world, edited(quote, pattern, by), "signature-malformed")

    def test_two_signatures_under_our_tag(self, world, quote):
        twice = quote.with_headers(
            signature_input=f"{quote.headers['signature-input']}, "
            f"two{quote.headers['signature-input'][2:]}",
            signature=f"{quote.headers['signature']}, two{quote.headers['signature'][2:]}",
        )
        refused(world, twice, "signature-malformed")

    def test_broken_base64(self, world, quote):
        refused(world, quote.with_headers(signature="cf=:A:"), "signature-malformed")

    def test_headers_beyond_8_kib(self, world, quote):
        long = quote.headers["signature"] + ", x=:" + "A" * 8192 + ":"
        refused(world, quote.with_headers(signature=long), "signature-malformed")

    def test_a_label_that_has_no_signature(self, world, quote):
        other = quote.with_headers(signature="x" + quote.headers["signature"])
        refused(world, other, "signature-malformed")

    def test_a_covered_header_with_two_values(self, world):
        sent = world.request("POST", "/v1/mall/orders/x/cancel", headers={"idempotency-key": "one"})
        sent = world.signed(sent).with_headers(idempotency_key="one, two")
        refused(world, sent, "signature-malformed")


class TestASignatureOfSomebodyElseBesides:
    @pytest.mark.parametrize(
        "other",
        [
            'proxy=("@method");created=1;keyid="p"',
            'proxy=("@method");tag="x-request";nonce="a-nonce-of-the-proxy"',
            'proxy=();a=tok/en;b=1.5;c=:AAAA:;d=?0;e;f="x"',
            'cf2=("@path");tag="cf-partner-1-event"',
        ],
    )
    def test_is_passed_over_and_the_answer_is_still_bound_to_ours(self, world, quote, other):
        ours = quote.headers["signature-input"]
        value = f"{other.partition('=')[0]}=:AAAA:"
        both = quote.with_headers(
            signature_input=f"{other}, {ours}", signature=f"{quote.headers['signature']}, {value}"
        )
        answer = world.send(both)
        assert answer.status_code == 200, answer.text
        nonce = re.search(r'nonce="[^"]+"', ours)
        assert nonce
        assert nonce[0] in answer.headers["signature-input"]


class TestTheWindow:
    @pytest.mark.parametrize(
        ("created", "status"),
        [(-301, 401), (-300, 401), (-299, 200), (29, 200), (30, 200), (31, 401)],
    )
    def test_ends_where_it_says(self, world, created, status):
        """At -300 the longest life is just over: expires has to be ahead."""
        sent = world.signed(plain(world), created=world.now + created, lifetime_s=300)
        answer = world.send(sent)
        assert answer.status_code == status
        if status == 401:
            assert code_of(answer) == "signature-expired"
            assert answer.json["server_time"] == rfc3339(world.clock.now())


class TestRefusesAsExpired:
    @pytest.mark.parametrize("age", [301, 100_000, -31, -100_000])
    def test_a_clock_that_is_far_off(self, world, age):
        sent = world.signed(plain(world), created=world.now - age)
        refused(world, sent, "signature-expired")

    def test_what_expired(self, world):
        sent = world.signed(plain(world), created=world.now - 10, lifetime_s=10)
        refused(world, sent, "signature-expired")

    def test_a_life_longer_than_300_seconds(self, world, quote):
        longer = edited(quote, r";expires=\d+", f";expires={world.now + 301}")
        refused(world, longer, "signature-expired")

    def test_an_end_before_the_beginning(self, world, quote):
        refused(world, edited(quote, r";expires=\d+", f";expires={world.now}"), "signature-expired")


class TestRefusesAsNotCovered:
    @pytest.mark.parametrize(
        "component", ["@method", "@authority", "@path", "@query", "content-type", "content-digest"]
    )
    def test_each_part_that_the_profile_asks(self, world, quote, component):
        thin = edited(quote, f' "{component}"|"{component}" ', "")
        told = refused(world, thin, "component-not-covered")
        assert component in told["missing"] or told["missing"] == ["@target-uri"]

    @pytest.mark.parametrize("header", ["idempotency-key", "authorization", "cf-version"])
    def test_a_header_with_a_meaning_that_was_added_later(self, world, quote, header):
        told = refused(
            world,
            quote.but(headers={**quote.headers, header: "added"}),
            "component-not-covered",
        )
        assert told["missing"] == [header]

    def test_a_body_that_was_added_later(self, world):
        sent = world.signed(world.request("POST", "/v1/mall/quotes"))
        told = refused(
            world,
            sent.but(body=b"{}", headers={**sent.headers, "content-type": "application/json"}),
            "component-not-covered",
        )
        assert told["missing"] == ["content-type", "content-digest"]


class TestRefusesAsMismatch:
    def test_another_path(self, world, quote):
        refused(world, quote.but(path="/v1/mall/orders"), "signature-mismatch")

    def test_another_method(self, world):
        sent = world.signed(world.request("GET", "/v1/webhook_endpoints/whe_1"))
        refused(world, sent.but(method="DELETE"), "signature-mismatch")

    def test_another_query(self, world):
        sent = world.signed(world.request("GET", "/v1/mall/orders", query="limit=1"))
        refused(world, sent.but(query="limit=2"), "signature-mismatch")

    def test_another_content_type(self, world, quote):
        refused(world, quote.with_headers(content_type="text/plain"), "signature-mismatch")

    def test_another_idempotency_key(self, world):
        sent = world.request("POST", "/v1/mall/orders", {}, headers={"idempotency-key": "one"})
        sent = world.signed(sent).with_headers(idempotency_key="two")
        refused(world, sent, "signature-mismatch")

    def test_the_key_of_somebody_else(self, world, quote):
        other = edited(quote, r'keyid="[^"]+"', f'keyid="{world.other.key.keyid}"')
        refused(world, other, "signature-mismatch")

    def test_and_says_what_it_computed_but_never_the_body(self, world, quote):
        told = refused(world, quote.with_headers(signature="cf=:" + "A" * 86 + "==:"),
                       "signature-mismatch")  # fmt: skip
        assert len(told["signature_base_sha256"]) == 64
        assert '"@method": POST' in told["signature_components"]
        assert all(len(line.split(": ", 1)[1]) <= 65 for line in told["signature_components"])
        assert "599900" not in str(told)

    def test_another_host_of_ours(self, world):
        sent = world.signed(plain(world).but(base_url="http://127.0.0.1:8080"))
        refused(world, sent.but(base_url=PUBLIC_URL), "signature-mismatch")


class TestRefusesAsDigestMismatch:
    def test_another_body(self, world, quote):
        refused(world, quote.but(body=b'{"amount_fen":599901}'), "digest-mismatch")

    def test_a_body_taken_away(self, world, quote):
        refused(world, quote.but(body=b""), "digest-mismatch")


class TestRefusesAsAlgorithmNotAllowed:
    @pytest.mark.parametrize("alg", ["hmac-sha256", "rsa-v1_5-sha256", "none", ""])
    def test_whatever_is_not_the_keys_own(self, world, quote, alg):
        refused(world, edited(quote, "$", f';alg="{alg}"'), "algorithm-not-allowed")


class TestRefusesTheHost:
    def test_that_is_not_ours(self, world):
        sent = world.signed(plain(world).but(base_url="http://evil.example"))
        assert world.send(sent).status_code == 421


SMALL_ORDER = {
    "kty": "OKP",
    "crv": "Ed25519",
    "x": "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
}


class TestKeysThatCannotBeUsed:
    def test_are_not_taken(self):
        ed25519 = PrivateKey.generate().public.jwk
        for jwk, algorithm in (
            (SMALL_ORDER, "ed25519"),
            ({"kty": "RSA", "n": "AQAB", "e": "AQAB"}, "rsa-pss-sha512"),
            (ed25519, "hmac-sha256"),
            (ed25519, "rsa-pss-sha512"),
            ({"kty": "oct", "k": "AAAA"}, "ed25519"),
        ):
            with pytest.raises(KeyUnusable):
                VerifyingKey(jwk, algorithm)

    def test_verify_nothing_even_when_they_are_on_record(self, world, quote):
        with world.database.unit_of_work() as tx:
            tx.run(
                "UPDATE partner_key SET algorithm = 'rsa-pss-sha512' WHERE keyid = :k",
                k=world.shop.key.keyid,
            )
        refused(world, quote, "key-unknown")


def test_a_digest_is_taken_over_the_bytes_and_not_the_meaning(world, quote):
    spaced = b'{"amount_fen": 599900} '
    assert content_digest(spaced) != quote.headers["content-digest"]
    refused(world, quote.but(body=spaced), "digest-mismatch")
