"""Money is an integer number of fen (CNY 0.01). Nothing here accepts or returns a float."""

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction

FEN_MAX = 2**63 - 1
"""The largest amount the journal can hold: 64 bits, signed."""

Rounding = Callable[[Decimal], int]
RatioRounding = Callable[[int, int], int]
"""Rounds a ratio of integers, numerator and denominator, not below 0, to a whole number."""
HALF_UP, HALF_EVEN = "half-up", "half-even"
"""The names of the roundings that terms may have."""


def half_up(amount_fen: Decimal) -> int:
    """The nearest whole fen; a half goes away from zero (四舍五入)."""
    return int(amount_fen.to_integral_value(ROUND_HALF_UP))


def half_even(amount_fen: Decimal) -> int:
    """The nearest whole fen; a half goes to the even neighbour."""
    return int(amount_fen.to_integral_value(ROUND_HALF_EVEN))


def half_up_ratio(numerator: int, denominator: int) -> int:
    """The nearest whole number; a half goes up."""
    return (2 * numerator + denominator) // (2 * denominator)


def half_even_ratio(numerator: int, denominator: int) -> int:
    """The nearest whole number; a half goes to the even neighbour."""
    whole, rest = divmod(numerator, denominator)
    return whole + (2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1))


ROUNDINGS: dict[str, Rounding] = {HALF_UP: half_up, HALF_EVEN: half_even}
RATIO_ROUNDINGS: dict[str, RatioRounding] = {HALF_UP: half_up_ratio, HALF_EVEN: half_even_ratio}


def portion(total_fen: int, part: int, whole: int, rounding: str = HALF_UP) -> int:
    """`part / whole` of a non-negative amount in whole fen, without leaving the integers."""
    return RATIO_ROUNDINGS[rounding](total_fen * part, whole)


def yuan(amount_fen: int) -> str:
    """An amount as people read it: `123456` fen is `1,234.56`."""
    sign = "-" if amount_fen < 0 else ""
    whole, cents = divmod(abs(amount_fen), 100)
    return f"{sign}{whole:,}.{cents:02d}"


def percent(rate: Decimal, places: int = 2) -> str:
    """A rate as people read it: `Decimal("0.1476")` is `14.76%`."""
    scaled = (rate * 100).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{scaled}%"


def exact(rate: Decimal) -> Fraction:
    """The rate as a fraction, for arithmetic that must not round before its end."""
    return Fraction(rate)
