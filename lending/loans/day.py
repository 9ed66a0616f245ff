"""What the end of day does to every open loan."""

from datetime import date

from lending.foundation.database import Tx
from lending.foundation.spans import Span
from lending.ledger import service as ledger
from lending.ledger.chart import Code
from lending.ledger.model import Account, Entry, credit, debit
from lending.loans import day_store

fall_due = day_store.fall_due
penalise = day_store.penalise
age = day_store.age


def accrue(tx: Tx, span: Span, following: date) -> int:
    """Takes interest and subsidies up to a date into the books; how many loans it moved.

    One entry for a span and product: its detail by loan is `loan_standing`, whose sum the end of
    day compares with the account (L11).
    """
    loans = 0
    for row in day_store.accrue(tx, span, following):
        loans += row["loans"]
        product, interest, subsidy = row["product_code"], row["interest_fen"], row["subsidy_fen"]
        if interest or subsidy:
            legs = (
                debit(Account(Code.INTEREST_RECEIVABLE, product), interest),
                debit(Account(Code.DEFERRED_SUBSIDY, product), subsidy),
                credit(Account(Code.INTEREST_INCOME), interest + subsidy),
            )
            ledger.post(
                tx,
                Entry(
                    kind="interest.accrued",
                    subject=product,
                    memo=f"{row['loans']} loans",
                    legs=legs,
                    key=f"accrue:{product}:{following}:{span.first}-{span.last}",
                ),
            )
    return loans


def classify(tx: Tx, span: Span, _following: date) -> int:
    """Grades the loans that are late; how many changed."""
    return day_store.classify(tx, span)
