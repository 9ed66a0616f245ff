"""Which refusals each call can answer: what the door refuses, and what the endpoint does."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gateway import door, errors, oauth_errors, rate_model, versions
from gateway.endpoints import Endpoint
from lending.channels import errors as channels
from lending.foundation.errors import Problem

EVERYWHERE: tuple[type[Problem], ...] = (
    errors.FieldsRefused,
    versions.VersionUnknown,
    errors.NotHere,
    errors.BodyTooLarge,
    errors.EncodingRefused,
    errors.HeadersTooLarge,
    rate_model.RateLimited,
    door.Unforeseen,
    door.DatabaseAway,
)
"""What the door may refuse any call with, besides its signature."""
OF_WRITES: tuple[type[Problem], ...] = (errors.KeyMissing, errors.KeyRunning, errors.KeyReused)
OF_SEALED: tuple[type[Problem], ...] = (
    errors.FieldNotEncrypted,
    errors.EncryptionKeyUnknown,
    errors.FieldNotOpened,
)
OF_TOOLS: tuple[type[Problem], ...] = (oauth_errors.TokenRefused, oauth_errors.ScopeMissing)
UNSIGNED: tuple[type[Problem], ...] = (channels.NoSuchPartner, *oauth_errors.REFUSALS)
"""Of calls that nobody signs."""


@dataclass(frozen=True, slots=True)
class Told:
    """One code as the docs tell of it."""

    code: str
    status: int
    title: str
    meaning: str
    mend: str
    retryable: bool


def of(endpoint: Endpoint) -> list[Told]:
    """All codes that a call can answer, by status."""
    found = list(EVERYWHERE)
    if endpoint.request is not None:
        found.append(errors.JsonRefused)
    if endpoint.takes_sealed:
        found += OF_SEALED
    if endpoint.writes:
        found += OF_WRITES
    if "cursor" in endpoint.query:
        found.append(errors.CursorRefused)
    found += OF_TOOLS if endpoint.scope else (oauth_errors.NotForTools,)
    found += endpoint.refusals
    return _sorted([*SIGNATURES, *map(_told, found)])


def listed(endpoints: Sequence[Endpoint]) -> list[dict[str, Any]]:
    """Every code once, with the calls that can answer it."""
    by_code: dict[str, Told] = {}
    calls: dict[str, list[str]] = {}
    for endpoint in endpoints:
        for told in of(endpoint):
            by_code.setdefault(told.code, told)
            calls.setdefault(told.code, []).append(endpoint.name)
    for told in map(_told, UNSIGNED):
        by_code.setdefault(told.code, told)
    return [
        {
            "code": each.code,
            "status": each.status,
            "title": each.title,
            "meaning": each.meaning,
            "mend": each.mend,
            "retryable": each.retryable,
            "operations": calls.get(each.code, []),
        }
        for each in _sorted(by_code.values())
    ]


def _sorted(told: Iterable[Told]) -> list[Told]:
    """By status, each code once; a code's first class says what it means."""
    first: dict[str, Told] = {}
    for each in told:
        first.setdefault(each.code, each)
    return sorted(first.values(), key=lambda each: each.status)


def _told(kind: type[Problem]) -> Told:
    meaning = re.sub(r"\s+", " ", (kind.__doc__ or "").split("\n\n")[0])
    retryable = kind.retry_after_s is not None
    return Told(kind.code, kind.status, kind.title, meaning, kind.mend, retryable)


SIGNATURES = [
    Told(
        code,
        errors.NotSignedRight.status,
        errors.NotSignedRight.title,
        meaning,
        mend,
        retryable=False,
    )
    for code, (meaning, mend) in errors.SIGNATURE_CODES.items()
]
