"""Payments in stores and their refunds: for tills."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional

from ._calls import Call, Page, pages, read, segment, write
from ._finding import the_one
from ._payment_models import Payment, PaymentRefund
from ._service import R, Service, call, listing, steps
from ._steps import Steps


class PaymentRefunds(Service[R]):
    """Money that goes back after a payment."""

    @call
    def create(
        self,
        *,
        refund_no: str,
        payment_id: str,
        amount_fen: int,
        reason: Optional[str] = None,
        idempotency_key: Optional[str] = None,
    ) -> Call[PaymentRefund]:
        """Refund all or a part; `refund_no`, your own number, is also the idempotency key."""
        body = {"refund_no": refund_no, "payment_id": payment_id, "amount_fen": amount_fen}
        given: dict[str, Any] = body if reason is None else {**body, "reason": reason}
        key = idempotency_key or f"refund:{refund_no}"
        return write("/v1/payment_refunds", PaymentRefund.from_json, given, key)

    @call
    def get(self, refund_id: str) -> Call[PaymentRefund]:
        """Return the refund. Raises NotFound."""
        return read(f"/v1/payment_refunds/{segment(refund_id)}", PaymentRefund.from_json)

    @listing
    def list(self, *, payment_id: Optional[str] = None) -> Call[Page[PaymentRefund]]:
        """Go through the refunds, of one payment if it is named."""
        return pages("/v1/payment_refunds", PaymentRefund.from_json, payment_id=payment_id)


class Payments(Service[R]):
    """Payments that a till takes against customers' lines.

    What a customer may still spend the lender does not tell: a till learns whether this payment
    can be made.
    """

    def __init__(self, runner: R) -> None:
        super().__init__(runner)
        self.refunds = PaymentRefunds(runner)

    @call
    def create(
        self,
        *,
        payment_no: str,
        amount_fen: int,
        store_id: str,
        code: Optional[str] = None,
        description: Optional[str] = None,
        release_parts: Optional[int] = None,
        product_code: Optional[str] = None,
        metadata: Optional[Mapping[str, str]] = None,
        idempotency_key: Optional[str] = None,
    ) -> Call[Payment]:
        """Take a payment: against the customer's `code`, or by the `pay_url` that comes back.

        `payment_no`, your own number, is also the idempotency key: keep it before you call. After
        a lost answer call again with the very same arguments, or `find` it: the customer is
        charged once. `release_parts` is for services paid ahead: the money comes in so many
        monthly parts.
        """
        body = {
            "payment_no": payment_no,
            "amount_fen": amount_fen,
            "store_id": store_id,
            "code": code,
            "description": description,
            "release_parts": release_parts,
            "product_code": product_code,
            "metadata": None if metadata is None else dict(metadata),
        }
        given = {name: value for name, value in body.items() if value is not None}
        key = idempotency_key or f"payment:{payment_no}"
        return write("/v1/payments", Payment.from_json, given, key)

    @call
    def get(self, payment_id: str) -> Call[Payment]:
        """Return the payment. Raises NotFound."""
        return read(_path(payment_id), Payment.from_json)

    @call
    def find(self, payment_no: str) -> Call[Payment]:
        """Return the payment with your own number. Raises NotFound: then it was never made."""
        parse = the_one(Payment.from_json, f"payment {payment_no}")
        return read("/v1/payments", parse, payment_no=payment_no)

    @listing
    def list(
        self,
        *,
        store_id: Optional[str] = None,
        state: Optional[str] = None,
        limit: Optional[int] = None,
    ) -> Call[Page[Payment]]:
        """Go through the payments, newest first; a till sees those of its own store."""
        return pages("/v1/payments", Payment.from_json, store_id=store_id, state=state, limit=limit)

    @steps
    def wait(
        self, payment_id: str, *, wait_s: float = 120.0, pause_s: float = 2.0
    ) -> Steps[Payment]:
        """Ask until the payment is decided, or `wait_s` is over; return it as it then is."""
        asked = read(_path(payment_id), Payment.from_json)
        return self._wait(
            asked, lambda seen: not seen.state.is_open, wait_s=wait_s, pause_s=pause_s
        )

    @call
    def cancel(self, payment_id: str, *, idempotency_key: Optional[str] = None) -> Call[Payment]:
        """Cancel a payment no money has left for. Raises Conflict or Refused after that."""
        return write(_path(payment_id, "cancel"), Payment.from_json, None, idempotency_key)

    @call
    def confirm_service(
        self, payment_id: str, *, part: int, idempotency_key: Optional[str] = None
    ) -> Call[Payment]:
        """Say that a service paid ahead goes on, so that `part` of the money is paid when due."""
        path = _path(payment_id, "confirm_service")
        return write(path, Payment.from_json, {"part": part}, idempotency_key)

    @call
    def stop_service(
        self, payment_id: str, *, reason: str, idempotency_key: Optional[str] = None
    ) -> Call[Payment]:
        """Say that a service paid ahead has stopped: what you have not got goes off the loan."""
        path = _path(payment_id, "stop_service")
        return write(path, Payment.from_json, {"reason": reason}, idempotency_key)


def _path(payment_id: str, *more: str) -> str:
    return "/".join(("/v1/payments", segment(payment_id), *more))
