"""Repayment plans of many amounts under the same terms at once: whole fen in 64-bit integers.

Every figure is the very one of `plans.make_plan`. A ratio that is too long for 64 bits is scaled by
a power of two; an amount whose exact figure then lies too near a half is rounded singly.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from lending.engine.errors import PlanImpossible
from lending.engine.plans import (
    Factor,
    Instalment,
    Method,
    Plan,
    PlanInput,
    calendar,
    payment_impossible,
    payment_ratio,
)
from lending.foundation.money import FEN_MAX, RATIO_ROUNDINGS

Array = NDArray[np.int64]
AMOUNT_MAX = 2**46
"""The largest amount, fen, that is planned here: its interest of any period fits 64 bits."""
_LIMB = 31
_MASK = (1 << _LIMB) - 1
_CHUNK = 8_192
"""Amounts worked on at a time, so that they stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Plans:
    """All payments of many loans: a row for each payment, a column for each loan, in fen."""

    start: date
    due_dates: tuple[date, ...]
    principal_fen: Array
    interest_fen: Array
    fee_fen: Array
    balance_fen: Array

    def plan(self, column: int) -> Plan:
        """The plan of one loan, as `make_plan` gives it."""
        rows = zip(
            range(1, len(self.due_dates) + 1),
            self.due_dates,
            self.principal_fen[:, column].tolist(),
            self.interest_fen[:, column].tolist(),
            self.fee_fen[:, column].tolist(),
            self.balance_fen[:, column].tolist(),
            strict=True,
        )
        return Plan(self.start, tuple(Instalment(*row) for row in rows))


def make_plans(amounts_fen: Array | Sequence[int], terms: PlanInput) -> Plans:
    """The plans of these amounts, each equal to `make_plan`'s for the same terms.

    The amount of `terms` itself is not looked at.

    Raises PlanImpossible where any amount can have no plan, naming the field.
    """
    amounts = np.ascontiguousarray(amounts_fen)
    if amounts.ndim != 1 or not amounts.size or amounts.dtype.kind not in "iu":
        raise PlanImpossible(
            "the amounts are not a row of whole numbers",
            field="/principal_fen",
            mend="Give at least one amount, in whole fen.",
        )
    if int(amounts.max()) > AMOUNT_MAX:
        raise PlanImpossible(
            "an amount is too large to be planned together with others",
            field="/principal_fen",
            mend=f"Use at most {AMOUNT_MAX} fen.",
        )
    dates, factors = calendar(replace(terms, principal_fen=int(amounts.min())))
    shape = (len(dates), amounts.size)
    plans = Plans(
        terms.start,
        tuple(dates),
        *(np.empty(shape, dtype=np.int64) for _ in range(4)),
    )
    for begin in range(0, amounts.size, _CHUNK):
        columns = slice(begin, begin + _CHUNK)
        _fill(
            _Rows(
                np.ascontiguousarray(amounts[columns], dtype=np.int64),
                plans.principal_fen[:, columns],
                plans.interest_fen[:, columns],
                plans.fee_fen[:, columns],
                plans.balance_fen[:, columns],
            ),
            terms,
            factors,
        )
    return plans


@dataclass(frozen=True, slots=True)
class _Rows:
    """The part of the plans that is being filled."""

    amount: Array
    principal: Array
    interest: Array
    fee: Array
    balance: Array


def _fill(rows: _Rows, terms: PlanInput, factors: list[Factor]) -> None:
    rows.fee[:] = terms.fee_period_fen
    rows.fee[0] += terms.fee_upfront_fen
    if terms.method == Method.EQUAL_INSTALMENT:
        _equal_instalment(rows, terms, factors)
        return
    rounding = terms.rounding
    if terms.method in (Method.INTEREST_ONLY, Method.BULLET):
        rows.principal[:] = 0
    else:
        rows.principal[: terms.grace_periods] = 0
        equal = (1, len(factors) - terms.grace_periods)
        rows.principal[terms.grace_periods :] = _part(rows.amount, equal, rounding)
    left = rows.amount
    for k, factor in enumerate(factors):
        if k == len(factors) - 1:
            rows.principal[k] = left
        else:
            np.minimum(rows.principal[k], left, out=rows.principal[k])
        if terms.method == Method.INTEREST_FREE:
            rows.interest[k] = 0
        elif terms.method == Method.FLAT:
            rows.interest[k] = 0
            rows.fee[k] += _part(rows.amount, factor, rounding)
        else:
            rows.interest[k] = _part(left, factor, rounding)
        np.subtract(left, rows.principal[k], out=rows.balance[k])
        left = rows.balance[k]


def _equal_instalment(rows: _Rows, terms: PlanInput, factors: list[Factor]) -> None:
    agreed, left, grace = terms.instalment_fen, rows.amount, terms.grace_periods
    payment = (
        _part(left, payment_ratio(factors[grace:]), terms.rounding)
        if agreed is None
        else np.full_like(left, min(agreed, FEN_MAX))
    )
    for k in range(grace):
        rows.principal[k], rows.balance[k] = 0, left
        rows.interest[k] = _part(left, factors[k], terms.rounding)
    for k, factor in enumerate(factors[grace:-1], start=grace):
        interest, principal = rows.interest[k], rows.principal[k]
        interest[:] = _part(left, factor, terms.rounding)
        np.subtract(payment, interest, out=principal)
        if agreed is None:
            np.maximum(principal, 0, out=principal)
            np.minimum(principal, left, out=principal)
        elif bool(np.any((principal < 0) | (principal >= left))):
            raise payment_impossible()
        np.subtract(left, principal, out=rows.balance[k])
        left = rows.balance[k]
    rows.interest[-1] = _part(left, factors[-1], terms.rounding)
    rows.principal[-1] = left
    rows.balance[-1] = 0


def _part(amounts: Array, ratio: Factor, rounding: str) -> Array:
    """The ratio of each amount, rounded exactly."""
    numerator, denominator = ratio
    if 2 * int(amounts.max()) * numerator + denominator >= 1 << 63:
        return _scaled(amounts, ratio, rounding)
    if rounding == "half-up":
        parts = amounts * (2 * numerator)
        parts += denominator
        parts //= 2 * denominator
        return parts
    product = amounts * numerator
    whole = product // denominator
    twice = 2 * (product - whole * denominator)
    whole += (twice > denominator) | ((twice == denominator) & (whole % 2 == 1))
    return whole


def _scaled(amounts: Array, ratio: Factor, rounding: str) -> Array:
    """The ratio as `whole + fraction / 2**62`, multiplied in two limbs of 31 bits.

    What is dropped is below 2 of the last places: where these could turn the rounding, and for
    amounts above 31 bits, the figure is made singly.
    """
    numerator, denominator = ratio
    whole, rest = divmod(numerator, denominator)
    fraction = (rest << 2 * _LIMB) // denominator
    product = amounts * (fraction >> _LIMB)
    product += (amounts * (fraction & _MASK)) >> _LIMB
    product += 1 << (_LIMB - 1)
    low = product & _MASK
    unsure = (low == 0) | (low >= _MASK - 1) | (amounts > _MASK)
    parts = amounts * whole
    parts += product >> _LIMB
    rounded = RATIO_ROUNDINGS[rounding]
    for index in np.flatnonzero(unsure).tolist():
        parts[index] = rounded(int(amounts[index]) * numerator, denominator)
    return parts
