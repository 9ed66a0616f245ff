"""Money between a funder and us, in both books: sent for a loan, sent back, cleared.

Each gives lines for our book and for the funder's; an entry with all of them balances in each.
"""

from lending.ledger.chart import Code
from lending.ledger.model import Account, Leg, funder_book, signed


def payable(funder: str) -> Account:
    """What we owe a funder and clear with it; above 0 it owes us."""
    return Account(Code.FUNDER_PAYABLE, funder)


def receivable(funder: str) -> Account:
    """The same in the funder's book."""
    return Account(Code.LEAD_RECEIVABLE, book=funder_book(funder))


def money_in(funder: str, loan_id: str) -> Account:
    """What a funder sent for a loan that is not paid out; never below what was sent (L15)."""
    return Account(Code.FUNDER_MONEY_IN, f"{loan_id}:{funder}")


def money_in_its_book(funder: str, loan_id: str) -> Account:
    """The same in the funder's book."""
    return Account(Code.LEAD_MONEY_IN, loan_id, funder_book(funder))


def arrival_legs(funder: str, loan_id: str, amount_fen: int) -> tuple[Leg, ...]:
    """A funder's money for a loan came to our account; below 0 it went back."""
    return (
        signed(Account(Code.BANK_SETTLEMENT), amount_fen),
        signed(money_in(funder, loan_id), -amount_fen),
        signed(money_in_its_book(funder, loan_id), amount_fen),
        signed(Account(Code.BANK_SETTLEMENT, book=funder_book(funder)), -amount_fen),
    )


def clearing_legs(funder: str, amount_fen: int) -> tuple[Leg, ...]:
    """We paid a funder what was cleared with it; below 0 it paid us."""
    return (
        signed(payable(funder), amount_fen),
        signed(Account(Code.BANK_SETTLEMENT), -amount_fen),
        signed(Account(Code.BANK_SETTLEMENT, book=funder_book(funder)), amount_fen),
        signed(receivable(funder), -amount_fen),
    )
