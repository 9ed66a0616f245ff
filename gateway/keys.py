"""Public and private keys by `cryptography`, which is the fastest to verify with."""

import base64
from typing import Any

from cf_partner_sdk.http_signatures import thumbprint
from cf_partner_sdk.keys import KeyNotUsable
from cf_partner_sdk.keys import PublicKey as CheckedKey
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

_PSS_SALT = 64


class KeyUnusable(ValueError):
    """A key of an unknown kind, too weak, or not of its record's algorithm."""


class VerifyingKey:
    """A partner's public key. Its record, never the message, says the algorithm.

    Raises KeyUnusable for a key that is weak, broken, private, or not of the algorithm.
    """

    def __init__(self, jwk: dict[str, Any], algorithm: str) -> None:
        try:
            CheckedKey.from_jwk(jwk, algorithm)
        except KeyNotUsable as problem:
            raise KeyUnusable(str(problem)) from None
        self.keyid = thumbprint(jwk)
        self.algorithm = algorithm
        self._key = _public_key(jwk, algorithm)

    def verify(self, base: bytes, signature: bytes) -> bool:
        """Whether the signature is this key's over the base; never raises for a wrong one."""
        try:
            self._verify(base, signature)
        except (InvalidSignature, ValueError):
            return False
        return True

    def _verify(self, base: bytes, signature: bytes) -> None:
        key = self._key
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, base)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            if len(signature) != 64:
                raise InvalidSignature
            r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
            key.verify(encode_dss_signature(r, s), base, ec.ECDSA(hashes.SHA256()))
        elif self.algorithm == "rsa-pss-sha512":
            pss = padding.PSS(mgf=padding.MGF1(hashes.SHA512()), salt_length=_PSS_SALT)
            key.verify(signature, base, pss, hashes.SHA512())
        else:
            key.verify(signature, base, padding.PKCS1v15(), hashes.SHA256())


class SigningKey:
    """One of our own Ed25519 keys."""

    algorithm = "ed25519"

    def __init__(self, key: ed25519.Ed25519PrivateKey) -> None:
        self._key = key
        raw = key.public_key().public_bytes_raw()
        self.jwk = {"kty": "OKP", "crv": "Ed25519", "x": _encode(raw)}
        self.keyid = thumbprint(self.jwk)

    def sign(self, base: bytes) -> bytes:
        """The signature over the base."""
        return self._key.sign(base)


PublicKey = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey


def _public_key(jwk: dict[str, Any], algorithm: str) -> PublicKey:
    if algorithm == "ed25519":
        return ed25519.Ed25519PublicKey.from_public_bytes(_decode(jwk["x"]))
    if algorithm == "ecdsa-p256-sha256":
        return ec.EllipticCurvePublicNumbers(
            _number(jwk["x"]), _number(jwk["y"]), ec.SECP256R1()
        ).public_key()
    assert algorithm in ("rsa-pss-sha512", "rsa-v1_5-sha256"), algorithm
    return rsa.RSAPublicNumbers(_number(jwk["e"]), _number(jwk["n"])).public_key()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _number(text: str) -> int:
    return int.from_bytes(_decode(text), "big")
