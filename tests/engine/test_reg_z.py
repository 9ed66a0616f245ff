"""The examples that US Regulation Z publishes (12 CFR 1026, Appendix J, paragraph (c))."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lending.engine.errors import NoAnnualRate
from lending.engine.rates import Flow, solve
from lending.engine.reg_z import UnitPeriod, annual_rate
from lending.foundation.calendar import add_months

Term = tuple[int, str]


def flows(advances: list[tuple[Term, str]], payments: list[tuple[Term, str]]) -> list[Flow]:
    def at(rows: list[tuple[Term, str]], sign: int) -> list[Flow]:
        return [
            Flow(
                sign * Decimal(amount),
                Decimal(whole),
                Decimal(Fraction(odd).numerator) / Fraction(odd).denominator,
            )
            for (whole, odd), amount in rows
        ]

    return [*at(advances, -1), *at(payments, 1)]


def series(amount: str, count: int, first: int, odd: str = "0") -> list[tuple[Term, str]]:
    return [((first + k, odd), amount) for k in range(count)]


def single(amount: str) -> list[tuple[Term, str]]:
    return [((0, "0"), amount)]


START = (0, "0")
EXAMPLES = [
    ("c1i monthly", single("5000"), series("230", 24, 1), 12, "9.69"),
    ("c1ii long first", single("6000"), series("200", 36, 1, "19/30"), 12, "11.82"),
    ("c1iii semimonthly", single("5000"), series("219.17", 24, 0, "6/15"), 24, "10.34"),
    ("c1iv quarterly", single("10000"), series("385", 40, 1, "39/90"), 4, "8.97"),
    ("c1v weekly", single("500"), series("17.60", 30, 4, "4/7"), 52, "14.96"),
    (
        "c2i odd first payment",
        single("5000"),
        [((1, "0"), "250"), *series("230", 23, 2)],
        12,
        "10.08",
    ),
    (
        "c2ii four weeks",
        single("400"),
        [((1, "5/28"), "39.50"), *series("38.31", 11, 2, "5/28")],
        13,
        "28.50",
    ),
    (
        "c3i odd last payment",
        single("5000"),
        [*series("230", 23, 1), ((24, "0"), "280")],
        12,
        "10.50",
    ),
    (
        "c3ii fortnights",
        single("200"),
        [*series("9.50", 19, 0, "8/14"), ((19, "8/14"), "30")],
        26,
        "12.22",
    ),
    (
        "c4i odd first and last payment",
        single("5000"),
        [((1, "0"), "250"), *series("230", 22, 2), ((24, "0"), "280")],
        12,
        "10.90",
    ),
    (
        "c4ii every two months",
        single("8000"),
        [
            ((0, "52/60"), "449.36"),
            *series("465", 18, 1, "52/60"),
            ((19, "52/60"), "200"),
        ],
        6,
        "7.30",
    ),
    ("c5i one payment", single("1000"), [((1, "0"), "1080")], Fraction(365, 255), "11.45"),
    (
        "construction loan, three advances",
        [(START, "20000"), ((2, "2/30"), "20000"), ((5, "8/30"), "20000")],
        series("612.36", 240, 8),
        12,
        "10.25",
    ),
]


def skipped_payments() -> list[tuple[Term, str]]:
    """Every 4 weeks from 1978-02-20, but never twice in one month: then two weeks later."""
    unit, rows = UnitPeriod("week", Fraction(13)), []
    for first, count in [
        (date(1978, 2, 20), 9),
        (date(1978, 11, 13), 6),
        (date(1979, 5, 14), 6),
        (date(1979, 11, 12), 3),
    ]:
        for k in range(count):
            whole, odd = unit.between(date(1978, 1, 25), first + timedelta(days=28 * k))
            rows.append(((whole, str(odd)), "100"))
    return rows


class TestThePublishedExamples:
    @pytest.mark.parametrize(
        ("advances", "payments", "per_year", "published"),
        [pytest.param(*row[1:], id=row[0]) for row in EXAMPLES],
    )
    def test_come_out_to_the_digit(self, advances, payments, per_year, published: str):
        rate = annual_rate(flows(advances, payments), Fraction(per_year))
        assert round(rate * 100, 2) == Decimal(published)

    def test_a_loan_with_skipped_payments_is_counted_by_its_dates(self):
        rate = annual_rate(flows(single("2135"), skipped_payments()), Fraction(13))
        assert round(rate * 100, 2) == Decimal("12.00")

    @pytest.mark.parametrize(
        ("unit", "start", "end", "whole", "odd"),
        [
            (UnitPeriod("month", Fraction(12)), "1978-01-10", "1978-02-10", 1, "0"),
            (UnitPeriod("month", Fraction(12)), "1978-02-10", "1978-04-01", 1, "19/30"),
            (UnitPeriod("month", Fraction(24)), "1978-02-23", "1978-03-01", 0, "6/15"),
            (UnitPeriod("month", Fraction(4)), "1978-05-23", "1978-10-01", 1, "39/90"),
            (UnitPeriod("week", Fraction(52)), "1978-03-20", "1978-04-21", 4, "4/7"),
            (UnitPeriod("week", Fraction(13)), "1978-03-18", "1978-04-20", 1, "5/28"),
            (UnitPeriod("week", Fraction(26)), "1978-04-03", "1978-04-11", 0, "8/14"),
            (UnitPeriod("month", Fraction(6)), "1978-01-10", "1978-03-01", 0, "52/60"),
            (UnitPeriod("day", Fraction(365, 255)), "1978-01-03", "1978-09-15", 1, "0"),
            (UnitPeriod("month", Fraction(12)), "1979-04-10", "1979-06-12", 2, "2/30"),
            (UnitPeriod("month", Fraction(12)), "1979-04-10", "1979-09-18", 5, "8/30"),
            (UnitPeriod("year", Fraction(1)), "1978-01-10", "1980-01-10", 2, "0"),
            (UnitPeriod("year", Fraction(1)), "1978-01-10", "1979-07-10", 1, "6/12"),
            (UnitPeriod("year", Fraction(1)), "1978-01-10", "1979-01-20", 1, "10/365"),
        ],
    )
    def test_count_their_dates_backwards(self, unit, start: str, end: str, whole: int, odd: str):
        counted = unit.between(date.fromisoformat(start), date.fromisoformat(end))
        assert counted == (whole, Fraction(odd))


class TestMonthsBetween:
    MONTHS = UnitPeriod("month", Fraction(12))

    @given(st.dates(date(1990, 1, 1), date(2060, 1, 1)), st.integers(0, 400))
    def test_are_whole_from_any_start_to_its_own_due_dates(self, start: date, months: int):
        assert self.MONTHS.between(start, add_months(start, months)) == (months, 0)

    @given(
        st.dates(date(1990, 1, 1), date(2060, 1, 1)),
        st.integers(0, 1_000),
        st.integers(1, 60),
    )
    def test_of_a_series_have_the_same_odd_days_up_to_the_28th(self, start, wait, later):
        first = (start + timedelta(days=wait)).replace(day=min(28, start.day))
        if first < start or start.day > 28:
            return
        whole, odd = self.MONTHS.between(start, first)
        assert self.MONTHS.between(start, add_months(first, later)) == (whole + later, odd)

    def test_keep_the_odd_days_of_a_series_on_the_31st(self):
        due = [date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 31), date(2026, 6, 30)]
        counted = [self.MONTHS.between(date(2026, 1, 20), day, anchor_day=31) for day in due]
        assert counted == [(2 + k, Fraction(11, 30)) for k in range(4)]


class TestTheEquation:
    @given(
        st.integers(1_000, 1_000_000),
        st.integers(0, 200_000),
        st.integers(1, 5),
        st.integers(0, 29),
        st.integers(1, 40),
    )
    @settings(max_examples=40, deadline=None)
    def test_p5_agrees_with_bisection(self, advance, cost, first, days, count):
        payment, odd = Decimal(-(-(advance + cost) // count)), Decimal(days) / 30
        rows = [Flow(payment, Decimal(first + k), odd) for k in range(count)]
        solved = solve([Flow(Decimal(-advance), Decimal(0)), *rows])
        low, high = Decimal(0), Decimal(256)
        for _ in range(60):
            rate = (low + high) / 2
            worth = sum(
                payment / ((1 + odd * rate) * (1 + rate) ** (first + k)) for k in range(count)
            )
            low, high = (rate, high) if worth > advance else (low, rate)
        assert abs(solved - low) < Decimal("1e-9")

    def test_refuses_what_several_rates_solve(self):
        three = [-1000, 3600, -4310, 1716]  # 10 %, 20 % and 30 %
        with pytest.raises(NoAnnualRate, match="several"):
            solve([Flow(Decimal(amount), Decimal(t)) for t, amount in enumerate(three)])

    @pytest.mark.parametrize(
        "discounts",
        [
            ("0.9", "0.9003", "0.5"),
            ("0.8", "0.8001", "0.2"),
            ("0.5", "0.5", "0.9"),
            ("0.9", "0.9001", "1"),
            ("0.9999", "1", "1.5"),
        ],
    )
    def test_refuses_several_rates_however_near_each_other(self, discounts: tuple[str, ...]):
        """Three discount factors at which the flows are worth nothing."""
        a, b, c = (Decimal(each) for each in discounts)
        amounts = [-a * b * c, a * b + b * c + a * c, -(a + b + c), Decimal(1)]
        with pytest.raises(NoAnnualRate, match="several"):
            solve([Flow(1000 * amount, Decimal(t)) for t, amount in enumerate(amounts)])

    def test_refuses_what_cancels_out(self):
        with pytest.raises(NoAnnualRate, match="cancel"):
            solve([Flow(Decimal(-100), Decimal(1)), Flow(Decimal(100), Decimal(1))])

    def test_refuses_what_no_rate_solves(self):
        none = [100, -50, 20]
        with pytest.raises(NoAnnualRate, match="no rate"):
            solve([Flow(Decimal(amount), Decimal(t)) for t, amount in enumerate(none)])

    def test_refuses_payments_below_the_advances(self):
        with pytest.raises(NoAnnualRate, match="less than the advances"):
            solve([Flow(Decimal(-100), Decimal(0)), Flow(Decimal(99), Decimal(1), Decimal("0.5"))])

    def test_finds_the_one_rate_of_advances_among_payments(self):
        rows = [(0, -1000), (1, 200), (2, -500), (3, 800), (4, 700)]
        rate = solve([Flow(Decimal(a), Decimal(t)) for t, a in rows])
        assert abs(sum(a / (1 + float(rate)) ** t for t, a in rows)) < 1e-9

    @given(
        st.lists(st.integers(-1_000, 1_000), min_size=2, max_size=8),
        st.integers(1, 1_000),
    )
    @settings(max_examples=200, deadline=None)
    def test_p5_any_order_gives_a_true_rate_or_is_refused(self, later: list[int], first: int):
        amounts = [-first, *later]
        try:
            rate = solve([Flow(Decimal(amount), Decimal(t)) for t, amount in enumerate(amounts)])
        except NoAnnualRate:
            exact = sum(amounts)
            assert exact < 0 or changes(amounts) != 1
            return
        assert rate >= 0
        growth = 1 + rate
        last = len(amounts) - 1
        left = sum(amount * growth ** (last - t) for t, amount in enumerate(amounts))
        assert abs(left) <= Decimal("1e-9") * 1_000 * growth**last


def changes(amounts: list[int]) -> int:
    signs = [amount > 0 for amount in amounts if amount]
    return sum(a != b for a, b in pairwise(signs))
