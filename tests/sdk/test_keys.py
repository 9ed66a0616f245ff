"""Keys: what is read, what is written, what is refused."""

import base64
import sys
from collections.abc import Iterator

import pytest
from cf_partner_sdk import KeyNotUsable, PrivateKey, PublicKey
from cf_partner_sdk.http_signatures import thumbprint
from Crypto.PublicKey import ECC, RSA
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from tests.keys import partner_key
from tests.sdk.rfc_vectors import ECC_P256, ED25519, RSA_PSS

ALGORITHMS = ["ed25519", "ecdsa-p256-sha256", "rsa-pss-sha512", "rsa-v1_5-sha256"]


@pytest.fixture(scope="module")
def pems() -> dict[str, str]:
    return {algorithm: partner_key(algorithm).to_pem() for algorithm in ALGORITHMS}


@pytest.fixture(scope="module", params=["cryptography", "pycryptodome"])
def library(request: pytest.FixtureRequest) -> Iterator[str]:
    """Which library signs: without the extra `fast` the import of its module fails."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "pycryptodome":
            patch.setitem(sys.modules, "cf_partner_sdk._fast_keys", None)
        yield request.param


@pytest.fixture(scope="module")
def keys(pems: dict[str, str], library: str) -> dict[str, PrivateKey]:  # noqa: ARG001 - makes them
    return {name: PrivateKey.from_pem(pem, name) for name, pem in pems.items()}


def encoded(number: int, length: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(length, "big")).rstrip(b"=").decode()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
class TestEveryKey:
    def test_comes_back_from_pem(self, keys, algorithm):
        key = keys[algorithm]
        private = PrivateKey.from_pem(key.to_pem(), algorithm)
        public = PublicKey.from_pem(key.public.to_pem(), algorithm)
        assert private.keyid == public.keyid == key.keyid
        assert public.verify(b"base", private.sign(b"base"))

    def test_is_named_by_its_thumbprint(self, keys, algorithm):
        public = keys[algorithm].public
        assert public.keyid == thumbprint(public.jwk) == public.jwk["kid"]
        assert not {"d", "p", "q", "k"} & public.jwk.keys()

    def test_comes_back_from_its_jwk_with_its_algorithm(self, keys, algorithm):
        public = PublicKey.from_jwk(keys[algorithm].public.jwk)
        assert (public.algorithm, public.keyid) == (algorithm, keys[algorithm].keyid)

    def test_verifies_its_own_signatures_only(self, keys, algorithm):
        signature = keys[algorithm].sign(b"base")
        assert keys[algorithm].public.verify(b"base", signature)
        assert not keys[algorithm].public.verify(b"bass", signature)
        for wrong in (b"", signature[:-1], signature + b"\0", b"\0" * len(signature)):
            assert not keys[algorithm].public.verify(b"base", wrong)
        other = PrivateKey.generate("ed25519")
        assert not other.public.verify(b"base", signature)

    def test_shows_no_secret(self, keys, algorithm):
        assert keys[algorithm].keyid in repr(keys[algorithm])
        assert len(repr(keys[algorithm])) < 90


class TestAnEncryptedPem:
    @pytest.mark.parametrize("algorithm", ALGORITHMS)
    def test_comes_back_from_encrypted_pem(self, pems, algorithm):
        key = PrivateKey.from_pem(pems[algorithm], algorithm)
        pem = key.to_pem(passphrase="opensesame")
        assert "ENCRYPTED" in pem
        again = PrivateKey.from_pem(pem, algorithm, passphrase="opensesame")
        assert again.keyid == key.keyid
        with pytest.raises(KeyNotUsable):
            PrivateKey.from_pem(pem, algorithm, passphrase="other")


class TestBothLibraries:
    @pytest.mark.parametrize("algorithm", ALGORITHMS)
    def test_verify_what_the_other_signed(self, pems, monkeypatch, algorithm):
        fast = PrivateKey.from_pem(pems[algorithm], algorithm)
        monkeypatch.setitem(sys.modules, "cf_partner_sdk._fast_keys", None)
        light = PrivateKey.from_pem(pems[algorithm], algorithm)
        for signer, verifier in ((fast, light.public), (light, fast.public)):
            assert verifier.verify(b"base", signer.sign(b"base"))

    def test_are_the_one_that_is_installed(self, keys, library):
        module = keys["rsa-pss-sha512"].sign.__module__
        assert (
            module
            == {
                "cryptography": "cf_partner_sdk._fast_keys",
                "pycryptodome": "cf_partner_sdk.keys",
            }[library]
        )


class TestAPrivateJwk:
    def test_of_the_rfc_is_read(self):
        assert PrivateKey.from_jwk(ED25519).algorithm == "ed25519"

    def test_is_not_taken_as_a_public_one(self):
        with pytest.raises(KeyNotUsable, match="private"):
            PublicKey.from_jwk(ED25519)

    def test_whose_halves_do_not_fit_is_refused(self):
        other = PrivateKey.generate().public.jwk["x"]
        with pytest.raises(KeyNotUsable):
            PrivateKey.from_jwk({**ED25519, "x": other})

    def test_needs_its_private_half(self):
        with pytest.raises(KeyNotUsable, match="public"):
            PrivateKey.from_jwk(ECC_P256)

    def test_of_rsa_needs_its_algorithm_said(self):
        with pytest.raises(KeyNotUsable, match="algorithm"):
            PublicKey.from_jwk(RSA_PSS)
        assert PublicKey.from_jwk({**RSA_PSS, "alg": "PS512"}).algorithm == "rsa-pss-sha512"
        assert PublicKey.from_jwk({**RSA_PSS, "alg": "rsa-v1_5-sha256"}).algorithm.startswith("rsa")


class TestAKeyThatIsNotUsable:
    @pytest.mark.parametrize(
        "jwk",
        [
            {},
            {"kty": "oct", "k": "c2VjcmV0"},
            {"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"},
            {**ECC_P256, "alg": "HS256"},
            {**ECC_P256, "alg": "EdDSA"},
            {**ECC_P256, "crv": "P-384"},
            {**ECC_P256, "y": ECC_P256["x"]},
            {"kty": "OKP", "crv": "X25519", "x": ED25519["x"]},
            {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"},
            {"kty": "OKP", "crv": "Ed25519", "x": 1},
            {"kty": "OKP", "crv": "Ed25519", "x": ED25519["x"] + "="},
            {"kty": "OKP", "crv": "Ed25519", "x": "!" + ED25519["x"][1:]},
            {"kty": "OKP", "crv": "Ed25519", "x": encoded(1 << 248, 32)},
            {"kty": "RSA", "n": RSA_PSS["n"], "e": "Ag", "alg": "PS512"},
            {"kty": "RSA", "n": RSA_PSS["n"], "alg": "PS512"},
        ],
    )
    def test_is_refused(self, jwk):
        with pytest.raises(KeyNotUsable):
            PublicKey.from_jwk(jwk)

    def test_is_rsa_below_2048_bits(self):
        weak = RSA.generate(1024)
        with pytest.raises(KeyNotUsable, match="2048"):
            PrivateKey.from_pem(weak.export_key().decode())
        with pytest.raises(KeyNotUsable, match="2048"):
            PublicKey.from_jwk(
                {
                    "kty": "RSA",
                    "alg": "PS512",
                    "n": encoded(int(weak.n), 128),
                    "e": "AQAB",
                }
            )

    def test_is_on_a_curve_outside_the_profile(self):
        with pytest.raises(KeyNotUsable):
            PrivateKey.from_pem(ECC.generate(curve="P-384").export_key(format="PEM"))

    @pytest.mark.parametrize("algorithm", ["hmac-sha256", "ecdsa-p384-sha384", "", "HS256"])
    def test_is_of_another_algorithm(self, algorithm):
        with pytest.raises(KeyNotUsable):
            PrivateKey.generate(algorithm)

    @pytest.mark.parametrize("pem", ["", "nonsense", "-----BEGIN PRIVATE KEY-----", "键"])
    def test_is_no_pem(self, pem):
        with pytest.raises(KeyNotUsable):
            PrivateKey.from_pem(pem)

    def test_is_a_private_pem_given_as_public(self):
        with pytest.raises(KeyNotUsable, match="private"):
            PublicKey.from_pem(PrivateKey.generate().to_pem())


class TestEd25519:
    def test_pem_of_another_library_is_the_same_key(self):
        theirs = ed25519.Ed25519PrivateKey.generate()
        pem = theirs.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        ours = PrivateKey.from_pem(pem)
        assert ours.sign(b"base") == theirs.sign(b"base")

    def test_signature_with_s_beyond_the_order_is_refused(self):
        order = 2**252 + 27742317777372353535851937790883648493
        key = PrivateKey.generate()
        signature = key.sign(b"base")
        s = int.from_bytes(signature[32:], "little") + order
        assert not key.public.verify(b"base", signature[:32] + s.to_bytes(32, "little"))
