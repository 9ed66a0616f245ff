"""Money that leaves: held and on record before it is sent, then posted or voided.

No answer is a state, `unknown`, resolved by asking under the same order number. A new number is
used only after the channel has said that the old one definitely failed (T19, T22).
"""

from dataclasses import replace
from datetime import date, datetime, timedelta

from lending.compliance import complaints
from lending.customers import service as customers
from lending.engine.plans import make_plan
from lending.foundation import audit, business_day, ids, jobs, paying
from lending.foundation.audit import Actor
from lending.foundation.calendar import working_days_after
from lending.foundation.clock import shanghai_date, shanghai_midnight
from lending.foundation.context import Context
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx
from lending.foundation.ports import ChannelResult, ChannelState, PayoutOrder
from lending.funding import money_in
from lending.ledger import claims
from lending.ledger import service as ledger
from lending.ledger.chart import Code
from lending.ledger.model import Account
from lending.loans import (
    commissions,
    fraud,
    life,
    payees,
    payout_store,
    release_rules,
    release_store,
    rules,
    store,
)
from lending.loans.errors import BorrowerHeld, NoAccountToPay, NoSuchLoan, WrongState
from lending.loans.model import (
    Loan,
    LoanState,
    Payable,
    Payout,
    PayoutState,
    Purpose,
    ReleasePart,
    ReleaseState,
    paid_from,
)
from lending.loans.service import tell
from lending.operations import service as tickets
from lending.products.model import PayeeKind

FINAL = (PayoutState.PAID, PayoutState.FAILED)


def pay_out(context: Context, loan_id: str) -> None:
    """Pays a signed loan out to its payee; safe to run again at any point.

    MALL-6: not before the working day that was agreed with the payee; until then it is put off,
    and may be cancelled. The loan begins with the payout. One of a borrower who is held for a fraud
    is cancelled instead.

    Raises NoSuchLoan.
    """
    with context.database.unit_of_work() as tx:
        loan = _locked_loan(tx, loan_id)
        payout = _current(tx, loan)
        if payout is None and loan.state is LoanState.SIGNED:
            if fraud.is_held(tx, loan.customer_id):
                fraud.stop(tx, loan.application_id)
                return
            days = loan.terms.settlement.days
            due_on = working_days_after(shanghai_date(loan.signed_at), days)
            if days and business_day.today(tx) < due_on:
                _put_off(tx, loan_id, due_on)
                return
            payout = _begin_first(tx, loan)
    if payout is not None:
        send(context, payout.id)


def send(context: Context, payout_id: str, *, queries: int | None = None) -> None:
    """Sends a payment that is held, or asks about one that is unknown, and records the answer.

    `queries` is how often it had been asked about when this was put off; if it has been since, then
    another job is on its way and this one has nothing to do. So callbacks do not multiply.

    Raises NoSuchLoan.
    """
    with context.database.unit_of_work() as tx:
        payout = _payout(tx, payout_id)
        order = _order(tx, context.keys, payout)
    if payout.state in FINAL or queries not in (None, payout.queries):
        return
    is_held = payout.state is PayoutState.HELD
    result = paying.pay_or_ask(context.channel, order, is_held=is_held)
    with context.database.unit_of_work() as tx:
        record(tx, payout_id, result)


def record(tx: Tx, payout_id: str, result: ChannelResult) -> None:
    """Records what the channel said; what is final already stays as it is.

    Raises NoSuchLoan.
    """
    loan = _locked_loan(tx, _payout(tx, payout_id).loan_id)
    payout = _payout(tx, payout_id, lock=True)
    if payout.state in FINAL:
        return
    if result.state is ChannelState.PAID and result.amount_fen == payout.amount_fen:
        payout_store.end(tx, payout_id, PayoutState.PAID, result)
        _paid(tx, loan, payout)
    elif result.state is ChannelState.FAILED:
        payout_store.end(tx, payout_id, PayoutState.FAILED, result)
        _failed(tx, loan, payout, result)
    else:
        payout_store.set_unknown(tx, payout_id)
        at = paying.query_at(tx.now, payout.queries)
        _enqueue(tx, replace(payout, queries=payout.queries + 1), at=at)


def heard(tx: Tx, channel_order_no: str) -> bool:
    """A callback names one of our payments: ask about it now. Whether it is one of ours.

    A callback is only a hint; money moves on the answer to our own question (T13).
    """
    payout_id = payout_store.id_of_channel_order(tx, channel_order_no)
    if payout_id is None:
        return False
    payout_store.set_unknown_if_held(tx, payout_id)
    _enqueue(tx, _payout(tx, payout_id))
    return True


def retry(tx: Tx, loan_id: str, actor: Actor) -> None:
    """An operator has a payout tried again that every account of the payee refused.

    Raises NoSuchLoan, WrongState, BorrowerHeld, NoAccountToPay.
    """
    loan = _locked_loan(tx, loan_id)
    if loan.state is not LoanState.PAYOUT_FAILED:
        raise WrongState(f"the loan is {loan.state.value}")
    if fraud.is_held(tx, loan.customer_id):
        raise BorrowerHeld
    payout = _begin_first(tx, loan)
    if payout is None:
        raise NoAccountToPay
    audit.record(tx, actor, "loan.retry_payout", loan_id)
    _enqueue(tx, payout)


def replace_card(tx: Tx, loan_id: str, card_id: str) -> None:
    """A borrower names another card of theirs after the first account refused, and is paid there.

    The loan is repaid from it as well (ASSIST-5).

    Raises NoSuchLoan, CardNotYours, WrongState unless the payout to the borrower has failed.
    """
    loan = _failed_to_borrower(tx, loan_id)
    customers.require_own_card(tx, loan.customer_id, card_id)
    store.set_card(tx, loan_id, card_id)
    _pay_elsewhere(tx, loan, card_id)


def replace_by_wallet(tx: Tx, loan_id: str, wallet_id: str) -> None:
    """A borrower has the loan paid to a wallet of theirs after the first account has refused.

    It is still repaid from the card.

    Raises NoSuchLoan, WalletNotOffered, WalletNotYours, WrongState unless the payout to the
    borrower has failed.
    """
    loan = _failed_to_borrower(tx, loan_id)
    of = store.application(tx, loan.application_id)
    assert of is not None, loan.application_id
    payees.require_wallet(tx, of.product_code, of.product_version, loan.customer_id, wallet_id)
    store.set_wallet(tx, loan_id, wallet_id)
    _pay_elsewhere(tx, loan, wallet_id)


def _failed_to_borrower(tx: Tx, loan_id: str) -> Loan:
    loan = _locked_loan(tx, loan_id)
    pays_borrower = loan.terms.payee.kind is PayeeKind.BORROWER
    may_be_paid = loan.state is LoanState.PAYOUT_FAILED and pays_borrower
    if not may_be_paid or fraud.is_held(tx, loan.customer_id):
        raise WrongState(f"the loan is {loan.state.value}")
    return loan


def _pay_elsewhere(tx: Tx, loan: Loan, account_id: str) -> None:
    replaced = {"from": loan.wallet_id or loan.bank_card_id, "to": account_id}
    audit.record(tx, Actor("customer", loan.customer_id), "loan.replace_card", loan.id, replaced)
    payout = _begin_first(tx, _locked_loan(tx, loan.id))
    assert payout is not None, "a borrower's loan always has an account"
    _enqueue(tx, payout)


def refund_borrower(tx: Tx, loan: Loan, refund_id: str, amount_fen: int) -> None:
    """Pays what a borrower had repaid of returned goods back to the card (MALL-5)."""
    payout = Payout(
        id=ids.new("pay"),
        loan_id=loan.id,
        purpose=Purpose.BORROWER_REFUND,
        refund_id=refund_id,
        part=0,
        attempt=1,
        channel_order_no=payout_store.new_order_no(),
        account_id=loan.bank_card_id,
        amount_fen=amount_fen,
        offset_fen=0,
        state=PayoutState.HELD,
        hold_id=ledger.hold(
            tx,
            debit=Account(Code.BORROWER_CREDIT, loan.customer_id),
            credit=Account(Code.BANK_SETTLEMENT),
            amount_fen=amount_fen,
            subject=loan.id,
            memo=f"refund {refund_id}",
        ),
        queries=0,
        created_at=tx.now,
        channel_reference="",
        ended_at=None,
    )
    payout_store.insert(tx, payout)
    _enqueue(tx, payout)


def _locked_loan(tx: Tx, loan_id: str) -> Loan:
    found = store.loan(tx, loan_id, lock=True)
    if found is None:
        raise NoSuchLoan
    return found


def _payout(tx: Tx, payout_id: str, *, lock: bool = False) -> Payout:
    found = payout_store.payout(tx, payout_id, lock=lock)
    if found is None:
        raise NoSuchLoan
    return found


def _current(tx: Tx, loan: Loan) -> Payout | None:
    attempts = payout_store.payouts(tx, loan.id)
    return attempts[-1] if attempts else None


def _begin_first(tx: Tx, loan: Loan) -> Payout | None:
    """Begins with the payee's first account; None, and the payout failed, when it has none.

    A joint loan is paid out when all lenders have decided and their money is there (JOINT-1).
    """
    if loan.terms.is_joint:
        money_in.require_ready(tx, loan.id)
    for account_id in payees.account_ids(tx, loan):
        return _begin(tx, loan, account_id, _disbursement(loan))
    _give_up(tx, loan, "NO_ACCOUNT")
    return None


def _disbursement(loan: Loan) -> Payable:
    first = rules.parts(loan)[0]
    debit = Account(Code.LOAN_PRINCIPAL, loan.id)
    return Payable(Purpose.DISBURSEMENT, 0, first.payable_fen, debit)


def _release(loan: Loan, part: ReleasePart) -> Payable:
    amount_fen = release_rules.part_of(part).payable_fen
    return Payable(Purpose.RELEASE, part.part, amount_fen, Account(Code.MERCHANT_RETAINED, loan.id))


def begin_release(tx: Tx, loan: Loan, part: ReleasePart) -> bool:
    """Begins to pay a later part to the merchant (STORE-6); False when it has no account.

    Paying it is asked for in the same unit of work.
    """
    for account_id in payees.account_ids(tx, loan):
        _enqueue(tx, _begin(tx, loan, account_id, _release(loan, part)))
        return True
    return False


def _begin(tx: Tx, loan: Loan, account_id: str, payable: Payable) -> Payout:
    """Puts intent and hold on record for the next attempt, less what a merchant owes us."""
    attempt = len(payout_store.payouts(tx, loan.id, payable.purpose, part=payable.part)) + 1
    kind = payees.kind(tx, loan, account_id)
    offset = _offset_fen(tx, loan, payable)
    payout = Payout(
        id=ids.new("pay"),
        loan_id=loan.id,
        purpose=payable.purpose,
        refund_id="",
        part=payable.part,
        attempt=attempt,
        channel_order_no=payout_store.new_order_no(),
        account_id=account_id,
        amount_fen=payable.amount_fen - offset,
        offset_fen=offset,
        state=PayoutState.HELD,
        hold_id=ledger.hold(
            tx,
            debit=payable.debit,
            credit=paid_from(kind),
            amount_fen=payable.amount_fen - offset,
            subject=loan.id,
            memo=f"{payable.purpose.value}, attempt {attempt}",
        ),
        queries=0,
        created_at=tx.now,
        channel_reference="",
        ended_at=None,
        kind=kind,
    )
    payout_store.insert(tx, payout)
    if payable.purpose is Purpose.DISBURSEMENT:
        store.set_loan_state(tx, loan.id, LoanState.PAYING)
    return payout


def _offset_fen(tx: Tx, loan: Loan, payable: Payable) -> int:
    """What is kept of a payment to a merchant for what it owes us (MALL-5)."""
    if loan.terms.payee.kind is not PayeeKind.PARTNER:
        return 0
    claims.lock(tx, loan.partner_id)
    claim = claims.open_claim_fen(tx, loan.partner_id)
    free = claim - payout_store.offsets_in_flight(tx, loan.partner_id)
    # One fen is always sent, so that every loan has its payment in the bank's book.
    return max(0, min(free, payable.amount_fen - 1))


def _order(tx: Tx, keys: FieldKeys, payout: Payout) -> PayoutOrder:
    if payout.purpose is Purpose.BORROWER_REFUND:
        account = payees.borrowers(tx, keys, payout.account_id)
        account_no = customers.card_number(tx, keys, payout.account_id)
    else:
        loan = store.loan(tx, payout.loan_id)
        assert loan is not None
        account = payees.named(tx, keys, loan, payout.account_id)
        account_no = payees.number(tx, keys, loan, payout.account_id)
    return PayoutOrder(
        channel_order_no=payout.channel_order_no,
        amount_fen=payout.amount_fen,
        account_no=account_no,
        account_name=account.holder,
        purpose=payout.purpose.value,
        kind=payout.kind,
    )


def _paid(tx: Tx, loan: Loan, payout: Payout) -> None:
    assert payout.hold_id is not None
    if payout.purpose is Purpose.BORROWER_REFUND:
        ledger.post_hold(tx, payout.hold_id, kind="loan.borrower_refunded", key=payout.id)
        return
    if payout.purpose is Purpose.RELEASE:
        _released(tx, loan, payout)
        return
    ledger.post_hold(
        tx,
        payout.hold_id,
        kind="loan.paid_out",
        key=payout.id,
        legs=rules.disbursement_legs(loan, payout),
    )
    for number, hold_id in enumerate(loan.exposure_holds):
        ledger.post_hold(tx, hold_id, kind="loan.exposed", key=f"exposure:{loan.id}:{number}")
    today = business_day.today(tx)
    commissions.record_payout(tx, loan, payout.id)
    version = loan.plan_version
    plan = make_plan(rules.plan_input(loan.principal_fen, loan.terms, today))
    fresh = rules.opened(plan, loan.terms)
    if store.instalments(tx, loan.id, version) != fresh:
        # Signed on an earlier business date: the plan runs from the payout.
        version += 1
        store.insert_instalments(tx, loan.id, version, fresh)
    store.activate(tx, loan.id, today, version)
    release_store.plan(tx, loan.id, release_rules.planned(loan, today))
    life.begin(tx, _locked_loan(tx, loan.id), payout.id)
    if loan.terms.is_joint:
        money_in.paid_out(tx, loan.id)
    tell(tx, loan.scenario, loan.subject, "paid", {"loan_id": loan.id})


def _failed(tx: Tx, loan: Loan, payout: Payout, result: ChannelResult) -> None:
    assert payout.hold_id is not None
    ledger.void(tx, payout.hold_id, because=result.code or "failed")
    if payout.purpose is Purpose.BORROWER_REFUND:
        return  # the money stays the borrower's, on their credit balance
    release = payout.purpose is Purpose.RELEASE
    if not release and fraud.is_held(tx, loan.customer_id):
        store.set_loan_state(tx, loan.id, LoanState.PAYOUT_FAILED)
        fraud.stop(tx, loan.application_id)
        return
    following = payees.following(tx, loan, payout.account_id)
    if following:
        payable = (
            _release(loan, release_store.part(tx, loan.id, payout.part))
            if release
            else _disbursement(loan)
        )
        _enqueue(tx, _begin(tx, loan, following, payable))
    elif release:
        release_store.set_state(tx, loan.id, payout.part, ReleaseState.FAILED)
        said = f"第 {payout.part} 期划转失败({result.code}),收款账户均未能入账"
        _look_into(tx, loan, "release_failed", said)
        detail = {"part": payout.part, "code": result.code}
        tell(tx, loan.scenario, loan.subject, "release_failed", detail)
    else:
        _give_up(tx, loan, result.code)


def _released(tx: Tx, loan: Loan, payout: Payout) -> None:
    assert payout.hold_id is not None
    part = release_store.part(tx, loan.id, payout.part)
    ledger.post_hold(
        tx,
        payout.hold_id,
        kind="loan.released",
        key=payout.id,
        legs=rules.release_legs(loan, release_rules.part_of(part), payout),
    )
    release_store.set_state(tx, loan.id, payout.part, ReleaseState.PAID)
    tell(tx, loan.scenario, loan.subject, "release_paid", {"part": payout.part})


def _give_up(tx: Tx, loan: Loan, code: str) -> None:
    store.set_loan_state(tx, loan.id, LoanState.PAYOUT_FAILED)
    _look_into(tx, loan, "payout_failed", f"放款失败({code}),收款账户均未能入账")
    tell(tx, loan.scenario, loan.subject, "payout_failed", {"code": code})


def _look_into(tx: Tx, loan: Loan, rule: str, text: str) -> None:
    """Has an operator see to money that did not arrive."""
    tickets.by_rule(tx, rule, subject=loan.id, text=text, answer_by=complaints.answer_by(tx))


def _put_off(tx: Tx, loan_id: str, due_on: date) -> None:
    """Until the date begins, and on it until the end of day has opened it."""
    at = max(shanghai_midnight(due_on), tx.now) + timedelta(minutes=1)
    jobs.enqueue(tx, "loans.pay_out", queue=jobs.CORE, lock=loan_id, at=at, loan_id=loan_id)


def _enqueue(tx: Tx, payout: Payout, *, at: datetime | None = None) -> None:
    jobs.enqueue(
        tx,
        "loans.send",
        queue=jobs.CORE,
        lock=payout.loan_id,
        at=at,
        payout_id=payout.id,
        queries=payout.queries,
    )
