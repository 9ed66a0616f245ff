"""What the end of day does to every open loan."""

from datetime import date
from itertools import groupby

from lending.foundation.database import Row, Tx
from lending.foundation.spans import Span
from lending.ledger import service as ledger
from lending.ledger.chart import Code
from lending.ledger.model import OWN, Account, Entry, Leg, credit, debit
from lending.loans import day_store

fall_due = day_store.fall_due


def accrue(tx: Tx, span: Span, following: date) -> int:
    """Takes interest and subsidies up to a date into the books, and ages; how many loans it moved.

    One entry for a span and product, each funder's part in its own book: its detail by loan is
    `loan_standing`, whose sum the end of day compares with the accounts (L11).
    """
    loans = 0
    for product, rows in groupby(day_store.accrue(tx, span, following), _product_of):
        moved = list(rows)
        here = sum(row["loans"] for row in moved if row["book"] == OWN)
        loans += here
        legs = [leg for row in moved for leg in _earned_legs(row)]
        if any(leg.debit_fen or leg.credit_fen for leg in legs):
            ledger.post(
                tx,
                Entry(
                    kind="interest.accrued",
                    subject=product,
                    memo=f"{here} loans",
                    legs=tuple(legs),
                    key=f"accrue:{product}:{following}:{span.first}-{span.last}",
                ),
            )
    return loans


def _product_of(row: Row) -> str:
    return str(row["product_code"])


def _earned_legs(row: Row) -> tuple[Leg, ...]:
    book, product = row["book"], row["product_code"]
    interest, subsidy = row["interest_fen"], row["subsidy_fen"]
    return (
        debit(Account(Code.INTEREST_RECEIVABLE, product, book), interest),
        debit(Account(Code.DEFERRED_SUBSIDY, product, book), subsidy),
        credit(Account(Code.INTEREST_INCOME, book=book), interest + subsidy),
    )


def classify(tx: Tx, span: Span, _following: date) -> int:
    """Grades the loans that are late; how many changed."""
    return day_store.classify(tx, span)
