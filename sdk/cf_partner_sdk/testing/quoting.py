"""Offers as the lender makes them, to the fen; of no real product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Optional

from cf_partner_sdk import Offer, PeriodUnit, PlanRow, Quote, SubsidyPayer

from . import plans
from .wire import Problem

AMOUNT_MIN_FEN, AMOUNT_MAX_FEN = 10_000, 5_000_000
MERCHANT_FEE_RATE = Decimal("0.006")
_LONGEST = ((0, 6), (100_000, 12), (500_000, 24))
_EVERY_MAX = 366


@dataclass(frozen=True)
class FakeProduct:
    """What the fake lender lends for goods, in equal instalments, one every so many of `unit`.

    `day_count` is by what interest counts days: without it months are twelfths of a year, days and
    weeks are 365ths; also `act/360`, `act/364`, `act/act`. The merchant pays the interest of
    `free_periods`. Raises ValueError for what no lender could have.
    """

    code: str = "mall-standard"
    every: int = 1
    unit: PeriodUnit = PeriodUnit.MONTH
    day_count: str = ""
    rate_annual: Decimal = Decimal("0.1440")
    periods: tuple[int, ...] = (3, 6, 12, 24)
    free_periods: tuple[int, ...] = (3,)

    def __post_init__(self) -> None:
        by_months = self.unit is PeriodUnit.MONTH
        if not self.day_count:
            object.__setattr__(self, "day_count", "30/360" if by_months else "act/365")
        known = plans.DAY_COUNTS if by_months else (*plans.ACTUAL, "act/act")
        if self.day_count not in known:
            raise ValueError(f"day_count by the {self.unit} is one of {', '.join(known)}")
        if not (self.unit.known and 1 <= self.every <= _EVERY_MAX):
            raise ValueError(f"an instalment is due every 1 to {_EVERY_MAX} days, weeks or months")
        if not self.periods or list(self.periods) != sorted(set(self.periods)):
            raise ValueError("periods rise, and there is one at least")

    @property
    def period_text(self) -> str:
        """What an instalment is for, as people read it: `月`, `14天`, `2周`."""
        unit = {PeriodUnit.DAY: "天", PeriodUnit.WEEK: "周"}.get(self.unit, "个月")
        return f"{self.every}{unit}" if self.every > 1 else unit[-1]


def quote(
    product: FakeProduct, amount_fen: int, periods: Optional[Sequence[int]], start: date
) -> Quote:
    """Return the quote for an amount from a day on. Raises Problem."""
    allowed = periods_allowed(product, amount_fen)
    wanted = sorted(allowed if periods is None else set(periods))
    if not wanted or not set(wanted) <= set(allowed):
        raise Problem(
            422,
            "product.periods_not_offered",
            "These periods are not on offer for this amount",
            field="/periods",
            mend=f"Choose among {', '.join(map(str, allowed))}.",
        )
    offers = tuple(offer(product, amount_fen, each, start) for each in wanted)
    lowest = min(offers, key=lambda one: one.instalment_fen)
    rate, _ = _rates(product, amount_fen, lowest.plan)
    percent = (rate * 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
    message = (
        f"年化利率(单利){percent}% · ¥{Decimal(lowest.instalment_fen) / 100:,.2f}"
        f"/{product.period_text} × {lowest.periods} 期"
    )
    return Quote(amount_fen, offers, product.code, 1, message)


def periods_allowed(product: FakeProduct, amount_fen: int) -> Sequence[int]:
    """Return the numbers of periods on offer for an amount. Raises Problem."""
    require_amount(amount_fen)
    longest = max(most for least, most in _LONGEST if least <= amount_fen)
    return [each for each in product.periods if each <= longest]


def require_amount(amount_fen: int) -> None:
    """Refuse an amount outside the product. Raises Problem."""
    if not AMOUNT_MIN_FEN <= amount_fen <= AMOUNT_MAX_FEN:
        raise Problem(
            422,
            "product.amount_outside",
            "The amount is outside what this product allows",
            field="/amount_fen",
            mend=f"Use an amount from {AMOUNT_MIN_FEN} to {AMOUNT_MAX_FEN} fen.",
        )


def offer(product: FakeProduct, amount_fen: int, periods: int, start: date) -> Offer:
    """Return the offer of so many instalments from a day on."""
    free = periods in product.free_periods
    dear = _dear(product, amount_fen, periods, start)
    rows = plans.equal_parts(amount_fen, periods, product.every) if free else dear
    interest_fen, subsidy_fen = (sum(row.interest_fen for row in each) for each in (rows, dear))
    rate, rate_effective = _rates(product, amount_fen, rows)
    return Offer(
        periods=periods,
        instalment_fen=rows[0].total_fen,
        instalment_last_fen=rows[-1].total_fen,
        principal_fen=amount_fen,
        interest_total_fen=interest_fen,
        fee_total_fen=0,
        cost_total_fen=interest_fen,
        rate_annual=_six_places(rate),
        rate_annual_effective=_six_places(rate_effective),
        rate_nominal=_six_places(product.rate_annual),
        interest_free=free,
        subsidy_payer=SubsidyPayer.MERCHANT if free else SubsidyPayer.NONE,
        merchant_subsidy_fen=subsidy_fen if free else 0,
        plan=tuple(rows),
        every=product.every,
        unit=product.unit,
    )


def _rates(
    product: FakeProduct, amount_fen: int, rows: Sequence[PlanRow]
) -> tuple[Decimal, Decimal]:
    """The all-in rate of a year, simple and compounded."""
    rate = plans.period_rate(amount_fen, rows)
    part = plans.period_of_year(product.every, product.unit)
    per_year = Decimal(part.denominator) / part.numerator
    return rate * per_year, (1 + rate) ** per_year - 1


def _dear(product: FakeProduct, amount_fen: int, periods: int, start: date) -> list[PlanRow]:
    """The plan with interest, whoever pays it."""
    due = plans.due_dates(start, periods, product.every, product.unit)
    years = plans.years_between(start, due, product.every, product.day_count)
    rate = Fraction(product.rate_annual)
    return plans.equal_instalments(amount_fen, [rate * each for each in years], product.every)


def _six_places(rate: Decimal) -> Decimal:
    return Decimal(f"{rate:.6f}")
