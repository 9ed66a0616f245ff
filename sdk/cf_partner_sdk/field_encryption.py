"""Sensitive fields, encrypted to the lender on top of TLS.

A message has one content key of 256 bits, wrapped to the lender's published key by RSA-OAEP with
SHA-256; each field is sealed with it by AES-256-GCM under a nonce of its own. The associated data
is the key's id, a line feed and the field's JSON pointer, so that no field can be moved to another
place or another key. On the wire a field's string becomes

    {"enc": "A256GCM", "nonce": …, "ciphertext": …, "tag": …}

and the message gets, beside the fields, the member

    "encryption": {"alg": "RSA-OAEP-256", "kid": …, "key": …}

all values in base64url without padding. `ciphertext` is of the field's UTF-8 bytes.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any

from Crypto.Cipher import AES, PKCS1_OAEP
from Crypto.Hash import SHA256
from Crypto.PublicKey import RSA
from Crypto.Random import get_random_bytes

from ._errors import KeyNotUsable
from .http_signatures.thumbprints import thumbprint
from .keys import RSA_BITS_MIN

MEMBER = "encryption"
KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16


class FieldNotReadable(ValueError):
    """An encrypted field that was altered, moved, or meant for another key."""


def encrypt(
    message: Mapping[str, Any], pointers: Iterable[str], *, jwk: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a copy of `message` whose strings at `pointers` are encrypted to the RSA key `jwk`.

    `jwk` is what `KeyDirectory.encryption_key` gives. Raises KeyNotUsable for another kind of key
    and KeyError or TypeError for a pointer to nothing or to no string.
    """
    key = _rsa(jwk)
    kid = thumbprint(jwk)
    secret = get_random_bytes(KEY_BYTES)
    copied: dict[str, Any] = _copy(message)
    for pointer in pointers:
        parent, last = _reach(copied, pointer)
        if not isinstance(parent[last], str):
            raise TypeError(f"{pointer} is no string")
        parent[last] = _seal(secret, parent[last], _associated(kid, pointer))
    wrapped = PKCS1_OAEP.new(key, hashAlgo=SHA256).encrypt(secret)
    copied[MEMBER] = {"alg": "RSA-OAEP-256", "kid": kid, "key": _encode(wrapped)}
    return copied


def decrypt(message: Mapping[str, Any], pointers: Iterable[str], *, key: Any) -> dict[str, Any]:
    """Return a copy of `message` in clear; `key` is the RSA private key (pycryptodome).

    Raises FieldNotReadable if anything was altered or is not as the envelope says.
    """
    copied: dict[str, Any] = _copy(message)
    envelope = copied.pop(MEMBER, None)
    if not isinstance(envelope, dict) or envelope.get("alg") != "RSA-OAEP-256":
        raise FieldNotReadable("there is no envelope of RSA-OAEP-256")
    try:
        secret = PKCS1_OAEP.new(key, hashAlgo=SHA256).decrypt(_decode(envelope["key"]))
        for pointer in pointers:
            parent, last = _reach(copied, pointer)
            parent[last] = _open(secret, parent[last], _associated(envelope["kid"], pointer))
    except (KeyError, TypeError, ValueError) as fault:
        raise FieldNotReadable(f"a field cannot be read: {type(fault).__name__}") from None
    return copied


def _seal(secret: bytes, text: str, associated: bytes) -> dict[str, str]:
    nonce = get_random_bytes(NONCE_BYTES)
    cipher = AES.new(secret, AES.MODE_GCM, nonce=nonce, mac_len=TAG_BYTES)
    cipher.update(associated)
    ciphertext, tag = cipher.encrypt_and_digest(text.encode("utf-8"))
    return {
        "enc": "A256GCM",
        "nonce": _encode(nonce),
        "ciphertext": _encode(ciphertext),
        "tag": _encode(tag),
    }


def _open(secret: bytes, sealed: Any, associated: bytes) -> str:
    nonce, tag = _decode(sealed["nonce"]), _decode(sealed["tag"])
    lengths = (len(secret), len(nonce), len(tag))
    if sealed["enc"] != "A256GCM" or lengths != (KEY_BYTES, NONCE_BYTES, TAG_BYTES):
        raise ValueError("a field is not sealed by A256GCM")
    cipher = AES.new(secret, AES.MODE_GCM, nonce=nonce, mac_len=TAG_BYTES)
    cipher.update(associated)
    return cipher.decrypt_and_verify(_decode(sealed["ciphertext"]), tag).decode("utf-8")


def _associated(kid: str, pointer: str) -> bytes:
    return f"{kid}\n{pointer}".encode()


def _rsa(jwk: Mapping[str, Any]) -> RSA.RsaKey:
    if jwk.get("kty") != "RSA" or jwk.get("alg", "RSA-OAEP-256") != "RSA-OAEP-256":
        raise KeyNotUsable("fields are encrypted to an RSA key for RSA-OAEP-256")
    try:
        numbers = [int.from_bytes(_decode(jwk[name]), "big") for name in ("n", "e")]
        key = RSA.construct((numbers[0], numbers[1]))
    except (KeyError, TypeError, ValueError) as fault:
        raise KeyNotUsable(f"the encryption key cannot be read: {type(fault).__name__}") from None
    if key.size_in_bits() < RSA_BITS_MIN:
        raise KeyNotUsable(f"an RSA key needs {RSA_BITS_MIN} bits")
    return key


def _reach(message: Any, pointer: str) -> tuple[Any, Any]:
    """Return what holds the value at the JSON pointer (RFC 6901), and its name or index there."""
    if not pointer.startswith("/"):
        raise KeyError(pointer)
    names = [part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/")]
    holder = message
    for name in names[:-1]:
        holder = holder[_step(holder, name, pointer)]
    return holder, _step(holder, names[-1], pointer)


def _step(holder: Any, name: str, pointer: str) -> Any:
    if isinstance(holder, list) and name.isascii() and name.isdigit() and int(name) < len(holder):
        return int(name)
    if isinstance(holder, dict) and name in holder:
        return name
    raise KeyError(pointer)


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _copy(member) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_copy(member) for member in value]
    return value


def _encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    try:
        value = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise ValueError("broken base64url") from None
    if _encode(value) != text:
        raise ValueError("base64url that is not canonical")
    return value
