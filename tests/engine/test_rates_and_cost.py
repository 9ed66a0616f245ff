from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lending.engine.cost import CostTable, cost_table, require_within_cap
from lending.engine.errors import CostOverCap, NoAnnualRate
from lending.engine.plans import PlanInput, make_plan
from lending.engine.rates import _between, effective, nominal, period_irr, xirr

EQUAL_18 = [916_80] * 12
GUARANTEE_ON_BALANCE = [
    row.total_fen + round(balance * 0.004)
    for row, balance in zip(
        make_plan(
            PlanInput(1_000_000, Decimal("0.18"), 12, "equal-instalment", date(2026, 1, 1))
        ).instalments,
        [
            1_000_000,
            *[
                row.balance_fen
                for row in make_plan(
                    PlanInput(1_000_000, Decimal("0.18"), 12, "equal-instalment", date(2026, 1, 1))
                ).instalments[:-1]
            ],
        ],
        strict=True,
    )
]


class TestTheRegulationsVectors:
    @pytest.mark.parametrize(
        ("advance", "payments", "simple", "compound"),
        [
            (1_200_000, [110_000] * 12, "17.9720", "19.5288"),
            (1_200_000, [100_000] * 12, "0", "0"),
            (1_000_000, EQUAL_18, "18.0000", "19.5618"),
            (980_000, EQUAL_18, "21.9099", "24.2496"),
            (1_000_000, GUARANTEE_ON_BALANCE, "22.8000", "25.3401"),
            (1_000_000, [91_680 + 4_000] * 12, "26.3078", "29.7236"),
        ],
    )
    def test_come_out_to_the_digit(
        self, advance: int, payments: list[int], simple: str, compound: str
    ):
        rate = period_irr([-advance, *payments])
        assert abs(nominal(rate) * 100 - Decimal(simple)) < Decimal("0.0001")
        assert abs(effective(rate) * 100 - Decimal(compound)) < Decimal("0.0002")


def near(flows: list[int], rate: Decimal) -> bool:
    """Whether the rate solves the flows, but for its last digits."""
    worth = [
        sum(flow / (1 + rate * by) ** k for k, flow in enumerate(flows))
        for by in (Decimal("0.999999"), Decimal("1.000001"))
    ]
    return worth[0] * worth[1] < 0


class TestTheSolver:
    @given(
        st.integers(100_000, 10_000_000),
        st.integers(1, 36),
        st.integers(0, 5_000_000),
    )
    @settings(max_examples=60, deadline=None)
    def test_p5_agrees_with_bisection(self, advance: int, periods: int, cost: int):
        payment = -(-(advance + cost) // periods)
        flows = [-advance, *[payment] * periods]
        rate = period_irr(flows)
        low, high = Decimal(0), Decimal(1024)
        for _ in range(70):
            middle = (low + high) / 2
            worth = sum(flow / (1 + middle) ** k for k, flow in enumerate(flows))
            low, high = (middle, high) if worth > 0 else (low, middle)
        assert abs(rate - low) < Decimal("1e-9")

    def test_gives_exactly_zero_for_no_cost(self):
        assert period_irr([-300, 100, 100, 100]) == 0

    def test_gives_exactly_a_rate_that_decimals_can_write(self):
        assert period_irr([-10_000, 10_002]) == Decimal("0.0002")
        assert period_irr([-10_000, 0, 12_100]) == Decimal("0.1")

    @pytest.mark.parametrize("flows", [[-300, 100, 100], [300, -100], [-300], [0, 0]])
    def test_names_flows_that_have_no_rate(self, flows: list[int]):
        with pytest.raises(NoAnnualRate):
            period_irr(flows)

    def test_takes_advances_among_payments(self):
        rate = period_irr([-1_000, 600, -500, 600, 600])
        worth = sum(f / (1 + rate) ** k for k, f in enumerate([-1_000, 600, -500, 600, 600]))
        assert abs(worth) < Decimal("1e-9")

    @pytest.mark.parametrize(
        ("flows", "why"),
        [
            ([300, -100], "before the advances"),
            ([-1, 10**10], "above"),
            ([-100, 200, -50, -50], "several rates"),
            ([-100, 99], "less than the advances"),
            ([], "no advances"),
        ],
    )
    def test_says_why_there_is_no_rate(self, flows: list[int], why: str):
        with pytest.raises(NoAnnualRate, match=why):
            period_irr(flows)

    def test_sees_a_second_rate_however_far_it_is(self):
        flows = [39, -45_300, 53_200, -41_600, 91_700, 78_200]
        assert near(flows, Decimal("0.6946030973276026"))
        assert near(flows, Decimal("1159.3636703117827"))
        with pytest.raises(NoAnnualRate, match="several rates"):
            period_irr(flows)

    def test_finds_zero_to_be_the_one_rate_of_a_loan_lent_again_at_no_cost(self):
        assert period_irr([-100, 50, -50, 100]) == 0

    def test_says_so_rather_than_return_what_it_has_not_found(self):
        with pytest.raises(NoAnnualRate, match="come to rest"):
            _between(lambda _rate: (Decimal(1), Decimal("-1e14")), Decimal(0), Decimal(1))

    def test_takes_any_dates(self):
        rate = xirr([(date(2026, 1, 1), -1_000), (date(2027, 1, 1), 1_100)])
        assert abs(rate - Decimal("0.1")) < Decimal("1e-12")


class TestTheCostTable:
    def table(self, **changes: object) -> CostTable:
        usual: dict[str, object] = {
            "principal_fen": 1_000_000,
            "rate_annual": Decimal("0.18"),
            "periods": 12,
            "method": "equal-instalment",
            "start": date(2026, 1, 1),
        }
        terms = PlanInput(**(usual | changes))  # type: ignore[arg-type]
        return cost_table(make_plan(terms), terms)

    @given(st.integers(0, 100_000), st.integers(1, 50_000))
    @settings(max_examples=50)
    def test_p5_a_fee_more_never_lowers_the_rate(self, fee: int, more: int):
        cheap = self.table(fee_upfront_fen=fee).rate_annual
        assert self.table(fee_upfront_fen=fee + more).rate_annual > cheap

    def test_p5_without_a_cost_is_exactly_zero(self):
        table = self.table(method="interest-free", rate_annual=Decimal(0))
        assert (table.rate_annual, table.rate_effective, table.items) == (0, 0, ())

    def test_names_each_item_with_its_own_rate_and_sum(self):
        table = self.table(fee_upfront_fen=20_000)
        assert [item.code for item in table.items] == ["interest", "fee"]
        assert table.total_fen == sum(item.total_fen for item in table.items)
        assert abs(table.items[0].rate_annual - Decimal("0.18")) < Decimal("0.0001")

    @pytest.mark.parametrize(
        ("every", "unit", "day_count"),
        [
            (14, "day", "act/365"),
            (4, "week", "act/365"),
            (1, "day", "act/365"),
            (3, "month", "1/12"),
        ],
    )
    def test_of_a_plain_loan_has_its_nominal_rate_whatever_the_period(
        self, every: int, unit: str, day_count: str
    ):
        table = self.table(every=every, unit=unit, day_count=day_count)
        assert abs(table.rate_annual - Decimal("0.18")) < Decimal("0.0001")
        assert table.rate_effective > table.rate_annual

    def test_of_two_weeks_is_that_of_fourteen_days(self):
        days = self.table(every=14, unit="day", day_count="act/act", fee_upfront_fen=999)
        assert self.table(every=2, unit="week", day_count="act/act", fee_upfront_fen=999) == days

    def test_of_one_payment_at_the_end_counts_all_its_periods(self):
        table = self.table(method="bullet")
        assert abs(table.rate_effective - Decimal("0.18")) < Decimal("0.0001")

    def test_is_held_against_the_cap_by_the_larger_of_total_and_sum(self):
        table = self.table(fee_upfront_fen=20_000)
        total = sum((item.rate_annual for item in table.items), Decimal(0))
        assert table.rate_gate == max(table.rate_annual, total)
        require_within_cap(table, Decimal("0.24"))
        with pytest.raises(CostOverCap):
            require_within_cap(table, Decimal("0.20"))
