"""Unit-periods between dates, as US Regulation Z, Appendix J, paragraph (b)(5), counts them.

A term is a number of whole unit-periods, counted back from the later date, and the odd days before
them as a fraction of one. Interest is compound over the whole ones, simple over the fraction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from lending.engine.rates import Flow, solve
from lending.foundation.calendar import add_months

PER_YEAR = {"day": 365, "week": 52, "month": 12, "year": 1}
"""Units in a year, by Appendix J."""
_DAYS = {"day": 1, "week": 7}


@dataclass(frozen=True, slots=True)
class UnitPeriod:
    """The common interval between payments.

    `per_year` says how many make a year and, with the unit, how long one is: months 12 times a year
    are months, 4 times a year quarters, 24 times a year half-months; weeks 26 times a year are
    fortnights; days `365/255` times a year are one term of 255 days.
    """

    unit: str
    per_year: Fraction

    @property
    def length(self) -> Fraction:
        """How many units one unit-period is; a half for half-months."""
        return PER_YEAR[self.unit] / self.per_year

    @property
    def is_countable(self) -> bool:
        """Whether dates can be counted in it: a whole number of units, or half a month."""
        months = self.length * 12 if self.unit == "year" else self.length
        if self.unit in _DAYS:
            return months.denominator == 1
        return months == Fraction(1, 2) or (months.denominator == 1 and months <= 12)

    def between(self, start: date, end: date, *, anchor_day: int = 0) -> tuple[int, Fraction]:
        """Whole unit-periods from `start` to `end`, and the odd fraction of one before them.

        `anchor_day` is the day of the month that payments fall due on where the month has it: the
        last day of a shorter month stands for it.
        """
        length = self.length
        if self.unit in _DAYS:
            days = int(length) * _DAYS[self.unit]
            whole, odd = divmod((end - start).days, days)
            return whole, Fraction(odd, days)
        months, days = _months_back(start, end, anchor_day)
        size = length * 12 if self.unit == "year" else length
        if size == Fraction(1, 2):
            halves, odd = divmod(days, 15)
            return months * 2 + halves, Fraction(odd, 15)
        whole, left = divmod(months, int(size))
        if size == 12 and days:
            return whole, Fraction((add_months(end, -12 * whole) - start).days, 365)
        return whole, Fraction(30 * left + days, 30 * int(size))


def annual_rate(flows: Sequence[Flow], per_year: Fraction) -> Decimal:
    """The annual percentage rate as a ratio: the rate of a unit-period times those in a year.

    Raises NoAnnualRate.
    """
    return solve(flows) * per_year.numerator / per_year.denominator


def _months_back(start: date, end: date, anchor_day: int) -> tuple[int, int]:
    """Whole months counted back from `end`, and the days from `start` until the first of them."""
    months = (end.year - start.year) * 12 + end.month - start.month
    if add_months(start, months) == end:
        return months, 0
    is_last = add_months(end, 0, anchor_day=31) == end
    day = max(anchor_day, end.day) if is_last else end.day
    if add_months(end, -months, anchor_day=day) < start:
        months -= 1
    return months, (add_months(end, -months, anchor_day=day) - start).days
