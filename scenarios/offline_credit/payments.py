"""Payments as tills take them: against a customer's code, or by a code that the till shows."""

from collections.abc import Sequence
from typing import Any

from lending.foundation import ids
from lending.foundation.clock import rfc3339
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Row, Tx
from lending.foundation.files import FileStore
from lending.foundation.places import Place, cut
from lending.loans import releases
from lending.loans import service as loans
from lending.loans.model import ReleasePart
from lending.products.model import Product
from scenarios.offline_credit import admission, codes, drawing, payments_store, rules
from scenarios.offline_credit.errors import (
    CodeExpired,
    CodeUnknown,
    CodeUsed,
    NoSuchStore,
    PaymentNoTaken,
)
from scenarios.offline_credit.model import (
    SCENARIO,
    Asked,
    NewPayment,
    Payment,
    PaymentCode,
    Store,
    TakePayment,
    Till,
)


def take(  # noqa: PLR0917  who asks, with what, for what
    tx: Tx, keys: FieldKeys, files: FileStore, partner_id: str, keyid: str, command: TakePayment
) -> Payment:
    """Takes a payment at the till whose key signed.

    With a customer's code it is decided at once, and signed at once where the customer confirmed
    such amounts beforehand; else it waits for the customer's word on the phone. Without a code it
    waits for a customer to scan the till's. The same payment_no is one payment for ever: a till
    that got no answer asks for it.

    Raises NotATill, NoSuchStore, TillOfAnotherStore, StoreClosed, what `admission` raises,
    CodeUnknown, CodeUsed, CodeExpired, what `loans.draw` raises, LineTooSmall, PaymentNoTaken.
    Nothing is kept then.
    """
    store, till = admission.till_at(tx, partner_id, keyid, command.store_id)
    product = admission.product_for(tx, partner_id, command.product_code)
    admission.admit(tx, product, store, command.amount_fen, command.release_parts)
    code = _spent(tx, command.code) if command.code is not None else None
    asked = _insert(tx, keys, command, (store, till, product), code)
    if code is not None and drawing.draw(tx, keys, asked, drawing.of_code(code)):
        drawing.sign_beforehand(tx, keys, files, asked.id, code)
    return get(tx, partner_id, asked.id)


def get(tx: Tx, partner_id: str, payment_id: str) -> Payment:
    """One payment of the partner.

    Raises NoSuchStore.
    """
    return _found(payments_store.payment(tx, partner_id, payment_id))


def page(
    tx: Tx,
    partner_id: str,
    *,
    wanted: dict[str, str | None],
    before: Place | None,
    limit: int,
) -> tuple[Sequence[Payment], Place | None]:
    """The partner's payments by number, store and state, newest first, and where more begin."""
    found = payments_store.payments(
        tx,
        partner_id,
        payment_no=wanted["payment_no"],
        store_id=wanted["store_id"],
        state=wanted["state"],
        before=before,
        limit=limit + 1,
    )
    return cut(found, limit)


def view(
    tx: Tx, keys: FieldKeys, payment: Payment, public_url: str, *, state: str | None = None
) -> dict[str, Any]:
    """A payment as its merchant sees it; who the customer is, it does not say.

    `state` is that of an earlier moment, where one is told of.
    """
    state = state or payment.state
    return {
        "id": payment.id,
        "payment_no": payment.payment_no,
        "store_id": payment.store_id,
        "store_no": payment.store_no,
        "till_id": payment.till_id,
        "till_no": payment.till_no,
        "amount_fen": payment.amount_fen,
        "currency": "CNY",
        "description": payment.description,
        "product_code": payment.product_code,
        "state": state,
        "pay_url": pay_url(keys, payment, public_url) if state == "waiting" else None,
        "periods": payment.periods,
        "loan_id": payment.loan_id,
        "payout_due_on": due_on.isoformat() if (due_on := payment.payout_due_on) else None,
        "refunded_fen": payment.refunded_fen,
        "payout": _payout_view(payment),
        "release_parts": payment.release_parts,
        "release": parts_view(tx, payment),
        "decline_reason": "declined_by_lender" if state == "declined" else None,
        "metadata": payment.metadata,
        "created_at": rfc3339(payment.created_at),
        "updated_at": rfc3339(payment.updated_at),
        "expires_at": rfc3339(payment.expires_at),
    }


def parts_view(tx: Tx, payment: Payment) -> list[dict[str, Any]]:
    """The later parts of a service paid ahead, as their merchant sees them (STORE-6)."""
    if payment.loan_id is None or payment.release_parts is None:
        return []
    paid = payments_store.paid_parts(tx, payment.loan_id)
    return [_part_view(each, paid.get(each.part)) for each in releases.of_loan(tx, payment.loan_id)]


def _payout_view(payment: Payment) -> dict[str, Any] | None:
    if payment.payout_at is None or payment.payout_date is None:
        return None
    return {
        "amount_fen": payment.payout_fen,
        "fee_fen": payment.payout_fee_fen,
        "subsidy_fen": payment.payout_subsidy_fen,
        "claims_fen": payment.payout_claims_fen,
        "business_date": payment.payout_date.isoformat(),
        "account_last4": payment.payout_last4,
        "paid_at": rfc3339(payment.payout_at),
        "channel_reference": payment.payout_reference,
    }


def _part_view(part: ReleasePart, paid: Row | None) -> dict[str, Any]:
    return {
        "part": part.part,
        "due_date": part.due_date.isoformat(),
        "gross_fen": part.gross_fen,
        "fee_fen": part.fee_fen,
        "subsidy_fen": part.subsidy_fen,
        "state": part.state.value,
        "confirmed": part.confirmed_at is not None,
        "held": bool(part.held_because),
        "payout": {
            "amount_fen": paid["amount_fen"],
            "fee_fen": part.fee_fen,
            "subsidy_fen": part.subsidy_fen,
            "claims_fen": paid["offset_fen"],
            "business_date": paid["booked_date"].isoformat(),
            "account_last4": paid["last4"],
            "paid_at": rfc3339(paid["ended_at"]),
            "channel_reference": paid["channel_reference"],
        }
        if paid
        else None,
    }


def pay_url(keys: FieldKeys, payment: Payment, public_url: str) -> str | None:
    """What the till shows for the customer to scan."""
    if payment.token_sealed is None:
        return None
    return f"{public_url}/pay/{keys.open(payment.token_sealed, at=token_cell(payment.id))}"


def token_cell(payment_id: str) -> str:
    """Where a payment's token is sealed."""
    return f"store_payment.token:{payment_id}"


def _spent(tx: Tx, given: str) -> PaymentCode:
    """The customer's code, used from now on."""
    code = payments_store.lock_code(tx, codes.digest(given))
    if code is None:
        raise CodeUnknown
    if code.used_at is not None:
        raise CodeUsed
    if code.expires_at <= tx.now:
        raise CodeExpired
    payments_store.use_code(tx, code.id)
    return code


def _insert(
    tx: Tx,
    keys: FieldKeys,
    command: TakePayment,
    where: tuple[Store, Till, Product],
    code: PaymentCode | None,
) -> Asked:
    """Writes a payment; what it asks. Without a code it gets a token for the till's own.

    Raises PaymentNoTaken.
    """
    store, till, product = where
    payment_id = ids.new("spy")
    token = ids.token() if code is None else None
    new = NewPayment(
        id=payment_id,
        store=store,
        till=till,
        product_code=product.code,
        product_version=product.version,
        command=command,
        token_sha256=codes.digest(token) if token else None,
        token_sealed=keys.seal(token, at=token_cell(payment_id)) if token else None,
        code_id=code.id if code else None,
        expires_at=tx.now + rules.PAYMENT_GOOD_FOR,
    )
    if not payments_store.insert_payment(tx, new):
        raise PaymentNoTaken
    loans.tell(tx, SCENARIO, payment_id, "created", {})
    return Asked(
        id=payment_id,
        store=store,
        till_id=till.id,
        product_code=product.code,
        product_version=product.version,
        amount_fen=command.amount_fen,
        release_parts=command.release_parts,
    )


def _found(payment: Payment | None) -> Payment:
    if payment is None:
        raise NoSuchStore
    return payment
