"""Pure rules of assisted lending: consents, the form of keyed hashes, who may not be sent."""

import hmac
import re
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from scenarios.assisted_lending.errors import (
    ConsentAhead,
    ConsentExpired,
    ConsentTwice,
    HashFormWrong,
    ScopeMissing,
)
from scenarios.assisted_lending.model import Consent, Scope

CONSENT_GOOD_FOR = timedelta(days=30)
"""A person who agreed longer ago is asked again; ours."""
CLOCKS_DIFFER = timedelta(minutes=5)
LEAD_GOOD_FOR = timedelta(days=3)
"""From when a person is sent until they have signed."""
HANDOVER_GOOD_FOR = timedelta(minutes=30)
REFUSED_FOR = timedelta(days=30)
"""Whoever was refused is not sent again meanwhile."""
PLATFORMS_FOR = timedelta(days=30)
PLATFORMS_MAX = 3
"""Whoever so many platforms have sent within `PLATFORMS_FOR` is left in peace: no more of them."""

HASH_PREFIX = "hmac-sha256:"
_HASH = re.compile(HASH_PREFIX + "[0-9a-f]{64}", re.ASCII)


def digest(secret: bytes, kind: str, value: str) -> bytes:
    """A value as a platform asks for it: HMAC-SHA-256 under its key, of `kind:value`.

    A plain hash of an identity number is undone in minutes: there are about 10^11 of them (T07).
    """
    return hmac.digest(secret, f"{kind}:{value}".encode(), sha256)


def read_hash(text: str, *, at: str) -> bytes:
    """The digest in a hash as it came.

    Raises HashFormWrong, also for a plain hash, naming the field.
    """
    if not _HASH.fullmatch(text):
        raise HashFormWrong(field=at)
    return bytes.fromhex(text.removeprefix(HASH_PREFIX))


def require_consents(
    consents: Sequence[Consent], needed: Collection[Scope], *, now: datetime, machine_now: datetime
) -> None:
    """Refuses data that no live consent covers, and consents that are too old (R-PI-CONSENT).

    They age by the machine's clock, which is the platform's: a sandbox's business runs ahead of it.

    Raises ConsentTwice, ConsentAhead, ConsentExpired, ScopeMissing, naming the field.
    """
    given = [each.scope for each in consents]
    for place, consent in enumerate(consents):
        if consent.scope in given[:place]:
            raise ConsentTwice(field=f"/consents/{place}/scope")
        if consent.given_at > now + CLOCKS_DIFFER:
            raise ConsentAhead(field=f"/consents/{place}/given_at")
        if consent.given_at < machine_now - CONSENT_GOOD_FOR:
            raise ConsentExpired(
                f"consents are good for {CONSENT_GOOD_FOR.days} days",
                field=f"/consents/{place}/given_at",
            )
    for scope in Scope:
        if scope in needed and scope not in given:
            where = "/applicant" if scope is Scope.IDENTITY else f"/{scope.value}"
            raise ScopeMissing(f"there is no consent for {scope.value}", field=where)
