"""Personal data at rest: AES-256-GCM per field, and a keyed blind index to look it up by.

A cell is bound to its table, row and column (associated data), so that a cell copied into another
row does not open. The index is HMAC-SHA-256 under a key of its own: equal values, equal index,
and nothing to learn for who has no key.
"""

import hmac
import json
import os
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM

from lending.foundation import ids
from lending.foundation.files import Content

CHUNK_BYTES = 64 * 1024


class CellDoesNotOpen(RuntimeError):
    """A stored cell was changed, moved, or encrypted under a key we do not have."""


@dataclass(frozen=True, slots=True)
class FieldKeys:
    """The keys of the encrypted columns; `current` encrypts, every other one still decrypts."""

    current: str
    keys: dict[str, bytes]
    index_key: bytes

    def seal(self, plain: str, *, at: str) -> bytes:
        """Encrypts a value for the cell `at`, written `table.column:row`."""
        nonce = ids.random_bytes(12)
        associated = f"{self.current}|{at}".encode()
        sealed = AESGCM(self.keys[self.current]).encrypt(nonce, plain.encode(), associated)
        return self.current.encode().ljust(8, b"\0") + nonce + sealed

    def open(self, cell: bytes, *, at: str) -> str:
        """Decrypts the cell `at`.

        Raises CellDoesNotOpen when it was changed, moved or sealed under a lost key.
        """
        key_id = bytes(cell[:8]).rstrip(b"\0").decode()
        try:
            plain = AESGCM(self.keys[key_id]).decrypt(
                cell[8:20], cell[20:], f"{key_id}|{at}".encode()
            )
        except (KeyError, InvalidTag):
            raise CellDoesNotOpen(at) from None
        return plain.decode()

    def index(self, value: str, *, of: str) -> bytes:
        """The blind index of a value; `of` names the kind, such as `identity_no`."""
        normal = unicodedata.normalize("NFKC", value).strip().upper()
        return hmac.digest(self.index_key, f"{of}|{normal}".encode(), sha256)


def seal_file(content: Content, write: Callable[[bytes], object], *, at: str) -> bytes:
    """Encrypts a file bit by bit under a new key of its own, which it gives.

    `at` names the file. Whoever forgets the key forgets the file.
    """
    key, nonce = ids.random_bytes(32), ids.random_bytes(12)
    sealing = Cipher(AES(key), GCM(nonce)).encryptor()
    sealing.authenticate_additional_data(at.encode())
    write(nonce)
    with memoryview(content) as whole:
        for start in range(0, len(whole), CHUNK_BYTES):
            write(sealing.update(whole[start : start + CHUNK_BYTES]))
    write(sealing.finalize() + sealing.tag)
    return key


def open_file(key: bytes, sealed: bytes, *, at: str) -> bytes:
    """Decrypts a file that `seal_file` encrypted.

    Raises CellDoesNotOpen when it was changed, or is another.
    """
    try:
        return AESGCM(key).decrypt(sealed[:12], sealed[12:], at.encode())
    except InvalidTag:
        raise CellDoesNotOpen(at) from None


def load_or_make(path: Path) -> FieldKeys:
    """Reads the keys from a file only its owner can read; makes them on first use."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        body = {
            "current": "k1",
            "keys": {"k1": ids.random_bytes(32).hex()},
            "index_key": ids.random_bytes(32).hex(),
        }
        part = path.with_suffix(f".{os.getpid()}.part")
        part.touch(mode=0o600)
        part.write_text(json.dumps(body))
        try:
            os.link(part, path)
        except FileExistsError:
            pass  # another process made them first: theirs count
        finally:
            part.unlink()
    stored = json.loads(path.read_text())
    return FieldKeys(
        current=stored["current"],
        keys={name: bytes.fromhex(key) for name, key in stored["keys"].items()},
        index_key=bytes.fromhex(stored["index_key"]),
    )


def mask_mobile(mobile: str) -> str:
    """`138****5678` (JR/T 0171-2020)."""
    return f"{mobile[:3]}****{mobile[-4:]}"


def mask_identity_no(identity_no: str) -> str:
    """`1****************4`: the first and the last character."""
    return f"{identity_no[:1]}{'*' * (len(identity_no) - 2)}{identity_no[-1:]}"


def mask_name(name: str) -> str:
    """`*小明`: all but the family name's place."""
    return f"*{name[1:]}" if len(name) > 1 else name


def mask_card(number: str) -> str:
    """The last four digits."""
    return f"**** {number[-4:]}"
