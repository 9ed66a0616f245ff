"""Keys for signing and verifying.

They are read and checked by pycryptodome. Where `cryptography` is installed, as by the extra
`cf-partner-sdk[fast]`, it signs and verifies, some three times as fast; it is loaded with the first
key.

`PrivateKey` and `PublicKey` keep the protocols `Signer` and `Verifier` of `http_signatures`. A key
kept elsewhere (HSM, KMS) needs only those two or three members and may stand in their place.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any, Optional, Union

from Crypto.Hash import SHA256, SHA512
from Crypto.PublicKey import ECC, RSA
from Crypto.Signature import DSS, eddsa, pkcs1_15, pss

from ._errors import KeyNotUsable
from .http_signatures.profile import ALGORITHMS
from .http_signatures.thumbprints import thumbprint

__all__ = ["KeyNotUsable", "PrivateKey", "PublicKey"]

RSA_BITS_MIN = 2048
RSA_BITS_MAX = 8192
RSA_EXPONENT_MIN = 65537

_JOSE_NAMES = {
    "ed25519": "EdDSA",
    "ecdsa-p256-sha256": "ES256",
    "rsa-pss-sha512": "PS512",
    "rsa-v1_5-sha256": "RS256",
}
_BY_JOSE_NAME = {name: algorithm for algorithm, name in _JOSE_NAMES.items()}
_BY_JOSE_NAME["Ed25519"] = "ed25519"

_ONE_OF = f"Take one of {', '.join(sorted(ALGORITHMS))}."
_PUBLIC_ONLY = "Give its public half: a private key never leaves its holder."
_PSS_SALT_BYTES = 64
_P256_BYTES = 32


class PublicKey:
    """A public key with its one algorithm: by `from_jwk`, `from_pem` or `PrivateKey.public`."""

    def __init__(self, key: Any, algorithm: str) -> None:
        _check(key, algorithm)
        self._key = key
        self.algorithm = algorithm
        self.jwk: dict[str, str] = {**_jwk(key), "alg": _JOSE_NAMES[algorithm]}
        self.keyid = thumbprint(self.jwk)
        self.jwk["kid"] = self.keyid
        self._verify = _verifying(key, algorithm)

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, Any], algorithm: Optional[str] = None) -> PublicKey:
        """Read a public JWK. `algorithm` wins over its `alg`; an RSA key needs one of the two.

        Raises KeyNotUsable, also for a JWK that holds private members.
        """
        if "d" in jwk or "k" in jwk:
            raise KeyNotUsable("this is a private or a shared key", mend=_PUBLIC_ONLY)
        return cls(_read_jwk(jwk), _algorithm_of(jwk, algorithm))

    @classmethod
    def from_pem(cls, pem: Union[str, bytes], algorithm: Optional[str] = None) -> PublicKey:
        """Read a PEM public key; RSA defaults to rsa-pss-sha512. Raises KeyNotUsable."""
        key = _read_pem(pem, None)
        if key.has_private():
            raise KeyNotUsable("this is a private key", mend=_PUBLIC_ONLY)
        return cls(key, algorithm or _algorithm_by_type(key))

    def to_pem(self) -> str:
        """Return the key as PEM (SubjectPublicKeyInfo)."""
        return _text(self._key.export_key(format="PEM"))

    def verify(self, base: bytes, signature: bytes) -> bool:
        """Tell whether `signature` is this key's over `base`."""
        try:
            self._verify(base, signature)
        except ValueError:
            return False
        return True

    def __repr__(self) -> str:
        return f"PublicKey({self.algorithm}, {self.keyid})"


class PrivateKey:
    """A private key with its one algorithm. Made by `generate`, `from_pem` or `from_jwk`."""

    def __init__(self, key: Any, algorithm: str) -> None:
        if not key.has_private():
            raise KeyNotUsable(
                "this is a public key; signing needs the private one",
                mend="Give the private half; the public one is what you send to the lender.",
            )
        public = key.public_key()
        self.public = PublicKey(public, algorithm)
        self.keyid = self.public.keyid
        self.algorithm = algorithm
        self._key = key
        self.sign = _signing(key, algorithm)

    @classmethod
    def generate(cls, algorithm: str = "ed25519") -> PrivateKey:
        """Make a new key; RSA keys get 3072 bits."""
        if algorithm == "ed25519":
            return cls(ECC.generate(curve="Ed25519"), algorithm)
        if algorithm == "ecdsa-p256-sha256":
            return cls(ECC.generate(curve="P-256"), algorithm)
        if algorithm in ALGORITHMS:
            return cls(RSA.generate(3072), algorithm)
        raise _unknown(algorithm)

    @classmethod
    def from_pem(
        cls,
        pem: Union[str, bytes],
        algorithm: Optional[str] = None,
        *,
        passphrase: Optional[str] = None,
    ) -> PrivateKey:
        """Read a PEM private key; RSA defaults to rsa-pss-sha512. Raises KeyNotUsable."""
        key = _read_pem(pem, passphrase)
        return cls(key, algorithm or _algorithm_by_type(key))

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, Any], algorithm: Optional[str] = None) -> PrivateKey:
        """Read a private JWK. `algorithm` wins over its `alg`; an RSA key needs one of the two.

        Raises KeyNotUsable.
        """
        return cls(_read_jwk(jwk), _algorithm_of(jwk, algorithm))

    def to_pem(self, *, passphrase: Optional[str] = None) -> str:
        """Return the key as PEM (PKCS #8), encrypted if a passphrase is given."""
        protection: dict[str, Any] = {}
        if passphrase is not None:
            protection = {"passphrase": passphrase, "protection": "scryptAndAES256-CBC"}
        if isinstance(self._key, RSA.RsaKey):
            return _text(self._key.export_key(format="PEM", pkcs=8, **protection))
        return _text(self._key.export_key(format="PEM", use_pkcs8=True, **protection))

    def __repr__(self) -> str:
        return f"PrivateKey({self.algorithm}, {self.keyid})"


def _signing(key: Any, algorithm: str) -> Callable[[bytes], bytes]:
    try:
        from ._fast_keys import signing  # noqa: PLC0415 - with the first key, where it is there
    except ImportError:
        return _signing_lightly(key, algorithm)
    return signing(_der(key), algorithm)


def _verifying(key: Any, algorithm: str) -> Callable[[bytes, bytes], object]:
    try:
        from ._fast_keys import verifying  # noqa: PLC0415
    except ImportError:
        return _verifying_lightly(key, algorithm)
    return verifying(_der(key), algorithm)


def _der(key: Any) -> bytes:
    if isinstance(key, RSA.RsaKey):
        return bytes(key.export_key(format="DER", pkcs=8))
    return bytes(key.export_key(format="DER", use_pkcs8=True))


def _signing_lightly(key: Any, algorithm: str) -> Callable[[bytes], bytes]:
    if algorithm == "ed25519":
        edwards = eddsa.new(key, "rfc8032")
        return lambda base: bytes(edwards.sign(base))
    if algorithm == "ecdsa-p256-sha256":
        return lambda base: bytes(DSS.new(key, "deterministic-rfc6979").sign(SHA256.new(base)))
    if algorithm == "rsa-pss-sha512":
        return lambda base: bytes(
            pss.new(key, salt_bytes=_PSS_SALT_BYTES).sign(SHA512.new(base))
        )  # fmt: skip
    return lambda base: bytes(pkcs1_15.new(key).sign(SHA256.new(base)))


def _verifying_lightly(key: Any, algorithm: str) -> Callable[[bytes, bytes], object]:
    if algorithm == "ed25519":
        edwards = eddsa.new(key, "rfc8032")
        return edwards.verify
    if algorithm == "ecdsa-p256-sha256":
        return lambda base, signature: DSS.new(key, "fips-186-3").verify(
            SHA256.new(base), signature
        )
    if algorithm == "rsa-pss-sha512":
        return lambda base, signature: pss.new(key, salt_bytes=_PSS_SALT_BYTES).verify(
            SHA512.new(base), signature
        )
    return lambda base, signature: pkcs1_15.new(key).verify(SHA256.new(base), signature)


def _check(key: Any, algorithm: str) -> None:
    if algorithm not in ALGORITHMS:
        raise _unknown(algorithm)
    if algorithm.startswith("rsa-"):
        if not isinstance(key, RSA.RsaKey):
            raise KeyNotUsable(f"{algorithm} needs an RSA key")
        if not RSA_BITS_MIN <= key.size_in_bits() <= RSA_BITS_MAX:
            raise KeyNotUsable(f"an RSA key needs {RSA_BITS_MIN} to {RSA_BITS_MAX} bits")
        if key.e < RSA_EXPONENT_MIN or key.e % 2 == 0:
            raise KeyNotUsable(f"an RSA exponent is odd and at least {RSA_EXPONENT_MIN}")
        return
    curve = "Ed25519" if algorithm == "ed25519" else "NIST P-256"
    if not isinstance(key, ECC.EccKey) or key.curve != curve:
        raise KeyNotUsable(f"{algorithm} needs a key on {curve}")
    if algorithm == "ed25519" and (key.pointQ * 8).is_point_at_infinity():
        raise KeyNotUsable("an Ed25519 key of small order verifies anything")


def _unknown(algorithm: str) -> KeyNotUsable:
    return KeyNotUsable(f"{algorithm} is not an algorithm of this profile", mend=_ONE_OF)


def _algorithm_by_type(key: Any) -> str:
    if isinstance(key, RSA.RsaKey):
        return "rsa-pss-sha512"
    return "ed25519" if key.curve == "Ed25519" else "ecdsa-p256-sha256"


def _algorithm_of(jwk: Mapping[str, Any], algorithm: Optional[str]) -> str:
    named = algorithm or jwk.get("alg")
    if named is None:
        by_type = {"OKP": "ed25519", "EC": "ecdsa-p256-sha256"}
        named = by_type.get(str(jwk.get("kty")))
    if named is None:
        raise KeyNotUsable("which algorithm an RSA key is for must be said", mend=_ONE_OF)
    return _BY_JOSE_NAME.get(str(named), str(named))


def _jwk(key: Any) -> dict[str, str]:
    if isinstance(key, RSA.RsaKey):
        return {"kty": "RSA", "n": _encode_int(key.n), "e": _encode_int(key.e)}
    if key.curve == "Ed25519":
        return {"kty": "OKP", "crv": "Ed25519", "x": _encode(key.export_key(format="raw"))}
    return {
        "kty": "EC",
        "crv": "P-256",
        "x": _encode(int(key.pointQ.x).to_bytes(_P256_BYTES, "big")),
        "y": _encode(int(key.pointQ.y).to_bytes(_P256_BYTES, "big")),
    }


def _read_jwk(jwk: Mapping[str, Any]) -> Any:
    kind = (jwk.get("kty"), jwk.get("crv"))
    try:
        if kind == ("OKP", "Ed25519"):
            return _read_ed25519(jwk)
        if kind == ("EC", "P-256"):
            names = {"point_x": "x", "point_y": "y", **({"d": "d"} if "d" in jwk else {})}
            numbers: dict[str, Any] = {ours: _int(jwk, name) for ours, name in names.items()}
            return ECC.construct(curve="P-256", **numbers)
        if kind[0] == "RSA":
            parts = ("n", "e", "d", "p", "q") if "d" in jwk else ("n", "e")
            return RSA.construct([_int(jwk, name) for name in parts])
    except (ValueError, binascii.Error) as fault:
        raise KeyNotUsable(f"the JWK cannot be read: {fault}") from None
    raise KeyNotUsable("a JWK here is OKP Ed25519, EC P-256 or RSA")


def _read_ed25519(jwk: Mapping[str, Any]) -> Any:
    public = eddsa.import_public_key(_decode(jwk, "x"))
    if "d" not in jwk:
        return public
    private = eddsa.import_private_key(_decode(jwk, "d"))
    if private.public_key() != public:
        raise ValueError("x is not the public half of d")
    return private


def _read_pem(pem: Union[str, bytes], passphrase: Optional[str]) -> Any:
    text = pem if isinstance(pem, bytes) else pem.encode("ascii", "replace")
    broken = (ValueError, IndexError, TypeError)  # what pycryptodome raises for odd input
    try:
        return ECC.import_key(text, passphrase=passphrase)
    except broken:
        pass
    try:
        return RSA.import_key(text, passphrase=passphrase)
    except broken:
        raise KeyNotUsable(
            "no PEM key that can be read, or another passphrase",
            mend="Give the text of a PEM file, not its path, and its passphrase if it has one.",
        ) from None


def _decode(jwk: Mapping[str, Any], name: str) -> bytes:
    text = jwk.get(name)
    if not isinstance(text, str):
        raise KeyNotUsable(f"the JWK needs {name}")
    value = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _encode(value) != text:
        raise KeyNotUsable(f"{name} is not canonical base64url")
    return value


def _int(jwk: Mapping[str, Any], name: str) -> int:
    return int.from_bytes(_decode(jwk, name), "big")


def _encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def _encode_int(value: int) -> str:
    number = int(value)
    return _encode(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _text(pem: Union[str, bytes]) -> str:
    text = pem.decode("ascii") if isinstance(pem, bytes) else pem
    return text if text.endswith("\n") else text + "\n"
