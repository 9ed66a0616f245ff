"""What holds for every plan, and a second implementation in fractions that knows nothing of it."""

from calendar import monthrange
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lending.engine.day_count import year_part
from lending.engine.plans import Method, PlanInput, make_plan

DAY_COUNTS = ["30/360", "1/12", "act/360", "act/364", "act/365", "act/act"]
ACTUAL = [name for name in DAY_COUNTS if name.startswith("act")]


@st.composite
def any_terms(draw: st.DrawFn, *, rate_min: str = "0") -> PlanInput:
    start = draw(st.dates(date(2024, 1, 1), date(2030, 12, 31)))
    method = draw(st.sampled_from(list(Method)))
    first_due = draw(st.none() | st.integers(1, 80).map(lambda days: start + timedelta(days=days)))
    periods = draw(st.integers(1, 60))
    is_by_parts = method not in ("interest-only", "bullet")
    return PlanInput(
        principal_fen=draw(st.integers(1_000, 20_000_000)),
        rate_annual=draw(st.decimals(rate_min, "0.36", places=4)),
        periods=periods,
        method=method,
        start=start,
        every=draw(st.integers(1, 3)),
        unit=draw(st.sampled_from(["day", "week", "month"])),
        first_due=first_due,
        day_count=draw(st.sampled_from(DAY_COUNTS)),
        rounding=draw(st.sampled_from(["half-up", "half-even"])),
        fee_upfront_fen=draw(st.integers(0, 10_000)),
        fee_period_fen=draw(st.integers(0, 1_000)),
        grace_periods=draw(st.integers(0, periods - 1)) if is_by_parts else 0,
    )


class Second:
    """The plan again, in fractions, by the words of the rules alone."""

    def __init__(self, terms: PlanInput) -> None:
        self.terms = terms
        self.dates = [self.due(k) for k in range(terms.periods)]
        if terms.method == "bullet":
            self.dates = self.dates[-1:]

    def due(self, k: int) -> date:
        terms = self.terms
        if terms.unit != "month":
            step = timedelta(days=terms.every * {"day": 1, "week": 7}[terms.unit])
            return (terms.first_due or terms.start + step) + k * step
        anchor = terms.first_due or terms.start
        return self.later(anchor, terms.every * (k if terms.first_due else k + 1))

    @staticmethod
    def later(day: date, months: int) -> date:
        year, month = day.year, day.month + months
        while month > 12:
            year, month = year + 1, month - 12
        return date(year, month, min(day.day, monthrange(year, month)[1]))

    def share(self, k: int) -> Fraction:
        """Of the annual rate, borne by payment k."""
        terms, begin = self.terms, self.dates[k - 1] if k else self.terms.start
        end, by_months = self.dates[k], terms.day_count in ("30/360", "1/12")
        if by_months and terms.unit == "month" and terms.method == "bullet":
            each = replace(terms, method="interest-only")
            return sum((Second(each).share(k) for k in range(terms.periods)), Fraction(0))
        is_regular = k or terms.first_due is None
        if by_months and terms.unit == "month" and is_regular:
            return Fraction(terms.every, 12)
        if by_months:
            months = 0
            while self.later(begin, months + 1) <= end:
                months += 1
            rest = (end - self.later(begin, months)).days
            return Fraction(months, 12) + Fraction(
                rest, 360 if terms.day_count == "30/360" else 365
            )
        if terms.day_count != "act/act":
            return Fraction((end - begin).days, int(terms.day_count[4:]))
        days = [begin + timedelta(days=n) for n in range((end - begin).days)]
        leap = sum(monthrange(day.year, 2)[1] == 29 for day in days)
        return Fraction(leap, 366) + Fraction(len(days) - leap, 365)

    def rounded(self, amount: Fraction) -> int:
        if self.terms.rounding == "half-even":
            return round(amount)
        return floor(amount + Fraction(1, 2))

    def rows(self) -> list[tuple[date, int, int, int, int]]:
        terms, rate, rows = self.terms, Fraction(self.terms.rate_annual), []
        count, balance = len(self.dates), self.terms.principal_fen
        shares = [rate * self.share(k) for k in range(count)]
        if terms.method == "flat":
            shares = [sum(shares) / count] * count
        discounts, discount = Fraction(0), Fraction(1)
        grace = terms.grace_periods
        for share in shares[grace:] if terms.method == "equal-instalment" else ():
            discount /= 1 + share
            discounts += discount
        for k, share in enumerate(shares):
            interest, fee = self.rounded(balance * share), 0
            if k < grace:
                principal = 0
            elif terms.method == "equal-instalment":
                part = self.rounded(terms.principal_fen / discounts) - interest
                principal = min(max(part, 0), balance)
            elif terms.method in ("bullet", "interest-only"):
                principal = 0
            else:
                part = self.rounded(Fraction(terms.principal_fen, terms.periods - grace))
                principal = min(part, balance)
            if terms.method == "flat":
                interest, fee = 0, self.rounded(terms.principal_fen * share)
            if terms.method == "interest-free":
                interest = 0
            if k == count - 1:
                principal = balance
            balance -= principal
            fee += terms.fee_period_fen + (terms.fee_upfront_fen if k == 0 else 0)
            rows.append((self.dates[k], principal, interest, fee, balance))
        return rows


def told(terms: PlanInput) -> list[tuple[date, int, int, int, int]]:
    return [
        (row.due_date, row.principal_fen, row.interest_fen, row.fee_fen, row.balance_fen)
        for row in make_plan(terms).instalments
    ]


def is_possible(terms: PlanInput) -> bool:
    return terms.principal_fen >= terms.periods


class TestEveryPlan:
    @given(any_terms().filter(is_possible))
    @settings(max_examples=200, deadline=None)
    def test_is_the_one_of_a_second_implementation_to_the_fen(self, terms: PlanInput):
        assert told(terms) == Second(terms).rows()

    @given(any_terms().filter(is_possible))
    @settings(deadline=None)
    def test_p1_repays_the_amount_on_rising_dates_and_never_a_negative_part(self, terms: PlanInput):
        rows = make_plan(terms).instalments
        assert sum(row.principal_fen for row in rows) == terms.principal_fen
        assert all(min(row.principal_fen, row.interest_fen, row.fee_fen) >= 0 for row in rows)
        assert all(a < b for a, b in pairwise([terms.start, *(row.due_date for row in rows)]))

    @given(any_terms().filter(is_possible))
    @settings(deadline=None)
    def test_p4_paid_on_plan_ends_with_every_balance_0(self, terms: PlanInput):
        plan = make_plan(terms)
        owed = terms.principal_fen + plan.interest_total_fen + plan.fee_total_fen
        assert owed == sum(row.total_fen for row in plan.instalments)
        assert plan.instalments[-1].balance_fen == 0

    @given(
        st.integers(100_000, 20_000_000),
        st.decimals("0.01", "0.24", places=4),
        st.integers(1, 60),
        st.sampled_from([m for m in Method if m not in ("interest-free", "flat")]),
    )
    @settings(deadline=None)
    def test_p21_more_rate_term_or_principal_never_costs_less(self, amount, rate, periods, method):
        terms = PlanInput(amount, rate, periods, method, date(2026, 1, 31))
        interest = make_plan(terms).interest_total_fen
        for more in (
            replace(terms, rate_annual=rate + Decimal("0.001")),
            replace(terms, periods=periods + 1),
            replace(terms, principal_fen=amount + 10_000),
        ):
            assert make_plan(more).interest_total_fen >= interest


BROKEN = date(2026, 12, 8)


class TestTheGoldenTable:
    """599,900 fen at 14.4 % in 12 months from 2026-11-23, frozen."""

    @pytest.mark.parametrize(
        ("method", "day_count", "first_due", "frozen"),
        [
            ("equal-instalment", "30/360", None, (53_976, 53_979, 47_815, 0)),
            ("equal-instalment", "act/365", None, (53_963, 53_964, 47_657, 0)),
            ("equal-instalment", "1/12", BROKEN, (53_652, 53_651, 43_923, 0)),
            ("equal-principal", "30/360", None, (57_191, 50_588, 46_792, 0)),
            ("equal-principal", "act/365", None, (57_092, 50_599, 46_642, 0)),
            ("equal-principal", "1/12", BROKEN, (53_542, 50_588, 43_143, 0)),
            ("interest-only", "30/360", None, (7_199, 607_099, 86_388, 0)),
            ("interest-only", "act/365", None, (7_100, 607_237, 86_386, 0)),
            ("interest-only", "1/12", BROKEN, (3_550, 607_099, 82_739, 0)),
            ("bullet", "30/360", None, (686_286, 686_286, 86_386, 0)),
            ("bullet", "1/12", BROKEN, (682_637, 682_637, 82_737, 0)),
            ("flat", "30/360", None, (57_191, 57_187, 0, 86_388)),
            ("flat", "act/365", None, (57_191, 57_187, 0, 86_388)),
            ("interest-free", "30/360", None, (49_992, 49_988, 0, 0)),
        ],
    )
    def test_holds_to_the_fen(self, method, day_count, first_due, frozen):
        plan = make_plan(
            PlanInput(
                *(599_900, Decimal("0.144"), 12, method, date(2026, 11, 23)),
                first_due=first_due,
                day_count=day_count,
            )
        )
        payments = [row.total_fen for row in plan.instalments]
        sums = plan.interest_total_fen, plan.fee_total_fen
        assert (payments[0], payments[-1], *sums) == frozen


class TestTheMonthEnd:
    @pytest.mark.parametrize("day", range(1, 32))
    @pytest.mark.parametrize("every", [1, 3])
    def test_p1_rule_holds_for_every_start_day(self, day: int, every: int):
        plan = make_plan(
            PlanInput(1_000_000, Decimal("0.18"), 60, "flat", date(2027, 1, day), every=every)
        )
        for row in plan.instalments:
            last = monthrange(row.due_date.year, row.due_date.month)[1]
            assert row.due_date.day == min(day, last)
        assert {row.fee_fen for row in plan.instalments} == {15_000 * every}

    @pytest.mark.parametrize("day", [29, 30, 31])
    def test_a_month_between_anchored_dates_is_a_twelfth_after_a_broken_first_period(self, day):
        plan = make_plan(
            PlanInput(
                *(1_200_000, Decimal("0.12"), 4, "interest-only", date(2026, 12, 10)),
                first_due=date(2027, 1, day),
            )
        )
        broken = 12_000 + 400 * (day - 10)
        assert [row.interest_fen for row in plan.instalments] == [broken, 12_000, 12_000, 12_000]
        assert plan.instalments[1].due_date == date(2027, 2, 28)

    @pytest.mark.parametrize(
        ("start", "first_due", "days_30_360", "days_1_12"),
        [
            (date(2027, 1, 31), date(2027, 2, 28), 30, Fraction(1, 12)),
            (date(2027, 1, 30), date(2027, 2, 28), 30, Fraction(1, 12)),
            (date(2027, 1, 29), date(2027, 3, 1), 31, Fraction(1, 12) + Fraction(1, 365)),
            (date(2027, 1, 31), date(2027, 3, 31), 60, Fraction(2, 12)),
            (date(2027, 2, 28), date(2027, 3, 31), 33, Fraction(1, 12) + Fraction(3, 365)),
            (date(2027, 1, 31), date(2027, 2, 15), 15, Fraction(15, 365)),
            (date(2028, 1, 31), date(2028, 2, 29), 30, Fraction(1, 12)),
        ],
    )
    def test_a_broken_first_period_is_whole_months_then_days(
        self, start: date, first_due: date, days_30_360: int, days_1_12: Fraction
    ):
        assert year_part(start, first_due, "30/360") == Fraction(days_30_360, 360)
        assert year_part(start, first_due, "1/12") == days_1_12


class TestDaysCountedAsTheyAre:
    @given(
        st.lists(st.dates(date(2020, 1, 1), date(2040, 1, 1)), min_size=3, max_size=3).map(sorted),
        st.sampled_from(ACTUAL),
    )
    def test_p3_add_up_wherever_they_are_split(self, days: list[date], convention: str):
        a, b, c = days
        assert year_part(a, c, convention) == (
            year_part(a, b, convention) + year_part(b, c, convention)
        )


class TestRounding:
    """600 fen at 13 % for a month are 6.5 fen, at 17 % 8.5 fen: exactly half, though 0.13/12 is not
    a decimal."""

    @pytest.mark.parametrize(
        ("rate", "up", "even"), [("0.13", 7, 6), ("0.17", 9, 8), ("0.11", 6, 6)]
    )
    def test_of_exact_halves_is_frozen_by_its_name(self, rate: str, up: int, even: int):
        def interest(rounding: str) -> int:
            terms = PlanInput(600, Decimal(rate), 1, "bullet", date(2026, 1, 1), rounding=rounding)
            return make_plan(terms).interest_total_fen

        assert (interest("half-up"), interest("half-even")) == (up, even)
