"""Things that an event of each type could be about, for tests that need no history."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from cf_partner_sdk import (
    BillPayment,
    BillState,
    Claim,
    ClaimState,
    CommissionAccrual,
    CommissionBasis,
    CommissionBill,
    CreditLine,
    CreditLineState,
    Dispute,
    DisputeOutcome,
    DisputeState,
    EndpointState,
    Guarantee,
    Order,
    OrderItem,
    OrderState,
    Payment,
    PaymentRefund,
    PaymentRepayment,
    PaymentState,
    Payout,
    Refund,
    RefundState,
    Release,
    ReleaseState,
    Repayment,
    SandboxClock,
    SandboxClockState,
    ServiceStop,
    Statement,
    StatementKind,
    StatementSpan,
    WebhookEndpoint,
)

from . import lead_examples, share_examples


def about(kind: str, now: datetime, day: date) -> Any:
    """Return what an event of a type could be about at a moment."""
    if kind in _MADE:
        return _MADE[kind](now, day)
    family, _, state = kind.partition(".")
    return _BY_FAMILY[family](state, now, day)


def _endpoint(_state: str, now: datetime, _day: date) -> WebhookEndpoint:
    url = "https://shop.example/cf/webhooks"
    return WebhookEndpoint("whe_example", url, ("*",), EndpointState.ENABLED, created_at=now)


def _order(state: str, now: datetime, _day: date) -> Order:
    item = OrderItem("P-1", "手机", 1, 599_900, "electronics")
    order = Order("ord_example", "A-1", 599_900, OrderState(state), items=(item,), created_at=now)
    if order.state is OrderState.PAID:
        return replace(order, paid_fen=596_301, payout=_payout(596_301, now))
    return order


def _payment(state: str, now: datetime, _day: date) -> Payment:
    payment = Payment(
        id="spy_example",
        payment_no="T-1",
        store_id=_STORE["store_id"],
        amount_fen=599_900,
        state=PaymentState(state),
        store_no=_STORE["store_no"],
        till_no=_STORE["till_no"],
        description="冰箱",
        created_at=now,
    )
    if payment.state is PaymentState.PAID:
        return replace(payment, loan_id="loan_example", payout=_payout(596_301, now))
    return payment


def _release(state: str, now: datetime, day: date) -> Release:
    return Release(
        part=2,
        due_date=day,
        gross_fen=149_975,
        fee_fen=900,
        subsidy_fen=0,
        state=ReleaseState(state),
        confirmed=True,
        payout=_payout(149_075, now) if state == "paid" else None,
        **_OF_PAYMENT,
    )


def _payout(amount_fen: int, now: datetime) -> Payout:
    return Payout(amount_fen, "0012", now, "ch_example")


def _refund(now: datetime, day: date) -> Refund:
    return Refund(
        id="rfd_example",
        refund_no="R-1",
        order_id="ord_example",
        amount_fen=100,
        state=RefundState.DONE,
        loan_reduction_fen=100,
        merchant_claim_fen=100,
        created_at=now,
        business_date=day,
    )


def _repayment(_now: datetime, _day: date) -> Repayment:
    return Repayment(
        loan_id="loan_example",
        repayment_id="rep_example",
        amount_fen=100,
        principal_fen=90,
        interest_fen=10,
        outstanding_principal_fen=599_810,
        order_id="ord_example",
        order_no="A-1",
    )


def _payment_refund(now: datetime, day: date) -> PaymentRefund:
    return PaymentRefund(
        id="rfd_example",
        refund_no="R-1",
        payment_id=_OF_PAYMENT["payment_id"],
        amount_fen=100,
        state=RefundState.DONE,
        payment_no=_OF_PAYMENT["payment_no"],
        loan_reduction_fen=100,
        merchant_claim_fen=100,
        created_at=now,
        business_date=day,
    )


def _payment_repayment(_now: datetime, _day: date) -> PaymentRepayment:
    return PaymentRepayment(
        repayment_id="rep_example",
        amount_fen=100,
        principal_fen=90,
        interest_fen=10,
        outstanding_principal_fen=599_810,
        **_OF_PAYMENT,
    )


def _service_stop(now: datetime, day: date) -> ServiceStop:
    return ServiceStop(
        parts=(2, 3, 4),
        amount_fen=449_925,
        subsidy_fen=0,
        loan_reduction_fen=449_925,
        borrower_refund_fen=0,
        business_date=day,
        stopped_at=now,
        **_OF_PAYMENT,
    )


def line(kind: str, now: datetime, day: date) -> CreditLine:
    """A line as an event of that type tells of it."""
    state = CreditLineState({"frozen": "frozen", "closed": "closed"}.get(kind, "open"))
    return CreditLine(
        id="line_example",
        visit_id="vis_example",
        store_id=_STORE["store_id"],
        store_no=_STORE["store_no"],
        state=state,
        guarantee=Guarantee.NOT_NEEDED,
        scenes=("appliances",),
        review_due=day,
        arrived_at=now,
        opened_at=now,
    )


def _dispute(now: datetime, day: date) -> Dispute:
    return Dispute(
        dispute_id="tkt_example",
        state=DisputeState.OPEN,
        held_parts=(2, 3, 4),
        answer_by=day,
        opened_at=now,
        **_OF_PAYMENT,
    )


def _dispute_decided(now: datetime, day: date) -> Dispute:
    return replace(
        _dispute(now, day),
        state=DisputeState.DECIDED,
        held_parts=(),
        outcome=DisputeOutcome.CONTINUE,
        decided_at=now,
    )


def _clock(now: datetime, day: date) -> SandboxClock:
    return SandboxClock(now, day, SandboxClockState.READY, days_ahead=1, days_left=0)


def _statement(now: datetime, day: date) -> Statement:
    return Statement(
        id="stm_example",
        kind=StatementKind.SETTLEMENT,
        span=StatementSpan.DAY,
        period=day.isoformat(),
        period_start=day,
        period_end=day,
        rows=0,
        sums=(),
        opening_balance_fen=0,
        closing_balance_fen=0,
        size_bytes=0,
        sha256=hashlib.sha256(b"").hexdigest(),
        made_at=now,
    )


def _accrual(now: datetime, day: date) -> CommissionAccrual:
    return CommissionAccrual(
        id="com_example",
        type="accrued",
        loan_id="loan_example",
        lead_id="lead_example",
        lead_no="L-1",
        amount_fen=1_440,
        received_before_fen=0,
        received_fen=7_200,
        earned_before_fen=0,
        earned_fen=1_440,
        is_bad=False,
        basis=CommissionBasis.INTEREST,
        rate=Decimal("0.2"),
        per_loan_fen=0,
        cap_fen=30_000,
        clawback_rate=Decimal(1),
        business_date=day,
        booked_at=now,
    )


def _bill(state: str, now: datetime, day: date) -> CommissionBill:
    payments = {"paid": BillPayment.PAID, "payment_failed": BillPayment.FAILED}
    payment = payments.get(state, BillPayment.NONE)
    is_confirmed = state in payments
    return CommissionBill(
        id="cbl_example",
        month=f"{day:%Y-%m}",
        state=BillState.CONFIRMED if is_confirmed else BillState.OPEN,
        payment=payment,
        loans=1,
        rows=1,
        accrued_fen=1_440,
        clawback_fen=0,
        tier_fen=0,
        carried_fen=0,
        adjustment_fen=0,
        payable_fen=1_440,
        pdf_sha256=hashlib.sha256(b"").hexdigest(),
        pdf_size_bytes=0,
        made_at=now,
        confirmed_at=now if is_confirmed else None,
        paid_at=now if state == "paid" else None,
    )


def _claim(state: str, now: datetime, day: date) -> Claim:
    return Claim(
        id="clm_example",
        loan_id="loan_example",
        state=ClaimState(state),
        filed_on=day,
        days_past_due=30,
        principal_fen=600_000,
        interest_fen=14_400,
        penalty_fen=812,
        amount_fen=615_212,
        filed_at=now,
    )


_STORE = {"store_id": "sto_example", "store_no": "S-1", "till_no": "1"}
_OF_PAYMENT: dict[str, Any] = {
    "payment_id": "spy_example",
    "payment_no": "T-1",
    "loan_id": "loan_example",
    **_STORE,
}
_MADE: dict[str, Callable[[datetime, date], Any]] = {
    "order.refunded": _refund,
    "loan.repaid": _repayment,
    "payment.refunded": _payment_refund,
    "payment.repaid": _payment_repayment,
    "release.stopped": _service_stop,
    "payment.disputed": _dispute,
    "payment.dispute_decided": _dispute_decided,
    "sandbox.clock_ready": _clock,
    "statement.ready": _statement,
    "commission.accrued": _accrual,
}
_BY_FAMILY: dict[str, Callable[[str, datetime, date], Any]] = {
    "credit_line": line,
    "endpoint": _endpoint,
    "lead": lead_examples.about,
    "order": _order,
    "payment": _payment,
    "release": _release,
    "share": share_examples.about,
    "clearing": share_examples.clearing,
    "portfolio": share_examples.portfolio,
    "commission": _bill,
    "claim": _claim,
}
