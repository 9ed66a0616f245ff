"""Pure rules of double entry."""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from hashlib import sha256

from lending.foundation.money import FEN_MAX
from lending.ledger.chart import OWNED
from lending.ledger.errors import EntryDoesNotBalance, LimitPassed, NoSuchBook, OwnerMissing
from lending.ledger.model import OWN, Account, Change, Entry, Hold, Leg, LimitedBalance

_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_BOOK = re.compile(r"(funder|guarantor):[A-Za-z0-9_-]+")


def lines(legs: Sequence[Leg]) -> tuple[Leg, ...]:
    """The legs that are written: those of 0 fen left out.

    Raises EntryDoesNotBalance (L1, in each book), NoSuchBook, OwnerMissing (L11).
    """
    kept = tuple([leg for leg in legs if leg.debit_fen or leg.credit_fen])
    off_by_book: dict[str, int] = {}
    for leg in kept:
        book, fen = leg.account.book, leg.debit_fen - leg.credit_fen
        off_by_book[book] = off_by_book.get(book, 0) + fen
    if len(kept) < 2 or not all(map(_one_sided, kept)) or any(off_by_book.values()):
        raise EntryDoesNotBalance(
            "; ".join(f"{leg.account} {leg.debit_fen} | {leg.credit_fen}" for leg in kept)
            or "there is no line"
        )
    require_complete([leg.account for leg in kept])
    return kept


def _one_sided(leg: Leg) -> bool:
    return (
        0 == leg.credit_fen < leg.debit_fen <= FEN_MAX
        or 0 == leg.debit_fen < leg.credit_fen <= FEN_MAX
    )


def is_book(name: str) -> bool:
    """Whether a legal book may have this name."""
    return name == OWN or _BOOK.fullmatch(name) is not None


def require_complete(accounts: Iterable[Account]) -> None:
    """Raises OwnerMissing for a control account that is kept by owner (L11), and NoSuchBook."""
    for account in accounts:
        if not is_book(account.book):
            raise NoSuchBook(account.book)
        if account.code in OWNED and not account.owner:
            raise OwnerMissing(f"{account.code.name} ({account.code})")


def said(entry: Entry) -> tuple[str, bytes]:
    """An entry's legs as JSON, and SHA-256 over all that it says.

    What we add (id, booked date, instant) is sealed.
    """
    legs = _ENCODE(
        [
            (leg.account.book, leg.account.code, leg.account.owner, leg.debit_fen, leg.credit_fen)
            for leg in entry.legs
        ]
    )
    return legs, content_digest(
        kind=entry.kind,
        subject=entry.subject,
        memo=entry.memo,
        key=entry.key,
        reverses=entry.reverses,
        effective_date=entry.effective_date,
        legs=legs,
    )


def legs_said(lines: Sequence[Sequence[object]]) -> str:
    """The JSON of legs that are `[book, code, owner, debit, credit]` already, as `said` has it."""
    return _ENCODE(lines)


def content_digest(
    *,
    kind: str,
    subject: str,
    memo: str,
    key: str,
    reverses: str | None,
    effective_date: date | None,
    legs: str,
) -> bytes:
    """SHA-256 over all that an entry says, its legs as JSON."""
    on = effective_date.isoformat() if effective_date else None
    head = _ENCODE((kind, subject, memo, key, reverses, on))
    return sha256(f"{head}{legs}".encode()).digest()


def seal_digest(
    previous: bytes,
    *,
    number: int,
    seq: int,
    entry_id: str,
    content_sha256: bytes,
    booked_date: date,
    created_at: datetime,
) -> bytes:
    """The digest that chains an entry to the one sealed before it (L9)."""
    instant = created_at.astimezone(UTC).isoformat(timespec="microseconds")
    record = f"{number}|{seq}|{entry_id}|{content_sha256.hex()}|{booked_date}|{instant}"
    return sha256(previous + record.encode()).digest()


def changes_of_hold(hold: Hold, *, ends: bool) -> dict[Account, Change]:
    """What a hold does to its two accounts as it begins or ends."""
    amount_fen = -hold.amount_fen if ends else hold.amount_fen
    return {
        hold.debit: Change(held_debit_fen=amount_fen),
        hold.credit: Change(held_credit_fen=amount_fen),
    }


def changed(balance: LimitedBalance, change: Change) -> LimitedBalance:
    """The balance after a change, if the account's limits allow it, holds counted (L15, P12).

    A change that relieves an account is always allowed.

    Raises LimitPassed.
    """
    posted_fen = balance.posted_fen + change.posted_fen
    held_debit_fen = balance.held_debit_fen + change.held_debit_fen
    held_credit_fen = balance.held_credit_fen + change.held_credit_fen
    for limit_fen, before_fen, after_fen in (
        (
            balance.limits.debit_fen,
            balance.posted_fen + balance.held_debit_fen,
            posted_fen + held_debit_fen,
        ),
        (
            balance.limits.credit_fen,
            balance.held_credit_fen - balance.posted_fen,
            held_credit_fen - posted_fen,
        ),
    ):
        if limit_fen is not None and after_fen > max(limit_fen, before_fen):
            raise LimitPassed(str(balance.account), limit_fen, after_fen)
    return LimitedBalance(
        account_id=balance.account_id,
        account=balance.account,
        limits=balance.limits,
        posted_fen=posted_fen,
        held_debit_fen=held_debit_fen,
        held_credit_fen=held_credit_fen,
    )
