"""Whether an applicant may be sent, told without telling who anybody is (ASSIST-1, T07).

A platform hashes under a key of its own (HMAC-SHA-256, see `rules.digest`). It learns one bit:
whether the person may be sent. They may not for several reasons, of which none is told:
blacklisted, overdue, refused not long ago, sent by many platforms. Whoever is not known may be
sent, and so may a customer who pays.

Only those who may not be sent are kept under the platforms' keys, so that a question costs the same
however many customers there are. The list is made anew every few minutes: an answer is a hint, and
the decision looks for itself.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from lending.foundation import audit, business_day, ids, jobs
from lending.foundation.audit import Actor
from lending.foundation.clock import rfc3339
from lending.foundation.context import Context
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Row, Tx
from scenarios.assisted_lending import platforms, rules
from scenarios.assisted_lending import precheck_store as store
from scenarios.assisted_lending.errors import (
    PrecheckKeyNotReady,
    PrecheckKeyUnknown,
    PrecheckQuotaSpent,
)

KEY_BYTES = 32
OLD_KEY_GOOD_FOR = timedelta(days=7)
INDEXED_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Probe:
    """One person as a platform asks for them, by identity number, mobile, or both."""

    identity_no: bytes | None
    mobile: bytes | None


def check(tx: Tx, partner_id: str, key_id: str, probes: Sequence[Probe]) -> list[bool]:
    """Whether each of these may be sent, in their order. Of two hashes either can say no.

    Raises PartnerNotListed, PartnerStopped, ContractNotInForce, NotAPlatform, PrecheckKeyUnknown,
    PrecheckKeyNotReady, PrecheckQuotaSpent; nothing is counted then.
    """
    platform = platforms.require(tx, partner_id)
    key = store.key(tx, partner_id, key_id)
    if key is None or (key["valid_to"] and key["valid_to"] <= tx.now):
        raise PrecheckKeyUnknown
    if key["indexed_at"] is None:
        raise PrecheckKeyNotReady
    day = business_day.today(tx)
    if not store.count(tx, partner_id, day, len(probes), most=platform.prechecks_per_day):
        left = platform.prechecks_per_day - platforms.prechecks_used(tx, partner_id, day)
        raise PrecheckQuotaSpent(f"{left} are left today, {len(probes)} were asked for")
    digests = [each for probe in probes for each in (probe.identity_no, probe.mobile) if each]
    barred = store.barred(tx, key["number"], digests)
    answers = [not barred.intersection((probe.identity_no, probe.mobile)) for probe in probes]
    counted = Counter(answers)
    detail = {"asked": len(probes), "may": counted[True], "may_not": counted[False]}
    audit.record(tx, Actor("partner", partner_id), "precheck", partner_id, detail)
    return answers


def make_key(tx: Tx, keys: FieldKeys, partner_id: str) -> dict[str, Any]:
    """Makes a platform a new key, which is handed out here and never again.

    It is ready within seconds; the key before it is good for a week.

    Raises what `platforms.require` raises.
    """
    platforms.require(tx, partner_id)
    secret, key_id = ids.random_bytes(KEY_BYTES), ids.new("pck")
    store.end_keys(tx, partner_id, tx.now + OLD_KEY_GOOD_FOR)
    sealed = keys.seal(secret.hex(), at=_cell(key_id))
    number = store.insert_key(tx, key_id, partner_id, sealed)
    audit.record(tx, Actor("partner", partner_id), "precheck.make_key", key_id)
    jobs.enqueue(tx, "assisted.index_key", queue=jobs.CORE, key_number=number)
    return {
        "key": key_id,
        "secret": secret.hex(),
        "algorithm": "hmac-sha256",
        "created_at": rfc3339(tx.now),
        "old_keys_until": rfc3339(tx.now + OLD_KEY_GOOD_FOR),
    }


def index_key(context: Context, key_number: int) -> None:
    """Puts all who may not be sent under a key; safe to run again. One pruned since has no need."""
    after: int | None = 0
    while after is not None:
        with context.database.unit_of_work() as tx:
            store.lock(tx)
            key = store.key_by_number(tx, key_number)
            if key is None:
                return
            rows = store.barred_after(tx, after, INDEXED_AT_ONCE)
            _index(tx, context.keys, [key], rows)
            after = rows[-1]["number"] if rows else None
            if after is None:
                store.set_indexed(tx, key_number)


def refresh(context: Context) -> int:
    """Makes the list of those who may not be sent anew; how many came on it or went."""
    with context.database.unit_of_work() as tx:
        store.lock(tx)
        store.prune_keys(tx)
        gone, new = store.renew(
            tx,
            refused_since=tx.now - rules.REFUSED_FOR,
            sent_since=tx.now - rules.PLATFORMS_FOR,
            platforms_max=rules.PLATFORMS_MAX,
        )
        _index(tx, context.keys, store.keys(tx), new)
    return gone + len(new)


def _index(tx: Tx, keys: FieldKeys, under: Sequence[Row], rows: Sequence[Row]) -> None:
    secrets = [
        (key["number"], bytes.fromhex(keys.open(bytes(key["secret_sealed"]), at=_cell(key["id"]))))
        for key in under
    ]
    made = []
    for row in rows:
        value = keys.open(bytes(row["value_sealed"]), at=row["cell"]).strip().upper()
        for number, secret in secrets:
            made.append((number, rules.digest(secret, row["kind"], value), row["number"]))
    store.insert_digests(tx, made)


def _cell(key_id: str) -> str:
    return f"precheck_key.secret:{key_id}"
