"""What merchants owe us for returned goods, taken back from their next payouts (MALL-5)."""

from lending.foundation.database import Tx
from lending.ledger import service, store
from lending.ledger.chart import Code
from lending.ledger.model import Account


def open_claim_fen(tx: Tx, partner_id: str) -> int:
    """What a merchant owes us at the moment."""
    return service.balance(tx, Account(Code.MERCHANT_CLAIM, partner_id))


def lock(tx: Tx, partner_id: str) -> None:
    """Makes other payouts to the same merchant wait, so that no claim is taken back twice."""
    store.lock_owner(tx, partner_id)
