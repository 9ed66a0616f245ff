"""The SQL of receipts."""

from lending.foundation.database import Row, Tx


def parts(tx: Tx, repayment_id: str) -> Row | None:
    return tx.maybe(
        "SELECT allocation, excess_fen, channel_reference FROM repayment"
        " WHERE id = :id AND allocation IS NOT NULL",
        id=repayment_id,
    )
