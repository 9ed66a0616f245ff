"""What merchants owe us for returned goods, taken back from their next payouts (MALL-5).

A payout takes it back in two steps: under the lock it puts on record how much it means to offset,
and with the channel's answer its entry credits the claim. The account itself never falls below 0.
"""

from lending.foundation.database import Tx
from lending.ledger import service, store
from lending.ledger.chart import Code
from lending.ledger.model import Account


def account(partner_id: str) -> Account:
    """The sub-account of a merchant's claim."""
    return Account(Code.MERCHANT_CLAIM, partner_id)


def open_claim_fen(tx: Tx, partner_id: str) -> int:
    """What a merchant owes us at the moment; payouts on their way have not taken from it yet."""
    return service.balance(tx, account(partner_id))


def lock(tx: Tx, partner_id: str) -> None:
    """Makes other payouts to the same merchant wait, so that no claim is taken back twice."""
    store.lock_owner(tx, partner_id)
