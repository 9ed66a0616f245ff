"""Money from borrowers: asked for, collected, divided."""

from dataclasses import replace
from datetime import datetime

from lending.customers import service as customers
from lending.engine.allocation import Allocation, allocate
from lending.foundation import audit, business_day, ids, jobs
from lending.foundation.audit import Actor
from lending.foundation.context import Context
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx
from lending.foundation.ports import ChannelResult, ChannelState, DebitOrder
from lending.ledger import service as ledger
from lending.ledger.model import Entry
from lending.loans import rules as loan_rules
from lending.loans import store as loan_store
from lending.loans.errors import NoSuchLoan
from lending.loans.model import Loan, LoanState
from lending.loans.service import tell
from lending.repayments import rules, store
from lending.repayments.errors import (
    AmountChanged,
    NoSuchRepayment,
    NothingToPay,
    RepaymentUnderWay,
)
from lending.repayments.model import Quote, Repayment, RepaymentState, Source, What

FINAL = (RepaymentState.RECEIVED, RepaymentState.FAILED)


def quote(tx: Tx, loan_id: str, what: What) -> Quote:
    """What is to be paid today for the next instalment, or to close the loan.

    Raises NoSuchLoan, NothingToPay.
    """
    loan = _running(loan_store.loan(tx, loan_id))
    return _quote(tx, loan, what)


def pay(context: Context, loan_id: str, what: What, *, amount_fen: int) -> Repayment:
    """Collects from the borrower's card what they saw and agreed to pay; how it went.

    The intent is committed before the channel is asked, one at a time for a loan (T20). Without an
    answer the repayment is `unknown`, and a job asks until the channel says.

    Raises NoSuchLoan, NothingToPay, AmountChanged, RepaymentUnderWay.
    """
    with context.database.unit_of_work() as tx:
        loan = _running(loan_store.loan(tx, loan_id, lock=True))
        asked = _quote(tx, loan, what)
        if asked.amount_fen != amount_fen:
            raise AmountChanged
        made = Repayment(
            id=ids.new("rep"),
            loan_id=loan_id,
            source=Source.ACTIVE_DEBIT,
            what=what,
            channel_order_no=ids.new("co"),
            bank_card_id=loan.bank_card_id,
            amount_fen=amount_fen,
            state=RepaymentState.HELD,
            queries=0,
            code="",
            message="",
            business_date=business_day.today(tx),
            created_at=tx.now,
            ended_at=None,
        )
        if not store.insert(tx, made):
            raise RepaymentUnderWay
        audit.record(tx, Actor("customer", loan.customer_id), "repayment.pay", loan_id)
        # Should this process die now, the job finds the intent and sends it.
        _enqueue(tx, made, at=loan_rules.query_at(tx.now, 0))
    send(context, made.id)
    with context.database.unit_of_work() as tx:
        return get(tx, made.id)


def send(context: Context, repayment_id: str, *, queries: int | None = None) -> None:
    """Sends a debit that is on record, or asks about one that is unknown; safe to run again.

    `queries` is how often it had been asked about when this was put off; if it has been since, then
    another job is on its way and this one has nothing to do. So callbacks do not multiply.

    Raises NoSuchRepayment.
    """
    with context.database.unit_of_work() as tx:
        found = get(tx, repayment_id)
        order = _order(tx, context.keys, found)
    if found.state in FINAL or queries not in (None, found.queries):
        return
    if found.state is RepaymentState.HELD:
        result = context.channel.debit(order)
    else:
        result = context.channel.query_debit(order.channel_order_no)
        if result.state is ChannelState.NOT_FOUND:
            # It never arrived. Under its own number it is still one debit for ever.
            result = context.channel.debit(order)
    with context.database.unit_of_work() as tx:
        record(tx, repayment_id, result)


def record(tx: Tx, repayment_id: str, result: ChannelResult) -> None:
    """Records what the channel said; what is final already stays as it is.

    Raises NoSuchRepayment.
    """
    loan = loan_store.loan(tx, get(tx, repayment_id).loan_id, lock=True)
    found = store.repayment(tx, repayment_id, lock=True)
    assert loan is not None
    assert found is not None
    if found.state in FINAL:
        return
    if result.state is ChannelState.PAID and result.amount_fen == found.amount_fen:
        _received(tx, loan, found, result)
    elif result.state is ChannelState.FAILED:
        store.set_failed(tx, repayment_id, result)
    else:
        store.set_unknown(tx, repayment_id)
        at = loan_rules.query_at(tx.now, found.queries)
        _enqueue(tx, replace(found, queries=found.queries + 1), at=at)


def heard(tx: Tx, channel_order_no: str) -> bool:
    """A callback names one of our debits: ask about it now. Whether it is one of ours (T13)."""
    repayment_id = store.id_of_channel_order(tx, channel_order_no)
    if repayment_id is None:
        return False
    _enqueue(tx, get(tx, repayment_id))
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
    if loan.state is not LoanState.ACTIVE or loan.start_date is None:
        raise NothingToPay
    return loan


def _quote(tx: Tx, loan: Loan, what: What) -> Quote:
    assert loan.start_date is not None
    rows = loan_store.instalments(tx, loan.id, loan.plan_version)
    return rules.quote(rows, what, start=loan.start_date, on=business_day.today(tx))


def _received(tx: Tx, loan: Loan, found: Repayment, result: ChannelResult) -> None:
    """Divides the money, writes one entry and moves the plan on.

    Between asking and receiving the plan may have shrunk (goods returned): whatever the debts of
    this kind no longer take is the borrower's credit, never lost.
    """
    assert loan.start_date is not None
    rows = loan_store.instalments(tx, loan.id, loan.plan_version)
    dues = rules.asked(rows, found.what, start=loan.start_date, on=found.business_date)
    cut = allocate(dues, found.amount_fen)
    version = loan.plan_version
    if found.what is What.PAYOFF and cut.left_over_fen == found.amount_fen - sum(
        due.total_fen for due in dues
    ):
        version += 1
        loan_store.insert_instalments(tx, loan.id, version, rules.closed_early(rows, dues))
        loan_store.set_plan_version(tx, loan.id, version)
    loan_store.add_paid(tx, loan.id, version, _paid_parts(cut))
    entry_id = ledger.post(
        tx,
        Entry(
            kind="loan.repaid",
            subject=loan.id,
            memo=found.id,
            legs=rules.receipt_legs(loan, found.amount_fen, cut),
            key=found.id,
        ),
    )
    store.set_received(tx, found.id, cut, entry_id, result)
    rows = loan_store.instalments(tx, loan.id, version)
    if not any(row.open().total_fen for row in rows):
        loan_store.set_loan_state(tx, loan.id, LoanState.SETTLED)
    detail: dict[str, object] = {
        "loan_id": loan.id,
        "repayment_id": found.id,
        "amount_fen": found.amount_fen,
        "principal_fen": cut.principal_fen,
        "interest_fen": cut.interest_fen,
        "outstanding_principal_fen": loan_rules.outstanding_principal_fen(rows),
    }
    tell(tx, loan.scenario, loan.subject, "repaid", detail)


def _paid_parts(cut: Allocation) -> list[dict[str, int]]:
    return [
        {
            "number": part.number,
            "principal": part.principal_fen,
            "interest": part.interest_fen,
            "fee": part.fee_fen,
            "penalty": part.penalty_fen,
        }
        for part in cut.parts
    ]


def _order(tx: Tx, keys: FieldKeys, found: Repayment) -> DebitOrder:
    holder = customers.card(tx, found.bank_card_id).customer_id
    return DebitOrder(
        channel_order_no=found.channel_order_no,
        amount_fen=found.amount_fen,
        card_no=customers.card_number(tx, keys, found.bank_card_id),
        name=customers.profile(tx, keys, holder).name,
        purpose="repayment",
    )


def _enqueue(tx: Tx, found: Repayment, *, at: datetime | None = None) -> None:
    jobs.enqueue(
        tx,
        "repayments.send",
        queue=jobs.POSTLOAN,
        lock=found.loan_id,
        at=at,
        repayment_id=found.id,
        queries=found.queries,
    )
