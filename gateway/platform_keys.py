"""Our own keys: the root that partners pin; to sign answers, to sign events, to encrypt to."""

import base64
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cf_partner_sdk.http_signatures import thumbprint
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from gateway.keys import SigningKey

ENCRYPTION_BITS = 3072


@dataclass(frozen=True, slots=True)
class PlatformKeys:
    """The keys of one installation, as files only their owner can read."""

    root: SigningKey
    response: SigningKey
    event: SigningKey
    encryption: rsa.RSAPrivateKey

    @property
    def root_keyid(self) -> str:
        """What partners put into their configuration."""
        return self.root.keyid

    @classmethod
    def load_or_make(cls, folder: Path) -> "PlatformKeys":
        """Reads the keys; makes those that are missing."""

        def signing(name: str) -> SigningKey:
            key = _load_or_make(folder / f"platform_{name}.pem")
            assert isinstance(key, ed25519.Ed25519PrivateKey)
            return SigningKey(key)

        encryption = _load_or_make(folder / "platform_encryption.pem", encryption=True)
        assert isinstance(encryption, rsa.RSAPrivateKey)
        return cls(signing("root"), signing("response"), signing("event"), encryption)

    def directory(self) -> dict[str, Any]:
        """The public keys as a JWKS, each with its purpose; the root is among them."""
        signing = [
            {**key.jwk, "kid": key.keyid, "alg": "EdDSA", **purpose}
            for key, purpose in (
                (self.root, {"use": "root"}),
                (self.response, {"use": "sig", "purpose": "response"}),
                (self.event, {"use": "sig", "purpose": "event"}),
            )
        ]
        return {"keys": [*signing, self._encryption_jwk()]}

    def _encryption_jwk(self) -> dict[str, Any]:
        numbers = self.encryption.public_key().public_numbers()
        jwk = {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
        about = {"alg": "RSA-OAEP-256", "use": "enc", "purpose": "encryption"}
        return {**jwk, "kid": thumbprint(jwk), **about}


def _load_or_make(path: Path, *, encryption: bool = False) -> object:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = (
            rsa.generate_private_key(public_exponent=65537, key_size=ENCRYPTION_BITS)
            if encryption
            else ed25519.Ed25519PrivateKey.generate()
        )
        part = path.with_suffix(f".{os.getpid()}.part")
        part.touch(mode=0o600)
        part.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        try:
            os.link(part, path)
        except FileExistsError:
            pass  # another process made it first: its key counts
        finally:
            part.unlink()
    return serialization.load_pem_private_key(path.read_bytes(), password=None)


def _number(value: int) -> str:
    raw = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
