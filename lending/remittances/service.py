"""Money that goes to partners: held and on record before it is sent, then posted or voided.

No answer is a state, `unknown`, resolved by asking under the same order number. When the channel
has definitely refused, the partner's next account is tried under a new number.
"""

from dataclasses import replace
from datetime import datetime

from lending.channels import service as channels
from lending.foundation import ids, jobs, paying
from lending.foundation.context import Context
from lending.foundation.database import Tx
from lending.foundation.ports import ChannelResult, ChannelState, PayoutOrder
from lending.ledger import service as ledger
from lending.ledger.chart import Code
from lending.ledger.model import Account
from lending.remittances import store
from lending.remittances.errors import AlreadyRemitted, NoSettlementAccount, NoSuchRemittance
from lending.remittances.model import Payment, Purpose, Remittance, RemittanceState

FINAL = (RemittanceState.PAID, RemittanceState.FAILED)


def begin(tx: Tx, payment: Payment) -> str:
    """Puts a payment on record and asks for it to be sent; its id.

    Raises NoSettlementAccount, AlreadyRemitted.
    """
    store.lock_subject(tx, payment.purpose, payment.subject)
    before = store.of_subject(tx, payment.purpose, payment.subject)
    if before and before[-1].state is not RemittanceState.FAILED:
        raise AlreadyRemitted
    accounts = channels.settlement_accounts(tx, payment.partner_id)
    if not accounts:
        raise NoSettlementAccount
    return _attempt(tx, payment, accounts[0].id, len(before) + 1)


def send(context: Context, remittance_id: str, *, queries: int | None = None) -> None:
    """Sends a payment that is held, or asks about one that is unknown; safe to run again.

    `queries` is how often it had been asked about when this was put off; if it has been since, then
    another job is on its way and this one has nothing to do.

    Raises NoSuchRemittance.
    """
    with context.database.unit_of_work() as tx:
        found = get(tx, remittance_id)
        holder = channels.settlement_account(tx, found.account_id).holder
        order = PayoutOrder(
            channel_order_no=found.channel_order_no,
            amount_fen=found.payment.amount_fen,
            account_no=channels.account_number(tx, context.keys, found.account_id),
            account_name=holder,
            purpose=found.payment.purpose.value,
        )
    if found.state in FINAL or queries not in (None, found.queries):
        return
    is_held = found.state is RemittanceState.HELD
    result = paying.pay_or_ask(context.channel, order, is_held=is_held)
    with context.database.unit_of_work() as tx:
        record(tx, remittance_id, result)


def record(tx: Tx, remittance_id: str, result: ChannelResult) -> None:
    """Records what the channel said; what is final already stays as it is.

    Raises NoSuchRemittance.
    """
    found = store.remittance(tx, remittance_id, lock=True)
    if found is None:
        raise NoSuchRemittance
    if found.state in FINAL:
        return
    if result.state is ChannelState.PAID and result.amount_fen == found.payment.amount_fen:
        store.end(tx, found.id, RemittanceState.PAID, result)
        ledger.post_hold(
            tx,
            found.hold_id,
            kind=f"{found.payment.purpose.value}.paid",
            key=found.id,
            legs=found.payment.legs,
        )
        _tell(tx, found)
    elif result.state is ChannelState.FAILED:
        store.end(tx, found.id, RemittanceState.FAILED, result)
        ledger.void(tx, found.hold_id, because=result.code or "failed")
        _try_next(tx, found)
    else:
        store.set_unknown(tx, found.id)
        asked = replace(found, queries=found.queries + 1)
        _enqueue(tx, asked, at=paying.query_at(tx.now, found.queries))


def heard(tx: Tx, channel_order_no: str) -> bool:
    """A callback names one of these payments: ask about it now. Whether it is one (T13)."""
    remittance_id = store.id_of_channel_order(tx, channel_order_no)
    if remittance_id is None:
        return False
    _enqueue(tx, get(tx, remittance_id))
    return True


def get(tx: Tx, remittance_id: str) -> Remittance:
    """One payment.

    Raises NoSuchRemittance.
    """
    found = store.remittance(tx, remittance_id)
    if found is None:
        raise NoSuchRemittance
    return found


def newest(tx: Tx, purpose: Purpose, subject: str) -> Remittance | None:
    """The newest attempt to pay for something."""
    attempts = store.of_subject(tx, purpose, subject)
    return attempts[-1] if attempts else None


def is_under_way(tx: Tx, partner_id: str, purpose: Purpose) -> bool:
    """Whether a payment of this sort to a partner has no result yet."""
    return bool(store.in_flight(tx, partner_id, purpose))


def _try_next(tx: Tx, refused: Remittance) -> None:
    accounts = [each.id for each in channels.settlement_accounts(tx, refused.payment.partner_id)]
    tried = refused.account_id
    after = accounts.index(tried) + 1 if tried in accounts else len(accounts)
    if accounts[after:]:
        _attempt(tx, refused.payment, accounts[after], refused.attempt + 1)
    else:
        _tell(tx, refused)


def _attempt(tx: Tx, payment: Payment, account_id: str, attempt: int) -> str:
    made = Remittance(
        id=ids.new("rem"),
        payment=payment,
        attempt=attempt,
        channel_order_no=ids.new("co"),
        account_id=account_id,
        state=RemittanceState.HELD,
        hold_id=ledger.hold(
            tx,
            debit=payment.debit,
            credit=Account(Code.BANK_SETTLEMENT),
            amount_fen=payment.amount_fen,
            subject=payment.subject,
            memo=payment.purpose.value,
        ),
        queries=0,
        created_at=tx.now,
    )
    if not store.insert(tx, made):
        raise AlreadyRemitted
    _enqueue(tx, made)
    return made.id


def _tell(tx: Tx, ended: Remittance) -> None:
    """Whoever wanted it paid hears of it by a job of its own."""
    jobs.enqueue(
        tx,
        f"{ended.payment.purpose.value}.remitted",
        queue=jobs.POSTLOAN,
        lock=ended.payment.subject,
        remittance_id=ended.id,
    )


def _enqueue(tx: Tx, found: Remittance, *, at: datetime | None = None) -> None:
    jobs.enqueue(
        tx,
        "remittances.send",
        queue=jobs.POSTLOAN,
        lock=found.payment.subject,
        at=at,
        remittance_id=found.id,
        queries=found.queries,
    )
