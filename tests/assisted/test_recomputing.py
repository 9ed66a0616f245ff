"""A bill computed anew from webhooks alone, and every difference named (P18)."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from cf_partner_sdk import (
    BillPayment,
    BillState,
    CommissionAccrual,
    CommissionBasis,
    CommissionBill,
    Event,
    MovementType,
    StatementRow,
    TierTaken,
)
from cf_partner_sdk.recompute_commissions import (
    CommissionDifferenceKind,
    commission_differences,
)
from cf_partner_sdk.testing.wire import to_json

DAY = date(2026, 11, 27)
AT = datetime(2026, 11, 27, 8, 30, tzinfo=UTC)
FIRST = CommissionAccrual(
    id="com_1",
    type="accrued",
    loan_id="loan_1",
    lead_id="led_1",
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
    business_date=DAY,
    booked_at=AT,
)
BACK = replace(
    FIRST,
    id="com_2",
    type="clawback",
    amount_fen=-1_440,
    received_before_fen=7_200,
    earned_before_fen=1_440,
    earned_fen=0,
    is_bad=True,
    booked_at=AT.replace(minute=31),
)
OTHER = replace(FIRST, id="com_3", loan_id="loan_2")
TOLD = (FIRST, BACK, OTHER)
BILL = CommissionBill(
    id="cbl_1",
    month="2026-11",
    state=BillState.OPEN,
    payment=BillPayment.NONE,
    loans=2,
    rows=3,
    accrued_fen=2_880,
    clawback_fen=-1_440,
    tier_fen=-144,
    carried_fen=-96,
    adjustment_fen=0,
    payable_fen=1_200,
    pdf_sha256="0" * 64,
    pdf_size_bytes=1,
    tiers=(TierTaken("cash", "volume", 1, Decimal(0), Decimal("0.9"), 1_440, -144),),
)


def events(*told: CommissionAccrual) -> list[Event]:
    return [
        Event(
            id=f"evt_{number}",
            type="commission.accrued",
            created_at=AT,
            data={"object": to_json(one)},
        )
        for number, one in enumerate(told)
    ]


def row(one: CommissionAccrual) -> StatementRow:
    return StatementRow(
        line=1,
        business_date=one.business_date,
        booked_at=one.booked_at,
        type=MovementType(one.type),
        amount_fen=one.amount_fen,
        balance_fen=0,
        loan_id=one.loan_id,
        movement_id=one.id,
        received_before_fen=one.received_before_fen,
        received_fen=one.received_fen,
        earned_before_fen=one.earned_before_fen,
        earned_fen=one.earned_fen,
    )


def found(told, bill=BILL, listed=TOLD) -> list[tuple[CommissionDifferenceKind, str | None]]:
    rows = [row(one) for one in listed]
    return [(one.kind, one.field) for one in commission_differences(events(*told), bill, rows)]


KIND = CommissionDifferenceKind


class TestABill:
    def test_agrees_with_events_in_any_order_and_told_twice(self):
        assert found((OTHER, BACK, FIRST, FIRST)) == []

    def test_leaves_other_months_and_other_movements_out(self):
        before = replace(FIRST, id="com_0", loan_id="loan_9", business_date=date(2026, 10, 31))
        paid = replace(row(FIRST), type=MovementType.PAID, movement_id="rem_1")
        rows = [*(row(one) for one in TOLD), paid]
        assert commission_differences(events(before, *TOLD), BILL, rows) == []

    def test_names_a_movement_that_no_event_told_of(self):
        assert (KIND.MISSING_IN_EVENTS, None) in found((FIRST, BACK))

    def test_names_an_event_that_the_statement_leaves_out(self):
        assert (KIND.MISSING_IN_STATEMENT, None) in found(TOLD, listed=(FIRST, BACK))

    @pytest.mark.parametrize("name", ["amount_fen", "received_fen", "earned_fen", "loan_id"])
    def test_names_a_field_in_which_they_part(self, name: str):
        changed = replace(OTHER, **{name: "loan_7" if name == "loan_id" else 5})
        assert (KIND.FIELD_DIFFERS, name) in found(TOLD, listed=(FIRST, BACK, changed))

    def test_names_what_the_agreed_terms_do_not_give(self):
        low = replace(OTHER, earned_fen=1_400, amount_fen=1_400)
        assert (KIND.RULE_DIFFERS, "earned_fen") in found((FIRST, BACK, low))
        capped = replace(OTHER, cap_fen=1_000)
        assert (KIND.RULE_DIFFERS, "earned_fen") in found((FIRST, BACK, capped))

    def test_names_a_loan_that_does_not_go_on_where_it_stood(self):
        torn = replace(BACK, earned_before_fen=1_000, amount_fen=-1_000)
        assert (KIND.CHAIN_DIFFERS, "earned_before_fen") in found((FIRST, torn, OTHER))

    @pytest.mark.parametrize(
        "name",
        ["loans", "rows", "accrued_fen", "clawback_fen", "tier_fen", "payable_fen"],
    )
    def test_names_a_figure_that_its_parts_do_not_give(self, name: str):
        wrong = replace(BILL, **{name: getattr(BILL, name) - 1})
        assert (KIND.BILL_DIFFERS, name) in found(TOLD, bill=wrong)
