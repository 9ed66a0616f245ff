"""Plans in vectors beside the same plans made singly."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lending.engine.errors import PlanImpossible
from lending.engine.plans import Method, PlanInput, make_plan
from lending.engine.vectors import AMOUNT_MAX, make_plans

TERMS = PlanInput(1, Decimal("0.144"), 12, "equal-instalment", date(2026, 11, 23))

any_terms = st.builds(
    PlanInput,
    principal_fen=st.just(1),
    rate_annual=st.decimals("0", "0.36", places=4)
    | st.decimals("0", "10", places=12)
    | st.sampled_from(["0.13", "0.17", "0.24"]).map(Decimal),
    periods=st.integers(1, 60),
    method=st.sampled_from(list(Method)),
    start=st.dates(date(2024, 1, 1), date(2030, 12, 31)),
    every=st.integers(1, 3),
    unit=st.sampled_from(["day", "week", "month"]),
    day_count=st.sampled_from(["30/360", "1/12", "act/360", "act/364", "act/365", "act/act"]),
    rounding=st.sampled_from(["half-up", "half-even"]),
    fee_upfront_fen=st.integers(0, 10_000),
    fee_period_fen=st.integers(0, 1_000),
)
any_amounts = st.lists(
    st.integers(60, 5_000)
    | st.integers(10_000, 20_000_000)
    | st.integers(2**31 - 3, 2**31 + 3)
    | st.integers(2**31, AMOUNT_MAX),
    min_size=1,
    max_size=8,
)


def assert_same(amounts: list[int], terms: PlanInput) -> None:
    together = make_plans(amounts, terms)
    for column, amount in enumerate(amounts):
        assert together.plan(column) == make_plan(replace(terms, principal_fen=amount))


class TestPlansOfManyAmounts:
    @given(any_amounts, any_terms)
    @settings(max_examples=200, deadline=None)
    def test_are_to_the_fen_those_made_singly(self, amounts: list[int], terms: PlanInput):
        assert_same(amounts, terms)

    @pytest.mark.parametrize("method", list(Method))
    @pytest.mark.parametrize("rounding", ["half-up", "half-even"])
    def test_are_so_over_more_than_one_piece(self, method: str, rounding: str):
        terms = replace(TERMS, method=method, rounding=rounding)
        amounts = np.arange(600_000, 600_000 + 20_000)
        together = make_plans(amounts, terms)
        for column in [*range(0, 20_000, 371), 8_191, 8_192, 19_999]:
            singly = make_plan(replace(terms, principal_fen=int(amounts[column])))
            assert together.plan(column) == singly

    @pytest.mark.parametrize("rounding", ["half-up", "half-even"])
    @pytest.mark.parametrize("rate", ["0", "0.13", "0.17"])
    def test_round_exact_halves_as_named(self, rate: str, rounding: str):
        terms = replace(TERMS, rate_annual=Decimal(rate), rounding=rounding)
        assert_same(list(range(12, 1_300)), terms)

    @pytest.mark.parametrize("method", ["equal-instalment", "equal-principal", "flat"])
    def test_repay_no_principal_in_grace_periods(self, method: str):
        terms = replace(TERMS, method=method, grace_periods=4)
        assert_same([599_900, 12, 2**40 + 1], terms)
        assert make_plans([599_900], terms).principal_fen[:4].tolist() == [[0]] * 4

    def test_take_an_agreed_payment(self):
        assert_same([600_000, 600_001, 611_111], replace(TERMS, instalment_fen=54_321))

    def test_take_a_broken_first_period_and_moved_due_dates(self):
        terms = replace(TERMS, first_due=date(2027, 1, 31), move_due="following")
        assert_same([100_000, 599_900], terms)


class TestWhatCannotBePlanned:
    @pytest.mark.parametrize(
        "amounts",
        [[], [1.5], [[12, 13]], [True], [11, 100], [AMOUNT_MAX + 1], [2**70], ["12"], [-5]],
    )
    def test_names_the_amounts(self, amounts: list[object]):
        with pytest.raises(PlanImpossible) as refused:
            make_plans(np.array(amounts), TERMS)
        assert refused.value.field == "/principal_fen"

    @pytest.mark.parametrize("payment", [1, 2**40, 2**70])
    def test_names_an_agreed_payment_that_does_not_fit_every_amount(self, payment: int):
        with pytest.raises(PlanImpossible) as refused:
            make_plans([600_000, 610_000], replace(TERMS, instalment_fen=payment))
        assert refused.value.field == "/instalment_fen"
