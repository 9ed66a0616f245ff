"""The SQL of bank transfers."""

from lending.foundation.database import Tx
from lending.repayments.model import Repayment


def reference_known(tx: Tx, reference: str) -> bool:
    """Whether the bank's reference came with any money that is here, in whatever way."""
    return bool(
        tx.scalar(
            "SELECT EXISTS (SELECT FROM repayment WHERE channel_reference = :reference"
            " AND state = 'received')",
            reference=reference,
        )
    )


def debit_under_way(tx: Tx, loan_id: str, amount_fen: int) -> bool:
    """Whether a debit of this amount has no result yet."""
    return bool(
        tx.scalar(
            "SELECT EXISTS (SELECT FROM repayment WHERE loan_id = :loan_id"
            " AND amount_fen = :amount AND state IN ('held', 'unknown'))",
            loan_id=loan_id,
            amount=amount_fen,
        )
    )


def insert(tx: Tx, made: Repayment, reference: str) -> bool:
    """Whether it was put on record: not while its reference is."""
    return bool(
        tx.touched(
            "INSERT INTO repayment (id, loan_id, source, what, until_number, amount_fen, state,"
            " channel_reference, business_date, created_at, ended_at) VALUES (:id, :loan_id,"
            " :source, :what, :until, :amount, 'received', :reference, :business_date, :now, :now)"
            " ON CONFLICT (channel_reference) WHERE source = 'transfer' AND state <> 'reversed'"
            " DO NOTHING",
            id=made.id,
            loan_id=made.loan_id,
            source=made.source.value,
            what=made.what.value,
            until=made.until_number,
            amount=made.amount_fen,
            reference=reference,
            business_date=made.business_date,
            now=tx.now,
        )
    )
