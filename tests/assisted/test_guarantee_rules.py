"""Who may stand behind loans, for how much, and what it costs the borrower."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lending.compliance import gates, parameters
from lending.compliance.errors import CostOverCap as GateCostOverCap
from lending.compliance.model import Parameters
from lending.engine.errors import CostOverCap
from lending.foundation.audit import SYSTEM
from lending.guarantees import rules
from lending.guarantees import service as guarantees
from lending.guarantees.errors import (
    AgreementRefused,
    GuaranteedTooMuch,
    GuarantorNotAllowed,
    PoolTooSmall,
    QuotaUsedUp,
)
from lending.guarantees.model import Agreement, FeePayer, LicenceKind, Ratio, Standing
from lending.loans.rules import cost_table
from lending.products.model import GuaranteeFee
from lending.products.rules import offer
from tests.assisted.brought import assisted
from tests.loans.world import PRODUCT, World
from tests.today import TODAY

RULES = Parameters(TODAY, {"guarantee.balance_rate_max": "0.50", "guarantee.start_fen": "0"})
AGREED = Agreement(
    guarantor_id="ptn_1",
    product_code="cash",
    licence_kind=LicenceKind.GUARANTEE,
    licence_no="RZDB-1",
    licence_to=date(2027, 1, 1),
    fee_payer=FeePayer.BORROWER,
    fee_rate=Decimal("0.02"),
    trigger_days=30,
    covers_interest=True,
    covers_penalty=False,
    quota_fen=1_000_000,
    claims_cap_fen=100_000,
    pool_min_fen=5_000,
    valid_from=TODAY,
    id="gag_1",
)


class TestTheBalance:
    @given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(1, 10**7))
    def test_r_guar_50_with_the_new_loan_is_at_most_half(self, other, guaranteed, new):
        found = Ratio(guaranteed, guaranteed + other)
        is_over = 2 * (guaranteed + new) > guaranteed + other + new
        if is_over:
            with pytest.raises(GuaranteedTooMuch):
                rules.require_ratio(found, new, RULES)
        else:
            rules.require_ratio(found, new, RULES)

    def test_r_guar_50_measures_no_book_that_only_begins(self):
        begins = Parameters(TODAY, {**RULES.values, "guarantee.start_fen": "1000"})
        rules.require_ratio(Ratio(0, 0), 1_000, begins)
        with pytest.raises(GuaranteedTooMuch):
            rules.require_ratio(Ratio(0, 0), 1_001, begins)

    def test_r_guar_50_holds_when_two_sign_at_once(self, world: World):
        both = assisted(world, pool_fen=0)
        with world.database.unit_of_work() as tx:
            from tests.batch.portfolio import Lent, lend  # noqa: PLC0415

            lend(tx, world, Lent(principal_fen=1_000_000))
            day = parameters.today(tx)

        def sign(number: int) -> bool:
            try:
                with world.database.unit_of_work() as tx:
                    guarantees.hold(
                        tx,
                        agreement_id=both.agreement_id,
                        loan_id=f"loan_{number}",
                        amount_fen=600_000,
                        rules_of_day=day,
                    )
            except GuaranteedTooMuch:
                return False
            return True

        with ThreadPoolExecutor(2) as hands:
            assert sorted(hands.map(sign, range(2))) == [False, True]
        with world.database.unit_of_work() as tx:
            assert guarantees.ratio(tx) == Ratio(600_000, 1_600_000)
            assert guarantees.standing(tx, both.guarantor_id).guaranteed_fen == 600_000


class TestAGuarantor:
    def test_stands_behind_no_more_than_its_quota_and_its_deposit_allow(self):
        rules.require_room(AGREED, Standing(400_000, 5_000, 0), 600_000)
        with pytest.raises(QuotaUsedUp):
            rules.require_room(AGREED, Standing(400_000, 5_000, 0), 600_001)
        with pytest.raises(PoolTooSmall):
            rules.require_room(AGREED, Standing(0, 4_999, 0), 1)

    def test_r_enh_license_whose_licence_has_ended_is_refused(self, world: World):
        both = assisted(world, pool_fen=0)
        with world.database.unit_of_work() as tx:
            tx.run("UPDATE guarantee_agreement SET licence_to = '2026-11-29'")
            assert guarantees.of_product(tx, PRODUCT.code) is None
            with pytest.raises(GuarantorNotAllowed):
                guarantees.hold(
                    tx,
                    agreement_id=both.agreement_id,
                    loan_id="loan_1",
                    amount_fen=1,
                    rules_of_day=RULES,
                )

    def test_must_be_a_guarantor(self, world: World):
        with pytest.raises(AgreementRefused), world.database.unit_of_work() as tx:
            guarantees.agree(tx, replace(AGREED, guarantor_id=world.partner_id), SYSTEM)

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"fee_rate": Decimal("-0.01")}, "/fee_rate"),
            ({"trigger_days": 0}, "/trigger_days"),
            ({"quota_fen": 0}, "/quota_fen"),
            ({"claims_cap_fen": 0}, "/claims_cap_fen"),
            ({"pool_min_fen": -1}, "/pool_min_fen"),
            ({"licence_no": " "}, "/licence_no"),
            ({"valid_to": date(2026, 1, 1)}, "/valid_to"),
        ],
    )
    def test_with_an_agreement_that_cannot_be_kept_is_refused(self, changed, field):
        with pytest.raises(AgreementRefused) as refused:
            rules.check(replace(AGREED, **changed))
        assert refused.value.field == field


class TestTheFee:
    FEE = GuaranteeFee("安信融资担保有限公司", 1_000)

    def test_assist_7_counts_in_the_all_in_cost_and_in_the_table(self):
        without = offer(PRODUCT, 600_000, 12, TODAY)
        made = offer(PRODUCT, 600_000, 12, TODAY, guarantee_fee=self.FEE)
        assert made.cost.rate_annual > without.cost.rate_annual
        assert made.cost.total_fen == without.cost.total_fen + 12_000
        assert sum(row.fee_fen for row in made.plan.instalments) == 12_000
        row = cost_table(PRODUCT, made)["items"][-1]
        assert (row["name"], row["amount_fen"]) == ("guarantee_fee", 12_000)
        assert row["collector"] == self.FEE.collector

    def test_r_cost_24_that_takes_the_cost_over_the_cap_is_refused(self):
        with pytest.raises(CostOverCap):
            offer(PRODUCT, 600_000, 12, TODAY, guarantee_fee=GuaranteeFee("x", 4_000))

    def test_r_cost_24_is_refused_at_the_signature_too(self):
        made = offer(PRODUCT, 600_000, 12, TODAY, guarantee_fee=self.FEE)
        day = Parameters(
            TODAY, {"cost.cap_rate": "0.18", "cost.basis": "nominal", "cost.target_rate": "0.2"}
        )
        rates = gates.CostRates(
            made.cost.rate_annual, made.cost.rate_gate, made.cost.rate_effective
        )
        with pytest.raises(GateCostOverCap):
            gates.require_cost(rates, replace(day, values={**day.values, "cost.cap_rate": "0.17"}))

    def test_of_the_borrower_is_a_twelfth_of_a_years_each_month(self):
        assert rules.fee_period_fen(AGREED, PRODUCT, 600_000) == 1_000
        assert rules.lender_fee_rate(AGREED) == 0
        lenders = replace(AGREED, fee_payer=FeePayer.LENDER)
        assert rules.fee_period_fen(lenders, PRODUCT, 600_000) == 0
        assert rules.lender_fee_rate(lenders) == Decimal("0.02")

    def test_of_a_period_in_days_is_that_part_of_a_years_and_rounds_as_the_loan_does(self):
        days = replace(PRODUCT, unit="day", every=73, day_count="act/365")
        assert rules.fee_period_fen(AGREED, days, 600_000) == 2_400
        assert rules.fee_period_fen(AGREED, days, 600_125) == 2_401
        even = replace(days, rounding="half-even")
        assert rules.fee_period_fen(AGREED, even, 600_125) == 2_400
