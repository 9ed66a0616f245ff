"""Annual rates out of cash flows (regulation: PBoC announcement 2021 no. 3; 金规〔2026〕2号)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from itertools import accumulate, pairwise

from lending.engine.errors import NoAnnualRate

TOLERANCE = Decimal("1e-15")
PLACES = Decimal("1e-20")
"""To which a found rate is rounded, so that 0.0125 is not shown as a little less."""
_RATE_MAX = Decimal(10) ** 9
_SCAN_POINTS = 256
_DIGITS = 34
_HALVINGS = 40
_TOUCH = Decimal("1e-9")
"""So little of its worth at the points of the search counts as nothing where the worth turns."""

Worth = Callable[[Decimal], tuple[Decimal, Decimal]]
"""Present value of all flows at a rate, and its derivative by the rate."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Money that changes hands: negative when the borrower gets it, positive when they pay."""

    amount: Decimal
    time: Decimal
    """Periods after the start: unit-periods, or years."""
    odd: Decimal = Decimal(0)
    """A part of a period that bears simple interest: discounted by `1 + odd * rate` (Reg Z)."""


def period_irr(flows: Sequence[int]) -> Decimal:
    """The rate per period at which the flows are worth nothing: `sum CF_k / (1 + r)^k = 0`.

    `flows[0]` is what the borrower can use (negative), the others what they pay at the end of each
    period, whoever collects it. No cost is exactly 0 (P5).

    Raises NoAnnualRate when the payments do not cover the advance, or no single rate solves them.
    """
    if flows and flows[0] < 0 <= min(flows[1:], default=-1):
        with localcontext() as context:
            context.prec = _DIGITS
            return _one_change(_polynomial(flows), Decimal(sum(flows)))
    return solve([Flow(Decimal(flow), Decimal(k)) for k, flow in enumerate(flows)])


def nominal(rate_period: Decimal, periods_per_year: Decimal | int = 12) -> Decimal:
    """The simple annual rate, by months `12 r`: market practice for the 24 % line (R-COST-24)."""
    return rate_period * periods_per_year


def effective(rate_period: Decimal, periods_per_year: Decimal | int = 12) -> Decimal:
    """The compound annual rate, by months `(1 + r)^12 - 1`."""
    return (1 + rate_period) ** periods_per_year - 1


def xirr(flows: Sequence[tuple[date, int]] | Sequence[tuple[date, Decimal]]) -> Decimal:
    """The compound annual rate of flows on any dates, actual days over 365.

    Raises NoAnnualRate.
    """
    start = min(day for day, _ in flows)
    return solve([Flow(Decimal(flow), Decimal((day - start).days) / 365) for day, flow in flows])


def solve(flows: Sequence[Flow]) -> Decimal:
    """The one rate per period, not below 0, at which the flows are worth nothing.

    Flows that change their sign once in time (advances, then payments) have at most one such rate.
    Others are searched up to 1,000,000,000 a period. No cost is exactly 0.

    Raises NoAnnualRate when payments sum to less than the advances, or when no rate, or more than
    one, solves them.
    """
    with localcontext() as context:
        context.prec = _DIGITS
        netted = _netted(flows)
        total = sum((flow.amount for flow in netted), Decimal(0))
        changes = sum((a.amount < 0) != (b.amount < 0) for a, b in pairwise(netted))
        if flows and not netted:
            raise NoAnnualRate(
                "advances and payments cancel out on their days: any rate solves them"
            )
        if not changes:
            raise NoAnnualRate("there are no advances, or no payments")
        if total < 0:
            raise NoAnnualRate("the payments sum to less than the advances")
        worth = _worth_of(netted)
        if changes > 1 and not _repays_once(netted):
            return _searched(worth, total)
        if netted[0].amount > 0:
            raise NoAnnualRate("the payments come before the advances")
        return _one_change(worth, total)


def _netted(flows: Iterable[Flow]) -> list[Flow]:
    """One flow for each moment, in the order of time."""
    sums: dict[tuple[Decimal, Decimal], Decimal] = {}
    for flow in flows:
        moment = (flow.time, flow.odd)
        sums[moment] = sums.get(moment, Decimal(0)) + flow.amount
    ordered = sorted(sums, key=lambda moment: moment[0] + moment[1])
    return [Flow(sums[moment], *moment) for moment in ordered if sums[moment]]


def _repays_once(flows: Sequence[Flow]) -> bool:
    """Whether the borrower's balance without interest is repaid once and never lent again.

    Then one rate above 0 solves the flows even where they change sign often (Norstrom's criterion),
    as long as all interest is compound.
    """
    sums = list(accumulate(flow.amount for flow in flows))
    first = next((k for k, balance in enumerate(sums) if balance >= 0), len(sums))
    return (
        0 < first < len(sums)
        and sums[-1] > 0
        and all(balance >= 0 for balance in sums[first:])
        and not any(flow.odd for flow in flows)
    )


def _one_change(worth: Worth, total: Decimal) -> Decimal:
    """The rate of flows that change sign once: their worth falls through 0 once."""
    if total < 0:
        raise NoAnnualRate("the payments sum to less than the advances")
    if total == 0:
        return Decimal(0)
    low, high = Decimal(0), Decimal("0.05")
    while worth(high)[0] > 0:
        low, high = high, high * 2
        if high > _RATE_MAX:
            raise NoAnnualRate(f"the rate per period is above {_RATE_MAX:,}")
    return _between(worth, low, high)


def _searched(worth: Worth, total: Decimal) -> Decimal:
    """The one root in an even net of discount factors from 1 down to 1/256, then in halves.

    Where the worth turns back between two points of the net, its turn is looked at too: it may have
    touched 0, or been beyond it.
    """
    rates = [Decimal(_SCAN_POINTS) / k - 1 for k in range(_SCAN_POINTS, 0, -1)]
    while rates[-1] < _RATE_MAX:
        rates.append(rates[-1] * 2)
    with localcontext() as context:
        context.prec = _DIGITS // 2
        points = [_Point(rate, *worth(rate)) for rate in rates]
        points[0] = _Point(Decimal(0), total or points[0].slope, points[0].slope)
        brackets = [found for a, b in pairwise(points) for found in _brackets(worth, a, b)]
    if total == 0 and brackets:
        raise NoAnnualRate("several rates solve these cash flows, 0 among them")
    if total == 0:
        return Decimal(0)
    if not brackets:
        raise NoAnnualRate("no rate solves these cash flows")
    if len(brackets) > 1:
        found = " and ".join(f"{low:.4f} to {high:.4f}" for low, high in brackets)
        raise NoAnnualRate(f"several rates per period solve these cash flows: {found}")
    return _between(worth, *brackets[0])


@dataclass(frozen=True, slots=True)
class _Point:
    """The worth at a rate; just above 0 where it is nothing there."""

    rate: Decimal
    value: Decimal
    slope: Decimal


def _brackets(worth: Worth, a: _Point, b: _Point) -> list[tuple[Decimal, Decimal]]:
    """Where the worth falls or rises through 0 between two points."""
    is_above = a.value > 0
    if is_above != (b.value > 0):
        return [(a.rate, b.rate)]
    if (a.slope < 0 <= b.slope) if is_above else (a.slope > 0 >= b.slope):
        low, high = a.rate, b.rate
        for _ in range(_HALVINGS):
            turn = (low + high) / 2
            value, slope = worth(turn)
            if (value > 0) != is_above:
                return [(a.rate, turn), (turn, b.rate)]
            low, high = (turn, high) if (slope > 0) == (a.slope > 0) else (low, turn)
        if abs(value) <= _TOUCH * max(abs(a.value), abs(b.value)):
            return [(a.rate, turn), (turn, b.rate)]
    return []


def _between(worth: Worth, low: Decimal, high: Decimal) -> Decimal:
    """Newton's method in a bracket, which it halves where a step would leave it."""
    rate = (low + high) / 2
    for _ in range(300):
        value, slope = worth(rate)
        low, high = (rate, high) if value > 0 else (low, rate)
        step = rate - value / slope if slope else low - 1
        following = step if low <= step <= high else (low + high) / 2
        if abs(following - rate) < TOLERANCE:
            return following.quantize(PLACES)
        rate = following
    raise NoAnnualRate("the search for the rate does not come to rest")


def _polynomial(flows: Sequence[int]) -> Worth:
    """Flows at 0, 1, 2 ...: Horner's scheme in the discount factor."""
    backwards = [Decimal(flow) for flow in reversed(flows)]

    def worth(rate: Decimal) -> tuple[Decimal, Decimal]:
        discount = 1 / (1 + rate)
        value = slope = Decimal(0)
        for flow in backwards:
            slope = slope * discount + value
            value = value * discount + flow
        return value, -slope * discount * discount

    return worth


def _worth_of(flows: Sequence[Flow]) -> Worth:
    """Flows at any time, odd parts of a period by simple interest."""

    def worth(rate: Decimal) -> tuple[Decimal, Decimal]:
        growth = 1 + rate
        value = slope = Decimal(0)
        for flow in flows:
            simple = 1 + flow.odd * rate
            present = flow.amount * growth**-flow.time / simple
            value += present
            slope -= present * (flow.time / growth + flow.odd / simple)
        return value, slope

    return worth
