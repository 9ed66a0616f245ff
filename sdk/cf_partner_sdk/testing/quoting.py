"""Offers as the lender makes them, to the fen; of no real product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Optional

from cf_partner_sdk import Offer, PeriodUnit, PlanRow, Quote, SubsidyPayer
from cf_partner_sdk._rounding import HALF_EVEN, HALF_UP, half_up, rounded

from . import plans
from .wire import Problem

AMOUNT_MIN_FEN, AMOUNT_MAX_FEN = 10_000, 5_000_000
MERCHANT_FEE_RATE = Decimal("0.006")
_LONGEST = ((0, 6), (100_000, 12), (500_000, 24))
_EVERY_MAX = 366


@dataclass(frozen=True)
class FakeProduct:
    """What the fake lender lends for goods, an instalment every so many of `unit`.

    `method` is how principal and interest are spread: `equal-instalment`, `equal-principal`,
    `interest-only`, `bullet` (one payment at the end), `flat` (equal parts, and a level fee
    instead of interest) or `interest-free`. `rounding` is `half-up` or `half-even`.
    `fee_upfront_rate` of the amount is paid with the first instalment. `day_count` is by what
    interest counts days: without it months are twelfths of a year, days and weeks are 365ths; also
    `act/360`, `act/364`, `act/act`. The merchant pays what `free_periods` spare the customer.
    Raises ValueError for what no lender could have.
    """

    code: str = "mall-standard"
    every: int = 1
    unit: PeriodUnit = PeriodUnit.MONTH
    day_count: str = ""
    rate_annual: Decimal = Decimal("0.1440")
    periods: tuple[int, ...] = (3, 6, 12, 24)
    free_periods: tuple[int, ...] = (3,)
    method: str = "equal-instalment"
    rounding: str = HALF_UP
    fee_upfront_rate: Decimal = Decimal(0)

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
        if self.method not in plans.METHODS:
            raise ValueError(f"method is one of {', '.join(plans.METHODS)}")
        if self.rounding not in (HALF_UP, HALF_EVEN):
            raise ValueError(f"rounding is {HALF_UP} or {HALF_EVEN}")
        if min(self.rate_annual, self.fee_upfront_rate) < 0:
            raise ValueError("rate_annual and fee_upfront_rate are 0 or more")

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
    rate, _ = _rates(product, amount_fen, lowest.plan, lowest.periods)
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
    rows, subsidy_fen = _plan(product, amount_fen, periods, start), 0
    if free:
        without_fee = replace(product, fee_upfront_rate=Decimal(0))
        spared = _plan(without_fee, amount_fen, periods, start)
        subsidy_fen = sum(row.interest_fen + row.fee_fen for row in spared)
        without_interest = replace(without_fee, method=plans.INTEREST_FREE)
        rows = _plan(without_interest, amount_fen, periods, start)
    interest_fen = sum(row.interest_fen for row in rows)
    fee_fen = sum(row.fee_fen for row in rows)
    rate, rate_effective = _rates(product, amount_fen, rows, periods)
    return Offer(
        periods=periods,
        instalment_fen=rows[0].total_fen,
        instalment_last_fen=rows[-1].total_fen,
        principal_fen=amount_fen,
        interest_total_fen=interest_fen,
        fee_total_fen=fee_fen,
        cost_total_fen=interest_fen + fee_fen,
        rate_annual=_six_places(rate),
        rate_annual_effective=_six_places(rate_effective),
        rate_nominal=_six_places(product.rate_annual),
        interest_free=free,
        subsidy_payer=SubsidyPayer.MERCHANT if free else SubsidyPayer.NONE,
        merchant_subsidy_fen=subsidy_fen,
        plan=tuple(rows),
        every=product.every,
        unit=product.unit,
    )


def merchant_fee_fen(amount_fen: int) -> int:
    """Return what the merchant pays for an amount that its customers are lent."""
    return half_up(amount_fen * MERCHANT_FEE_RATE)


def _rates(
    product: FakeProduct, amount_fen: int, rows: Sequence[PlanRow], periods: int
) -> tuple[Decimal, Decimal]:
    """The all-in rate of a year, simple and compounded."""
    rate = plans.period_rate(amount_fen, rows, periods)
    part = plans.period_of_year(product.every, product.unit)
    per_year = Decimal(part.denominator) / part.numerator
    return rate * per_year, (1 + rate) ** per_year - 1


def _plan(product: FakeProduct, amount_fen: int, periods: int, start: date) -> list[PlanRow]:
    """What is paid; with one payment at the end, all periods are one."""
    every = product.every
    if product.method == plans.BULLET:
        periods, every = 1, every * periods
    due = plans.due_dates(start, periods, every, product.unit)
    years = plans.years_between(start, due, every, product.day_count)
    fee = Fraction(amount_fen) * Fraction(product.fee_upfront_rate)
    return plans.instalments(
        amount_fen,
        [Fraction(product.rate_annual) * each for each in years],
        every,
        method=product.method,
        rounding=product.rounding,
        fee_first_fen=rounded(fee.numerator, fee.denominator, product.rounding),
    )


def _six_places(rate: Decimal) -> Decimal:
    return Decimal(f"{rate:.6f}")
