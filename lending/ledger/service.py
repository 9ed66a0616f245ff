"""The journal: it only grows; a mistake is mended by its mirror image."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from lending.foundation import business_day, ids
from lending.foundation.database import Tx
from lending.ledger import rules, store
from lending.ledger.errors import (
    AlreadyReversed,
    EntryDoesNotBalance,
    HoldEnded,
    KeyUsedForAnotherEntry,
    NoSuchEntry,
)
from lending.ledger.model import OWN, Account, BalanceRow, Entry, Hold, Leg, Limits, credit, debit


def open_account(tx: Tx, account: Account, limits: Limits, *, book: str = OWN) -> None:
    """Opens an account, or gives one that is there these limits.

    Accounts without a limit need no opening: they are opened when they are first used.
    """
    account_id = store.account_ids(tx, book, [account])[account]
    store.set_limits(tx, account_id, limits)


def post(tx: Tx, entry: Entry) -> str:
    """Writes an entry; its id. The same key and content give the entry that is there (L5).

    It is booked on the open business date: a closed day takes nothing (L10). Accounts with a limit
    are locked in one order; all others are only appended to, so busy accounts make nobody wait.

    Raises EntryDoesNotBalance, KeyUsedForAnotherEntry, LimitPassed.
    """
    legs = rules.lines(entry.legs)
    booked = business_day.today(tx)
    effective = entry.effective_date or booked
    digest = rules.content_digest(entry, legs, effective)
    entry_id = store.insert_entry(
        tx, entry, content_sha256=digest, effective_date=effective, booked_date=booked
    )
    if entry_id is None:
        there = store.entry_by_key(tx, entry.key)
        if bytes(there["content_sha256"]) != digest:
            raise KeyUsedForAnotherEntry(f"key {entry.key}")
        return str(there["id"])
    accounts = store.account_ids(tx, entry.book, (leg.account for leg in legs))
    for balance_ in store.lock_limited(tx, accounts.values()):
        change = sum(
            leg.debit_fen - leg.credit_fen for leg in legs if leg.account == balance_.account
        )
        store.save_limited(tx, rules.require_within_limits(balance_, posted_fen=change))
    store.insert_lines(tx, entry_id, legs, accounts, booked)
    return entry_id


def hold(
    tx: Tx,
    *,
    debit: Account,
    credit: Account,
    amount_fen: int,
    subject: str,
    memo: str,
    book: str = OWN,
) -> str:
    """Reserves an amount between two accounts; the hold's id. It counts against limits at once.

    Raises EntryDoesNotBalance for an amount that is not positive, LimitPassed.
    """
    if amount_fen <= 0 or debit == credit:
        raise EntryDoesNotBalance(f"a hold of {amount_fen} fen from {debit} to {credit}")
    accounts = store.account_ids(tx, book, (debit, credit))
    for balance_ in store.lock_limited(tx, accounts.values()):
        is_debit = balance_.account == debit
        store.save_limited(
            tx,
            rules.require_within_limits(
                balance_,
                held_debit_fen=amount_fen if is_debit else 0,
                held_credit_fen=0 if is_debit else amount_fen,
            ),
        )
    held = Hold(ids.new("hld"), book, debit, credit, amount_fen, subject, memo, "held")
    store.insert_hold(tx, held, accounts)
    return held.id


def post_hold(
    tx: Tx, hold_id: str, *, kind: str, key: str, legs: Sequence[Leg] | None = None
) -> str:
    """Turns a hold into an entry: its own two lines, or `legs` where more is to be said; its id.

    Raises HoldEnded, NoSuchEntry, EntryDoesNotBalance, LimitPassed.
    """
    held = _release(tx, hold_id)
    lines = legs or (debit(held.debit, held.amount_fen), credit(held.credit, held.amount_fen))
    entry_id = post(
        tx,
        Entry(
            kind=kind,
            subject=held.subject,
            memo=held.memo,
            legs=tuple(lines),
            key=key,
            book=held.book,
        ),
    )
    store.end_hold(tx, hold_id, "posted", entry_id, held.memo)
    return entry_id


def void(tx: Tx, hold_id: str, *, because: str) -> None:
    """Ends a hold without an entry.

    Raises HoldEnded, NoSuchEntry.
    """
    held = _release(tx, hold_id)
    store.end_hold(tx, hold_id, "voided", None, f"{held.memo}; voided: {because}")


def reverse(tx: Tx, entry_id: str, *, because: str) -> str:
    """Writes the mirror image of an entry, on the open date; its id (L3, L8).

    Raises NoSuchEntry, AlreadyReversed.
    """
    found = store.entry(tx, entry_id)
    if found is None:
        raise NoSuchEntry
    written, _ = found
    if written.reverses is not None or store.reversal_of(tx, entry_id):
        raise AlreadyReversed
    mirrored = tuple(Leg(leg.account, leg.credit_fen, leg.debit_fen) for leg in written.legs)
    return post(
        tx,
        replace(
            written,
            legs=mirrored,
            memo=f"reverses {entry_id}: {because}",
            key=f"reversal:{entry_id}",
            effective_date=None,
            reverses=entry_id,
        ),
    )


def balance(tx: Tx, account: Account, *, on: date | None = None, book: str = OWN) -> int:
    """Debit less credit of all lines booked up to and on a date (by default all), in fen.

    Once a date is closed, a balance as of it never changes (L13). Holds do not count.
    """
    return store.balance(tx, book, account, on)


def room(tx: Tx, account: Account, *, book: str = OWN) -> int | None:
    """How much more an account with a debit limit takes, holds counted; None without a limit."""
    account_id = store.account_ids(tx, book, [account])[account]
    for found in store.lock_limited(tx, [account_id]):
        if found.limits.debit_fen is not None:
            return found.limits.debit_fen - found.posted_fen - found.held_debit_fen
    return None


def trial_balance(tx: Tx, *, on: date | None = None, book: str = OWN) -> list[BalanceRow]:
    """Debits and credits of every account of the chart up to a date; balances sum to 0 (L2)."""
    return store.trial_balance(tx, book, on)


def _release(tx: Tx, hold_id: str) -> Hold:
    held = store.lock_hold(tx, hold_id)
    if held is None:
        raise NoSuchEntry
    if held.state != "held":
        raise HoldEnded(f"hold {hold_id} was {held.state}")
    accounts = store.account_ids(tx, held.book, (held.debit, held.credit))
    for found in store.lock_limited(tx, accounts.values()):
        is_debit = found.account == held.debit
        store.save_limited(
            tx,
            replace(
                found,
                held_debit_fen=found.held_debit_fen - (held.amount_fen if is_debit else 0),
                held_credit_fen=found.held_credit_fen - (0 if is_debit else held.amount_fen),
            ),
        )
    return held
