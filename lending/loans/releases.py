"""Money that a merchant gets as it serves: confirmed, released by period, stopped (STORE-6).

A part goes to the merchant when its date has come, somebody has said that the service goes on, and
nothing holds it. When the service stops, what was kept back goes off the loan.
"""

from datetime import date

from lending.engine.events import GoodsReturned
from lending.foundation import audit, business_day
from lending.foundation.audit import Actor
from lending.foundation.clock import rfc3339
from lending.foundation.database import Tx
from lending.ledger import service as ledger
from lending.ledger.model import Entry
from lending.loans import life, payouts, release_rules, release_store, rules, store
from lending.loans.errors import (
    NoSuchLoan,
    NoSuchPart,
    NothingToStop,
    PartHeld,
    PartNotDue,
    PartNotPlanned,
    PartUnderWay,
    ServiceNotConfirmed,
)
from lending.loans.model import Loan, Reduction, ReleasePart, ReleaseState
from lending.loans.service import tell


def of_loan(tx: Tx, loan_id: str) -> list[ReleasePart]:
    """The later parts of a loan; none where the merchant got all at once."""
    return release_store.parts(tx, loan_id)


def confirm_service(tx: Tx, loan_id: str, part: int, actor: Actor) -> None:
    """Somebody says that the service goes on, so that a part may be paid; due, it is paid at once.

    Confirming twice does it once. A part that is held stays held.

    Raises NoSuchLoan, NoSuchPart, PartNotPlanned.
    """
    loan = _locked(tx, loan_id)
    found = _part(tx, loan_id, part)
    if found.state is not ReleaseState.PLANNED:
        raise PartNotPlanned(f"part {part} is {found.state.value}")
    if found.confirmed_at is None:
        release_store.confirm(tx, loan_id, part, str(actor))
        audit.record(tx, actor, "release.confirm", loan_id, {"part": part})
    _pay_if_due(tx, loan, part, business_day.today(tx))


def hold(tx: Tx, loan_id: str, *, because: str, actor: Actor) -> None:
    """Holds what the merchant does not have yet, as while a complaint is looked into.

    Raises NoSuchLoan, NothingToStop.
    """
    _locked(tx, loan_id)
    if not _later(tx, loan_id):
        raise NothingToStop
    release_store.set_held(tx, loan_id, because)
    audit.record(tx, actor, "release.hold", loan_id, {"because": because})


def let_go(tx: Tx, loan_id: str, *, actor: Actor) -> None:
    """Lets what was held go on; what is due and confirmed is paid.

    Raises NoSuchLoan.
    """
    loan = _locked(tx, loan_id)
    release_store.set_held(tx, loan_id, "")
    audit.record(tx, actor, "release.let_go", loan_id)
    for each in _later(tx, loan_id):
        _pay_if_due(tx, loan, each.part, business_day.today(tx))


def retry(tx: Tx, loan_id: str, part: int, actor: Actor) -> None:
    """An operator has a part tried again that every account of the merchant refused.

    Raises NoSuchLoan, NoSuchPart, PartNotPlanned, PartHeld, PartNotDue, ServiceNotConfirmed.
    """
    loan = _locked(tx, loan_id)
    found = _part(tx, loan_id, part)
    release_rules.require_payable(found, business_day.today(tx))
    audit.record(tx, actor, "release.retry", loan_id, {"part": part})
    _pay(tx, loan, found)


def stop(tx: Tx, loan_id: str, *, stop_id: str, because: str, actor: Actor) -> Reduction:
    """The service has stopped: what the merchant does not have goes off the loan.

    The plan gets a new version; what the borrower had repaid beyond it is paid back to the card.
    `stop_id` is the id of the stop, and the key of its entries.

    Raises NoSuchLoan, WrongState, NothingToStop, PartUnderWay.
    """
    loan = life.locked(tx, loan_id)
    if any(each.state is ReleaseState.PAYING for each in of_loan(tx, loan_id)):
        raise PartUnderWay
    later = _later(tx, loan_id)
    if not later:
        raise NothingToStop
    amount_fen = sum(each.gross_fen for each in later)
    done = life.record(
        tx,
        loan,
        GoodsReturned(business_day.today(tx), amount_fen, amount_fen),
        source_id=stop_id,
        kind="loan.service_stopped",
    )
    ledger.post(
        tx,
        Entry(
            kind="release.stopped",
            subject=loan_id,
            memo=stop_id,
            legs=rules.stop_legs(loan, [release_rules.part_of(each) for each in later]),
            key=f"stopped:{stop_id}",
        ),
    )
    for each in later:
        release_store.set_state(tx, loan_id, each.part, ReleaseState.STOPPED)
    reduction = done.before.principal_fen - done.after.sums().principal_fen
    if amount_fen > reduction:
        payouts.refund_borrower(tx, loan, stop_id, amount_fen - reduction)
    audit.record(tx, actor, "release.stop", loan_id, {"because": because})
    detail: dict[str, object] = {
        "parts": [each.part for each in later],
        "reason": because,
        "amount_fen": amount_fen,
        "subsidy_fen": sum(each.subsidy_fen for each in later),
        "loan_reduction_fen": reduction,
        "borrower_refund_fen": amount_fen - reduction,
        "business_date": business_day.today(tx).isoformat(),
        "stopped_at": rfc3339(tx.now),
    }
    tell(tx, loan.scenario, loan.subject, "release_stopped", detail)
    return Reduction(
        loan_reduction_fen=reduction,
        borrower_refund_fen=amount_fen - reduction,
        merchant_claim_fen=0,
        outstanding_principal_fen=done.after.principal_open_fen,
    )


def fall_due(tx: Tx, following: date) -> int:
    """Has every part paid that may go to its merchant as a date begins; how many."""
    return sum(
        _pay_if_due(tx, _locked(tx, each.loan_id), each.part, following)
        for each in release_store.due(tx, following)
    )


def _locked(tx: Tx, loan_id: str) -> Loan:
    found = store.loan(tx, loan_id, lock=True)
    if found is None:
        raise NoSuchLoan
    return found


def _part(tx: Tx, loan_id: str, number: int) -> ReleasePart:
    for each in release_store.parts(tx, loan_id):
        if each.part == number:
            return each
    raise NoSuchPart


def _later(tx: Tx, loan_id: str) -> list[ReleasePart]:
    return [each for each in of_loan(tx, loan_id) if each.state in release_rules.LATER]


def _pay_if_due(tx: Tx, loan: Loan, part: int, day: date) -> bool:
    """Has a part of a loan that is locked paid if it may be on a day; whether it may."""
    found = _part(tx, loan.id, part)
    try:
        release_rules.require_payable(found, day)
    except (PartHeld, PartNotDue, PartNotPlanned, ServiceNotConfirmed):
        return False
    _pay(tx, loan, found)
    return True


def _pay(tx: Tx, loan: Loan, part: ReleasePart) -> None:
    release_store.set_state(tx, loan.id, part.part, ReleaseState.PAYING)
    if not payouts.begin_release(tx, loan, part):
        release_store.set_state(tx, loan.id, part.part, ReleaseState.FAILED)
