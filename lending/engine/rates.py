"""Annual rates out of cash flows (regulation: PBoC announcement 2021 no. 3; 金规〔2026〕2号)."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, localcontext

from lending.engine.errors import NoAnnualRate

TOLERANCE = Decimal("1e-15")
_RATE_MAX = Decimal(10)


def period_irr(flows: Sequence[int]) -> Decimal:
    """The rate per period at which the flows are worth nothing: `sum CF_k / (1 + r)^k = 0`.

    `flows[0]` is what the borrower can use (negative), the others what they pay at the end of each
    period, whoever collects it. No cost is exactly 0 (P5).

    Raises NoAnnualRate when the payments do not cover the advance.
    """
    return _solve([(Decimal(k), Decimal(flow)) for k, flow in enumerate(flows) if flow])


def nominal(rate_period: Decimal, periods_per_year: int = 12) -> Decimal:
    """The simple annual rate `12 r`: market practice for the 24 % line (R-COST-24)."""
    return rate_period * periods_per_year


def effective(rate_period: Decimal, periods_per_year: int = 12) -> Decimal:
    """The compound annual rate `(1 + r)^12 - 1`."""
    return (1 + rate_period) ** periods_per_year - 1


def xirr(flows: Sequence[tuple[date, int]]) -> Decimal:
    """The compound annual rate of flows on any dates, actual days over 365.

    Raises NoAnnualRate.
    """
    start = min(day for day, _ in flows)
    return _solve([(Decimal((day - start).days) / 365, Decimal(flow)) for day, flow in flows])


def _solve(flows: list[tuple[Decimal, Decimal]]) -> Decimal:
    """Newton's method from a bracket; it halves the bracket where a step would leave it."""
    total = sum(flow for _, flow in flows)
    advanced = [time for time, flow in flows if flow < 0]
    paid = [time for time, flow in flows if flow > 0]
    if not advanced or not paid or total < 0 or max(advanced) > min(paid):
        raise NoAnnualRate
    if total == 0:
        return Decimal(0)
    with localcontext() as context:
        context.prec = 34
        low, high = Decimal(0), Decimal("0.05")
        while _worth(flows, high)[0] > 0:
            low, high = high, high * 2
            if high > _RATE_MAX:
                raise NoAnnualRate
        rate = (low + high) / 2
        for _ in range(200):
            worth, slope = _worth(flows, rate)
            low, high = (rate, high) if worth > 0 else (low, rate)
            step = rate - worth / slope
            following = step if low <= step <= high else (low + high) / 2
            if abs(following - rate) < TOLERANCE:
                return +following
            rate = following
    raise NoAnnualRate


def _worth(flows: list[tuple[Decimal, Decimal]], rate: Decimal) -> tuple[Decimal, Decimal]:
    """Present value of the flows and its derivative by the rate."""
    growth = 1 + rate
    value = slope = Decimal(0)
    for time, flow in flows:
        present = flow * growth**-time
        value += present
        slope -= time * present
    return value, slope / growth
