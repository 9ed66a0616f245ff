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
ROTATED = ("response", "event")
"""The keys that are replaced in turn; the root is pinned by partners, and stays."""


class NothingToDo(RuntimeError):
    """A step of a rotation that is done already, or that is not due."""


@dataclass(frozen=True, slots=True)
class PlatformKeys:
    """The keys of one installation, as files only their owner can read."""

    root: SigningKey
    response: SigningKey
    event: SigningKey
    encryption: rsa.RSAPrivateKey
    others: tuple[tuple[str, SigningKey], ...] = ()
    """Published beside these, by purpose: those to come, and those that signed until lately."""

    @property
    def root_keyid(self) -> str:
        """What partners put into their configuration."""
        return self.root.keyid

    @classmethod
    def load_or_make(cls, folder: Path) -> "PlatformKeys":
        """Reads the keys; makes those that are missing."""

        def signing(name: str) -> SigningKey:
            return _signing_key(folder / f"platform_{name}.pem")

        encryption = _load_or_make(folder / "platform_encryption.pem", encryption=True)
        assert isinstance(encryption, rsa.RSAPrivateKey)
        others = tuple(
            (name, _signing_key(beside))
            for name in ROTATED
            for beside in (_file(folder, name, "next"), _file(folder, name, "old"))
            if beside.exists()
        )
        return cls(signing("root"), signing("response"), signing("event"), encryption, others)

    def directory(self) -> dict[str, Any]:
        """The public keys as a JWKS, each with its purpose; the root is among them."""
        signing = [
            {**key.jwk, "kid": key.keyid, "alg": "EdDSA", **purpose}
            for key, purpose in (
                (self.root, {"use": "root"}),
                (self.response, {"use": "sig", "purpose": "response"}),
                (self.event, {"use": "sig", "purpose": "event"}),
                *((key, {"use": "sig", "purpose": name}) for name, key in self.others),
            )
        ]
        return {"keys": [*signing, self._encryption_jwk()]}

    def _encryption_jwk(self) -> dict[str, Any]:
        numbers = self.encryption.public_key().public_numbers()
        jwk = {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
        about = {"alg": "RSA-OAEP-256", "use": "enc", "purpose": "encryption"}
        return {**jwk, "kid": thumbprint(jwk), **about}


def publish_next(folder: Path, name: str) -> str:
    """First step of a rotation: makes the key to come, which is published from the next start on.

    Its keyid. Raises NothingToDo when there is one.
    """
    beside = _file(folder, name, "next")
    if beside.exists():
        raise NothingToDo(f"the next {name} key is made already: start the fronts, then use it")
    return _signing_key(beside).keyid


def use_next(folder: Path, name: str) -> str:
    """Second step: the key to come signs from the next start on, and the present one is published.

    Its keyid. Raises NothingToDo before the first step, and while an old key is still published.
    """
    beside, old = _file(folder, name, "next"), _file(folder, name, "old")
    if not beside.exists():
        raise NothingToDo(f"there is no next {name} key: publish one first")
    if old.exists():
        raise NothingToDo(f"an old {name} key is still published: forget it first")
    present = folder / f"platform_{name}.pem"
    os.link(present, old)
    beside.replace(present)
    return _signing_key(present).keyid


def forget_old(folder: Path, name: str) -> None:
    """Last step: the key that signed before goes out of the directory at the next start.

    Raises NothingToDo when there is none.
    """
    old = _file(folder, name, "old")
    if not old.exists():
        raise NothingToDo(f"there is no old {name} key")
    old.unlink()


def _file(folder: Path, name: str, which: str) -> Path:
    return folder / f"platform_{name}.{which}.pem"


def _signing_key(path: Path) -> SigningKey:
    key = _load_or_make(path)
    assert isinstance(key, ed25519.Ed25519PrivateKey)
    return SigningKey(key)


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
