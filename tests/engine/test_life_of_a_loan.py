from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.engine.ageing import Grade, bucket, days_past_due, grade, penalty_fen
from lending.engine.allocation import Due, allocate
from lending.engine.errors import RefundTooLarge
from lending.engine.plans import PlanInput, make_plan
from lending.engine.prepayment import OpenInstalment, interest_earned_fen, payoff
from lending.engine.refunds import refund_goods

START = date(2026, 11, 23)

dues = st.lists(
    st.builds(
        Due,
        number=st.integers(1, 9),
        fee_fen=st.integers(0, 50),
        penalty_fen=st.integers(0, 50),
        interest_fen=st.integers(0, 500),
        principal_fen=st.integers(0, 5_000),
    ),
    max_size=6,
    unique_by=lambda due: due.number,
)


def running(
    principal_fen: int = 600_000, periods: int = 12, paid: int = 0, rate: str = "0.144"
) -> list[OpenInstalment]:
    """A loan with its first `paid` instalments paid."""
    method = "equal-instalment" if Decimal(rate) else "interest-free"
    plan = make_plan(PlanInput(principal_fen, Decimal(rate), periods, method, START))
    return [
        OpenInstalment(
            number=row.number,
            due_date=row.due_date,
            principal_fen=row.principal_fen,
            interest_fen=row.interest_fen,
            fee_fen=row.fee_fen,
            principal_paid_fen=row.principal_fen if row.number <= paid else 0,
            interest_paid_fen=row.interest_fen if row.number <= paid else 0,
        )
        for row in plan.instalments
    ]


class TestAllocating:
    @given(dues, st.integers(0, 40_000))
    def test_p6_divides_the_payment_without_a_fen_lost(self, owed: list[Due], amount: int):
        cut_ = allocate(owed, amount)
        parts = cut_.fee_fen + cut_.penalty_fen + cut_.interest_fen + cut_.principal_fen
        assert parts + cut_.left_over_fen == amount
        assert cut_.left_over_fen == max(0, amount - sum(due.total_fen for due in owed))

    @given(dues, st.integers(0, 40_000))
    def test_p6_gives_a_later_debt_nothing_while_an_earlier_one_is_open(
        self, owed: list[Due], amount: int
    ):
        got = {part.number: part.total_fen for part in allocate(owed, amount).parts}
        short = False
        for due in sorted(owed, key=lambda one: one.number):
            assert not short or got.get(due.number, 0) == 0
            short = short or got.get(due.number, 0) < due.total_fen

    @given(dues, st.integers(0, 20_000), st.integers(0, 20_000))
    def test_p7_x_then_y_is_x_plus_y(self, owed: list[Due], x: int, y: int):
        first = allocate(owed, x)
        got = {part.number: part for part in first.parts}
        left = [
            Due(
                due.number,
                *(
                    getattr(due, name)
                    - (getattr(got[due.number], name) if due.number in got else 0)
                    for name in ("fee_fen", "penalty_fen", "interest_fen", "principal_fen")
                ),
            )
            for due in owed
        ]
        second = allocate(left, y + first.left_over_fen)
        whole = allocate(owed, x + y)
        for name in ("fee_fen", "penalty_fen", "interest_fen", "principal_fen"):
            assert getattr(first, name) + getattr(second, name) == getattr(whole, name)

    def test_takes_fee_penalty_interest_principal_in_that_order(self):
        (part,) = allocate([Due(1, 10, 20, 30, 1_000)], 45).parts
        assert part == Due(1, 10, 20, 15, 0)


class TestPayingOff:
    @given(st.integers(0, 364), st.integers(0, 11))
    def test_p9_asks_for_all_principal_and_interest_to_the_day(self, day: int, paid: int):
        rows = running(paid=paid)
        on = START + timedelta(days=day)
        asked = payoff(rows, START, on)
        open_principal = sum(row.open().principal_fen for row in rows)
        assert sum(due.principal_fen for due in asked) == open_principal
        assert sum(due.interest_fen for due in asked) <= sum(r.open().interest_fen for r in rows)

    def test_on_the_first_day_costs_no_interest(self):
        assert sum(due.interest_fen for due in payoff(running(), START, START)) == 0

    @given(st.integers(0, 31), st.integers(0, 31))
    def test_p3_interest_earned_is_additive_and_never_falls(self, a: int, b: int):
        row = running()[0]
        early, late = sorted((a, b))
        first = interest_earned_fen(row, START, START + timedelta(days=early))
        assert 0 <= first <= interest_earned_fen(row, START, START + timedelta(days=late))
        assert interest_earned_fen(row, START, row.due_date) == row.interest_fen


class TestReturningGoods:
    @given(st.integers(1, 600_000), st.integers(0, 12), st.integers(0, 400))
    def test_p11_reduction_and_refund_are_the_claim(self, refund: int, paid: int, day: int):
        rows = running(paid=paid)
        done = refund_goods(
            rows,
            start=START,
            on=START + timedelta(days=day),
            refund_fen=refund,
            refundable_fen=600_000,
        )
        assert done.loan_reduction_fen + done.borrower_refund_fen == done.merchant_claim_fen
        assert done.merchant_claim_fen == refund
        before = sum(row.open().principal_fen for row in rows)
        after = sum(row.open().principal_fen for row in done.instalments)
        assert before - after == done.loan_reduction_fen
        for old, new in zip(rows, done.instalments, strict=True):
            assert new.due_date == old.due_date
            assert new.open().principal_fen >= 0
            assert new.interest_paid_fen <= new.interest_fen <= old.interest_fen

    @given(st.integers(0, 12))
    def test_p11_all_of_them_after_k_payments_leaves_no_principal(self, paid: int):
        rows = running(paid=paid)
        repaid = sum(row.principal_paid_fen for row in rows)
        done = refund_goods(rows, start=START, on=START, refund_fen=600_000, refundable_fen=600_000)
        assert sum(row.open().principal_fen for row in done.instalments) == 0
        assert done.borrower_refund_fen == repaid

    def test_keeps_interest_for_the_days_used_and_asks_for_none_of_returned_goods_later(self):
        rows = running()
        on = rows[0].due_date - timedelta(days=15)
        done = refund_goods(rows, start=START, on=on, refund_fen=600_000, refundable_fen=600_000)
        earned = interest_earned_fen(rows[0], START, on)
        assert done.instalments[0].interest_fen == earned > 0
        assert {row.interest_fen for row in done.instalments[1:]} == {0}

    def test_costs_nothing_in_an_interest_free_plan(self):
        rows = running(periods=3, rate="0")
        done = refund_goods(rows, start=START, on=START, refund_fen=300_000, refundable_fen=600_000)
        assert sum(row.interest_fen for row in done.instalments) == 0
        assert sum(row.principal_fen for row in done.instalments) == 300_000

    @pytest.mark.parametrize("refund", [0, -1, 100_001])
    def test_refuses_more_than_is_left_of_the_price(self, refund: int):
        with pytest.raises(RefundTooLarge):
            refund_goods(
                running(), start=START, on=START, refund_fen=refund, refundable_fen=100_000
            )


class TestAgeing:
    def test_p13_counts_from_the_oldest_unpaid_due_date(self):
        assert days_past_due([START, START + timedelta(days=30)], START + timedelta(days=3)) == 3
        assert days_past_due([START], START) == 0
        assert days_past_due([], START) == 0

    @pytest.mark.parametrize(
        ("days", "expected"),
        [(0, "M0"), (1, "M1"), (30, "M1"), (31, "M2"), (180, "M6"), (181, "M6+")],
    )
    def test_sorts_into_buckets_of_thirty_days(self, days: int, expected: str):
        assert bucket(days) == expected

    @pytest.mark.parametrize(
        ("days", "expected"),
        [
            (0, Grade.NORMAL),
            (1, Grade.SPECIAL_MENTION),
            (90, Grade.SPECIAL_MENTION),
            (91, Grade.SUBSTANDARD),
            (270, Grade.SUBSTANDARD),
            (271, Grade.DOUBTFUL),
            (360, Grade.DOUBTFUL),
            (361, Grade.LOSS),
        ],
    )
    def test_grades_in_five(self, days: int, expected: Grade):
        assert grade(days) is expected

    def test_p23_penalty_is_on_overdue_principal_alone(self):
        assert penalty_fen(100_000, 10, Decimal("0.1872")) == 520
        assert penalty_fen(100_000, 0, Decimal("0.1872")) == 0
