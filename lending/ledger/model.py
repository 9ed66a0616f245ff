"""Accounts, legs, entries."""

from dataclasses import dataclass
from datetime import date

from lending.ledger.chart import Code
from lending.ledger.chart import Limits as Limits  # noqa: PLC0414  part of the model

OWN = "own"
"""The legal book of this company; each funder and guarantor has one of its own."""


def funder_book(partner_id: str) -> str:
    """The legal book that we keep for a funder."""
    return f"funder:{partner_id}"


def funder_of(book: str) -> str:
    """Whose legal book it is."""
    return book.partition(":")[2]


def guarantor_book(partner_id: str) -> str:
    """The legal book that we keep for a guarantor."""
    return f"guarantor:{partner_id}"


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the chart, or a sub-account of it, in one legal book."""

    code: Code
    owner: str = ""
    book: str = OWN

    def __str__(self) -> str:
        name = f"{self.code.name}[{self.owner}]" if self.owner else self.code.name
        return name if self.book == OWN else f"{name} of {self.book}"


@dataclass(frozen=True, slots=True)
class Leg:
    """One line of an entry: either a debit or a credit, in fen, never negative."""

    account: Account
    debit_fen: int
    credit_fen: int


def debit(account: Account, amount_fen: int) -> Leg:
    """A debit line."""
    return Leg(account, amount_fen, 0)


def credit(account: Account, amount_fen: int) -> Leg:
    """A credit line."""
    return Leg(account, 0, amount_fen)


def signed(account: Account, amount_fen: int) -> Leg:
    """A line by its sign: above 0 a debit, below a credit."""
    return debit(account, amount_fen) if amount_fen > 0 else credit(account, -amount_fen)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a journal entry says. Its id, its booked date and its instant are given by us.

    Its legs may be in several legal books, one repayment with every party's part; they balance in
    each book apart.
    """

    kind: str
    """Such as `loan.paid_out`."""
    subject: str
    """The id of what it is about."""
    memo: str
    legs: tuple[Leg, ...]
    key: str
    """The same key with the same content is the same entry for ever."""
    effective_date: date | None = None
    """When it happened, where that is not the date it is booked on."""
    reverses: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What a posting or hold does to one account: signed, debit less credit."""

    posted_fen: int = 0
    held_debit_fen: int = 0
    held_credit_fen: int = 0

    def __add__(self, other: "Change") -> "Change":
        return Change(
            self.posted_fen + other.posted_fen,
            self.held_debit_fen + other.held_debit_fen,
            self.held_credit_fen + other.held_credit_fen,
        )


@dataclass(frozen=True, slots=True)
class Balances:
    """What stands on a limited account and what is held on it, in fen."""

    posted_fen: int = 0
    held_debit_fen: int = 0
    held_credit_fen: int = 0


@dataclass(frozen=True, slots=True)
class LimitedBalance:
    """A limited account as it is under its lock."""

    account_id: int
    account: Account
    limits: Limits
    posted_fen: int
    held_debit_fen: int
    held_credit_fen: int


@dataclass(frozen=True, slots=True)
class Hold:
    """An amount reserved between two accounts of one book until it is posted or voided."""

    id: str
    debit: Account
    credit: Account
    amount_fen: int
    subject: str
    memo: str
    state: str
    """`held`, `posted` or `voided`."""
    entry_id: str | None = None


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """One line of the trial balance."""

    code: str
    title: str
    debit_fen: int
    credit_fen: int

    @property
    def balance_fen(self) -> int:
        """Debit less credit."""
        return self.debit_fen - self.credit_fen


@dataclass(frozen=True, slots=True)
class SubBalance:
    """A sub-account that does not stand at 0, and the date of its first line."""

    owner: str
    balance_fen: int
    since: date
