"""Pure rules of double entry."""

import json
from collections.abc import Sequence
from datetime import date
from hashlib import sha256

from lending.foundation.money import FEN_MAX
from lending.ledger.errors import EntryDoesNotBalance, LimitPassed
from lending.ledger.model import Entry, Leg, LimitedBalance


def lines(legs: Sequence[Leg]) -> tuple[Leg, ...]:
    """The legs that are written: those of 0 fen left out.

    Raises EntryDoesNotBalance (L1).
    """
    kept = tuple(leg for leg in legs if leg.debit_fen or leg.credit_fen)
    one_sided = all(
        min(leg.debit_fen, leg.credit_fen) == 0 < max(leg.debit_fen, leg.credit_fen) <= FEN_MAX
        for leg in kept
    )
    if (
        len(kept) < 2
        or not one_sided
        or sum(leg.debit_fen for leg in kept) != sum(leg.credit_fen for leg in kept)
    ):
        raise EntryDoesNotBalance(f"lines: {kept}")
    return kept


def content_digest(entry: Entry, legs: Sequence[Leg], effective_date: date) -> bytes:
    """SHA-256 over all that an entry says; its id and instants are not part of it."""
    content = [
        entry.book,
        entry.kind,
        entry.subject,
        entry.memo,
        entry.key,
        entry.reverses,
        effective_date.isoformat(),
        [[leg.account.code, leg.account.owner, leg.debit_fen, leg.credit_fen] for leg in legs],
    ]
    return sha256(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()).digest()


def chain(previous: bytes, entry_id: str, content_sha256: bytes, booked_date: date) -> bytes:
    """The digest that seals an entry behind the one before (L9)."""
    return sha256(
        previous + entry_id.encode() + content_sha256 + booked_date.isoformat().encode()
    ).digest()


def require_within_limits(
    balance: LimitedBalance,
    *,
    posted_fen: int = 0,
    held_debit_fen: int = 0,
    held_credit_fen: int = 0,
) -> LimitedBalance:
    """The balance after a change, if the account's limits allow it, holds counted (L15, P12).

    A change that relieves an account is always allowed, even when a limit was lowered below what
    stands on it.

    Raises LimitPassed.
    """
    after = LimitedBalance(
        balance.account_id,
        balance.account,
        balance.limits,
        balance.posted_fen + posted_fen,
        balance.held_debit_fen + held_debit_fen,
        balance.held_credit_fen + held_credit_fen,
    )
    name = f"{balance.account.code}[{balance.account.owner}]"
    worst_debit = after.posted_fen + after.held_debit_fen
    if balance.limits.debit_fen is not None and worst_debit > max(
        balance.limits.debit_fen, balance.posted_fen + balance.held_debit_fen
    ):
        raise LimitPassed(name, balance.limits.debit_fen, worst_debit)
    worst_credit = after.held_credit_fen - after.posted_fen
    if balance.limits.credit_fen is not None and worst_credit > max(
        balance.limits.credit_fen, balance.held_credit_fen - balance.posted_fen
    ):
        raise LimitPassed(name, balance.limits.credit_fen, worst_credit)
    return after
