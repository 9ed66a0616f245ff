"""Goods returned: the loan shrinks, and the merchant owes the price (MALL-5, R-REFUND)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from lending.engine.errors import RefundTooLarge
from lending.engine.prepayment import OpenInstalment, shrunk
from lending.engine.shares import cut
from lending.foundation.money import HALF_UP


@dataclass(frozen=True, slots=True)
class GoodsRefund:
    """What a return of goods does. `loan_reduction + borrower_refund = merchant_claim` (P11)."""

    loan_reduction_fen: int
    """Principal that is no longer owed."""
    borrower_refund_fen: int
    """What the borrower had already repaid of the returned goods and gets back."""
    merchant_claim_fen: int
    """What the merchant owes us."""
    instalments: tuple[OpenInstalment, ...]
    """The plan from now on: same numbers and due dates; paid parts stay as they are."""


def refund_goods(
    rows: Sequence[OpenInstalment],
    *,
    start: date,
    on: date,
    refund_fen: int,
    refundable_fen: int,
    rounding: str = HALF_UP,
) -> GoodsRefund:
    """Takes a refund out of a running plan.

    The refund first reduces the principal not yet repaid, in proportion over the instalments in
    which some is open, so that each of them shrinks alike; what is left of it goes back to the
    borrower. Interest of the running period is kept for the days used at the old balance; from
    today on it follows the smaller balance, as fees not yet due do. Instalments already due keep
    theirs. In an interest-free plan there is no interest either way. Interest already paid is
    kept: it was for days used.

    `refundable_fen` is the price less earlier refunds.

    Raises RefundTooLarge.
    """
    if not 0 < refund_fen <= refundable_fen:
        raise RefundTooLarge(mend=f"Refund from 1 to {refundable_fen} fen.")
    open_principal = [row.open().principal_fen for row in rows]
    outstanding = sum(open_principal)
    reduction = min(refund_fen, outstanding)
    cuts = cut(reduction, open_principal, rounding) if outstanding else [0] * len(rows)
    return GoodsRefund(
        loan_reduction_fen=reduction,
        borrower_refund_fen=refund_fen - reduction,
        merchant_claim_fen=refund_fen,
        instalments=tuple(
            replace(row, principal_fen=row.principal_fen - less)
            for row, less in zip(shrunk(rows, cuts, start, on, rounding), cuts, strict=True)
        ),
    )
