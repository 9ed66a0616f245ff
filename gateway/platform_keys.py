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
SIGNING = ("response", "event")
ROTATED = (*SIGNING, "encryption")
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
    other_encryption: tuple[rsa.RSAPrivateKey, ...] = ()
    """Not published, yet they open: the one to come, for fronts that publish it sooner than this
    one, and the one that fields were sealed to until lately."""

    @property
    def root_keyid(self) -> str:
        """What partners put into their configuration."""
        return self.root.keyid

    @classmethod
    def load_or_make(cls, folder: Path) -> "PlatformKeys":
        """Reads the keys; makes those that are missing."""

        def signing(name: str) -> SigningKey:
            return _signing_key(folder / f"platform_{name}.pem")

        return cls(
            root=signing("root"),
            response=signing("response"),
            event=signing("event"),
            encryption=_encryption_key(folder / "platform_encryption.pem"),
            others=tuple(
                (name, _signing_key(file)) for name in SIGNING for file in _beside(folder, name)
            ),
            other_encryption=tuple(map(_encryption_key, _beside(folder, "encryption"))),
        )

    def opening(self) -> dict[str, rsa.RSAPrivateKey]:
        """What sealed fields are opened with, by key id."""
        return {thumbprint(_rsa_jwk(key)): key for key in (self.encryption, *self.other_encryption)}

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
        return {"keys": [*signing, self.encryption_jwk]}

    @property
    def encryption_jwk(self) -> dict[str, Any]:
        """What partners seal fields to, as the directory gives it."""
        jwk = _rsa_jwk(self.encryption)
        about = {"alg": "RSA-OAEP-256", "use": "enc", "purpose": "encryption"}
        return {**jwk, "kid": thumbprint(jwk), **about}


def publish_next(folder: Path, name: str) -> str:
    """First step of a rotation: makes the key to come, which is published from the next start on.

    One of encryption only opens from then on: it is published when every front has it. Its keyid.
    Raises NothingToDo when there is one.
    """
    beside = _file(folder, name, "next")
    if beside.exists():
        raise NothingToDo(f"the next {name} key is made already: start the fronts, then use it")
    return _keyid(beside, name)


def use_next(folder: Path, name: str) -> str:
    """Second step: the key to come signs from the next start on, and the present one is published.

    Of encryption, the key to come is published and the present one goes on opening. Its keyid.
    Raises NothingToDo before the first step, and while an old key is still kept.
    """
    beside, old = _file(folder, name, "next"), _file(folder, name, "old")
    if not beside.exists():
        raise NothingToDo(f"there is no next {name} key: publish one first")
    if old.exists():
        raise NothingToDo(f"an old {name} key is still published: forget it first")
    present = folder / f"platform_{name}.pem"
    os.link(present, old)
    beside.replace(present)
    return _keyid(present, name)


def forget_old(folder: Path, name: str) -> None:
    """Last step: the key before goes out of the directory, or opens no more, at the next start.

    Raises NothingToDo when there is none.
    """
    old = _file(folder, name, "old")
    if not old.exists():
        raise NothingToDo(f"there is no old {name} key")
    old.unlink()


def _file(folder: Path, name: str, which: str) -> Path:
    return folder / f"platform_{name}.{which}.pem"


def _beside(folder: Path, name: str) -> list[Path]:
    files = (_file(folder, name, which) for which in ("next", "old"))
    return [file for file in files if file.exists()]


def _keyid(path: Path, name: str) -> str:
    if name == "encryption":
        return thumbprint(_rsa_jwk(_encryption_key(path)))
    return _signing_key(path).keyid


def _signing_key(path: Path) -> SigningKey:
    key = _load_or_make(path)
    assert isinstance(key, ed25519.Ed25519PrivateKey)
    return SigningKey(key)


def _encryption_key(path: Path) -> rsa.RSAPrivateKey:
    key = _load_or_make(path, encryption=True)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def _rsa_jwk(key: rsa.RSAPrivateKey) -> dict[str, str]:
    numbers = key.public_key().public_numbers()
    return {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}


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
