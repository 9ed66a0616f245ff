"""The one source of identifiers and secrets: 128 random bits or more, so none can be walked."""

import base64
import secrets


def new(prefix: str) -> str:
    """An id such as `ord_4mt2…`: a type prefix and 128 random bits in lower-case base32."""
    return f"{prefix}_{base64.b32encode(secrets.token_bytes(16)).decode().rstrip('=').lower()}"


def token() -> str:
    """A bearer secret of 256 bits, safe in a URL."""
    return secrets.token_urlsafe(32)


def digits(count: int) -> str:
    """A one-time code of `count` decimal digits."""
    return "".join(secrets.choice("0123456789") for _ in range(count))


def same(left: str, right: str) -> bool:
    """Whether two secrets are equal, in a time that does not tell where they differ."""
    return secrets.compare_digest(left.encode(), right.encode())


def random_bytes(count: int) -> bytes:
    """Random bytes fit for keys and nonces."""
    return secrets.token_bytes(count)


def jitter(upper_s: float) -> float:
    """A wait between 0 and `upper_s` seconds, even over the range (full jitter)."""
    return secrets.SystemRandom().uniform(0, upper_s)
