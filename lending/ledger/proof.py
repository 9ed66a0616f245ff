"""Proof that nobody has touched the journal: each entry is digested, and the digests are chained.

Entries are digested as they are written and sealed a little later, so that no posting waits for
the one before it.
"""

from lending.foundation.database import Tx
from lending.ledger import rules, store

SEAL_AT_ONCE = 5000


def seal(tx: Tx) -> int:
    """Chains the entries that are not sealed yet; how many. Safe to run from anywhere."""
    store.lock_seals(tx)
    number, digest = store.last_seal(tx)
    seals: list[dict[str, object]] = []
    for row in store.unsealed(tx, SEAL_AT_ONCE):
        number += 1
        digest = rules.chain(digest, row["id"], bytes(row["content_sha256"]), row["booked_date"])
        seals.append({"number": number, "entry_id": row["id"], "digest": digest})
    store.insert_seals(tx, seals)
    return len(seals)


def verify(tx: Tx) -> list[str]:
    """What is wrong with the books, as sentences; empty when nothing is (L1, L2, L4, L9).

    Recomputes every digest from the stored lines, the chain, the fold of every limited account,
    and the trial balance of every book.
    """
    findings = []
    digest = b""
    for place, row in enumerate(store.seals(tx), start=1):
        if row["number"] != place or row["content_sha256"] is None:
            findings.append(f"seal {place} is missing, or its entry {row['entry_id']} is")
            break
        digest = rules.chain(
            digest, row["entry_id"], bytes(row["content_sha256"]), row["booked_date"]
        )
        if digest != bytes(row["digest"]):
            findings.append(f"the chain breaks at seal {place}, entry {row['entry_id']}")
            break
    for entry_id in store.entry_ids(tx):
        found = store.entry(tx, entry_id)
        assert found is not None
        entry, row = found
        if rules.content_digest(entry, entry.legs, row["effective_date"]) != bytes(
            row["content_sha256"]
        ):
            findings.append(f"entry {entry_id} is not what was written")
    findings += [
        f"entry {entry_id} has a line booked on another day"
        for entry_id in store.lines_booked_elsewhere(tx)
    ]
    findings += [
        f"{row['code']}[{row['owner']}] keeps {row['posted_fen']} fen,"
        f" its lines say {row['folded']}"
        for row in store.limited_that_differ(tx)
    ]
    for book in store.books(tx):
        off = sum(row.balance_fen for row in store.trial_balance(tx, book, None))
        if off:
            findings.append(f"the trial balance of book {book} is off by {off} fen")
    return findings
