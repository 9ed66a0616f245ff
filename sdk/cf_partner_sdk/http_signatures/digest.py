"""Content-Digest (RFC 9530)."""

from __future__ import annotations

import hashlib
import hmac

from .errors import SignatureRefused
from .structured import encode_bytes, parse_byte_sequences

_HASHES = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}


def content_digest(body: bytes, algorithm: str = "sha-256") -> str:
    """Return the Content-Digest value of `body`; `algorithm` is `sha-256` or `sha-512`."""
    return f"{algorithm}={encode_bytes(_HASHES[algorithm](body).digest())}"


def check_content_digest(header: str, body: bytes) -> None:
    """Recompute the digest of the raw `body` and compare every sha-256 and sha-512 in `header`.

    Raises `SignatureRefused`: `digest-mismatch` if one differs or neither is there,
    `signature-malformed` if the header cannot be read.
    """
    given = parse_byte_sequences(header, "Content-Digest")
    known = [name for name in _HASHES if name in given]
    if not known:
        raise SignatureRefused("digest-mismatch", "Content-Digest has neither sha-256 nor sha-512")
    for name in known:
        if not hmac.compare_digest(_HASHES[name](body).digest(), given[name]):
            raise SignatureRefused("digest-mismatch", f"{name} of the body is another")
