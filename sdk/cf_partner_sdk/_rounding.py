"""Whole fen out of what is none, by the two roundings that a loan's terms name."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

HALF_UP, HALF_EVEN = "half-up", "half-even"
"""A half goes up; a half goes to the even neighbour."""


def half_up(amount_fen: Decimal) -> int:
    """Return the nearest whole fen; a half goes away from zero."""
    return int(amount_fen.to_integral_value(ROUND_HALF_UP))


def rounded(numerator: int, denominator: int, rounding: str) -> int:
    """Return a ratio that is not below 0, in whole fen."""
    whole, rest = divmod(numerator, denominator)
    if rounding == HALF_EVEN and 2 * rest == denominator:
        return whole + whole % 2
    return whole + (2 * rest >= denominator)
