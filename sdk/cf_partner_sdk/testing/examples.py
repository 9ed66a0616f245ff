"""Things that an event of each type could be about, for tests that need no history."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from cf_partner_sdk import (
    EndpointState,
    Order,
    OrderItem,
    OrderState,
    Payout,
    Refund,
    RefundState,
    Repayment,
    SandboxClock,
    SandboxClockState,
    Statement,
    StatementKind,
    StatementSpan,
    WebhookEndpoint,
)


def about(kind: str, now: datetime, day: date) -> Any:
    """Return what an event of a type could be about at a moment."""
    if kind.startswith("endpoint."):
        url = "https://shop.example/cf/webhooks"
        return WebhookEndpoint("whe_example", url, ("*",), EndpointState.ENABLED, created_at=now)
    made = {"order.refunded": _refund, "statement.ready": _statement, "loan.repaid": _repayment}
    if kind == "sandbox.clock_ready":
        return SandboxClock(now, day, SandboxClockState.READY, days_ahead=1, days_left=0)
    if kind in made:
        return made[kind](now, day)
    state = OrderState(kind.partition(".")[2])
    item = OrderItem("P-1", "手机", 1, 599_900, "electronics")
    order = Order("ord_example", "A-1", 599_900, state, items=(item,), created_at=now)
    if state is OrderState.PAID:
        return replace(order, paid_fen=596_301, payout=Payout(596_301, "0012", now, "ch_example"))
    return order


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
