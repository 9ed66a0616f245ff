"""The fake gateway quotes as the real one does: by days, weeks and months, to the fen."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from cf_partner_sdk import Client, PeriodUnit, Quote
from cf_partner_sdk.testing import FakeClock, FakeGateway, FakeProduct, quoting
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lending.engine.plans import Method
from lending.foundation.money import ROUNDINGS
from lending.loans import rules as loan_rules
from processes.seed import MALL_PRODUCT
from scenarios.mall_installment import intake

FORTNIGHTS = FakeProduct("mall-fortnights", every=14, unit=PeriodUnit.DAY)
PRODUCTS = (
    FakeProduct(),
    FORTNIGHTS,
    FakeProduct("quarters", every=3, day_count="1/12", periods=(2, 4), free_periods=()),
    FakeProduct("long-months", day_count="act/365"),
    FakeProduct("calendar-months", every=2, day_count="act/act", free_periods=(3, 6)),
    FakeProduct("months-of-360", day_count="act/360", rate_annual=Decimal("0.2")),
    FakeProduct("days", unit=PeriodUnit.DAY, day_count="act/360", periods=(6, 24)),
    FakeProduct("weeks", unit=PeriodUnit.WEEK, day_count="act/364"),
    FakeProduct("four-weeks", every=4, unit=PeriodUnit.WEEK, day_count="act/act"),
    FakeProduct("dear-ten-days", every=10, unit=PeriodUnit.DAY, rate_annual=Decimal("0.235")),
)


IMPOSSIBLE = ("day_count", "due every", "periods rise", "method", "rounding", "fee_upfront")
NUMBERS_OF_PERIODS = st.lists(st.integers(1, 24), min_size=1, max_size=3, unique=True).map(sorted)


@st.composite
def any_product(draw: st.DrawFn) -> FakeProduct:
    """Of every method, unit, rounding and fee; a decimal place more than people use."""
    unit = draw(st.sampled_from([PeriodUnit.DAY, PeriodUnit.WEEK, PeriodUnit.MONTH]))
    actual = ("act/360", "act/364", "act/365", "act/act")
    by_months = ("30/360", "1/12") if unit is PeriodUnit.MONTH else ()
    periods = draw(NUMBERS_OF_PERIODS)
    return FakeProduct(
        "any",
        every=draw(st.integers(1, 31)),
        unit=unit,
        day_count=draw(st.sampled_from((*by_months, *actual))),
        rate_annual=draw(st.decimals(0, "0.24", places=5)),
        periods=tuple(periods),
        free_periods=tuple(draw(st.lists(st.sampled_from(periods), max_size=1))),
        method=draw(st.sampled_from(Method)).value,
        rounding=draw(st.sampled_from(list(ROUNDINGS))),
        fee_upfront_rate=draw(st.sampled_from([Decimal(0), Decimal("0.0125"), Decimal("0.03")])),
    )


@pytest.fixture(scope="module")
def gateway() -> Iterator[FakeGateway]:
    clock = FakeClock(datetime(2026, 1, 1, tzinfo=UTC))
    with FakeGateway(products=PRODUCTS, clock=clock) as made:
        yield made


@pytest.fixture(scope="module")
def cf(gateway: FakeGateway) -> Iterator[Client]:
    with gateway.client() as made:
        yield made


def really(fake: FakeProduct, amount_fen: int, start: date) -> Quote:
    """What the real gateway answers where an operator has published such a product."""
    made = replace(
        MALL_PRODUCT,
        code=fake.code,
        version=1,
        every=fake.every,
        unit=fake.unit.value,
        day_count=fake.day_count,
        rate_annual=fake.rate_annual,
        rate_annual_cap=Decimal(100),
        method=fake.method,
        rounding=fake.rounding,
        fee_upfront_rate=fake.fee_upfront_rate,
        periods=fake.periods,
        free=tuple(replace(MALL_PRODUCT.free[0], periods=each) for each in fake.free_periods),
    )
    return Quote.from_json(intake.quote_of(made, amount_fen, None, start))


class TestTheFakesMerchantFee:
    def test_goes_up_at_a_half_as_the_lenders_does(self):
        rate = quoting.MERCHANT_FEE_RATE
        assert quoting.merchant_fee_fen(10_750) == loan_rules.merchant_fee_fen(10_750, rate) == 65


class TestAQuoteOfTheFakeGateway:
    @settings(max_examples=15, deadline=None)
    @given(
        product=st.sampled_from(PRODUCTS),
        amount_fen=st.integers(10_000, 5_000_000),
        day=st.integers(0, 4 * 365),
    )
    def test_is_the_real_ones_to_the_fen_the_rate_and_the_date(
        self, product: FakeProduct, amount_fen: int, day: int
    ):
        start = date(2026, 1, 1) + timedelta(days=day)
        clock = FakeClock(datetime.combine(start, time(2), UTC))
        with FakeGateway(products=PRODUCTS, clock=clock) as gateway, gateway.client() as cf:
            quote = cf.mall.quotes.create(amount_fen=amount_fen, product_code=product.code)
        assert quote == really(product, amount_fen, start)

    @settings(max_examples=150, deadline=None)
    @given(
        product=any_product(), amount_fen=st.integers(10_000, 5_000_000), day=st.integers(0, 1_460)
    )
    def test_is_the_real_ones_whatever_the_method_the_rounding_and_the_fee(
        self, product: FakeProduct, amount_fen: int, day: int
    ):
        start = date(2026, 1, 1) + timedelta(days=day)
        assume(quoting.periods_allowed(product, amount_fen))
        assert quoting.quote(product, amount_fen, None, start) == really(product, amount_fen, start)

    def test_is_of_the_first_product_where_none_is_named(self, cf: Client):
        quote = cf.mall.quotes.create(amount_fen=599_900)
        assert quote == really(PRODUCTS[0], 599_900, date(2026, 1, 1))
        assert quote.message == "年化利率(单利)14.40% · ¥289.16/月 × 24 期"

    def test_by_fortnights_says_so_in_every_offer_and_in_the_line_beside_the_price(
        self, cf: Client
    ):
        quote = cf.mall.quotes.create(amount_fen=599_900, product_code=FORTNIGHTS.code, periods=[6])
        (offer,) = quote.offers
        assert (offer.every, offer.unit) == (14, PeriodUnit.DAY)
        assert [row.due_after for row in offer.plan] == [14, 28, 42, 56, 70, 84]
        assert str(quote.message).endswith("/14天 × 6 期")

    def test_becomes_an_order_of_the_same_unit(self, cf: Client):
        goods = {"sku": "P-1", "name": "手机", "quantity": 1, "unit_price_fen": 599_900}
        order = cf.mall.orders.create(
            order_no="A-77",
            amount_fen=599_900,
            items=[{**goods, "category": "electronics"}],
            return_url="https://shop.example/orders/A-77",
            product_code=FORTNIGHTS.code,
        )
        assert (order.product_code, order.every, order.unit) == (
            FORTNIGHTS.code,
            14,
            PeriodUnit.DAY,
        )

    @pytest.mark.parametrize(
        "impossible",
        [
            {"unit": PeriodUnit.DAY, "day_count": "30/360"},
            {"unit": PeriodUnit("year")},
            {"every": 0},
            {"day_count": "30/365"},
            {"periods": ()},
            {"periods": (6, 3)},
            {"method": "balloon"},
            {"rounding": "down"},
            {"fee_upfront_rate": Decimal("-0.01")},
        ],
    )
    def test_is_of_no_product_that_no_lender_could_have(self, impossible: dict[str, object]):
        with pytest.raises(ValueError, match="|".join(IMPOSSIBLE)):
            FakeProduct(**impossible)  # type: ignore[arg-type]
