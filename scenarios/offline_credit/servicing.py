"""What a store may do after a payment was asked for: cancel, refund, confirm the service, stop."""

from dataclasses import dataclass
from typing import Any

from lending.engine.errors import RefundTooLarge
from lending.foundation import business_day, ids
from lending.foundation.audit import Actor
from lending.foundation.clock import rfc3339
from lending.foundation.context import Context
from lending.foundation.database import Tx
from lending.foundation.places import Place, cut
from lending.loans import reductions, releases
from lending.loans import service as loans
from lending.loans.model import Reduction, ReleaseState
from scenarios.offline_credit import payments_store
from scenarios.offline_credit.errors import (
    NoSuchStore,
    NotPaidYet,
    PaymentEnded,
    RefundNoTaken,
)
from scenarios.offline_credit.model import SCENARIO, Payment, Refund

AT_ONCE = 200
REFUNDABLE = ("paid", "part_refunded")
NOT_WITH_THE_MERCHANT = (
    ReleaseState.PLANNED,
    ReleaseState.PAYING,
    ReleaseState.FAILED,
    ReleaseState.STOPPED,
)


@dataclass(frozen=True, slots=True)
class RefundPayment:
    """A refund as a store asks for it."""

    refund_no: str
    payment_id: str
    amount_fen: int
    reason: str = ""


def cancel(tx: Tx, partner_id: str, payment_id: str) -> Payment:
    """Cancels a payment no money has left for. Cancelling twice does it once.

    Raises NoSuchStore, PayoutUnderWay, WrongState when it is paid, PaymentEnded when it is over.
    """
    found = _locked(tx, partner_id, payment_id)
    if found.state == "cancelled":
        return found
    if found.application_id:
        loans.cancel(tx, found.application_id, Actor("partner", partner_id))
    elif found.state == "waiting":
        payments_store.end(tx, payment_id, "cancelled")
        loans.tell(tx, SCENARIO, payment_id, "cancelled", {})
    else:
        raise PaymentEnded
    return _locked(tx, partner_id, payment_id)


def expire_due(context: Context) -> bool:
    """Ends payments that were not agreed to in time; whether there may be more.

    Any number of processes may do it at once.
    """
    with context.database.unit_of_work() as tx:
        over = payments_store.take_over(tx, AT_ONCE)
        for payment_id in over:
            _expire(tx, payment_id)
    return len(over) == AT_ONCE


def _expire(tx: Tx, payment_id: str) -> None:
    found = payments_store.lock_payment(tx, None, payment_id)
    if found is None or found.state not in ("waiting", "confirming"):
        return
    if found.application_id:
        loans.expire(tx, found.application_id)
    else:
        payments_store.end(tx, payment_id, "expired")
        loans.tell(tx, SCENARIO, payment_id, "expired", {})


def refund(tx: Tx, partner_id: str, command: RefundPayment) -> dict[str, Any]:
    """Gives money back: the loan shrinks, and the price is claimed from the next payout.

    Of a service paid ahead only what the merchant has got is refunded; the rest is stopped.

    Raises NoSuchStore, NotPaidYet, RefundTooLarge, RefundNoTaken. Nothing is kept then.
    """
    found = _locked(tx, partner_id, command.payment_id)
    if found.loan_id is None or found.state not in REFUNDABLE:
        raise NotPaidYet(f"the payment is {found.state}")
    parts = releases.of_loan(tx, found.loan_id)
    kept_fen = sum(each.gross_fen for each in parts if each.state in NOT_WITH_THE_MERCHANT)
    left_fen = found.amount_fen - found.refunded_fen - kept_fen
    if command.amount_fen > left_fen:
        raise RefundTooLarge(mend=f"Refund at most {left_fen} fen; stop a service paid ahead.")
    refund_id = ids.new("srf")
    reduction = reductions.reduce(
        tx,
        found.loan_id,
        refund_id=refund_id,
        amount_fen=command.amount_fen,
        refundable_fen=left_fen,
    )
    made = Refund(
        id=refund_id,
        payment_id=found.id,
        partner_id=partner_id,
        refund_no=command.refund_no,
        amount_fen=command.amount_fen,
        reason=command.reason,
        loan_reduction_fen=reduction.loan_reduction_fen,
        borrower_refund_fen=reduction.borrower_refund_fen,
        merchant_claim_fen=reduction.merchant_claim_fen,
        outstanding_principal_fen=reduction.outstanding_principal_fen,
        business_date=business_day.today(tx),
        created_at=tx.now,
        is_pending=reduction.borrower_refund_fen > 0,
        payment_no=found.payment_no,
        store_id=found.store_id,
        store_no=found.store_no,
        till_no=found.till_no,
        loan_id=found.loan_id,
    )
    if not payments_store.insert_refund(tx, made):
        raise RefundNoTaken
    payments_store.add_refunded(tx, found.id, command.amount_fen)
    loans.tell(tx, SCENARIO, found.id, "refunded", {"refund_id": refund_id})
    return refund_view(made)


def refund_of(tx: Tx, partner_id: str, refund_id: str) -> dict[str, Any]:
    """One refund of the partner.

    Raises NoSuchStore.
    """
    found = payments_store.refund(tx, partner_id, refund_id)
    if found is None:
        raise NoSuchStore
    return refund_view(found)


def refunds_page(
    tx: Tx,
    partner_id: str,
    *,
    wanted: dict[str, str | None],
    before: Place | None,
    limit: int,
) -> tuple[list[dict[str, Any]], Place | None]:
    """The partner's refunds by payment and store, newest first, and where more begin."""
    found = payments_store.refunds(
        tx,
        partner_id,
        payment_id=wanted["payment_id"],
        store_id=wanted["store_id"],
        before=before,
        limit=limit + 1,
    )
    page, following = cut(found, limit)
    return [refund_view(each) for each in page], following


def confirm_service(tx: Tx, partner_id: str, payment_id: str, part: int) -> Payment:
    """The store says that the service goes on, so that the next part may be paid (STORE-6).

    Raises NoSuchStore, NotPaidYet, NoSuchPart, PartNotPlanned.
    """
    found = _paid(tx, partner_id, payment_id)
    releases.confirm_service(tx, found.loan_id or "", part, Actor("partner", partner_id))
    return _locked(tx, partner_id, payment_id)


def stop_service(tx: Tx, payment: Payment, *, because: str, actor: Actor) -> Reduction:
    """The service has stopped: what the merchant has not got goes off the customer's loan.

    The customer may stop it, and so may the store.

    Raises NotPaidYet, NothingToStop, PartUnderWay.
    """
    if payment.loan_id is None:
        raise NotPaidYet
    return releases.stop(tx, payment.loan_id, stop_id=ids.new("stp"), because=because, actor=actor)


def refund_view(refund: Refund) -> dict[str, Any]:
    """A refund as its merchant sees it."""
    return {
        "id": refund.id,
        "refund_no": refund.refund_no,
        "payment_id": refund.payment_id,
        "payment_no": refund.payment_no,
        "store_id": refund.store_id,
        "store_no": refund.store_no,
        "till_no": refund.till_no,
        "loan_id": refund.loan_id,
        "amount_fen": refund.amount_fen,
        "reason": refund.reason,
        "loan_reduction_fen": refund.loan_reduction_fen,
        "borrower_refund_fen": refund.borrower_refund_fen,
        "merchant_claim_fen": refund.merchant_claim_fen,
        "state": "pending" if refund.is_pending else "done",
        "loan_outstanding_principal_fen": refund.outstanding_principal_fen,
        "business_date": refund.business_date.isoformat(),
        "created_at": rfc3339(refund.created_at),
    }


def _locked(tx: Tx, partner_id: str, payment_id: str) -> Payment:
    found = payments_store.lock_payment(tx, partner_id, payment_id)
    if found is None:
        raise NoSuchStore
    return found


def _paid(tx: Tx, partner_id: str, payment_id: str) -> Payment:
    found = _locked(tx, partner_id, payment_id)
    if found.loan_id is None:
        raise NotPaidYet
    return found
