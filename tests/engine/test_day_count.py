"""Intervals as the guidelines on directive 2008/48/EC illustrate them (SWD(2012) 128, annex 1)."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from lending.engine.day_count import directive_years, year_fraction, year_part


def day(text: str) -> date:
    return date.fromisoformat(text)


class TestTheDirectivesYears:
    @pytest.mark.parametrize(
        ("unit", "start", "end", "whole", "rest"),
        [
            ("month", "2019-01-12", "2020-01-12", "12/12", "0"),
            ("month", "2012-01-12", "2012-02-15", "1/12", "3/365"),
            ("month", "2012-01-12", "2012-04-15", "3/12", "3/365"),
            ("month", "2013-01-12", "2013-02-15", "1/12", "3/366"),
            ("month", "2013-02-25", "2013-03-28", "1/12", "3/366"),
            ("month", "2013-02-26", "2013-03-29", "1/12", "2/366"),
            ("month", "2012-02-26", "2012-03-29", "1/12", "3/366"),
            ("month", "2012-02-26", "2012-02-26", "0", "0"),
            ("month", "2026-01-31", "2026-02-28", "1/12", "0"),
            ("month", "2012-01-20", "2012-02-15", "0", "26/365"),
            ("year", "2012-01-12", "2012-02-15", "0", "34/365"),
            ("year", "2012-01-12", "2014-02-15", "2", "34/365"),
            ("year", "2020-01-01", "2021-03-15", "1", "74/366"),
            ("week", "2012-01-12", "2012-01-26", "2/52", "0"),
            ("week", "2012-01-12", "2013-01-10", "52/52", "0"),
            ("week", "2012-01-12", "2012-01-30", "2/52", "4/365"),
            ("week", "2012-01-12", "2013-01-12", "52/52", "2/365"),
            ("day", "1994-01-01", "1995-07-01", "0", "546/365"),
        ],
    )
    def test_are_whole_units_and_days_before_them(
        self, unit: str, start: str, end: str, whole: str, rest: str
    ):
        years = directive_years(day(start), day(end), unit)
        assert years == Fraction(whole) + Fraction(rest)


class TestYearsByConvention:
    @pytest.mark.parametrize(
        ("convention", "part"),
        [
            ("30/360", "1/12"),
            ("1/12", "1/12"),
            ("act/360", "31/360"),
            ("act/364", "31/364"),
            ("act/365", "31/365"),
            ("act/act", "31/366"),
        ],
    )
    def test_of_a_month_in_a_leap_year(self, convention: str, part: str):
        assert year_part(day("2028-01-15"), day("2028-02-15"), convention) == Fraction(part)

    def test_are_rounded_as_decimals(self):
        assert year_fraction(day("2026-01-01"), day("2026-02-01"), "30/360") == Decimal(1) / 12
