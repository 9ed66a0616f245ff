"""Versions of the API by date, within `/v1`.

Inside there is one version, the newest. A call in an older one is brought up to it change by
change, and the reply is brought back the same way, so that a schema and a route know one form
only. A version is a change of bodies that an existing partner's program could trip over; what is
only added needs none.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from gateway import version_store
from lending.channels import service as channels
from lending.foundation import audit
from lending.foundation.audit import Actor
from lending.foundation.database import Tx
from lending.foundation.errors import BadInput


@dataclass(frozen=True, slots=True)
class Ending:
    """That something will be taken away: said in headers of every answer that used it."""

    deprecated_at: datetime
    """From when it should not be used in new programs (RFC 9745)."""
    sunset_at: datetime | None = None
    """From when it may be gone (RFC 8594)."""

    def headers(self, docs: str) -> dict[str, str]:
        """`Deprecation`, `Sunset` and a link to what to do."""
        found = {
            "Deprecation": f"@{int(self.deprecated_at.timestamp())}",
            "Link": f'<{docs}>; rel="deprecation"; type="text/html"',
        }
        if self.sunset_at is not None:
            found["Sunset"] = format_datetime(self.sunset_at, usegmt=True)
        return found


def _same(_endpoint: str, body: Any) -> Any:
    return body


@dataclass(frozen=True, slots=True)
class Version:
    """One version, and how it differs from the one before."""

    day: str
    """Its name: the date since when it is offered."""
    says: str
    """What changed, for the docs."""
    take: Callable[[str, Any], Any] = _same
    """From an endpoint's name and a request body of the version before, the body of this one."""
    give: Callable[[str, Any], Any] = _same
    """From an endpoint's name and a reply of this version, the reply of the version before."""
    ending: Ending | None = None


class VersionUnknown(BadInput):
    """CF-Version names no version, or one that is gone."""

    code, title = "version.unknown", "There is no such version of the API"


class Versions:
    """All versions that are served, oldest first."""

    def __init__(self, *known: Version) -> None:
        days = [each.day for each in known]
        assert days, "there is at least one version"
        assert days == sorted(set(days)), days
        self._known = known
        self.days = tuple(days)
        self.newest = days[-1]

    def __iter__(self) -> Iterator[Version]:
        return iter(self._known)

    def named(self, day: str) -> Version:
        """The version of a date.

        Raises VersionUnknown.
        """
        for each in self._known:
            if each.day == day:
                return each
        raise VersionUnknown(
            f"CF-Version {day[:32]!r} is not served",
            mend=f"Use one of {', '.join(self.days)}, or leave CF-Version out.",
        )

    def taken(self, version: Version, endpoint: str, body: Any) -> Any:
        """A request body of a version as the newest has it."""
        for each in self._since(version):
            body = each.take(endpoint, body)
        return body

    def given(self, version: Version, endpoint: str, body: Any) -> Any:
        """A reply of the newest version as an older one has it."""
        for each in reversed(self._since(version)):
            body = each.give(endpoint, body)
        return body

    def _since(self, version: Version) -> Sequence[Version]:
        return [each for each in self._known if each.day > version.day]


VERSIONS = Versions(Version("2026-11-01", "The first."))


def pin(tx: Tx, partner_id: str, day: str, actor: Actor) -> None:
    """Moves a partner to a version, when it says that it is ready; holds within five seconds.

    Raises VersionUnknown, NoSuchPartner.
    """
    VERSIONS.named(day)
    partner = channels.partner(tx, partner_id)
    version_store.pin(tx, partner.id, day)
    audit.record(tx, actor, "partner.version", partner.id, {"version": day})
