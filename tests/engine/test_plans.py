from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lending.engine.errors import PlanImpossible
from lending.engine.plans import Method, PlanInput, make_plan

START = date(2026, 11, 23)


def terms(**changes: object) -> PlanInput:
    usual: dict[str, object] = {
        "principal_fen": 1_000_000,
        "rate_annual": Decimal("0.18"),
        "periods": 12,
        "method": "equal-instalment",
        "start": START,
    }
    return PlanInput(**(usual | changes))  # type: ignore[arg-type]


any_terms = st.builds(
    terms,
    principal_fen=st.integers(1_000, 20_000_000),
    rate_annual=st.decimals("0", "0.36", places=4),
    periods=st.integers(1, 60),
    method=st.sampled_from([m for m in Method if m is not Method.BULLET]),
    start=st.dates(date(2024, 1, 1), date(2030, 12, 31)),
    day_count=st.sampled_from(["30/360", "1/12", "act/360", "act/364", "act/365", "act/act"]),
    rounding=st.sampled_from(["half-up", "half-even"]),
)


class TestAnyPlan:
    @given(any_terms)
    def test_p1_repays_exactly_the_amount_and_never_a_negative_part(self, given_terms: PlanInput):
        plan = make_plan(given_terms)
        assert plan.principal_fen == given_terms.principal_fen
        assert all(
            min(row.principal_fen, row.interest_fen, row.fee_fen) >= 0 for row in plan.instalments
        )
        dates = [given_terms.start, *(row.due_date for row in plan.instalments)]
        assert all(earlier < later for earlier, later in pairwise(dates))

    @given(any_terms)
    def test_p4_ends_with_a_balance_of_zero(self, given_terms: PlanInput):
        rows = make_plan(given_terms).instalments
        balance = given_terms.principal_fen
        for row in rows:
            balance -= row.principal_fen
            assert row.balance_fen == balance
        assert balance == 0

    @given(any_terms, st.decimals("0.0001", "0.1", places=4))
    def test_p21_more_rate_never_costs_less(self, given_terms: PlanInput, more: Decimal):
        """But for the half fen by which equal payments are rounded, compounded to the last."""
        if given_terms.method in (Method.INTEREST_FREE, Method.FLAT):
            return
        dearer = replace(given_terms, rate_annual=given_terms.rate_annual + more)
        cheap, dear = make_plan(given_terms), make_plan(dearer)
        slack = 0
        if given_terms.method == Method.EQUAL_INSTALMENT:
            month = dearer.rate_annual * 31 / 360
            slack = round(2 * given_terms.periods * (1 + month) ** given_terms.periods)
        assert dear.interest_total_fen >= cheap.interest_total_fen - slack


class TestEqualInstalments:
    def test_are_the_textbooks(self):
        rows = make_plan(terms()).instalments
        assert [row.total_fen for row in rows[:-1]] == [91_680] * 11
        assert rows[0].interest_fen == 15_000
        assert rows[-1].balance_fen == 0

    @given(
        st.integers(10_000, 20_000_000),
        st.decimals("0.001", "0.24", places=4),
        st.integers(2, 60),
    )
    def test_p2_are_equal_but_the_last_which_differs_by_at_most_a_fen_a_period(
        self, principal: int, rate: Decimal, periods: int
    ):
        rows = make_plan(
            terms(principal_fen=principal, rate_annual=rate, periods=periods)
        ).instalments
        assert len(rows) == periods
        assert len({row.total_fen for row in rows[:-1]}) == 1
        assert abs(rows[-1].total_fen - rows[0].total_fen) <= periods

    @given(
        st.integers(10_000, 20_000_000),
        st.decimals("0.001", "0.24", places=4),
        st.integers(2, 36),
    )
    @settings(max_examples=60)
    def test_pay_the_exact_annuity_rounded(self, principal: int, rate: Decimal, periods: int):
        factor = Fraction(rate) / 12
        exact = principal * factor / (1 - (1 + factor) ** -periods)
        first = make_plan(
            terms(principal_fen=principal, rate_annual=rate, periods=periods)
        ).instalments[0]
        rounded = (Decimal(exact.numerator) / exact.denominator).quantize(Decimal(1), ROUND_HALF_UP)
        assert first.total_fen == rounded

    def test_take_an_agreed_payment_and_leave_the_rest_to_the_last(self):
        rows = make_plan(terms(instalment_fen=90_000)).instalments
        assert {row.total_fen for row in rows[:-1]} == {90_000}
        assert rows[-1].total_fen > 90_000

    def test_refuse_a_payment_that_does_not_cover_the_interest(self):
        with pytest.raises(PlanImpossible):
            make_plan(terms(instalment_fen=14_999))


class TestOtherMethods:
    def test_equal_principal_pays_interest_on_what_is_left(self):
        rows = make_plan(terms(method="equal-principal", principal_fen=1_200_000)).instalments
        assert [row.principal_fen for row in rows] == [100_000] * 12
        assert rows[0].interest_fen == 18_000
        assert rows[-1].interest_fen == 1_500

    @pytest.mark.parametrize("method", ["equal-principal", "flat", "interest-free"])
    @pytest.mark.parametrize(
        ("principal", "rounding", "parts"),
        [
            (59, "half-up", [10, 10, 10, 10, 10, 9]),
            (7, "half-up", [1, 1, 1, 1, 1, 2]),
            (9, "half-up", [2, 2, 2, 2, 1, 0]),
            (9, "half-even", [2, 2, 2, 2, 1, 0]),
            (15, "half-up", [3, 3, 3, 3, 3, 0]),
            (15, "half-even", [2, 2, 2, 2, 2, 5]),
        ],
    )
    def test_equal_parts_are_rounded_as_named_and_the_last_takes_the_rest(
        self, method: str, principal: int, rounding: str, parts: list[int]
    ):
        given = terms(method=method, principal_fen=principal, periods=6, rounding=rounding)
        assert [row.principal_fen for row in make_plan(given).instalments] == parts

    def test_interest_only_pays_the_principal_with_the_last(self):
        rows = make_plan(terms(method="interest-only")).instalments
        assert [row.principal_fen for row in rows] == [0] * 11 + [1_000_000]
        assert {row.interest_fen for row in rows} == {15_000}

    def test_bullet_is_one_payment_at_the_end(self):
        (row,) = make_plan(terms(method="bullet", day_count="act/365")).instalments
        assert row.due_date == date(2027, 11, 23)
        assert row.total_fen == 1_180_000

    @pytest.mark.parametrize("day_count", ["30/360", "act/365", "1/12"])
    def test_flat_takes_the_same_fee_each_time_whatever_the_days(self, day_count: str):
        rows = make_plan(terms(method="flat", day_count=day_count)).instalments
        assert {row.fee_fen for row in rows} == {15_000}
        assert sum(row.interest_fen for row in rows) == 0

    def test_flat_spreads_a_broken_first_period_too(self):
        """15 days of 360 and eleven months of 15,000 fen each, in twelve equal fees."""
        rows = make_plan(terms(method="flat", first_due=date(2026, 12, 8))).instalments
        assert {row.fee_fen for row in rows} == {14_375}

    @pytest.mark.parametrize("method", ["bullet", "interest-only"])
    def test_a_single_repayment_may_be_of_a_single_fen(self, method: str):
        plan = make_plan(terms(method=method, principal_fen=1))
        assert plan.instalments[-1].principal_fen == 1
        with pytest.raises(PlanImpossible):
            make_plan(terms(method=method, principal_fen=0))

    @pytest.mark.parametrize("day_count", ["30/360", "1/12"])
    @pytest.mark.parametrize("first_due", [date(2026, 12, 8), date(2027, 1, 15), None])
    def test_bullet_bears_the_interest_of_all_periods(self, day_count, first_due):
        """On an amount that leaves nothing to round: one payment costs what twelve would."""
        each, once = (
            make_plan(
                terms(
                    method=method,
                    principal_fen=365_000_000,
                    first_due=first_due,
                    day_count=day_count,
                )
            )
            for method in ("interest-only", "bullet")
        )
        assert each.interest_total_fen == once.interest_total_fen

    def test_interest_free_is_the_principal_alone(self):
        rows = make_plan(terms(method="interest-free", periods=3, principal_fen=100)).instalments
        assert [row.total_fen for row in rows] == [33, 33, 34]


class TestDueDates:
    @pytest.mark.parametrize("day", [29, 30, 31])
    def test_keep_the_day_of_the_month_through_short_months(self, day: int):
        rows = make_plan(terms(start=date(2027, 1, day), periods=4)).instalments
        assert [row.due_date for row in rows] == [
            date(2027, 2, 28),
            date(2027, 3, day),
            date(2027, 4, min(day, 30)),
            date(2027, 5, day),
        ]

    def test_may_begin_on_a_given_day_whose_broken_period_bears_its_days(self):
        rows = make_plan(terms(first_due=date(2026, 12, 8))).instalments
        assert rows[0].due_date == date(2026, 12, 8)
        assert rows[0].interest_fen == 7_500  # 15 days of 360
        assert rows[1].due_date == date(2027, 1, 8)

    def test_may_follow_weeks_or_days(self):
        weekly = make_plan(terms(unit="week", every=2, periods=2, day_count="act/364"))
        assert [row.due_date for row in weekly.instalments] == [
            date(2026, 12, 7),
            date(2026, 12, 21),
        ]


class TestFees:
    def test_up_front_comes_with_the_first_and_the_periodic_with_each(self):
        rows = make_plan(terms(fee_upfront_fen=200, fee_period_fen=5)).instalments
        assert [row.fee_fen for row in rows] == [205] + [5] * 11


class TestWhatCannotBeAPlan:
    @pytest.mark.parametrize(
        ("field", "changes"),
        [
            ("/principal_fen", {"principal_fen": -1}),
            ("/principal_fen", {"principal_fen": 11}),
            ("/periods", {"periods": 0}),
            ("/rate_annual", {"rate_annual": Decimal(-1)}),
            ("/method", {"method": "magic"}),
            ("/rounding", {"rounding": "up"}),
            ("/fee_upfront_fen", {"fee_upfront_fen": -1}),
            ("/first_due", {"first_due": START}),
        ],
    )
    def test_is_refused_with_the_field(self, field: str, changes: dict[str, object]):
        with pytest.raises(PlanImpossible) as refused:
            make_plan(terms(**changes))
        assert refused.value.field == field
        assert refused.value.mend
