"""Money from borrowers: asked for, collected, divided."""

from collections.abc import Sequence
from datetime import date

from lending.customers import service as customers
from lending.engine.life import require_possible
from lending.foundation import audit, business_day, ids, paying
from lending.foundation.audit import Actor
from lending.foundation.context import Context
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx, is_lost
from lending.foundation.ports import ChannelState, DebitOrder
from lending.loans import life
from lending.loans import store as loan_store
from lending.loans.errors import NoSuchLoan
from lending.loans.model import Loan, LoanState
from lending.repayments import results, rules, store
from lending.repayments.errors import (
    AmountChanged,
    NoSuchRepayment,
    NothingReceived,
    NothingToPay,
    RepaymentUnderWay,
)
from lending.repayments.model import Preview, Quote, Repayment, RepaymentState, Source, What


def quote(tx: Tx, loan_id: str, what: What, *, on: date | None = None) -> Quote:
    """What is to be paid today, or would be on a later date if nothing happened until then.

    Raises NoSuchLoan, NothingToPay.
    """
    return _quote(tx, _running(loan_store.loan(tx, loan_id)), what, on)


def preview(
    tx: Tx, loan_id: str, what: What, *, amount_fen: int = 0, on: date | None = None
) -> Preview:
    """What a payment would make of the loan; nothing changes. `amount_fen` counts for a part only.

    Raises NoSuchLoan, NothingToPay, EventImpossible.
    """
    loan = _running(loan_store.loan(tx, loan_id))
    position = life.position(tx, loan, on or business_day.today(tx))
    return rules.preview(life.course(tx, loan), position, what, amount_fen)


def pay(context: Context, loan_id: str, what: What, *, amount_fen: int) -> Repayment:
    """Collects from the borrower's card what they saw and agreed to pay; how it went.

    The intent is committed before the channel is asked, one at a time for a loan (T20). Without an
    answer the repayment is `unknown`, and a job asks until the channel says. What is paid in part
    ahead of its time is the borrower's to choose; all else must be the amount that is asked.

    Raises NoSuchLoan, NothingToPay, AmountChanged, RepaymentUnderWay, EventImpossible.
    """
    with context.database.unit_of_work() as tx:
        loan = _running(loan_store.loan(tx, loan_id, lock=True))
        made = begin(tx, loan, Source.ACTIVE_DEBIT, what, amount_fen=amount_fen)
        audit.record(tx, Actor("customer", loan.customer_id), "repayment.pay", loan_id)
        # Should this process die now, the job finds the intent and sends it.
        results.enqueue(tx, made, at=paying.query_at(tx.now, 0))
    send(context, made.id)
    with context.database.unit_of_work() as tx:
        return get(tx, made.id)


def begin(tx: Tx, loan: Loan, source: Source, what: What, *, amount_fen: int) -> Repayment:
    """Puts the intent to collect on record, for a loan that is locked.

    Raises NothingToPay, AmountChanged, RepaymentUnderWay, EventImpossible.
    """
    today = business_day.today(tx)
    until = 0
    if what in rules.PART:
        position = life.position(tx, loan, today)
        wanted = rules.event(what, amount_fen, until_number=0, on=today)
        require_possible(life.course(tx, loan), position, wanted)
    else:
        asked = _quote(tx, loan, what)
        until = asked.number if what is What.NEXT else 0
        if asked.amount_fen != amount_fen:
            raise AmountChanged
    made = Repayment(
        id=ids.new("rep"),
        loan_id=loan.id,
        source=source,
        what=what,
        until_number=until,
        channel_order_no=ids.new("co"),
        bank_card_id=loan.bank_card_id,
        amount_fen=amount_fen,
        state=RepaymentState.HELD,
        queries=0,
        code="",
        message="",
        business_date=today,
        created_at=tx.now,
        ended_at=None,
    )
    if not store.insert(tx, made):
        raise RepaymentUnderWay
    return made


def send(context: Context, repayment_id: str, *, queries: int | None = None) -> None:
    """Sends a debit that is on record, or asks about one that is unknown; safe to run again.

    `queries` is how often it had been asked about when this was put off; if it has been since, then
    another job is on its way and this one has nothing to do. So callbacks do not multiply.

    Raises NoSuchRepayment.
    """
    with context.database.unit_of_work() as tx:
        found = get(tx, repayment_id)
        (order,) = _orders(tx, context.keys, [found])
    if found.state in results.FINAL or queries not in (None, found.queries):
        return
    if found.state is RepaymentState.HELD:
        result = context.channel.debit(order)
    else:
        result = context.channel.query_debit(order.channel_order_no)
        if result.state is ChannelState.NOT_FOUND:
            # It never arrived. Under its own number it is still one debit for ever.
            result = context.channel.debit(order)
    with context.database.unit_of_work() as tx:
        results.record(tx, repayment_id, result)


def send_many(context: Context, repayment_ids: Sequence[str]) -> None:
    """Sends debits that are held, one after the other, and records the answers as a set.

    Where something is in the way, the halves are tried, down to those that it is in the way of;
    they stay held, all others are done. Safe to run again, or to be killed.

    Raises ExceptionGroup with the reasons.
    """
    if faults := _sent(context, repayment_ids):
        raise ExceptionGroup("debits that could not be sent or recorded", faults)


def _sent(context: Context, repayment_ids: Sequence[str]) -> list[Exception]:
    try:
        _send(context, repayment_ids)
    except Exception as fault:
        if is_lost(fault):
            raise
        if len(repayment_ids) == 1:
            return [fault]
        middle = len(repayment_ids) // 2
        return _sent(context, repayment_ids[:middle]) + _sent(context, repayment_ids[middle:])
    return []


def _send(context: Context, repayment_ids: Sequence[str]) -> None:
    with context.database.unit_of_work() as tx:
        held = [one for one in store.many(tx, repayment_ids) if one.state is RepaymentState.HELD]
        orders = _orders(tx, context.keys, held)
    said = {one.id: context.channel.debit(order) for one, order in zip(held, orders, strict=True)}
    with context.database.unit_of_work() as tx:
        left = results.record_free(tx, said)
    for repayment_id in left:
        with context.database.unit_of_work() as tx:
            results.record(tx, repayment_id, said[repayment_id])


def reverse(tx: Tx, repayment_id: str, because: str, actor: Actor) -> None:
    """Takes a repayment back whose money went back: the loan is as if it had never come (P10).

    Raises NoSuchRepayment, NothingReceived.
    """
    loan = loan_store.loan(tx, get(tx, repayment_id).loan_id, lock=True)
    found = store.repayment(tx, repayment_id, lock=True)
    assert loan is not None
    assert found is not None
    if found.state is not RepaymentState.RECEIVED:
        raise NothingReceived(f"the repayment is {found.state.value}")
    life.take_back(tx, loan, repayment_id, because)
    store.set_reversed(tx, repayment_id, because)
    audit.record(tx, actor, "repayment.reverse", repayment_id)


def heard(tx: Tx, channel_order_no: str) -> bool:
    """A callback names one of our debits: ask about it now. Whether it is one of ours (T13)."""
    repayment_id = store.id_of_channel_order(tx, channel_order_no)
    if repayment_id is None:
        return False
    results.enqueue(tx, get(tx, repayment_id))
    return True


def get(tx: Tx, repayment_id: str) -> Repayment:
    """One repayment.

    Raises NoSuchRepayment.
    """
    found = store.repayment(tx, repayment_id)
    if found is None:
        raise NoSuchRepayment
    return found


def of_loan(tx: Tx, loan_id: str) -> list[Repayment]:
    """All repayments of a loan, the newest first."""
    return store.repayments(tx, loan_id)


def _running(loan: Loan | None) -> Loan:
    if loan is None:
        raise NoSuchLoan
    if loan.state not in (LoanState.ACTIVE, LoanState.WRITTEN_OFF):
        raise NothingToPay
    return loan


def _quote(tx: Tx, loan: Loan, what: What, on: date | None = None) -> Quote:
    day = on or business_day.today(tx)
    return rules.quote(life.course(tx, loan), life.position(tx, loan, day), what)


def _orders(tx: Tx, keys: FieldKeys, asked: Sequence[Repayment]) -> list[DebitOrder]:
    holders = customers.card_holders(tx, keys, {one.bank_card_id for one in asked})
    return [
        DebitOrder(
            channel_order_no=one.channel_order_no,
            amount_fen=one.amount_fen,
            card_no=holders[one.bank_card_id].number,
            name=holders[one.bank_card_id].name,
            purpose="repayment",
        )
        for one in asked
    ]
