"""What merchants owe us for returned goods, taken back from their next payouts (MALL-5).

A payout that is on its way reserves what it takes back, so that no other takes it too:

    offset_fen = claims.take_offset(tx, partner_id, up_to_fen, subject=payout_id)
    ...                                                 # the payout is sent
    claims.release_offset(tx, partner_id, subject=payout_id)        # whatever became of it
    ledger.post_hold(tx, ..., legs=(..., credit(claim, offset_fen)))  # only when it was paid
"""

from lending.foundation.database import Tx
from lending.ledger import service, store
from lending.ledger.chart import Code
from lending.ledger.model import OWN, Account


def account(partner_id: str) -> Account:
    """The sub-account of a merchant's claim."""
    return Account(Code.MERCHANT_CLAIM, partner_id)


def open_claim_fen(tx: Tx, partner_id: str) -> int:
    """What a merchant owes us and no payout is taking back yet. Locks nothing."""
    return service.available(tx, account(partner_id)) or 0


def take_offset(tx: Tx, partner_id: str, up_to_fen: int, *, subject: str) -> int:
    """Reserves as much of a merchant's open claim as a payout can take back; how much, in fen.

    `subject` is the payout's id. What is reserved stays so until `release_offset`, in this unit of
    work or a later one; two payouts never reserve the same fen. A merchant without an open claim
    is not locked. Asked again for the same subject, it answers what is reserved already.
    """
    claim = account(partner_id)
    if reserved_fen := store.held_for(tx, OWN, claim, subject):
        return reserved_fen
    if up_to_fen <= 0 or not open_claim_fen(tx, partner_id):
        return 0
    store.lock_limited(tx, store.account_ids(tx, OWN, [claim]).values())
    amount_fen = min(up_to_fen, open_claim_fen(tx, partner_id))
    if amount_fen:
        service.hold(
            tx,
            debit=Account(Code.CHANNEL_CLEARING),
            credit=claim,
            amount_fen=amount_fen,
            subject=subject,
            memo="offset against a payout",
        )
    return amount_fen


def release_offset(tx: Tx, partner_id: str, *, subject: str) -> None:
    """Ends what `take_offset` reserved for a payout; does nothing where nothing is reserved.

    Called when the channel has said what became of the payout: paid, then the entry credits the
    claim in the same unit of work; failed, then the next payout may take it.
    """
    for hold_id in store.open_holds(tx, OWN, account(partner_id), subject):
        service.void(tx, hold_id, "the payout has ended")
