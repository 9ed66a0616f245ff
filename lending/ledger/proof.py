"""Proof that nobody has touched the journal: each entry is digested, and the digests are chained.

An entry's content is digested as it is written and chained a little later, so that no posting
waits for the one before it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from lending.foundation.database import Row, Tx
from lending.ledger import books, rules, store
from lending.ledger.chart import LIMITS

SEAL_AT_ONCE = 2000
READ_AT_ONCE = 200


def seal(tx: Tx) -> int:
    """Chains up to `SEAL_AT_ONCE` entries after the last, and those that came late; how many.

    Safe to run from anywhere. Entries commit in any order: the number of one that is not there yet
    is kept as a gap until it is.
    """
    books.lock_seals(tx)
    number, digest = books.last_seal(tx)
    last = books.last_sealed(tx)
    late = books.take_gaps(tx)
    following = books.unsealed_after(tx, last, SEAL_AT_ONCE)
    seals = []
    for row in (*late, *following):
        number += 1
        digest = _seal_digest(digest, number, row["seq"], row)
        seals.append((number, row["seq"], digest))
    if seals:
        books.insert_seals(tx, seals)
    if following:
        there = {row["seq"] for row in following}
        books.insert_gaps(tx, sorted({*range(last + 1, following[-1]["seq"])} - there))
    return len(seals)


def head(tx: Tx) -> tuple[int, str]:
    """Number and digest of the newest seal; kept elsewhere, it shows when a tail goes missing."""
    number, digest = books.last_seal(tx)
    return number, digest.hex()


def verify(tx: Tx, *, anchor: tuple[int, str] | None = None) -> list[str]:
    """What is wrong with the books, as sentences; empty when nothing is (L1, L2, L4, L9, L14).

    Recomputes from the stored lines every digest, the chain, the digest of every hold and of every
    change of limits, every kept balance and the trial balance of every book. `anchor` is an earlier
    `head` that was kept elsewhere.
    """
    findings = list(_chain(tx, anchor))
    findings += _contents(tx)
    findings += _lines_alone(books.lines_without_entry(tx))
    findings += [
        f"entry {entry_id} is neither sealed nor waiting for it"
        for entry_id in books.entries_nobody_seals(tx)
    ]
    if gaps := books.gaps_that_differ(tx):
        findings.append(f"{gaps} numbers are neither sealed nor gaps, or both")
    findings += [
        f"the entries of {day} are not numbered from where that date begins"
        for day in books.dates_that_differ(tx)
    ]
    findings += [
        f"hold {hold_id} is not what was written" for hold_id in books.holds_that_differ(tx)
    ]
    findings += _limits(books.limited_that_differ(tx))
    findings += [
        f"{row['code']}[{row['owner']}] of book {row['book']} is not limited as it was opened"
        for row in books.without_their_limit(tx, LIMITS)
    ]
    findings += [
        f"{row['code']}[{row['owner']}] of book {row['book']} has other limits than it was given"
        for row in books.limits_that_differ(tx, store.CHART_LIMITS)
    ]
    findings += [
        f"the close of {row['day']} has another {row['code']} than book {row['book'] or 'all'} says"
        for row in books.days_that_differ(tx)
    ]
    return findings + _off(tx)


def verify_day(tx: Tx, day: date) -> list[str]:
    """What is wrong with the entries booked on a date, and with the chain since the last close.

    What earlier dates hold was proved as they were closed; `verify` reads it all again.
    """
    number, digest = books.last_proof(tx)
    findings = list(_chain(tx, None, number, digest))
    findings += _contents(tx, day)
    findings += _lines_alone(books.lines_without_entry(tx, day))
    findings += _limits(books.limited_that_differ(tx, day))
    return findings


def hold_postings(tx: Tx) -> None:
    """Waits for every posting in flight, and holds new ones of others back until we have ended."""
    books.lock_entries(tx)


def close_day(tx: Tx, day: date) -> list[str]:
    """Totals a date on which nothing can be booked any more; what is wrong with the totals (L2).

    To be called once, in the unit of work that has moved the business date on.
    """
    books.insert_day(tx, day)
    books.insert_proof(tx, day, *books.last_seal(tx))
    return _off(tx)


def _lines_alone(numbers: Iterable[int]) -> list[str]:
    return [f"lines of entry number {seq} are there, and the entry is not" for seq in numbers]


def _limits(rows: Iterable[Row]) -> list[str]:
    return [
        f"{row['code']}[{row['owner']}] of book {row['book']} keeps {row['posted_fen']} fen posted"
        f" and {row['held_debit_fen']} | {row['held_credit_fen']} held; its lines and holds say"
        f" {row['folded_fen']} and {row['folded_debit_fen']} | {row['folded_credit_fen']}"
        for row in rows
    ]


def _off(tx: Tx) -> list[str]:
    return [
        f"the trial balance of book {book} is off by {off} fen"
        for book, off in books.off_by_book(tx).items()
        if off
    ]


def _chain(
    tx: Tx, anchor: tuple[int, str] | None, number: int = 0, digest: bytes = b""
) -> Iterator[str]:
    while rows := books.seals_after(tx, number, READ_AT_ONCE):
        for row in rows:
            number += 1
            if row["number"] != number or row["id"] is None:
                yield f"seal {number} is missing, or its entry is"
                return
            digest = _seal_digest(digest, number, row["entry_seq"], row)
            if digest != bytes(row["digest"]):
                yield f"the chain breaks at seal {number}, entry {row['id']}"
                return
            if anchor and anchor[0] == number and anchor[1] != digest.hex():
                yield f"seal {number} is not the one that was kept elsewhere"
    if anchor and anchor[0] > number:
        yield f"the chain ends at seal {number}, and seal {anchor[0]} was kept elsewhere"


def _seal_digest(previous: bytes, number: int, seq: int, row: Row) -> bytes:
    return rules.seal_digest(
        previous,
        number=number,
        seq=seq,
        entry_id=row["id"],
        content_sha256=bytes(row["content_sha256"]),
        booked_date=row["booked_date"],
        created_at=row["created_at"],
    )


def _contents(tx: Tx, booked: date | None = None) -> Iterator[str]:
    seq = books.first_seq(tx, booked) - 1 if booked else 0
    while rows := books.entries_after(tx, seq, READ_AT_ONCE, booked=booked):
        for row in rows:
            seq = row["seq"]
            if not row["whole"] or _content_digest(row) != bytes(row["content_sha256"]):
                yield f"entry {row['id']} is not what was written"
            elif any(_off_by_book(row["lines"]).values()):
                yield f"entry {row['id']} does not balance"


def _off_by_book(lines: Iterable[Sequence[Any]]) -> Counter[str]:
    off: Counter[str] = Counter()
    for book, _, _, debit_fen, credit_fen in lines:
        off[book] += debit_fen - credit_fen
    return off


def _content_digest(row: Row) -> bytes:
    return rules.content_digest(
        kind=row["kind"],
        subject=row["subject"],
        memo=row["memo"],
        key=row["key"],
        reverses=row["reverses"],
        effective_date=row["effective_date"],
        legs=rules.legs_said(row["lines"]),
    )
