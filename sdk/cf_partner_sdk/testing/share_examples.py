"""Shares that an event of each type could be about."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Union

from cf_partner_sdk import (
    Clearing,
    ClearingState,
    FundingCall,
    PlannedInstalment,
    PortfolioMark,
    ReturnedMoney,
    Share,
    ShareClosing,
    ShareFraud,
    ShareLateness,
    ShareMovement,
    SharePlan,
    ShareState,
)

Example = Union[Share, ShareMovement, ReturnedMoney, ShareClosing, ShareLateness, ShareFraud]

MONTHLY = {"principal_fen": 29_994, "interest_fen": 4_319, "service_fee_fen": -864}
PARTS = {
    "active": {"principal_fen": -359_940, "funded_fen": 359_940, "principal_open_fen": 359_940},
    "repaid": {**MONTHLY, "principal_open_fen": 329_946},
    "changed": {"principal_fen": 59_990, "principal_open_fen": 269_956},
    "written_off": {"principal_open_fen": 269_956},
    "recovered": {"principal_fen": 10_000, "principal_open_fen": 259_956},
}
KINDS = {"active": "loan.paid_out", "repaid": "loan.repaid", "changed": "loan.goods_returned"}


def about(name: str, now: datetime, day: date) -> Example:
    """Return what an event `share.<name>` could be about at a moment."""
    if name in PARTS:
        return _movement(name, day)
    plain: dict[str, Example] = {
        "money_returned": ReturnedMoney(
            "shr_example", "IN000001", 359_939, "wrong_amount", "loan_example"
        ),
        "closed": ShareClosing("shr_example", "loan_example", day),
        "fraud_flagged": ShareFraud(
            "shr_example", "frd_example", "flagged", "identity", day, "loan_example"
        ),
        "overdue": _late("special_mention", day),
        "stage_changed": _late("normal", day),
    }
    if name in plain:
        return plain[name]
    state = ShareState.CALLED if name == "funding_called" else ShareState(name)
    share = _share(state, now)
    if name in ("funding_called", "funded"):
        call = FundingCall(
            account_no="6230580000000000013",
            account_name="安心消费金融有限公司",
            amount_fen=share.amount_fen,
            remark=share.id,
            fund_by=now + timedelta(minutes=30),
        )
        return replace(share, call=call, decision_reference="D-7", decided_at=now)
    return share


def clearing(name: str, _now: datetime, day: date) -> Clearing:
    """Return what an event `clearing.<name>` could be about at a moment."""
    state = ClearingState.HELD if name == "made" else ClearingState(name)
    amount_fen = -33_449 if name in ("expected", "received") else 33_449
    return Clearing("clr_example", day, state, amount_fen, movements=1, principal_fen=amount_fen)


def portfolio(_name: str, _now: datetime, day: date) -> PortfolioMark:
    """Return what an event `portfolio.warning` could be about at a moment."""
    return PortfolioMark("m1", Decimal("0.0712"), Decimal("0.0500"), 140, 40_000_000, day)


def _share(state: ShareState, now: datetime) -> Share:
    return Share(
        id="shr_example",
        request_id="fnd_example",
        generation=1,
        state=state,
        share_rate=Decimal("0.6000"),
        amount_fen=359_940,
        loan_amount_fen=599_900,
        rate_annual=Decimal("0.144000"),
        decide_by=now + timedelta(minutes=10),
        service_fee_rate=Decimal("0.200000"),
        periods_max=24,
        purpose="electronics",
        invited_at=now,
    )


def _late(grade_before: str, day: date) -> ShareLateness:
    return ShareLateness(
        share_id="shr_example",
        loan_id="loan_example",
        happened_on=day,
        days_past_due=31,
        bucket="M2",
        bucket_before="M1",
        grade="special_mention",
        grade_before=grade_before,
        principal_open_fen=329_946,
        oldest_due=day - timedelta(days=31),
    )


def _movement(name: str, day: date) -> ShareMovement:
    zero = dict.fromkeys(
        ("principal_fen", "interest_fen", "fee_fen", "penalty_fen", "service_fee_fen"), 0
    )
    parts = {**zero, "funded_fen": 0, **PARTS[name]}
    open_fen = parts.pop("principal_open_fen")
    return ShareMovement(
        share_id="shr_example",
        loan_id="loan_example",
        kind=KINDS.get(name, f"loan.{name}"),
        source_id="rep_example",
        happened_on=day,
        business_date=day,
        number=1 if name == "active" else 2,
        due_fen=sum(parts.values()),
        principal_open_fen=open_fen,
        principal_fen=parts["principal_fen"],
        interest_fen=parts["interest_fen"],
        fee_fen=parts["fee_fen"],
        penalty_fen=parts["penalty_fen"],
        service_fee_fen=parts["service_fee_fen"],
        funded_fen=parts["funded_fen"],
        loan_principal_paid_fen=0 if name == "active" else 99_980,
        loan_interest_paid_fen=0 if name == "active" else 14_397,
        oldest_due=day + timedelta(days=30),
        plan=_plan(day) if name == "active" else None,
    )


def _plan(day: date) -> SharePlan:
    due = PlannedInstalment(day + timedelta(days=30), 1_199_800, 14_397, 0, day, 0)
    return SharePlan(2, (7_000, 3_000), (7_000, 3_000), "half-up", 0, (due,))
