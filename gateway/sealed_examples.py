"""How fields look that are sealed: to a published key, under a fixed content key."""

from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.sealed import CIPHER, NONCE_BYTES, TAG_BYTES, encode, step

KID = "VPOKB6fwV5dpLSEFSTVIxWdV0HVGi_wdZa_DST7OilA"
"""Of the key of the SDK's fake lender, which opens the examples."""
CONTENT_KEY = bytes(range(32))
WRAPPED_KEY = (
    "emdoj-qbcf6SHT96ttU6k3LAcG98sHXil0mOWnpznwCtuAyfa1pieci-"
    "ODDhjb6oxy4nZ0D8Qpyu0XBzn0040FLzlT3B7T_t7q0sNGzATblHH7RPgZFJPiwnYHhCbHse3HIkCfZsS5HUmH-"
    "jFWHulQuB-kOlfvF4WhOxZZqEVO3l15708wZFv7E9Gn8zwC9yBrH9U6WVu7FJLWD-"
    "P70eqXVjd7SNo_uQpb4h0ngGvBqHBASezyMv6yG_2otUHzHWNGt3uVgLPWDwryPr5FXVpZcsTkmlPXIIq-"
    "E_8hQROg0pDmkJjNUamXKXOfgpEuf6EQX0s6fXpH9761_Zj5Xekw"
)
"""The content key, wrapped to that key."""


class Plain(str):
    """What is to be sealed in an example."""

    __slots__ = ()


def sealed(value: Any, at: str = "") -> Any:
    """An example with its plain parts sealed, each for its own place; the same each time."""
    if isinstance(value, Plain):
        nonce = sha256(at.encode()).digest()[:NONCE_BYTES]
        associated = f"{KID}\n{at}".encode()
        made = AESGCM(CONTENT_KEY).encrypt(nonce, value.encode(), associated)
        return {
            "enc": CIPHER,
            "nonce": encode(nonce),
            "ciphertext": encode(made[:-TAG_BYTES]),
            "tag": encode(made[-TAG_BYTES:]),
        }
    if isinstance(value, dict):
        return {name: sealed(each, f"{at}/{step(name)}") for name, each in value.items()}
    if isinstance(value, list):
        return [sealed(each, f"{at}/{place}") for place, each in enumerate(value)]
    return value
