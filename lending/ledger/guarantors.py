"""Money between a guarantor and us, in both books: claims, what comes back to it, its deposit.

Each gives lines for our book and for the guarantor's; an entry with all of them balances in each.
"""

from lending.ledger.chart import Code
from lending.ledger.model import Account, Leg, guarantor_book, signed

AT_THE_BANK = Account(Code.BANK_SETTLEMENT)


def claimed(guarantor: str) -> Account:
    """What a guarantor owes us for claims; 0 at rest, since a claim is booked as it is paid."""
    return Account(Code.CLAIM_RECEIVABLE, guarantor)


def payable(guarantor: str) -> Account:
    """What we hold for a guarantor: what borrowers repaid of its claims, and its fees."""
    return Account(Code.GUARANTOR_PAYABLE, guarantor)


def pool(guarantor: str) -> Account:
    """A guarantor's deposit with us, out of which claims are paid first; never below 0."""
    return Account(Code.GUARANTEE_POOL, guarantor)


def recourse(guarantor: str, loan_id: str) -> Account:
    """In its book: what a borrower owes it."""
    return Account(Code.RECOURSE_RECEIVABLE, loan_id, guarantor_book(guarantor))


def life_legs(
    guarantor: str, loan_id: str, *, claimed_fen: int, owed_fen: int, earned_fen: int, cost_fen: int
) -> tuple[Leg, ...]:
    """How far a loan has moved: claims paid, of these what the borrower owes it, fees it earned.

    `cost_fen` is what of its fees we bear ourselves; the rest the borrower has paid.
    """
    book = guarantor_book(guarantor)
    due_fen = claimed_fen - owed_fen + earned_fen
    return (
        signed(claimed(guarantor), claimed_fen),
        signed(payable(guarantor), -due_fen),
        signed(Account(Code.GUARANTEE_EXPENSE), cost_fen),
        signed(Account(Code.CLAIM_PAYABLE, book=book), -claimed_fen),
        signed(recourse(guarantor, loan_id), owed_fen),
        signed(Account(Code.LENDER_RECEIVABLE, book=book), due_fen),
        signed(Account(Code.GUARANTEE_INCOME, book=book), -earned_fen),
    )


def claim_from_pool_legs(guarantor: str, amount_fen: int) -> tuple[Leg, ...]:
    """A claim was paid out of the deposit; below 0 it was put back."""
    book = guarantor_book(guarantor)
    return (
        signed(pool(guarantor), amount_fen),
        signed(claimed(guarantor), -amount_fen),
        signed(Account(Code.CLAIM_PAYABLE, book=book), amount_fen),
        signed(Account(Code.POOL_DEPOSIT, book=book), -amount_fen),
    )


def claim_arrived_legs(
    guarantor: str, amount_fen: int, at: Account = AT_THE_BANK
) -> tuple[Leg, ...]:
    """A claim's money came to an account of ours; below 0 it went back."""
    book = guarantor_book(guarantor)
    return (
        signed(at, amount_fen),
        signed(claimed(guarantor), -amount_fen),
        signed(Account(Code.CLAIM_PAYABLE, book=book), amount_fen),
        signed(Account(Code.BANK_SETTLEMENT, book=book), -amount_fen),
    )


def pool_legs(guarantor: str, amount_fen: int, at: Account = AT_THE_BANK) -> tuple[Leg, ...]:
    """A guarantor put money into its deposit; below 0 it was given back."""
    book = guarantor_book(guarantor)
    return (
        signed(at, amount_fen),
        signed(pool(guarantor), -amount_fen),
        signed(Account(Code.POOL_DEPOSIT, book=book), amount_fen),
        signed(Account(Code.BANK_SETTLEMENT, book=book), -amount_fen),
    )


def remitted_legs(guarantor: str, amount_fen: int) -> tuple[Leg, ...]:
    """We paid a guarantor what we held for it."""
    book = guarantor_book(guarantor)
    return (
        signed(payable(guarantor), amount_fen),
        signed(Account(Code.BANK_SETTLEMENT), -amount_fen),
        signed(Account(Code.BANK_SETTLEMENT, book=book), amount_fen),
        signed(Account(Code.LENDER_RECEIVABLE, book=book), -amount_fen),
    )
