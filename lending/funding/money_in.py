"""Funders' money: called for, taken when it comes as it was called, sent back when it does not.

What came is in the books at once: for the loan that it is meant for, or in suspense until it is
back with its sender.
"""

import re
from collections.abc import Sequence

from lending.channels import service as channels
from lending.engine import shares as share_rules
from lending.foundation import ids, jobs
from lending.foundation.context import Context
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Tx
from lending.foundation.ports import IncomingMoney
from lending.funding import expected, funders, money_back, money_store, quotas, rules, store
from lending.funding.errors import NoSuchRequest, NotCalled, SharesNotAgreed
from lending.funding.model import (
    FundingShare,
    Request,
    RequestState,
    ShareState,
    Transfer,
    TransferState,
)
from lending.ledger import funders as funder_accounts
from lending.ledger import service as ledger
from lending.ledger.chart import Code
from lending.ledger.model import Account, Entry, Leg, credit, debit

SHARE_ID = re.compile(r"shr_[a-z2-7]{26}")
"""What a transfer's remark has to hold, so that we know which share it is for."""
GUARANTORS = re.compile(r"clm_[a-z2-7]{26}|app_[a-z0-9_]{2,40}")
"""What a guarantor's transfer names: the claim that it pays, or itself where it is its deposit."""
AT_ONCE = 200


def call(tx: Tx, application_id: str, loan_id: str) -> bool:
    """The contract is signed: calls for the money of every share that is not laid out by us.

    Whether all is there already, so that the loan can be paid out.

    Raises NoSuchRequest, SharesNotAgreed.
    """
    request = store.request_of_application(tx, application_id, lock=True)
    if request is None:
        raise NoSuchRequest
    if request.state is not RequestState.FOUND:
        raise SharesNotAgreed(f"the search for lenders is {request.state.value}")
    store.set_loan(tx, request.id, loan_id)
    store.set_request_state(tx, request.id, RequestState.CALLED)
    for share in _living(tx, request):
        agreement = funders.agreement(tx, share.agreement_id)
        until = rules.fund_by(tx.now, agreement)
        store.call(tx, share.id, until)
        store.insert_news(tx, share.id, "funding_called", {})
        if agreement.is_prefunded:
            store.funded(tx, share.id)
        else:
            jobs.enqueue(
                tx,
                "funding.not_funded",
                queue=jobs.CORE,
                lock=request.id,
                at=until,
                share_id=share.id,
            )
    return _complete(tx, request)


def told_sent(tx: Tx, share: FundingShare, reference: str) -> None:
    """The funder says that it has sent the money: noted, and the account is looked at at once.

    Nothing is believed but the account. Saying it again looks again: what came first may have gone
    back.

    Raises NotCalled.
    """
    if share.state not in (ShareState.CALLED, ShareState.FUNDED, ShareState.ACTIVE):
        raise NotCalled
    if share.told_sent_at is None:
        store.told_sent(tx, share.id, reference)
    if share.state is ShareState.CALLED:
        jobs.enqueue(tx, "funding.look", queue=jobs.CORE, lock="funding.look")


def look(context: Context) -> bool:
    """Takes in what came to our account since we last looked; whether there may be more."""
    with context.database.unit_of_work() as tx:
        after = money_store.last_seq(tx)
    came = context.channel.incoming(after, AT_ONCE)
    for each in came:
        with context.database.unit_of_work() as tx:
            take(tx, context.keys, each)
    return len(came) == AT_ONCE


def take(tx: Tx, keys: FieldKeys, came: IncomingMoney) -> None:
    """Books money that came, once: for the share that it names, or on its way back.

    It is a share's when it is called, in full, from the funder's own account; what a funder owes is
    taken as it is expected; what a guarantor sends is left to the job that knows its claims; all
    else goes back. Money that comes late finds its share dead.
    """
    if (owed := expected.find(tx, keys, came)) and not money_store.is_known(tx, came.reference):
        legs = funder_accounts.clearing_legs(owed["partner_id"], -came.amount_fen)
        entry_id = _enter(tx, keys, came, legs, state=TransferState.TAKEN)
        money_store.take_expected(tx, owed["id"], came.reference, entry_id)
        return
    share_id = named.group() if (named := SHARE_ID.search(came.remark)) else None
    if share_id is None and (named := GUARANTORS.search(came.remark)):
        _leave_to_claims(tx, keys, came, named.group())
        return
    share = store.share(tx, share_id) if share_id else None
    request = store.lock_request(tx, share.request_id) if share else None
    share = store.share(tx, share.id) if share else None
    if money_store.is_known(tx, came.reference):
        return
    because = _because_not(tx, keys, came, share)
    if share is not None and request is not None and not because:
        assert share.loan_id is not None
        legs = funder_accounts.arrival_legs(share.funder_id, share.loan_id, came.amount_fen)
        _enter(tx, keys, came, legs, state=TransferState.TAKEN, share=share)
        store.funded(tx, share.id)
        store.insert_news(tx, share.id, "funded", {"reference": came.reference})
        _complete(tx, request)
        return
    _enter(tx, keys, came, _suspended(came), state=TransferState.RETURNING, because=because)
    money_back.begin(tx, money_store.transfer(tx, came.reference), suspense(came.reference))
    if share is not None:
        detail = {"reference": came.reference, "amount_fen": came.amount_fen, "reason": because}
        store.insert_news(tx, share.id, "money_returned", detail)


def give_back(tx: Tx, share: FundingShare) -> None:
    """Sends back what came for a share whose loan is not made."""
    transfer = money_store.taken(tx, share.id)
    if transfer is None:
        return
    assert share.loan_id is not None
    money_store.set_state(tx, transfer.reference, TransferState.RETURNING, "loan_not_made")
    money_back.begin(tx, transfer, funder_accounts.money_in(share.funder_id, share.loan_id))
    detail = {
        "reference": transfer.reference,
        "amount_fen": transfer.amount_fen,
        "reason": "loan_not_made",
    }
    store.insert_news(tx, share.id, "money_returned", detail)


def suspense(reference: str) -> Account:
    """Where money stands of which nobody has said yet whose it is."""
    return Account(Code.SUSPENSE, reference)


def held(tx: Tx, reference: str) -> Transfer | None:
    """Money that came and is not on its way back, locked; None where there is none."""
    if not money_store.is_known(tx, reference):
        return None
    transfer = money_store.transfer(tx, reference, lock=True)
    return transfer if transfer.state is TransferState.TAKEN else None


def from_account(keys: FieldKeys, transfer: Transfer) -> str:
    """The number of the account that money came from."""
    return money_store.from_account(keys, transfer)


def send_back(tx: Tx, transfer: Transfer, because: str) -> None:
    """Sends back to its sender what stands in suspense."""
    money_store.set_state(tx, transfer.reference, TransferState.RETURNING, because)
    money_back.begin(tx, transfer, suspense(transfer.reference))


def not_funded(tx: Tx, share_id: str) -> None:
    """The money of a share did not come in time: the loan is not made.

    What came in time has to be taken in before (`look`).
    """
    share = store.share(tx, share_id)
    request = store.lock_request(tx, share.request_id) if share else None
    share = store.share(tx, share_id)
    if share is None or request is None or share.state is not ShareState.CALLED:
        return
    if share.fund_by is not None and tx.now < share.fund_by:
        return
    quotas.void(tx, share, "the money did not come in time")
    store.set_share_state(tx, share.id, ShareState.EXPIRED)
    store.insert_news(tx, share.id, "expired", {})
    jobs.enqueue(
        tx,
        "loans.no_funds",
        queue=jobs.CORE,
        lock=request.application_id,
        application_id=request.application_id,
    )


def require_ready(tx: Tx, loan_id: str) -> None:
    """Every lender has decided by itself and its money is there (JOINT-1, R-JOINT-INDEP).

    Raises NoSuchRequest, SharesNotAgreed, NotPrepared, and what `shares.require_joint` does.
    """
    request = store.request_of_loan(tx, loan_id)
    if request is None:
        raise NoSuchRequest
    living = _living(tx, request)
    share_rules.require_joint([request.own_bp, *(share.share_bp for share in living)])
    for share in living:
        funders.require_own_decision(share)
        if share.state not in (ShareState.FUNDED, ShareState.ACTIVE):
            raise SharesNotAgreed(f"share {share.id} is {share.state.value}")


def paid_out(tx: Tx, loan_id: str) -> None:
    """The loan is paid out: its shares live, and use their quotas."""
    request = store.request_of_loan(tx, loan_id, lock=True)
    assert request is not None
    for share in _living(tx, request):
        quotas.use(tx, share, request.product_code)
        store.set_share_state(tx, share.id, ShareState.ACTIVE)
    store.set_request_state(tx, request.id, RequestState.PAID)


def _leave_to_claims(tx: Tx, keys: FieldKeys, came: IncomingMoney, named: str) -> None:
    if money_store.is_known(tx, came.reference):
        return
    _enter(tx, keys, came, _suspended(came), state=TransferState.TAKEN)
    jobs.enqueue(
        tx,
        "claims.arrived",
        queue=jobs.POSTLOAN,
        lock=named,
        reference=came.reference,
        named=named,
    )


def _suspended(came: IncomingMoney) -> tuple[Leg, ...]:
    bank = Account(Code.BANK_SETTLEMENT)
    return debit(bank, came.amount_fen), credit(suspense(came.reference), came.amount_fen)


def _because_not(tx: Tx, keys: FieldKeys, came: IncomingMoney, share: FundingShare | None) -> str:
    """Why money is not a share's; empty when it is."""
    if share is None:
        return "no_share_named"
    account_id = funders.get(tx, share.funder_id).clearing_account_id
    against = {
        "share_dead": share.is_dead,
        "not_called": share.state is not ShareState.CALLED,
        "wrong_amount": came.amount_fen != share.amount_fen,
        "other_account": channels.account_number(tx, keys, account_id) != came.from_account,
    }
    return next((because for because, holds in against.items() if holds), "")


def _enter(
    tx: Tx,
    keys: FieldKeys,
    came: IncomingMoney,
    legs: tuple[Leg, ...],
    *,
    state: TransferState,
    share: FundingShare | None = None,
    because: str = "",
) -> str:
    entry_id = ledger.post(
        tx,
        Entry(
            kind="funding.money_in",
            subject=share.id if share else came.reference,
            memo=came.remark,
            legs=legs,
            key=f"incoming:{came.reference}",
        ),
    )
    money_store.insert(
        tx,
        keys,
        came,
        share_id=share.id if share else None,
        state=state,
        because=because,
        entry_id=entry_id,
        return_order_no=f"RET{ids.digits(21)}",
    )
    return entry_id


def _complete(tx: Tx, request: Request) -> bool:
    """Whether all the money of a loan is there; then it is paid out."""
    if any(share.state is ShareState.CALLED for share in _living(tx, request)):
        return False
    store.set_request_state(tx, request.id, RequestState.FUNDED)
    loan_id = _loan_id(tx, request)
    jobs.enqueue(tx, "loans.pay_out", queue=jobs.CORE, lock=loan_id, loan_id=loan_id)
    return True


def _loan_id(tx: Tx, request: Request) -> str:
    again = store.request(tx, request.id)
    assert again is not None
    assert again.loan_id is not None
    return again.loan_id


def _living(tx: Tx, request: Request) -> Sequence[FundingShare]:
    return [share for share in store.shares(tx, request.id) if not share.is_dead]
