"""What limits calls, and where a caller stands."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lending.foundation.errors import BadInput, Problem


class RateGroup(StrEnum):
    """Which calls share a limit."""

    QUOTES = "quotes"
    """Priced in memory, asked once for each product page."""
    READS = "reads"
    WRITES = "writes"


@dataclass(frozen=True, slots=True)
class Limit:
    """How many calls of a group may be made in a window; all of them at once, too."""

    quota: int
    """Calls of the partner, with all its keys together."""
    key_quota: int
    """Calls with one key."""
    window_s: int

    def __post_init__(self) -> None:
        if min(self.quota, self.key_quota, self.window_s) < 1:
            raise LimitRefused


DEFAULTS: Mapping[RateGroup, Limit] = {
    RateGroup.QUOTES: Limit(6000, 4000, 60),
    RateGroup.READS: Limit(3000, 2000, 60),
    RateGroup.WRITES: Limit(1200, 900, 60),
}
"""For a partner with whom nothing else was agreed."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a caller stands with one policy, after the call was counted or refused."""

    policy: str
    quota: int
    window_s: int
    remaining: int
    wait_s: float = 0.0
    """Seconds until a call may be let in; 0 when this one was."""

    @property
    def full_in_s(self) -> int:
        """Seconds until the whole quota is there again."""
        return math.ceil((self.quota - self.remaining) * self.window_s / self.quota)


class RateLimited(Problem):
    """More calls than agreed; this one was not looked at."""

    code, status, title = "rate-limit", 429, "There were more calls than agreed"
    mend = "Wait as long as Retry-After says, then send the same call; slow down by RateLimit."
    retry_after_s = 1

    def __init__(self, standing: Standing) -> None:
        super().__init__(
            f"the policy {standing.policy} allows {standing.quota} calls"
            f" in {standing.window_s} seconds"
        )
        self.standing = standing

    @property
    def wait_s(self) -> int:
        """Whole seconds to wait, at least one."""
        return max(1, math.ceil(self.standing.wait_s))

    @property
    def extras(self) -> dict[str, Any]:
        """What a program may want to know besides."""
        return {"violated_policies": [self.standing.policy]}


class LimitRefused(BadInput):
    """A limit that would let nothing in, or of a group that there is not."""

    code, title = "rate-limit.refused", "This limit cannot be set"
    mend = f"Use whole numbers from 1, and a group out of {', '.join(RateGroup)}."


def headers(standings: Sequence[Standing]) -> dict[str, str]:
    """`RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10)."""
    policies = [f'"{each.policy}";q={each.quota};w={each.window_s}' for each in standings]
    limits = [f'"{each.policy}";r={each.remaining};t={each.full_in_s}' for each in standings]
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(limits)}
