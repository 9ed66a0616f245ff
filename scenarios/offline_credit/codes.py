"""The code on a store's screen, and the code on a customer's phone (STORE-1, STORE-5).

A store's code is signed and turns every minute, so that a photograph of it soon is worth nothing. A
customer's is 20 random digits, good once and for a minute; we keep its digest only.
"""

import base64
import hmac
from datetime import datetime
from hashlib import sha256

from lending.foundation import ids
from lending.foundation.crypto import FieldKeys
from scenarios.offline_credit import rules
from scenarios.offline_credit.errors import CodeForged

MAC_BYTES = 15
CODE_DIGITS = 18
CODE_PREFIX = "68"
"""Ours among the payment codes that a till scans."""


def store_code(keys: FieldKeys, store_id: str, at: datetime) -> str:
    """The code of a store for the turn that an instant is in."""
    turn = rules.turn_of(at)
    return f"{store_id}.{turn}.{_mac(keys, store_id, turn)}"


def read_store_code(keys: FieldKeys, code: str) -> tuple[str, int]:
    """The store and the turn that a code was made for.

    Raises CodeForged.
    """
    store_id, _, rest = code.partition(".")
    turn, _, given = rest.partition(".")
    if not (turn.isascii() and turn.isdigit() and len(turn) < 15):
        raise CodeForged
    if not hmac.compare_digest(given.encode(), _mac(keys, store_id, int(turn)).encode()):
        raise CodeForged
    return store_id, int(turn)


def new_payment_code() -> str:
    """A payment code, as a customer shows it."""
    return CODE_PREFIX + ids.digits(CODE_DIGITS)


def digest(secret: str) -> bytes:
    """What is kept of a code or of a link's token."""
    return sha256(secret.encode()).digest()


def _mac(keys: FieldKeys, store_id: str, turn: int) -> str:
    full = keys.index(f"{store_id}.{turn}", of="store_code")
    return base64.b32encode(full[:MAC_BYTES]).decode().rstrip("=").lower()
