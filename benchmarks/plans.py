"""Plans and cost tables per second, on one core."""

import time
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import numpy as np

from lending.engine.cost import cost_table
from lending.engine.plans import PlanInput, make_plan
from lending.engine.vectors import make_plans

SECONDS = 2.0
GOAL_SINGLY, GOAL_IN_VECTORS = 20_000, 1_000_000
AMOUNTS = range(500_000, 550_000)
TERMS = PlanInput(599_900, Decimal("0.144"), 12, "equal-instalment", date(2026, 11, 23))


def naive() -> list[Decimal]:
    """The same instalments by the textbook, rounding nothing: the yardstick."""
    rate = TERMS.rate_annual / 12
    payment = TERMS.principal_fen * rate / (1 - (1 + rate) ** -TERMS.periods)
    balance, rows = Decimal(TERMS.principal_fen), []
    for _ in range(TERMS.periods):
        interest = balance * rate
        balance -= payment - interest
        rows.append(interest)
    return rows


def per_second(act: Callable[[], object], *, times: int = 200) -> float:
    """How often it is done in a second."""
    begun, count = time.perf_counter(), 0
    while time.perf_counter() - begun < SECONDS:
        for _ in range(times):
            act()
        count += times
    return count / (time.perf_counter() - begun)


def main() -> None:
    """Prints the figures."""
    plan = make_plan(TERMS)
    amounts = np.array(AMOUNTS)
    textbook = per_second(naive)
    plans = per_second(lambda: make_plan(TERMS))
    vectors = per_second(lambda: make_plans(amounts, TERMS), times=1) * len(AMOUNTS)
    tables = per_second(lambda: cost_table(plan, TERMS))
    print(f"textbook loop, unrounded   {textbook:12,.0f}/s")
    print(
        f"plans of 12 periods singly {plans:12,.0f}/s   {plans / textbook:.2f} x the textbook loop"
        f"   (goal {GOAL_SINGLY:,}/s)"
    )
    print(
        f"plans in vectors of {len(AMOUNTS):,} {vectors:12,.0f}/s   {vectors / plans:.0f} x singly"
        f"   (goal {GOAL_IN_VECTORS:,}/s)"
    )
    print(f"cost tables (with IRR)     {tables:12,.0f}/s   {tables / plans:.2f} x a plan")


if __name__ == "__main__":
    main()
