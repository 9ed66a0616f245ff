"""Why a signature was refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

CODES = (
    "signature-missing",
    "signature-malformed",
    "signature-expired",
    "signature-replayed",
    "signature-mismatch",
    "key-unknown",
    "key-revoked",
    "component-not-covered",
    "digest-mismatch",
    "algorithm-not-allowed",
)
"""Every value that `SignatureRefused.code` may have; a 401 problem names the same."""


class SignatureRefused(Exception):
    """A message whose signature does not prove what the profile asks.

    `code` is one of `CODES`. `missing` names the components that had to be covered and were not.
    `keyid` is what the message claimed. `base` is the signature base as we computed it, given once
    the key was found, so that the other side can compare; it holds header values but never a body.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        missing: Sequence[str] = (),
        base: Optional[bytes] = None,
        keyid: Optional[str] = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.missing = list(missing)
        self.base = base
        self.keyid = keyid


def malformed(detail: str) -> SignatureRefused:
    """Return the refusal of something that is not written as the profile asks."""
    return SignatureRefused("signature-malformed", detail)
