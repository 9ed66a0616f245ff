from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from lending.engine.errors import CostOverCap
from lending.foundation.audit import SYSTEM
from lending.foundation.database import Database
from lending.products import rules, service
from lending.products.errors import (
    AmountOutsideProduct,
    NoSuchProduct,
    PeriodsNotOffered,
    ProductNotAllowed,
)
from lending.products.model import FreeOffer, PayeeKind, SubsidyPayer, Tier
from processes.seed import MALL_PRODUCT as MALL

START = date(2026, 11, 23)


class TestPeriodsOnOffer:
    @pytest.mark.parametrize(
        ("amount_fen", "periods"),
        [
            (10_000, (3, 6)),
            (99_999, (3, 6)),
            (100_000, (3, 6, 12)),
            (499_999, (3, 6, 12)),
            (500_000, (3, 6, 12, 24)),
        ],
    )
    def test_grow_with_the_goods_value(self, amount_fen: int, periods: tuple[int, ...]):
        assert rules.periods_allowed(MALL, amount_fen) == periods

    def test_are_bounded_by_the_decision(self):
        assert rules.periods_allowed(MALL, 500_000, months_max=12) == (3, 6, 12)

    @pytest.mark.parametrize("amount_fen", [9_999, 5_000_001])
    def test_are_none_outside_the_products_amounts(self, amount_fen: int):
        with pytest.raises(AmountOutsideProduct) as refused:
            rules.periods_allowed(MALL, amount_fen)
        assert refused.value.mend == "Use an amount from CNY 100.00 to CNY 50,000.00."


class TestAnOffer:
    def test_with_interest_costs_the_products_rate(self):
        offer = rules.offer(MALL, 599_900, 12, START)
        assert abs(offer.cost.rate_annual - Decimal("0.1440")) < Decimal("0.0001")
        assert offer.subsidy_payer is SubsidyPayer.NONE
        assert offer.plan.principal_fen == 599_900

    def test_free_of_interest_costs_the_borrower_nothing_and_the_merchant_the_interest(self):
        offer = rules.offer(MALL, 599_900, 3, START)
        spared = rules.offer(replace(MALL, free=()), 599_900, 3, START).plan.interest_total_fen
        assert offer.cost.rate_annual == 0
        assert offer.cost.items == ()
        assert offer.plan.interest_total_fen == 0
        assert offer.subsidy_payer is SubsidyPayer.MERCHANT
        assert offer.merchant_subsidy_fen == spared > 0

    def test_free_of_a_level_fee_costs_the_merchant_the_fee(self):
        flat = replace(MALL, method="flat")
        offer = rules.offer(flat, 599_900, 3, START)
        spared = rules.offer(replace(flat, free=()), 599_900, 3, START).plan.fee_total_fen
        assert offer.cost.rate_annual == 0
        assert offer.merchant_subsidy_fen == spared == 21_597

    def test_for_other_periods_is_refused_with_those_on_offer(self):
        with pytest.raises(PeriodsNotOffered) as refused:
            rules.offer(MALL, 99_999, 12, START)
        assert refused.value.mend == "Choose one of 3, 6."

    def test_by_days_and_weeks_falls_due_by_them_and_costs_the_products_rate(self):
        for every, unit in ((14, "day"), (4, "week")):
            product = replace(MALL, every=every, unit=unit, day_count="act/365", free=())
            made = rules.offer(product, 599_900, 6, START)
            step = timedelta(days=14 if unit == "day" else 28)
            assert [row.due_date for row in made.plan.instalments] == [
                START + step * k for k in range(1, 7)
            ]
            assert abs(made.cost.rate_annual - Decimal("0.1440")) < Decimal("0.0002")

    def test_by_days_is_bounded_by_the_decisions_months(self):
        product = replace(MALL, every=14, unit="day", day_count="act/365")
        assert [rules.term_months(product, each) for each in product.periods] == [2, 3, 6, 12]
        assert rules.periods_allowed(product, 500_000, months_max=6) == (3, 6, 12)

    def test_rounds_its_upfront_fee_as_its_terms_say(self):
        for rounding, fee_fen in (("half-up", 3), ("half-even", 2)):
            product = replace(MALL, rounding=rounding, fee_upfront_rate=Decimal("0.000025"))
            assert rules.plan_input(product, 100_000, 6, START).fee_upfront_fen == fee_fen

    def test_above_the_cap_is_refused(self):
        dear = replace(MALL, rate_annual=Decimal("0.2390"), fee_upfront_rate=Decimal("0.02"))
        with pytest.raises(CostOverCap):
            rules.offer(dear, 599_900, 12, START)


class TestPublishing:
    def test_gives_the_next_version_and_keeps_the_one_before(self, database: Database):
        with database.unit_of_work() as tx:
            first = service.publish(tx, MALL, SYSTEM)
            second = service.publish(tx, replace(MALL, rate_annual=Decimal("0.13")), SYSTEM)
            assert (first.version, second.version) == (1, 2)
            assert service.published(tx, MALL.code) == second
            assert service.version(tx, MALL.code, 1) == first

    def test_does_not_know_what_was_never_published(self, database: Database):
        with database.unit_of_work() as tx, pytest.raises(NoSuchProduct):
            service.published(tx, "none")

    @pytest.mark.parametrize(
        ("field", "change"),
        [
            ("/rate_annual", {"rate_annual": Decimal("0.2401")}),
            ("/penalty_rate_annual", {"penalty_rate_annual": Decimal("0.2161")}),
            ("/periods", {"periods": (12, 6)}),
            ("/amount_min_fen", {"amount_min_fen": 0}),
            ("/purposes", {"purposes": ()}),
            ("/payee", {"payee": PayeeKind.BORROWER}),
            ("/payee", {"scenario": "assisted_lending"}),
            ("/unit", {"unit": "fortnight"}),
            ("/every", {"every": 0}),
            ("/every", {"unit": "day", "every": 367}),
            ("/day_count", {"unit": "day", "every": 14}),
            ("/day_count", {"unit": "week", "day_count": "1/12"}),
            ("/day_count", {"day_count": "30/365"}),
            ("/rounding", {"rounding": "up"}),
            ("/periods", {"periods": (0, 6)}),
            ("/periods", {"periods": (6, 601)}),
            ("/amount_min_fen", {"amount_min_fen": 20}),
            ("/tiers", {"tiers": (Tier(0, 2),)}),
            ("/free", {"free": (FreeOffer(4, SubsidyPayer.LENDER),)}),
            ("/rate_annual", {"rate_annual": Decimal("0.239"), "day_count": "act/360"}),
            ("/rate_annual", {"fee_upfront_rate": Decimal("0.05")}),
        ],
    )
    def test_refuses_what_no_offer_could_keep_the_law_with(
        self, database: Database, field: str, change: dict[str, object]
    ):
        with database.unit_of_work() as tx, pytest.raises(ProductNotAllowed) as refused:
            service.publish(tx, replace(MALL, **change), SYSTEM)
        assert refused.value.field == field
