"""A payment in a store, on the customer's phone: choose, read the costs, sign; later stop it."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from flask import request

from hosted import my_line
from hosted.journey import Act, FormProblem, Signing, Visit
from lending.credit_lines.errors import NoSuchLine
from lending.foundation.audit import Actor
from lending.foundation.crypto import mask_mobile
from lending.foundation.database import Tx
from lending.loans import releases
from lending.loans.errors import NoSuchLoan
from lending.operations import service as tickets
from scenarios.offline_credit import disputes, paying, servicing
from scenarios.offline_credit.model import Payment

REASON_MAX = 200


class Step(StrEnum):
    """One page of a payment."""

    CHOOSE = "pay_choose"
    """What is paid to whom, and in how many instalments."""
    COST = "cost"
    SIGN = "pay_sign"
    PAYING = "pay_paying"
    DONE = "pay_done"
    """Paid; of a service paid ahead, what the merchant has got and how to stop it."""
    ENDED = "pay_ended"
    """Declined, cancelled or expired."""


_BY_STATE = {
    "signed": Step.PAYING,
    "paying": Step.PAYING,
    "payout_failed": Step.PAYING,
    "paid": Step.DONE,
    "part_refunded": Step.DONE,
    "refunded": Step.DONE,
}


class PaymentPages(Signing):
    """The pages and actions of one payment."""

    name, path, cookie = "payment", "/me/payments", "cf_pay"
    layout, channel = "hosted/payment.html", "hosted_payment"

    def actions(self) -> dict[str, tuple[str, Act]]:
        """Each action with the page that its form is on."""
        return {
            **self.cost_forms(),
            "choose": (Step.CHOOSE, self._choose),
            "refuse": (Step.CHOOSE, self._refuse),
            "send-sign-code": (Step.SIGN, self.send_sign_code),
            "sign": (Step.SIGN, self._sign),
            "stop": (Step.DONE, self._stop),
            "complain": (Step.DONE, self._complain),
        }

    def visit(self, token: str) -> Visit:
        """A customer who is signed in looks at a payment of their own.

        Raises NoSuchLine, PaymentEnded for another's.
        """
        with self._context.database.unit_of_work() as tx:
            me = my_line.signed_in(tx, self._context)
            if me is None:
                raise NoSuchLine("请先登录", mend="请返回“我的借款”登录。")
            payment = paying.payment_of(tx, my_line.line_of(tx, me).customer_id, token)
            session = self.session(tx, payment.id)
            session.mobile = me.mobile
        subject = payment.application_id or payment.id
        return Visit(token, payment.id, subject, payment.state, session, payment)

    def due(self, visit: Visit) -> str:
        """The page that is due."""
        if visit.state != "confirming":
            return _BY_STATE.get(visit.state, Step.ENDED).value
        if not visit.session.state.get("periods"):
            return Step.CHOOSE.value
        return (Step.SIGN if visit.session.state.get("cost_confirmed") else Step.COST).value

    def facts(self, tx: Tx, visit: Visit, due: str) -> dict[str, Any]:
        """What the page that is due has to show."""
        payment: Payment = visit.seen
        shown: dict[str, Callable[[], dict[str, Any]]] = {
            Step.CHOOSE: lambda: {"offers": paying.offers(tx, payment)},
            Step.COST: lambda: self.cost_facts(tx, visit),
            Step.SIGN: lambda: {"mobile": mask_mobile(visit.session.mobile or "")},
            Step.DONE: lambda: {
                "parts": releases.of_loan(tx, payment.loan_id or ""),
                "tickets": tickets.of_subject(tx, payment.id),
            },
        }
        found = shown[due]() if due in shown else {}
        return {"payment": payment, "merchant": paying.merchant_name(tx, payment), **found}

    def cost_table(self, tx: Tx, visit: Visit, periods: int) -> dict[str, Any]:
        """The cost table of the payment in so many instalments."""
        return paying.cost_table(tx, visit.seen, periods)

    def _refuse(self, visit: Visit) -> None:
        with self._context.database.unit_of_work() as tx:
            paying.refuse(tx, visit.seen)
        self.keep(visit, Step.CHOOSE, {"refused": True})

    def _sign(self, visit: Visit) -> None:
        self.require_sign_code(visit)
        with self._context.database.unit_of_work() as tx:
            paying.agree(
                tx,
                self._context.keys,
                self._context.files,
                payment=visit.seen,
                periods=visit.session.state["periods"],
                signature=self.signature(visit),
            )
        self.keep(visit, Step.SIGN, {"signed": True})

    def _stop(self, visit: Visit) -> None:
        """The customer says that the service stopped (STORE-6)."""
        because = _reason()
        with self._context.database.unit_of_work() as tx:
            servicing.stop_service(tx, visit.seen, because=because, actor=self._customer(tx))
        self.keep(visit, Step.DONE, {"stopped": True})

    def _complain(self, visit: Visit) -> None:
        """The customer disputes the payment: a ticket, and what the merchant has not got waits."""
        because = _reason()
        with self._context.database.unit_of_work() as tx:
            disputes.open_dispute(tx, visit.seen, because, self._customer(tx))
        self.keep(visit, Step.DONE, {"complained": True})

    def _customer(self, tx: Tx) -> Actor:
        me = my_line.signed_in(tx, self._context)
        if me is None:
            raise NoSuchLoan
        return Actor("customer", my_line.line_of(tx, me).customer_id)


def _reason() -> str:
    because = request.form.get("because", "").strip()
    if not 2 <= len(because) <= REASON_MAX:
        raise FormProblem("because", "请用一句话说明原因")
    return because
