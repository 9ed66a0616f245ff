"""Money on its way back to whoever sent it, in two steps, as all money that leaves.

It is held and on record before anything is sent; no answer is `unknown`, resolved by asking under
the same number, never by paying again.
"""

from datetime import datetime

from lending.foundation import jobs, paying
from lending.foundation.context import Context
from lending.foundation.database import Tx
from lending.foundation.ports import ChannelResult, ChannelState, PayoutOrder
from lending.funding import money_store, store
from lending.funding.model import Transfer, TransferState
from lending.ledger import funders as funder_accounts
from lending.ledger import service as ledger
from lending.ledger.chart import Code
from lending.ledger.model import Account, Leg

OPEN = (TransferState.RETURNING, TransferState.UNKNOWN)


def begin(tx: Tx, transfer: Transfer, account: Account) -> None:
    """Has money sent back that stands on an account of ours."""
    hold_id = ledger.hold(
        tx,
        debit=account,
        credit=Account(Code.BANK_SETTLEMENT),
        amount_fen=transfer.amount_fen,
        subject=transfer.reference,
        memo="goes back",
    )
    money_store.set_hold(tx, transfer.reference, hold_id)
    _enqueue(tx, transfer.reference, transfer.queries)


def send(context: Context, reference: str, queries: int) -> None:
    """Sends money back that is not ours, or asks what became of it; safe to run again."""
    with context.database.unit_of_work() as tx:
        transfer = money_store.transfer(tx, reference)
        account_no = money_store.from_account(context.keys, transfer)
    if transfer.state not in OPEN:
        return
    if queries != transfer.queries:
        return
    order = PayoutOrder(
        channel_order_no=transfer.return_order_no,
        amount_fen=transfer.amount_fen,
        account_no=account_no,
        account_name=transfer.from_name,
        purpose="return",
    )
    is_held = transfer.state is TransferState.RETURNING
    result = paying.pay_or_ask(context.channel, order, is_held=is_held)
    with context.database.unit_of_work() as tx:
        _record(tx, reference, result)


def _record(tx: Tx, reference: str, result: ChannelResult) -> None:
    transfer = money_store.transfer(tx, reference, lock=True)
    if transfer.state not in OPEN:
        return
    assert transfer.hold_id is not None
    if result.state is ChannelState.PAID and result.amount_fen == transfer.amount_fen:
        key = transfer.return_order_no
        legs = _legs_back(tx, transfer)
        ledger.post_hold(tx, transfer.hold_id, kind="funding.returned", key=key, legs=legs)
        money_store.end(tx, reference, TransferState.RETURNED)
    elif result.state is ChannelState.FAILED:
        ledger.void(tx, transfer.hold_id, because=result.code or "failed")
        money_store.end(tx, reference, TransferState.RETURN_FAILED)
    else:
        money_store.set_unknown(tx, reference)
        at = paying.query_at(tx.now, transfer.queries)
        _enqueue(tx, reference, transfer.queries + 1, at=at)


def _legs_back(tx: Tx, transfer: Transfer) -> tuple[Leg, ...] | None:
    """What was a share's leaves the funder's book, too; what was in suspense is only ours."""
    share = store.share(tx, transfer.share_id) if transfer.share_id else None
    if share is None:
        return None
    assert share.loan_id is not None
    return funder_accounts.arrival_legs(share.funder_id, share.loan_id, -transfer.amount_fen)


def _enqueue(tx: Tx, reference: str, queries: int, *, at: datetime | None = None) -> None:
    jobs.enqueue(
        tx,
        "funding.send_back",
        queue=jobs.CORE,
        lock=reference,
        at=at,
        reference=reference,
        queries=queries,
    )
