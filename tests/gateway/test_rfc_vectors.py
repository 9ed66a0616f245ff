"""RFC 9421 appendix B through the signing module, with the keys that the gateway verifies with."""

import pytest
from cf_partner_sdk.http_signatures import (
    Message,
    SignatureRefused,
    build_base,
    parse_signature_input,
)
from cf_partner_sdk.http_signatures.structured import parse_byte_sequences
from cf_partner_sdk.keys import PrivateKey, PublicKey

from gateway.keys import KeyUnusable, VerifyingKey
from tests.sdk import rfc_vectors as rfc

ED25519 = {name: rfc.ED25519[name] for name in ("kty", "crv", "x")}
APPLY = {
    "b_2_1": (rfc.REQUEST, rfc.B21, rfc.RSA_PSS, "rsa-pss-sha512"),
    "b_2_3": (rfc.REQUEST, rfc.B23, rfc.RSA_PSS, "rsa-pss-sha512"),
    "b_2_4": (rfc.RESPONSE, rfc.B24, rfc.ECC_P256, "ecdsa-p256-sha256"),
    "b_2_6": (rfc.REQUEST, rfc.B26, ED25519, "ed25519"),
    "b_3": (rfc.BEHIND_TLS, rfc.B3, rfc.ECC_P256, "ecdsa-p256-sha256"),
    "b_4": (rfc.transformed(), rfc.B4, ED25519, "ed25519"),
}


def base_and_signature(message: Message, headers: tuple[str, str]) -> tuple[bytes, bytes]:
    one = parse_signature_input(headers[0])[0]
    signature = parse_byte_sequences(headers[1], "Signature")[one.label]
    return build_base(message, one.components, one.text), signature


class TestEachVectorThatApplies:
    @pytest.mark.parametrize("name", APPLY)
    @pytest.mark.parametrize("keys", [VerifyingKey, PublicKey.from_jwk], ids=["gateway", "sdk"])
    def test_verifies_and_no_other_base_or_signature_does(self, name, keys):
        message, headers, jwk, algorithm = APPLY[name]
        base, signature = base_and_signature(message, headers)
        key = keys(jwk, algorithm)
        assert key.verify(base, signature)
        assert not key.verify(base + b"\n", signature)
        assert not key.verify(base, signature[:-1] + bytes([signature[-1] ^ 1]))
        assert not key.verify(base, b"")


class TestTransformations:
    """B.4: what a message may go through without losing its signature."""

    def verifies(self, message: Message) -> bool:
        base, signature = base_and_signature(message, rfc.B4)
        return VerifyingKey(ED25519, "ed25519").verify(base, signature)

    @pytest.mark.parametrize(
        "message",
        [
            rfc.transformed(),
            rfc.transformed(url="https://example.org/demo?name1=Value1&Name2=value2&param=added"),
            rfc.transformed(url="https://example.org:443/demo?Name2=value2"),
        ],
    )
    def test_of_what_is_not_covered_do_no_harm(self, message):
        assert self.verifies(message)

    @pytest.mark.parametrize(
        "message",
        [
            rfc.transformed(method="POST"),
            rfc.transformed(url="https://example.com/demo?name1=Value1&Name2=value2"),
            rfc.transformed(accept="*/*, application/json"),
            rfc.transformed(accept="application/json,*/*"),
        ],
    )
    def test_of_what_is_covered_break_it(self, message):
        assert not self.verifies(message)


class TestTheOthers:
    def test_b_2_2_covers_a_component_that_the_profile_does_not_know(self):
        with pytest.raises(SignatureRefused) as refused:
            base_and_signature(rfc.REQUEST, rfc.B22)
        assert refused.value.code == "signature-malformed"

    def test_b_2_5_is_made_with_a_shared_secret_which_is_no_key_here(self):
        shared = {
            "kty": "oct",
            "k": "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBt",
        }
        for algorithm in ("hmac-sha256", "ed25519"):
            with pytest.raises(KeyUnusable):
                VerifyingKey(shared, algorithm)

    def test_the_private_half_signs_the_same_bytes_where_the_algorithm_says_so(self):
        for message, headers in ((rfc.REQUEST, rfc.B26), (rfc.transformed(), rfc.B4)):
            base, signature = base_and_signature(message, headers)
            assert PrivateKey.from_jwk(rfc.ED25519).sign(base) == signature
