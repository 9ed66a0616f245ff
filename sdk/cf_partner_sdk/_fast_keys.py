"""What keys do by `cryptography`, where it is installed: some four times as fast as pycryptodome.

It comes with the extra `cf-partner-sdk[fast]`. Keys are read and checked by `keys` either way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

_PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA512()), salt_length=64)
_HALF_BYTES = 32


def signing(der: bytes, algorithm: str) -> Callable[[bytes], bytes]:
    """Return what signs with a private key, given as PKCS #8."""
    key: Any = load_der_private_key(der, None)
    if algorithm == "ed25519":
        sign: Callable[[bytes], bytes] = key.sign
        return sign
    if algorithm == "ecdsa-p256-sha256":
        how = _ecdsa()
        return lambda base: _raw(key.sign(base, how))
    if algorithm == "rsa-pss-sha512":
        return lambda base: bytes(key.sign(base, _PSS, hashes.SHA512()))
    return lambda base: bytes(key.sign(base, padding.PKCS1v15(), hashes.SHA256()))


def verifying(der: bytes, algorithm: str) -> Callable[[bytes, bytes], object]:
    """Return what raises ValueError for a signature that is not that of a public key.

    The key is given as SubjectPublicKeyInfo.
    """
    key: Any = load_der_public_key(der)
    how: tuple[Any, ...] = {
        "ed25519": (),
        "ecdsa-p256-sha256": (ec.ECDSA(hashes.SHA256()),),
        "rsa-pss-sha512": (_PSS, hashes.SHA512()),
        "rsa-v1_5-sha256": (padding.PKCS1v15(), hashes.SHA256()),
    }[algorithm]
    form = _der if algorithm == "ecdsa-p256-sha256" else bytes

    def verify(base: bytes, signature: bytes) -> None:
        try:
            key.verify(form(signature), base, *how)
        except InvalidSignature:
            raise ValueError("another signature") from None

    return verify


def _ecdsa() -> ec.ECDSA:
    """Return how to sign: without chance (RFC 6979) where OpenSSL can."""
    try:
        return ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
    except (TypeError, UnsupportedAlgorithm):
        return ec.ECDSA(hashes.SHA256())


def _raw(der: bytes) -> bytes:
    r, s = decode_dss_signature(der)
    return r.to_bytes(_HALF_BYTES, "big") + s.to_bytes(_HALF_BYTES, "big")


def _der(raw: bytes) -> bytes:
    if len(raw) != 2 * _HALF_BYTES:
        raise ValueError("a signature on P-256 has 64 bytes")
    halves = (raw[:_HALF_BYTES], raw[_HALF_BYTES:])
    return encode_dss_signature(*(int.from_bytes(half, "big") for half in halves))
