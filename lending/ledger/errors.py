"""What the ledger refuses. Nothing of a refused entry is written (L6)."""

from lending.foundation.errors import Conflict, NotFound, Refused


class EntryDoesNotBalance(Refused):
    """Debits and credits differ in a book, a line is negative, or there are not two lines (L1)."""

    code, title = "ledger.unbalanced", "The entry does not balance"
    mend = "Write positive lines whose debits equal their credits in each legal book."


class OwnerMissing(Refused):
    """A line on a control account itself, which only its sub-accounts may make up (L11)."""

    code, title = "ledger.owner_missing", "This account is kept by owner"
    mend = "Name the loan, partner, customer or order that the line belongs to."


class NoSuchBook(Refused):
    """A line in a legal book that nobody can have (L2)."""

    code, title = "ledger.no_such_book", "There is no such legal book"
    mend = "Name own, funder:<partner id> or guarantor:<partner id>."


class KeyUsedForAnotherEntry(Conflict):
    """The key belongs to an entry with another content (L5)."""

    code, title = "ledger.key_used", "This key belongs to another entry"
    mend = "Use a new key for a new entry."


class LimitPassed(Refused):
    """The posting or hold would take an account past its limit (L15)."""

    code, title = "ledger.limit_passed", "An account's limit would be passed"
    mend = "Use a smaller amount, or wait until the account is relieved."

    def __init__(self, account: str, limit_fen: int, would_be_fen: int) -> None:
        super().__init__(f"{account} would stand at {would_be_fen} fen, its limit is {limit_fen}")
        self.account = account
        self.limit_fen = limit_fen
        self.would_be_fen = would_be_fen


class NoSuchEntry(NotFound):
    """There is no such entry or hold."""


class NoSuchAccount(NotFound):
    """Nothing was ever booked or held on this account."""

    code, title, field = "ledger.no_such_account", "This account was never used", "/owner"
    mend = "Check code, owner and book."


class BookNotKept(NotFound):
    """There is no legal book of this name."""

    code, title, field = "ledger.book_not_kept", "This legal book is not kept here", "/book"


class AlreadyReversed(Conflict):
    """An entry is reversed at most once, and a reversal is not reversed (L3)."""

    code, title = "ledger.already_reversed", "This entry has been reversed already"
    mend = "Write a new entry."


class HoldEnded(Conflict):
    """The hold was posted or voided before."""

    code, title = "ledger.hold_ended", "This hold has ended"
    mend = "Look at what ended it."


class LimitComesWithOpening(Conflict):
    """The account is open without a limit and may have been used: a limit now could be missed."""

    code, title = "ledger.limit_comes_with_opening", "This account is open without a limit"
    mend = "Give an account its limits as it is opened."


class DateToCome(Refused):
    """A balance is asked for as of a date that has not begun."""

    code, title, field = "ledger.date_to_come", "There is no balance of that date yet", "/on"
