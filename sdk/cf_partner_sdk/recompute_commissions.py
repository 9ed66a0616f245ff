"""Commission bills computed anew from your events alone, and every difference to the lender's.

    wrong = cf.commissions.recompute("cbl_…", events=my_events)

or, without asking the lender for anything,

    wrong = commission_differences(my_events, bill, rows_of_the_statement)

`my_events` are the events that you received and kept; in any order, also more than once. Of each
`commission.accrued` the amount is computed from what was received and the agreed terms, and held
against the event before it on the same loan, the row of the statement, and the bill.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, Optional

from ._commission_models import CommissionAccrual, CommissionBasis, CommissionBill
from ._models import Event
from ._rounding import half_up
from ._statement_models import StatementRow

__all__ = [
    "CommissionDifference",
    "CommissionDifferenceKind",
    "commission_differences",
    "earned_fen",
    "tier_fen",
]

_BILLED = ("accrued", "clawback")
_FIELDS = ("amount_fen", "received_before_fen", "received_fen", "earned_before_fen", "earned_fen")


class CommissionDifferenceKind(Enum):
    """How a bill and your events can disagree."""

    MISSING_IN_STATEMENT = "missing_in_statement"
    """An event tells of a movement that the statement does not list."""
    MISSING_IN_EVENTS = "missing_in_events"
    """The statement lists a movement of which no event told you."""
    FIELD_DIFFERS = "field_differs"
    """Statement and event have another value in `field`."""
    RULE_DIFFERS = "rule_differs"
    """The agreed terms give another amount than the event says."""
    CHAIN_DIFFERS = "chain_differs"
    """A movement does not begin where the one before it on the loan ended."""
    BILL_DIFFERS = "bill_differs"
    """The bill's `field` is not what its parts add up to."""


@dataclass(frozen=True)
class CommissionDifference:
    """One disagreement: what the lender has, and what was computed."""

    kind: CommissionDifferenceKind
    movement_id: Optional[str] = None
    loan_id: Optional[str] = None
    field: Optional[str] = None
    lender: Any = None
    computed: Any = None


def earned_fen(accrual: CommissionAccrual) -> int:
    """Return what the loan has earned by its terms: the part of what was received, capped, half up.

    Of a loan that has gone bad what is left when the agreed part is given back.
    """
    if accrual.basis == CommissionBasis.LOAN:
        full = accrual.per_loan_fen if accrual.received_fen else 0
    else:
        full = half_up(accrual.received_fen * accrual.rate)
    capped = min(full, accrual.cap_fen)
    return capped - (half_up(capped * accrual.clawback_rate) if accrual.is_bad else 0)


def tier_fen(earned: int, part: Decimal) -> int:
    """Return what a tier takes off a month's earnings, below 0 or 0."""
    counted = max(0, earned)
    return half_up(counted * part) - counted


def commission_differences(
    events: Iterable[Event], bill: CommissionBill, rows: Iterable[StatementRow]
) -> list[CommissionDifference]:
    """Compare a bill and its statement's rows with what your events and the terms give."""
    accruals = _accruals(events)
    month = {
        key: one for key, one in accruals.items() if f"{one.business_date:%Y-%m}" == bill.month
    }
    listed = {row.movement_id or "": row for row in rows if str(row.type) in _BILLED}
    return [
        *(found for one in month.values() for found in _by_rule(one)),
        *_chains(accruals.values()),
        *_rows(listed, month),
        *_bill(bill, month.values()),
    ]


def _accruals(events: Iterable[Event]) -> dict[str, CommissionAccrual]:
    told = (
        CommissionAccrual.from_json(event.data.get("object"))
        for event in events
        if event.type == "commission.accrued"
    )
    found = {one.id: one for one in told}
    return dict(sorted(found.items(), key=lambda pair: (pair[1].booked_at, pair[0])))


def _by_rule(one: CommissionAccrual) -> Iterator[CommissionDifference]:
    computed = {
        "earned_fen": (one.earned_fen, earned_fen(one)),
        "amount_fen": (one.amount_fen, one.earned_fen - one.earned_before_fen),
    }
    for name, (lender, own) in computed.items():
        if lender != own:
            yield _of(CommissionDifferenceKind.RULE_DIFFERS, one, name, lender, own)


def _chains(accruals: Iterable[CommissionAccrual]) -> Iterator[CommissionDifference]:
    ended: dict[str, int] = {}
    for one in accruals:
        before = ended.get(one.loan_id)
        if before is not None and before != one.earned_before_fen:
            yield _of(
                CommissionDifferenceKind.CHAIN_DIFFERS,
                one,
                "earned_before_fen",
                one.earned_before_fen,
                before,
            )
        ended[one.loan_id] = one.earned_fen


def _rows(
    listed: Mapping[str, StatementRow], told: Mapping[str, CommissionAccrual]
) -> Iterator[CommissionDifference]:
    for key in [*listed, *(key for key in told if key not in listed)]:
        row, one = listed.get(key), told.get(key)
        if row is None or one is None:
            kind = CommissionDifferenceKind.MISSING_IN_EVENTS
            if row is None:
                kind = CommissionDifferenceKind.MISSING_IN_STATEMENT
            loan = (row or one).loan_id  # type: ignore[union-attr]
            yield CommissionDifference(kind, key, loan, lender=row, computed=one)
            continue
        for name in ("loan_id", "business_date", *_FIELDS):
            if getattr(row, name) != getattr(one, name):
                kind = CommissionDifferenceKind.FIELD_DIFFERS
                yield _of(kind, one, name, getattr(row, name), getattr(one, name))


def _bill(
    bill: CommissionBill, accruals: Iterable[CommissionAccrual]
) -> Iterator[CommissionDifference]:
    moved: dict[str, list[int]] = defaultdict(list)
    loans = set()
    for one in accruals:
        moved["accrued" if one.amount_fen > 0 else "clawback"].append(one.amount_fen)
        loans.add(one.loan_id)
    parts = (bill.accrued_fen, bill.clawback_fen, bill.tier_fen, bill.carried_fen)
    computed = {
        "loans": len(loans),
        "rows": sum(len(amounts) for amounts in moved.values()),
        "accrued_fen": sum(moved["accrued"]),
        "clawback_fen": sum(moved["clawback"]),
        "tier_fen": sum(tier_fen(each.earned_fen, each.part) for each in bill.tiers),
        "payable_fen": sum(parts) + bill.adjustment_fen,
    }
    for name, own in computed.items():
        if getattr(bill, name) != own:
            yield CommissionDifference(
                CommissionDifferenceKind.BILL_DIFFERS,
                field=name,
                lender=getattr(bill, name),
                computed=own,
            )


def _of(
    kind: CommissionDifferenceKind, one: CommissionAccrual, field: str, lender: Any, own: Any
) -> CommissionDifference:
    return CommissionDifference(kind, one.id, one.loan_id, field, lender, own)
