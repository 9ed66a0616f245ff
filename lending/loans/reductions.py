"""Goods returned after the payout: the loan shrinks (MALL-5)."""

from lending.engine.events import GoodsReturned
from lending.foundation import business_day
from lending.foundation.database import Tx
from lending.loans import life, payouts
from lending.loans.model import Reduction


def reduce(
    tx: Tx, loan_id: str, *, refund_id: str, amount_fen: int, refundable_fen: int
) -> Reduction:
    """Takes a refund of goods out of a loan that is paid out.

    One entry claims the price from the merchant and gives it to the loan and, for what was already
    repaid, to the borrower, whose card is paid back. The plan gets a new version.

    `refundable_fen` is the price less earlier refunds.

    Raises NoSuchLoan, WrongState, RefundTooLarge.
    """
    loan = life.locked(tx, loan_id)
    done = life.record(
        tx,
        loan,
        GoodsReturned(business_day.today(tx), amount_fen, refundable_fen),
        source_id=refund_id,
        kind="loan.goods_returned",
    )
    reduction = done.before.principal_fen - done.after.sums().principal_fen
    refund = amount_fen - reduction
    if refund:
        payouts.refund_borrower(tx, loan, refund_id, refund)
    return Reduction(
        loan_reduction_fen=reduction,
        borrower_refund_fen=refund,
        merchant_claim_fen=amount_fen,
        outstanding_principal_fen=done.after.principal_open_fen,
    )
