"""Sensitive fields of a request, opened by us before its service is called.

How they are sealed is told in `cf_partner_sdk.field_encryption`. A field is bound to the place that
it was sealed for, in the body as it was sent: so they are found before a body is brought up from an
older version, and opened where the schema takes one.
"""

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import EncryptionKeyUnknown, FieldNotOpened
from lending.foundation import ids
from lending.foundation.crypto import FieldKeys

MEMBER = "encryption"
"""The member of a message that carries its content key."""
PARTS = frozenset(("enc", "nonce", "ciphertext", "tag"))
CIPHER = "A256GCM"
KEY_BYTES, NONCE_BYTES, TAG_BYTES = 32, 12, 16
_OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)

PrivateKeys = Mapping[str, rsa.RSAPrivateKey]
"""What fields may be sealed to, by key id."""


@dataclass(frozen=True, slots=True)
class SealedField:
    """One field as it was sent, not opened yet."""

    message: "SealedMessage"
    pointer: str
    parts: Mapping[str, Any]

    def text(self) -> str:
        """What was sealed.

        Raises EncryptionKeyUnknown, and FieldNotOpened for what was altered, moved, or sealed for
        another message; the two ways a field may fail to open are not told apart.
        """
        secret, kid = self.message.secret, self.message.kid
        associated = f"{kid}\n{self.pointer}".encode()
        try:
            nonce, sealed = _parts(self.parts)
            return AESGCM(secret).decrypt(nonce, sealed, associated).decode("utf-8")
        except (InvalidTag, ValueError):
            raise FieldNotOpened(field=self.pointer) from None


class SealedMessage:
    """A body some of whose fields may be sealed, all under the content key that it carries."""

    def __init__(self, body: Mapping[str, Any], keys: PrivateKeys) -> None:
        self._envelope = body.get(MEMBER)
        self._keys = keys
        self._found: list[SealedField] = []
        self.body: dict[str, Any] = {
            name: member if name == MEMBER else self._marked(member, f"/{step(name)}")
            for name, member in body.items()
        }
        """The body, with a `SealedField` wherever something looks like one."""

    @cached_property
    def kid(self) -> str:
        """The id of our key that the content key is wrapped to.

        Raises FieldNotOpened where the message carries no content key.
        """
        kid = self._envelope.get("kid") if isinstance(self._envelope, Mapping) else None
        if not isinstance(kid, str):
            raise FieldNotOpened("the message has no content key", field=f"/{MEMBER}")
        return kid

    @cached_property
    def secret(self) -> bytes:
        """The content key. One that cannot be unwrapped is a random one, which opens nothing.

        So nobody learns from our answers how an unwrapping failed. Raises EncryptionKeyUnknown.
        """
        kid = self.kid
        if kid not in self._keys:
            raise EncryptionKeyUnknown
        assert isinstance(self._envelope, Mapping)
        try:
            secret = self._keys[kid].decrypt(_decode(self._envelope.get("key")), _OAEP)
        except ValueError:
            secret = b""
        return secret if len(secret) == KEY_BYTES else ids.random_bytes(KEY_BYTES)

    def mac(self, keys: FieldKeys) -> bytes | None:
        """A digest of the body as it reads opened; None where nothing in it is sealed.

        Sealing the same again gives other bytes, so this is by what a repeated call is known. It
        is keyed, since what is sealed could be guessed from a plain one.

        Raises what opening a field does.
        """
        if not self._found:
            return None
        plain = {name: member for name, member in self.body.items() if name != MEMBER}
        text = json.dumps(plain, default=SealedField.text, sort_keys=True)
        return hmac.digest(keys.index_key, b"call|" + text.encode(), sha256)

    def _marked(self, value: Any, at: str) -> Any:
        if isinstance(value, list):
            return [self._marked(each, f"{at}/{place}") for place, each in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if value.keys() == PARTS:
            found = SealedField(self, at, value)
            self._found.append(found)
            return found
        return {name: self._marked(each, f"{at}/{step(name)}") for name, each in value.items()}


def _parts(given: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """Nonce, and ciphertext with its tag. Raises ValueError."""
    nonce, ciphertext, tag = (_decode(given[name]) for name in ("nonce", "ciphertext", "tag"))
    if given["enc"] != CIPHER or (len(nonce), len(tag)) != (NONCE_BYTES, TAG_BYTES):
        raise ValueError("not sealed by this cipher")
    return nonce, ciphertext + tag


def encode(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def step(name: str) -> str:
    """One step of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def _decode(text: Any) -> bytes:
    """Base64url without padding, in its one spelling. Raises ValueError."""
    if not isinstance(text, str):
        raise ValueError("no text")  # noqa: TRY004  all that is wrong with a part is the same
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise ValueError("broken base64url") from None
    if encode(raw) != text:
        raise ValueError("base64url in another spelling")
    return raw
