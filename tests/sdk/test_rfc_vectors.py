"""RFC 9421 appendix B, RFC 7638 section 3.1, RFC 8037 appendix A.3, RFC 9530."""

import sys

import pytest
from cf_partner_sdk.http_signatures import (
    Message,
    SignatureRefused,
    build_base,
    check_content_digest,
    content_digest,
    parse_signature_input,
    thumbprint,
)
from cf_partner_sdk.http_signatures.structured import parse_byte_sequences
from cf_partner_sdk.keys import PrivateKey, PublicKey

from tests.sdk.rfc_vectors import B21, B23, B24, B26, ECC_P256, ED25519, REQUEST, RESPONSE, RSA_PSS


@pytest.fixture(params=["cryptography", "pycryptodome"], autouse=True)
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which library signs: without the extra `fast` the import of its module fails."""
    if request.param == "pycryptodome":
        monkeypatch.setitem(sys.modules, "cf_partner_sdk._fast_keys", None)


def base_and_signature(message: Message, headers: tuple[str, str]) -> tuple[bytes, bytes]:
    one = parse_signature_input(headers[0])[0]
    signature = parse_byte_sequences(headers[1], "Signature")[one.label]
    return build_base(message, one.components, one.text), signature


class TestTheSignatureBase:
    def test_is_that_of_b_2_6_line_by_line(self):
        base, _ = base_and_signature(REQUEST, B26)
        assert base.decode() == (
            '"date": Tue, 20 Apr 2021 02:07:55 GMT\n'
            '"@method": POST\n'
            '"@path": /foo\n'
            '"@authority": example.com\n'
            '"content-type": application/json\n'
            '"content-length": 18\n'
            '"@signature-params": ("date" "@method" "@path" "@authority" "content-type" '
            '"content-length");created=1618884473;keyid="test-key-ed25519"'
        )


class TestEd25519:
    def test_signs_the_very_bytes_of_b_2_6(self):
        base, signature = base_and_signature(REQUEST, B26)
        assert PrivateKey.from_jwk(ED25519).sign(base) == signature

    def test_verifies_b_2_6(self):
        base, signature = base_and_signature(REQUEST, B26)
        key = PrivateKey.from_jwk(ED25519).public
        assert key.verify(base, signature)
        assert not key.verify(base + b" ", signature)


class TestEcdsa:
    def test_verifies_the_answer_of_b_2_4(self):
        base, signature = base_and_signature(RESPONSE, B24)
        key = PublicKey.from_jwk(ECC_P256)
        assert key.verify(base, signature)
        assert not key.verify(base, signature[:-1] + bytes([signature[-1] ^ 1]))


class TestRsaPss:
    @pytest.mark.parametrize("headers", [B21, B23], ids=["b_2_1", "b_2_3"])
    def test_verifies(self, headers):
        base, signature = base_and_signature(REQUEST, headers)
        key = PublicKey.from_jwk(RSA_PSS, "rsa-pss-sha512")
        assert key.verify(base, signature)
        assert not key.verify(base[:-1], signature)

    def test_of_another_padding_does_not_verify(self):
        base, signature = base_and_signature(REQUEST, B23)
        assert not PublicKey.from_jwk(RSA_PSS, "rsa-v1_5-sha256").verify(base, signature)


class TestContentDigest:
    @pytest.mark.parametrize("message", [REQUEST, RESPONSE], ids=["request", "answer"])
    def test_of_the_messages_in_the_rfc_is_accepted(self, message):
        check_content_digest(message.headers["content-digest"], message.body)

    def test_is_made_as_in_rfc_9530(self):
        made = content_digest(b'{"hello": "world"}\n')
        assert made == "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"

    def test_of_another_body_is_refused(self):
        with pytest.raises(SignatureRefused) as refused:
            check_content_digest(REQUEST.headers["content-digest"], b"{}")
        assert refused.value.code == "digest-mismatch"

    def test_with_one_right_and_one_wrong_hash_is_refused(self):
        both = f"{content_digest(b'a')}, {content_digest(b'b', 'sha-512')}"
        with pytest.raises(SignatureRefused) as refused:
            check_content_digest(both, b"a")
        assert refused.value.code == "digest-mismatch"

    def test_of_an_unknown_hash_alone_is_refused(self):
        with pytest.raises(SignatureRefused) as refused:
            check_content_digest("md5=:AAAA:", b"a")
        assert refused.value.code == "digest-mismatch"


class TestThumbprint:
    def test_of_the_rsa_key_of_rfc_7638(self):
        n = (
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc"
            "_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQ"
            "R0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bF"
            "TWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
        )
        jwk = {"kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"}
        assert thumbprint(jwk) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"

    def test_of_the_ed25519_key_of_rfc_8037(self):
        x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": x}
        assert thumbprint(jwk) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"

    @pytest.mark.parametrize("jwk", [{}, {"kty": "oct", "k": "AA"}, {"kty": "EC", "x": 1}])
    def test_of_anything_else_is_refused(self, jwk):
        with pytest.raises(ValueError, match="key"):
            thumbprint(jwk)
