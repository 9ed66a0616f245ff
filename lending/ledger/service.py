"""The journal: it only grows; a mistake is mended by its mirror image."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

from lending.foundation import business_day, ids
from lending.foundation.business_day import BusinessDayNotOpen
from lending.foundation.database import Tx
from lending.ledger import books, proof, rules, store
from lending.ledger.chart import LIMITS, Code, Limits
from lending.ledger.errors import (
    AlreadyReversed,
    BookNotKept,
    DateToCome,
    EntryDoesNotBalance,
    HoldEnded,
    KeyUsedForAnotherEntry,
    LimitComesWithOpening,
    LimitPassed,
    NoSuchAccount,
    NoSuchEntry,
)
from lending.ledger.model import (
    OWN,
    Account,
    BalanceRow,
    Balances,
    Change,
    Entry,
    Hold,
    Leg,
    LimitedBalance,
    SubBalance,
    credit,
    debit,
)

verify = proof.verify
verify_day = proof.verify_day
close_day = proof.close_day
hold_postings = proof.hold_postings
seal = proof.seal


def open_account(tx: Tx, account: Account, limits: Limits) -> None:
    """Opens an account with limits, or gives these to one that is there.

    Accounts need no opening but for limits other than the chart's: they are opened when they are
    first used. A limit may be lowered below what stands on the account; then only what relieves it
    goes through.

    Raises OwnerMissing, NoSuchBook, LimitComesWithOpening.
    """
    rules.require_complete([account])
    if opened := store.open_accounts(tx, {account: limits}):
        if limits != LIMITS.get(account.code, Limits()):
            store.insert_limit_change(tx, opened[0], limits)
        return
    found = store.limited(tx, account)
    if found is None:
        raise LimitComesWithOpening(str(account))
    if found.limits != limits:
        store.set_limits(tx, found.account_id, limits)
        store.insert_limit_change(tx, found.account_id, limits)


@contextmanager
def without_limits(tx: Tx, accounts: Iterable[Account]) -> Iterator[None]:
    """Lets what is posted inside pass the limits of accounts, which hold again afterwards.

    For what is true whatever a limit says, such as a debt that exists again because its payment
    was taken back.
    """
    locked = store.lock_limited(tx, accounts)
    for one in locked:
        store.set_limits(tx, one.account_id, Limits())
    yield
    for one in locked:
        store.set_limits(tx, one.account_id, one.limits)


def post(tx: Tx, entry: Entry) -> str:
    """Writes an entry; its id. The same key and content give the entry that is there (L5).

    It is booked on the open business date: a closed day takes nothing (L10); `effective_date` says
    when it happened, where that was another day. Accounts with a limit are locked in one order;
    all others are only appended to, so busy accounts make nobody wait.

    Raises EntryDoesNotBalance, OwnerMissing, NoSuchBook, KeyUsedForAnotherEntry, LimitPassed,
    BusinessDayNotOpen.
    """
    return _write(tx, replace(entry, legs=rules.lines(entry.legs)))


def write(tx: Tx, entry: Entry) -> str:
    """As `post`, for an entry that nobody waits for: it goes out with what comes next; its id.

    A refusal is raised there, or when the unit of work ends, and undoes the unit of work; that of
    an entry whose key is used, too.

    Raises EntryDoesNotBalance, OwnerMissing, NoSuchBook; later what else `post` raises.
    """
    new = replace(entry, legs=rules.lines(entry.legs))
    return store.write(tx, new, lambda why: _refusal(new, why))


def post_many(tx: Tx, entries: Iterable[Entry]) -> list[str]:
    """Writes entries in their order and in one call, all or none; their ids. As `post` of each.

    Raises what `post` raises, for the first that is refused.
    """
    asked = [replace(entry, legs=rules.lines(entry.legs)) for entry in entries]
    with tx.savepoint():
        return [
            _written(entry, *answer)
            for entry, answer in zip(asked, store.post_many(tx, asked), strict=True)
        ]


def hold(
    tx: Tx,
    *,
    debit: Account,
    credit: Account,
    amount_fen: int,
    subject: str,
    memo: str,
) -> str:
    """Reserves an amount between two accounts; the hold's id. It counts against limits at once.

    Raises EntryDoesNotBalance for an amount that is not positive or accounts of two books,
    OwnerMissing, NoSuchBook, LimitPassed.
    """
    if amount_fen <= 0 or debit == credit or debit.book != credit.book:
        raise EntryDoesNotBalance(f"a hold of {amount_fen} fen from {debit} to {credit}")
    rules.require_complete((debit, credit))
    held = Hold(ids.new("hld"), debit, credit, amount_fen, subject, memo, "held")
    accounts = store.account_ids(tx, (debit, credit))
    changes = rules.changes_of_hold(held, ends=False)
    store.save_limited(tx, _changed(store.lock_limited(tx, changes), changes))
    store.insert_hold(tx, held, accounts)
    return held.id


def post_hold(
    tx: Tx, hold_id: str, *, kind: str, key: str, legs: Sequence[Leg] | None = None
) -> str:
    """Turns a hold into an entry: its own two lines, or `legs` where more is to be said; its id.

    Posting it again under the same key with the same content gives the entry that is there.

    Raises HoldEnded, NoSuchEntry, EntryDoesNotBalance, KeyUsedForAnotherEntry, LimitPassed.
    """
    held = _lock_hold(tx, hold_id)
    lines = legs or (debit(held.debit, held.amount_fen), credit(held.credit, held.amount_fen))
    entry = Entry(
        kind=kind,
        subject=held.subject,
        memo=held.memo,
        legs=rules.lines(lines),
        key=key,
    )
    if held.entry_id and _there(tx, entry) == held.entry_id:
        return held.entry_id
    if held.state != "held":
        raise HoldEnded(f"hold {hold_id} was {held.state}")
    return _write(tx, entry, ending=held)


def void(tx: Tx, hold_id: str, because: str) -> None:
    """Ends a hold without an entry.

    Raises HoldEnded, NoSuchEntry.
    """
    held = _lock_hold(tx, hold_id)
    if held.state != "held":
        raise HoldEnded(f"hold {hold_id} was {held.state}")
    changes = rules.changes_of_hold(held, ends=True)
    store.save_limited(tx, _changed(store.lock_limited(tx, changes), changes))
    store.void_hold(tx, hold_id, because)


def reverse(tx: Tx, entry_id: str, because: str) -> str:
    """Writes the mirror image of an entry, on the open date; its id (L3, L8).

    Raises NoSuchEntry, AlreadyReversed, LimitPassed.
    """
    written = store.lock_entry(tx, entry_id)
    if written is None:
        raise NoSuchEntry(f"entry {entry_id}")
    if written.reverses is not None or store.is_reversed(tx, entry_id):
        raise AlreadyReversed(f"entry {entry_id}")
    return _write(
        tx,
        Entry(
            kind=written.kind,
            subject=written.subject,
            memo=f"reverses {entry_id}: {because}",
            legs=tuple(Leg(leg.account, leg.credit_fen, leg.debit_fen) for leg in written.legs),
            key=f"reversal:{entry_id}",
            reverses=entry_id,
        ),
    )


def balance(tx: Tx, account: Account, *, on: date | None = None) -> int:
    """Debit less credit of all lines booked up to and on a date (by default all), in fen.

    Once a date is closed, a balance as of it never changes (L13). Holds do not count.
    """
    return books.balance(tx, account, on)


def available(tx: Tx, account: Account) -> int | None:
    """How many fen more an account with a limit takes on its limited side, holds counted.

    The debit side where both are limited; None without a limit. Nothing is locked: whoever then
    posts or holds may still meet LimitPassed.
    """
    found = store.limited(tx, account)
    limits = found.limits if found else LIMITS.get(account.code, Limits())
    posted_fen = found.posted_fen if found else 0
    if limits.debit_fen is not None:
        held_fen = found.held_debit_fen if found else 0
        return max(0, limits.debit_fen - posted_fen - held_fen)
    if limits.credit_fen is not None:
        held_fen = found.held_credit_fen if found else 0
        return max(0, limits.credit_fen + posted_fen - held_fen)
    return None


def balances(tx: Tx, accounts: Sequence[Account]) -> dict[Account, Balances]:
    """What stands and is held on accounts with a limit, as they are at the moment.

    Nothing is locked. An account that was never used stands at 0.
    """
    found = {one.account: one for one in store.limited_many(tx, accounts)}
    return {
        account: Balances(one.posted_fen, one.held_debit_fen, one.held_credit_fen)
        if (one := found.get(account))
        else Balances()
        for account in accounts
    }


def books_kept(tx: Tx) -> list[str]:
    """The legal books there are: ours first, then those of funders and guarantors."""
    return [OWN, *(book for book in books.books(tx) if book != OWN)]


def trial_balance(tx: Tx, on: date | None = None, book: str = OWN) -> list[BalanceRow]:
    """Debits and credits by account of the chart in a book; balances sum to 0 at any date (L2)."""
    return books.trial_balance(tx, book, on)


def require_begun(tx: Tx, on: date | None) -> None:
    """Refuses a date whose balances nobody can know yet; None is now.

    Raises DateToCome.
    """
    if on is not None and on > (today := business_day.today(tx)):
        raise DateToCome(f"{on} is to come", mend=f"Use a date up to {today}.")


def require_kept(tx: Tx, book: str) -> None:
    """Refuses a legal book that nobody has: its balances would all be 0.

    Raises BookNotKept.
    """
    if book not in (kept := books_kept(tx)):
        raise BookNotKept(f"there is no book {book}", mend=f"There are {', '.join(kept)}.")


def require_used(tx: Tx, account: Account) -> None:
    """Refuses an account that was never used: its balance would be 0.

    Raises NoSuchAccount.
    """
    if not books.is_open(tx, account):
        raise NoSuchAccount(f"nothing was ever booked on {account}")


def sub_ledger(tx: Tx, code: Code, *, on: date | None = None, book: str = OWN) -> list[SubBalance]:
    """A control account's sub-accounts that do not stand at 0, each with its age (L11, L12)."""
    return books.sub_ledger(tx, book, code, on)


def _lock_hold(tx: Tx, hold_id: str) -> Hold:
    held = store.lock_hold(tx, hold_id)
    if held is None:
        raise NoSuchEntry(f"hold {hold_id}")
    return held


def _write(tx: Tx, entry: Entry, ending: Hold | None = None) -> str:
    """Writes an entry, and ends a hold with it; the id of the one that is there now."""
    return _written(entry, *store.post(tx, entry, ending.id if ending else None))


def _there(tx: Tx, entry: Entry) -> str | None:
    """The entry that is there under the same key.

    Raises KeyUsedForAnotherEntry.
    """
    found = store.entry_by_key(tx, entry.key)
    return _written(entry, "", found) if found else None


def _written(entry: Entry, entry_id: str, refused: dict[str, Any] | None) -> str:
    """The id of an entry after it was posted.

    Raises KeyUsedForAnotherEntry, LimitPassed, BusinessDayNotOpen, as the answer says.
    """
    if refused is None:
        return entry_id
    if refused.get("sha256") == rules.said(entry)[1].hex():
        return str(refused["entry_id"])
    raise _refusal(entry, refused)


def _refusal(entry: Entry, why: dict[str, Any]) -> Exception:
    """What is raised for what `journal_post` answers."""
    if "entry_id" in why:
        return KeyUsedForAnotherEntry(f"key {entry.key}")
    if "leg" in why:
        account = entry.legs[why["leg"] - 1].account
        return LimitPassed(str(account), why["limit_fen"], why["would_be_fen"])
    return BusinessDayNotOpen()


def _changed(
    balances: Sequence[LimitedBalance], changes: Mapping[Account, Change]
) -> list[LimitedBalance]:
    return [rules.changed(one, changes[one.account]) for one in balances]
