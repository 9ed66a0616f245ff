"""Accounts and entries that the tests of the ledger have in common."""

from dataclasses import replace

from lending.foundation.database import Database, Tx
from lending.ledger import service
from lending.ledger.chart import Code
from lending.ledger.model import Account, Entry, Leg, credit, debit, funder_book, guarantor_book

BANK = Account(Code.BANK_SETTLEMENT)
LOAN = Account(Code.LOAN_PRINCIPAL, "loan_1")
INCOME = Account(Code.INTEREST_INCOME)
EXPOSURE = Account(Code.EXPOSURE, "cus_1")
CONTRA = Account(Code.EXPOSURE_CONTRA)
LIMIT_FEN = 20_000_000
FUNDER = funder_book("par_1")
GUARANTOR = guarantor_book("par_2")


def of(book: str, account: Account) -> Account:
    """The same account in another legal book."""
    return replace(account, book=book)


def transfer(to: Account, by: Account, amount_fen: int) -> tuple[Leg, Leg]:
    return debit(to, amount_fen), credit(by, amount_fen)


def write(tx: Tx, *legs: Leg, key: str = "k1", **more: object) -> str:
    return service.post(tx, Entry(kind="test", subject="x", memo="", legs=legs, key=key, **more))


def lend(tx: Tx, amount_fen: int, key: str = "k1") -> str:
    return write(tx, *transfer(LOAN, BANK, amount_fen), key=key)


def expose(tx: Tx, amount_fen: int, key: str = "k1") -> str:
    return write(tx, *transfer(EXPOSURE, CONTRA, amount_fen), key=key)


def hold(tx: Tx, amount_fen: int) -> str:
    return service.hold(
        tx, debit=EXPOSURE, credit=CONTRA, amount_fen=amount_fen, subject="loan_1", memo=""
    )


def entries(database: Database) -> int:
    with database.unit_of_work() as tx:
        return tx.scalar("SELECT count(*) FROM journal_entry")
