"""The SQL of credit balances."""

from lending.foundation.database import Tx


def held_fen(tx: Tx, *, book: str, code: str, owner: str) -> int:
    """What is held on the debit side of an account: on its way out."""
    return int(
        tx.scalar(
            "SELECT coalesce(sum(h.amount_fen), 0) FROM ledger_hold h JOIN ledger_account a"
            " ON a.id = h.debit_account WHERE a.book = :book AND a.code = :code"
            " AND a.owner = :owner AND h.state = 'held'",
            book=book,
            code=code,
            owner=owner,
        )
    )
