"""Goods returned after the payout: the loan shrinks (MALL-5)."""

from lending.engine.refunds import refund_goods
from lending.foundation import business_day
from lending.foundation.database import Tx
from lending.ledger import service as ledger
from lending.ledger.model import Entry
from lending.loans import payouts, rules, store
from lending.loans.errors import NoSuchLoan, WrongState
from lending.loans.model import LoanState, Reduction


def reduce(
    tx: Tx, loan_id: str, *, refund_id: str, amount_fen: int, refundable_fen: int
) -> Reduction:
    """Takes a refund of goods out of a loan that is paid out.

    One entry claims the price from the merchant and gives it to the loan and, for what was already
    repaid, to the borrower, whose card is paid back. The plan gets a new version.

    `refundable_fen` is the price less earlier refunds.

    Raises NoSuchLoan, WrongState, RefundTooLarge.
    """
    loan = store.loan(tx, loan_id, lock=True)
    if loan is None:
        raise NoSuchLoan
    if loan.state not in (LoanState.ACTIVE, LoanState.SETTLED) or loan.start_date is None:
        raise WrongState(
            f"the loan is {loan.state.value}", mend="Cancel an order that is not paid out."
        )
    refund = refund_goods(
        store.instalments(tx, loan_id, loan.plan_version),
        start=loan.start_date,
        on=business_day.today(tx),
        refund_fen=amount_fen,
        refundable_fen=refundable_fen,
    )
    version = loan.plan_version + 1
    store.insert_instalments(tx, loan_id, version, refund.instalments)
    store.set_plan_version(tx, loan_id, version)
    legs = rules.reduction_legs(loan, refund.loan_reduction_fen, refund.borrower_refund_fen)
    ledger.post(
        tx,
        Entry(
            kind="loan.goods_returned", subject=loan_id, memo=refund_id, legs=legs, key=refund_id
        ),
    )
    if refund.borrower_refund_fen:
        payouts.refund_borrower(tx, loan, refund_id, refund.borrower_refund_fen)
    if not any(row.open().total_fen for row in refund.instalments):
        store.set_loan_state(tx, loan_id, LoanState.SETTLED)
    return Reduction(
        loan_reduction_fen=refund.loan_reduction_fen,
        borrower_refund_fen=refund.borrower_refund_fen,
        merchant_claim_fen=refund.merchant_claim_fen,
        outstanding_principal_fen=rules.outstanding_principal_fen(refund.instalments),
    )
