"""The file of advances and payments that `cf apr` reads: parsed, then laid out in time."""

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path

from lending.engine.day_count import directive_years
from lending.engine.rates import Flow
from lending.engine.reg_z import PER_YEAR, UnitPeriod
from lending.foundation.calendar import parsed_date
from lending.foundation.errors import BadInput

METHODS = ("period-irr", "nominal", "effective", "regz", "xirr-365")
_UNITS = {
    **{unit: (unit, per_year) for unit, per_year in PER_YEAR.items()},
    "fortnight": ("week", 26),
    "half-month": ("month", 24),
    "quarter": ("month", 4),
    "half-year": ("month", 2),
}
"""What a unit is a length of, and how many make a year unless the file says otherwise."""
_AMOUNT = r"([0-9]{1,400}(\.[0-9]{0,400})?|\.[0-9]{1,400})([eE][+-]?[0-9]{1,4})?"
_AMOUNT_MAX = Decimal(10) ** 18
_TIME_MAX = 1_000_000
_DIGITS = 34


class CashFlowsUnreadable(BadInput):
    """The file is not advances and payments as `cf apr --help` describes them."""

    code, title = "cash_flows.unreadable", "The file of cash flows is not in order"


@dataclass(frozen=True, slots=True)
class Moment:
    """When money changes hands: on a date, or so many units after the start."""

    day: date | None
    units: Fraction
    odd: Fraction


@dataclass(frozen=True, slots=True)
class CashFlows:
    """What the file says; advances are negative."""

    amounts: tuple[tuple[Moment, Decimal], ...]
    unit_period: UnitPeriod

    @property
    def days(self) -> list[date]:
        """All dates, where the file gives dates."""
        return [moment.day for moment, _ in self.amounts if moment.day]


def read(path: Path) -> CashFlows:
    """Reads and checks the file.

    Raises CashFlowsUnreadable, which names the place by its JSON pointer and says the mend.
    """
    try:
        data = json.loads(
            sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8"),
            parse_float=Decimal,
            parse_int=Decimal,
            parse_constant=_constant,
            object_pairs_hook=_once,
        )
    except OSError as failure:
        raise _wrong("", f"cannot be read: {failure.strerror}", "Name a file.") from None
    except (ValueError, RecursionError) as failure:
        raise _wrong("", f"is not JSON: {failure}", "Write it as `cf apr --help` shows.") from None
    document = _object(data, "", {"advances", "payments", "unit", "unit_periods_per_year"})
    amounts = tuple(
        (_moment(entry, place), sign * _amount(entry, place))
        for name, sign in (("advances", -1), ("payments", 1))
        for place, entry in _entries(document, name)
    )
    if len({moment.day is None for moment, _ in amounts}) > 1:
        raise _wrong(
            "", "mixes dates and t", "Give every advance and payment a date, or every a t."
        )
    is_dated = amounts[0][0].day is not None
    return CashFlows(amounts, _unit_period(document, is_dated=is_dated))


def lay_out(cash: CashFlows, method: str) -> list[Flow]:
    """The flows at their times as the method counts time.

    Raises CashFlowsUnreadable where dates are missing or cannot be counted in the unit-period.
    """
    time = _clock(cash, method)
    flows = []
    with localcontext() as context:
        context.prec = _DIGITS
        for moment, amount in cash.amounts:
            whole, odd = time(moment)
            if method != "regz":
                whole, odd = whole + odd, Fraction(0)
            flows.append(Flow(amount, _decimal(whole), _decimal(odd)))
    return flows


Clock = Callable[[Moment], tuple[Fraction, Fraction]]
"""A moment as time and the odd part of a unit-period."""


def _clock(cash: CashFlows, method: str) -> Clock:
    if not cash.days:
        if method == "xirr-365":
            raise _wrong("/advances/0/date", "is missing", "Give dates: xirr-365 counts days.")
        return lambda moment: (moment.units, moment.odd)
    start, unit = min(cash.days), cash.unit_period
    if method == "xirr-365":
        return lambda moment: (Fraction((_day(moment) - start).days, 365), Fraction(0))
    if method == "effective":
        return lambda moment: (directive_years(start, _day(moment), unit.unit), Fraction(0))
    if not unit.is_countable:
        raise _wrong(
            "/unit_periods_per_year",
            f"{unit.per_year} does not make unit-periods of whole {unit.unit}s",
            "Use for months 12, 6, 4, 3, 2, 1 or 24; for weeks 52, 26, 13; for days 365/n.",
        )
    anchor = max(moment.day.day for moment, amount in cash.amounts if amount > 0 and moment.day)

    def counted(moment: Moment) -> tuple[Fraction, Fraction]:
        whole, odd = unit.between(start, _day(moment), anchor_day=anchor)
        return Fraction(whole), odd

    return counted


def _day(moment: Moment) -> date:
    assert moment.day is not None
    return moment.day


def _entries(document: Mapping[str, object], name: str) -> Sequence[tuple[str, dict[str, object]]]:
    rows = document.get(name)
    if not isinstance(rows, list) or not rows:
        raise _wrong(f"/{name}", "is not a list of at least one", f"List the {name}.")
    known = {"date", "t", "f", "amount"}
    return [(f"/{name}/{k}", _object(row, f"/{name}/{k}", known)) for k, row in enumerate(rows)]


def _object(value: object, place: str, known: set[str]) -> dict[str, object]:
    if not isinstance(value, dict):
        raise _wrong(
            place, "is not an object", "Write {...} with " + ", ".join(sorted(known)) + "."
        )
    for name in value:
        if name not in known:
            raise _wrong(f"{place}/{name}", "is not known", f"Use {', '.join(sorted(known))}.")
    return value


def _amount(entry: Mapping[str, object], place: str) -> Decimal:
    text = _text(entry.get("amount"))
    amount = Decimal(text) if re.fullmatch(_AMOUNT, text) else Decimal(0)
    if not 0 < amount < _AMOUNT_MAX:
        raise _wrong(f"{place}/amount", "is not an amount", "Use a number above 0 and below 1e18.")
    return amount


def _moment(entry: Mapping[str, object], place: str) -> Moment:
    if ("date" in entry) == ("t" in entry):
        raise _wrong(place, "needs either a date or a t", 'Give "date" or "t", not both.')
    if "t" in entry:
        units = _ratio(entry["t"], f"{place}/t")
        odd = _ratio(entry.get("f", Decimal(0)), f"{place}/f") + units % 1
        if odd >= 1:
            raise _wrong(f"{place}/f", "makes a whole unit-period", "Use a fraction below 1.")
        return Moment(None, Fraction(units // 1), odd)
    if "f" in entry:
        raise _wrong(f"{place}/f", "goes with t, not with a date", "Leave it out.")
    try:
        return Moment(parsed_date(_text(entry["date"])), Fraction(0), Fraction(0))
    except ValueError:
        raise _wrong(f"{place}/date", "is not a date", "Use a date such as 2026-11-23.") from None


def _unit_period(document: Mapping[str, object], *, is_dated: bool) -> UnitPeriod:
    """The unit-period; where t counts it and its number a year is given, its name is free."""
    name, place = document.get("unit", "month"), "/unit_periods_per_year"
    is_given = "unit_periods_per_year" in document
    is_named = isinstance(name, str) and name.strip() and is_given and not is_dated
    if not isinstance(name, str) or (name not in _UNITS and not is_named):
        raise _wrong("/unit", "is not a unit", f"Use {', '.join(_UNITS)}.")
    unit, usual = _UNITS.get(name, ("month", 0))
    per_year = _ratio(document.get("unit_periods_per_year", Decimal(usual)), place)
    if per_year == 0:
        raise _wrong(place, "is 0", "Use a number above 0, such as 12.")
    if name in _UNITS and name not in PER_YEAR and per_year != usual:
        raise _wrong(place, f"does not go with a {name}", f"Use {usual}, or leave it out.")
    return UnitPeriod(unit, per_year)


def _ratio(value: object, place: str) -> Fraction:
    text = _text(value)
    if re.fullmatch(r"[0-9]{1,18}(\.[0-9]{0,34})?|[0-9]{1,18}/[0-9]{1,18}", text):
        try:
            ratio = Fraction(text)
        except ZeroDivisionError:
            ratio = Fraction(_TIME_MAX + 1)
        if ratio <= _TIME_MAX:
            return ratio
    raise _wrong(place, "is not a number from 0", 'Use one such as 3, "0.5" or "19/30".')


def _text(value: object) -> str:
    """A JSON number or string as text; anything else as text that is no number."""
    if isinstance(value, Decimal):
        return f"{value:f}" if abs(value.adjusted()) < 50 else str(value)
    return value.strip() if isinstance(value, str) else "?"


def _decimal(ratio: Fraction) -> Decimal:
    return Decimal(ratio.numerator) / ratio.denominator


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    named: dict[str, object] = {}
    for name, value in pairs:
        if name in named:
            raise ValueError(f'it says "{name}" twice')
        named[name] = value
    return named


def _constant(name: str) -> Decimal:
    raise ValueError(f"{name} is not a number")


def _wrong(place: str, what: str, mend: str) -> CashFlowsUnreadable:
    return CashFlowsUnreadable(f"{place or 'the file'} {what}.", field=place or None, mend=mend)
