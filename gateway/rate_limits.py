"""Rate limits: of partners and keys over all processes, of strangers by their address.

A process leases a fiftieth of a quota at a time from the bucket in the database and hands it out
by itself, so that one call in many asks the database. What is leased has been counted: all
processes together never let in more than was agreed, and one that is idle holds at most its
fiftieth back. A process that found the bucket empty asks no more until a token must be there, so
that the calls of one who comes too often cost no statement.
"""

import ipaddress
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway import rate_store
from gateway.rate_model import (
    DEFAULTS,
    Limit,
    LimitRefused,
    RateGroup,
    RateLimited,
    Standing,
    headers,
)
from lending.channels import service as channels
from lending.foundation import audit
from lending.foundation.audit import Actor
from lending.foundation.database import Database, Tx

LEASES_A_QUOTA = 50
SHARES_KEPT_MAX = 50_000
STRANGER_QUOTA, STRANGER_WINDOW_S = 600, 60
"""Calls of one address that are signed with no key of ours, or not right, or not at all."""


def agree(tx: Tx, partner_id: str, group: str, limit: Limit, actor: Actor) -> None:
    """Sets a partner's limit for a group of calls; it holds everywhere within five seconds.

    Raises LimitRefused, NoSuchPartner.
    """
    if group not in set(RateGroup):
        raise LimitRefused(f"there is no group {group!r}")
    partner = channels.partner(tx, partner_id)
    rate_store.set_limit(tx, partner.id, group, limit)
    detail = {"group": group, "quota": limit.quota, "key_quota": limit.key_quota}
    audit.record(tx, actor, "partner.rate_limit", partner.id, detail | {"window_s": limit.window_s})


@dataclass(slots=True)
class _Share:
    """What this process holds of a bucket."""

    left: int = 0
    pool: float = 0.0
    """Tokens that were in the bucket when it was last asked, at `asked_at`."""
    asked_at: datetime | None = None
    empty_until: datetime | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Buckets:
    """The buckets of keys and partners. One for a process; safe to share between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._shares: dict[str, _Share] = {}
        self._lock = threading.Lock()

    def take(self, name: str, policy: str, quota: int, window_s: int) -> Standing:
        """Counts one call against a bucket, if there is room; must run in no unit of work."""
        now = self._database.clock.now()
        share = self._share(name)
        with share.lock:
            if share.left == 0 and (share.empty_until is None or now >= share.empty_until):
                self._lease(share, name, quota, window_s)
            if share.left == 0:
                assert share.empty_until is not None
                wait_s = (share.empty_until - now).total_seconds()
                return Standing(policy, quota, window_s, 0, max(wait_s, 0.001))
            share.left -= 1
            assert share.asked_at is not None
            since_s = max(0.0, (now - share.asked_at).total_seconds())
            there = share.left + int(share.pool + since_s * quota / window_s)
            return Standing(policy, quota, window_s, min(quota, there))

    def give_back(self, name: str) -> None:
        """Takes back that a call was counted."""
        share = self._share(name)
        with share.lock:
            share.left += 1

    def _lease(self, share: _Share, name: str, quota: int, window_s: int) -> None:
        with self._database.unit_of_work() as tx:
            share.left, share.pool = rate_store.lease(
                tx, name, (quota, window_s), lease=max(1, quota // LEASES_A_QUOTA)
            )
            share.asked_at, share.empty_until = tx.machine_now, None
            if share.left == 0:
                missing_s = (1 - share.pool) * window_s / quota
                share.empty_until = tx.machine_now + timedelta(seconds=missing_s)

    def _share(self, name: str) -> _Share:
        with self._lock:
            found = self._shares.get(name)
            if found is None:
                if len(self._shares) >= SHARES_KEPT_MAX:
                    self._shares.clear()  # at most a fiftieth of each quota is lost
                found = self._shares[name] = _Share()
            return found


class Limiter:
    """Lets in what was agreed with each partner and for each of its keys."""

    def __init__(self, database: Database) -> None:
        self._buckets = Buckets(database)

    def admit(
        self, partner_id: str, keyid: str, group: RateGroup, agreed: Mapping[str, Limit]
    ) -> dict[str, str]:
        """Counts a call whose signature was verified; the headers of its answer.

        Raises RateLimited.
        """
        limit = agreed.get(group) or DEFAULTS[group]
        of_key, of_partner = f"key|{keyid}|{group}", f"partner|{partner_id}|{group}"
        key = self._buckets.take(of_key, f"{group}-key", limit.key_quota, limit.window_s)
        if key.wait_s:
            raise RateLimited(key)
        partner = self._buckets.take(of_partner, str(group), limit.quota, limit.window_s)
        if partner.wait_s:
            self._buckets.give_back(of_key)
            raise RateLimited(partner)
        return headers([partner, key])

    def give_back(self, partner_id: str, keyid: str, group: RateGroup) -> None:
        """Takes back that a call was counted: the partner did not make it."""
        self._buckets.give_back(f"key|{keyid}|{group}")
        self._buckets.give_back(f"partner|{partner_id}|{group}")


class Addresses:
    """Buckets of addresses, kept by each process for itself: strangers cause no writing.

    `keyid` tells the calls of one address apart by the key that they name.

    An IPv6 address counts as its /64, of which one household has all.
    """

    def __init__(self, policy: str, quota: int, window_s: int) -> None:
        self._policy, self._quota, self._window_s = policy, quota, window_s
        self._kept: dict[str, tuple[float, datetime]] = {}
        self._lock = threading.Lock()

    def take(self, address: str, now: datetime) -> None:
        """Counts a call from an address.

        Raises RateLimited.
        """
        with self._lock:
            self._check(_network(address), now)
            self._keep(_network(address), self._tokens(_network(address), now) - 1, now)

    def check(self, address: str, now: datetime, keyid: str = "") -> None:
        """Lets a call go on that is counted only if it fails.

        Raises RateLimited.
        """
        with self._lock:
            self._check(keyid + _network(address), now)

    def give_back(self, address: str, now: datetime) -> None:
        """Takes back that a call was counted: its caller turned out to be known."""
        name = _network(address)
        with self._lock:
            self._keep(name, self._tokens(name, now) + 1, now)

    def count(self, address: str, now: datetime, keyid: str = "") -> None:
        """Counts a call that is over, however many there were."""
        name = keyid + _network(address)
        with self._lock:
            self._keep(name, max(0.0, self._tokens(name, now) - 1), now)

    def _check(self, name: str, now: datetime) -> None:
        tokens = self._tokens(name, now)
        if tokens < 1:
            wait_s = (1 - tokens) * self._window_s / self._quota
            raise RateLimited(Standing(self._policy, self._quota, self._window_s, 0, wait_s))

    def _tokens(self, name: str, now: datetime) -> float:
        tokens, at = self._kept.get(name, (float(self._quota), now))
        grown = max(0.0, (now - at).total_seconds()) * self._quota / self._window_s
        return min(float(self._quota), tokens + grown)

    def _keep(self, name: str, tokens: float, now: datetime) -> None:
        if name not in self._kept and len(self._kept) >= SHARES_KEPT_MAX:
            full_at = now - timedelta(seconds=self._window_s)
            self._kept = {kept: (t, at) for kept, (t, at) in self._kept.items() if at > full_at}
            if len(self._kept) >= SHARES_KEPT_MAX:
                self._kept.clear()
        self._kept[name] = (tokens, now)


def _network(address: str) -> str:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else address
