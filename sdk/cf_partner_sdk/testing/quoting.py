"""Offers with plausible numbers, in whole fen and with exact sums; of no real product."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Optional

from cf_partner_sdk import Offer, PlanRow, Quote, SubsidyPayer

from .wire import Problem

PRODUCT = "mall-standard"
RATE_ANNUAL = Decimal("0.1440")
AMOUNT_MIN_FEN, AMOUNT_MAX_FEN = 10_000, 5_000_000
MERCHANT_FEE_RATE = Decimal("0.006")
_LONGEST = ((0, 6), (100_000, 12), (500_000, 24))
_PERIODS = (3, 6, 12, 24)
_FREE_PERIODS = 3


def quote(amount_fen: int, periods: Optional[Sequence[int]]) -> Quote:
    """Return the quote for an amount. Raises Problem."""
    allowed = periods_allowed(amount_fen)
    wanted = sorted(allowed if periods is None else set(periods))
    if not wanted or not set(wanted) <= set(allowed):
        raise Problem(
            422,
            "product.periods_not_offered",
            "These periods are not on offer for this amount",
            field="/periods",
            mend=f"Choose among {', '.join(map(str, allowed))}.",
        )
    offers = tuple(offer(amount_fen, each) for each in wanted)
    lowest = min(offers, key=lambda one: one.instalment_fen)
    message = (
        f"年化利率(单利){lowest.rate_annual * 100:.2f}%"
        f" · ¥{Decimal(lowest.instalment_fen) / 100:,.2f}/月 × {lowest.periods} 期"
    )
    return Quote(amount_fen, offers, PRODUCT, 1, message)


def periods_allowed(amount_fen: int) -> Sequence[int]:
    """Return the numbers of periods on offer for an amount. Raises Problem."""
    require_amount(amount_fen)
    longest = max(most for least, most in _LONGEST if least <= amount_fen)
    return [each for each in _PERIODS if each <= longest]


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


def offer(amount_fen: int, periods: int) -> Offer:
    """Return the offer of equal instalments; the last one takes what rounding left."""
    free = periods == _FREE_PERIODS
    rate = Decimal(0) if free else RATE_ANNUAL
    rows = _plan(amount_fen, periods, rate / 12)
    interest = sum(row.interest_fen for row in rows)
    return Offer(
        periods=periods,
        instalment_fen=rows[0].total_fen,
        instalment_last_fen=rows[-1].total_fen,
        principal_fen=amount_fen,
        interest_total_fen=interest,
        fee_total_fen=0,
        cost_total_fen=interest,
        rate_annual=rate.quantize(Decimal("0.0001")),
        rate_annual_effective=((1 + rate / 12) ** 12 - 1).quantize(Decimal("0.0001")),
        rate_nominal=RATE_ANNUAL,
        interest_free=free,
        subsidy_payer=SubsidyPayer.MERCHANT if free else SubsidyPayer.NONE,
        merchant_subsidy_fen=_subsidy_fen(amount_fen, periods) if free else 0,
        plan=tuple(rows),
    )


def _plan(amount_fen: int, periods: int, rate: Decimal) -> list[PlanRow]:
    growth = (1 + rate) ** periods
    equal = Decimal(amount_fen) / periods if not rate else amount_fen * rate * growth / (growth - 1)
    instalment_fen, open_fen = _half_up(equal), amount_fen
    rows = []
    for number in range(1, periods + 1):
        interest_fen = _half_up(open_fen * rate)
        principal_fen = open_fen if number == periods else instalment_fen - interest_fen
        total_fen = principal_fen + interest_fen
        rows.append(PlanRow(number, principal_fen, interest_fen, 0, total_fen, number))
        open_fen -= principal_fen
    return rows


def _subsidy_fen(amount_fen: int, periods: int) -> int:
    return sum(row.interest_fen for row in _plan(amount_fen, periods, RATE_ANNUAL / 12))


def _half_up(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), ROUND_HALF_UP))
