"""The fake gateway quotes as the real one does: by days, weeks and months, to the fen."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from cf_partner_sdk import Client, PeriodUnit, Quote
from cf_partner_sdk.testing import FakeClock, FakeGateway, FakeProduct
from hypothesis import given, settings
from hypothesis import strategies as st

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
        periods=fake.periods,
        free=tuple(replace(MALL_PRODUCT.free[0], periods=each) for each in fake.free_periods),
    )
    return Quote.from_json(intake.quote_of(made, amount_fen, None, start))


class TestAQuoteOfTheFakeGateway:
    @settings(max_examples=40, deadline=None)
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
        ],
    )
    def test_is_of_no_product_that_no_lender_could_have(self, impossible: dict[str, object]):
        with pytest.raises(ValueError, match=r"day_count|due every|periods rise"):
            FakeProduct(**impossible)  # type: ignore[arg-type]
