"""Statements rebuilt from your events alone, and every difference to the lender's file.

    statement = cf.statements.get("stm_…")
    wrong = differences(my_events, statement, cf.statements.rows(statement.id))

`my_events` are the events that you received and kept, or `cf.events.list()`; in any order, also
more than once. Who rebuilds a statement so has checked it without believing the lender's sums.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from enum import Enum
from itertools import zip_longest
from typing import Any, Optional, Union

from ._errors import AnswerNotUnderstood, ArgumentInvalid
from ._models import Event, Order, Payout, Refund
from ._payment_models import Payment, PaymentRefund, Release, ServiceStop
from ._statement_models import MovementType, Statement, StatementRow, StatementSum

__all__ = ["Difference", "DifferenceKind", "Rebuilt", "differences", "rebuild"]

_RANKS = list(MovementType)


class DifferenceKind(Enum):
    """How a statement and your events can disagree."""

    MISSING_IN_STATEMENT = "missing_in_statement"
    """Your events tell of a movement that the statement does not list."""
    MISSING_IN_EVENTS = "missing_in_events"
    """The statement lists a movement of which no event told you."""
    FIELD_DIFFERS = "field_differs"
    """Both have the movement, with another value in `field`."""
    SUM_DIFFERS = "sum_differs"
    """The lender's number or sum of a type is not what your events add up to."""
    BALANCE_DIFFERS = "balance_differs"
    """The opening or closing balance, see `field`, is another."""


@dataclass(frozen=True)
class Difference:
    """One disagreement. What is None, one of the two does not have."""

    kind: DifferenceKind
    type: Optional[MovementType] = None
    order_id: Optional[str] = None
    refund_id: Optional[str] = None
    field: Optional[str] = None
    in_statement: Any = None
    in_events: Any = None


@dataclass(frozen=True)
class Rebuilt:
    """A statement as your events have it."""

    opening_balance_fen: int
    closing_balance_fen: int
    rows: tuple[StatementRow, ...]
    sums: tuple[StatementSum, ...]


def rebuild(
    events: Iterable[Event],
    *,
    start: date,
    end: date,
    kind: str = "settlement",
    opening_balance_fen: Optional[int] = None,
) -> Rebuilt:
    """Rebuild the statement from `start` to `end`, both included, from events.

    Without `opening_balance_fen` the events must go back to your first order. Raises
    ArgumentInvalid for a kind that cannot be rebuilt, AnswerNotUnderstood for an event without the
    figures of a statement.
    """
    movements = _MOVEMENTS.get(str(kind))
    if movements is None:
        raise ArgumentInvalid(f"no events tell of a statement of kind {kind}", field="kind")
    once = {event.id: event for event in events}
    found = [
        row
        for event in sorted(once.values(), key=_turn)
        for row in movements(event)
        if row.business_date <= end
    ]
    before = [row for row in found if row.business_date < start]
    opening = sum(row.amount_fen for row in before)
    if opening_balance_fen is not None:
        opening = opening_balance_fen
    rows: list[StatementRow] = []
    balance = opening
    for row in sorted((row for row in found if row.business_date >= start), key=_place):
        balance += row.amount_fen
        rows.append(replace(row, line=len(rows) + 1, balance_fen=balance))
    return Rebuilt(opening, balance, tuple(rows), tuple(_sums(rows)))


def differences(
    events: Iterable[Event],
    statement: Statement,
    rows: Iterable[StatementRow],
    *,
    from_the_beginning: bool = True,
) -> list[Difference]:
    """Compare a statement and the rows of its file with what your events tell; empty is agreement.

    Where your events do not go back to your first order, set `from_the_beginning` to False: then
    the lender's opening balance is taken. Raises what `rebuild` does.
    """
    own = rebuild(
        events,
        start=statement.period_start,
        end=statement.period_end,
        kind=str(statement.kind),
        opening_balance_fen=None if from_the_beginning else statement.opening_balance_fen,
    )
    return [
        *_row_differences(list(rows), own.rows),
        *_sum_differences(statement.sums, own.sums),
        *_balance_differences(statement, own),
    ]


def _settlement(event: Event) -> Iterator[StatementRow]:
    """What an event tells of a merchant's account."""
    told = _TOLD.get(event.type)
    if told is not None:
        yield from told(event)


def _order_paid(event: Event) -> Iterator[StatementRow]:
    order = Order.from_json(_object(event))
    named = {"order_id": order.id, "order_no": order.order_no, "loan_id": order.loan_id}
    yield from _paid_out(event, order.payout, named, {MovementType.ORDER_PAID: order.amount_fen})


def _payment_paid(event: Event) -> Iterator[StatementRow]:
    payment = Payment.from_json(_object(event))
    named = _of_payment(payment, payment.id)
    kept_fen = sum(part.gross_fen for part in payment.release)
    amounts = {MovementType.ORDER_PAID: payment.amount_fen, MovementType.RETAINED: -kept_fen}
    yield from _paid_out(event, payment.payout, named, amounts)


def _release_paid(event: Event) -> Iterator[StatementRow]:
    release = Release.from_json(_object(event))
    named = _of_payment(release, release.payment_id, release_part=release.part)
    yield from _paid_out(event, release.payout, named, {MovementType.RETAINED: release.gross_fen})


def _release_stopped(event: Event) -> Iterator[StatementRow]:
    stop = ServiceStop.from_json(_object(event))
    amounts = {
        MovementType.RETAINED: stop.amount_fen,
        MovementType.SUBSIDY: -stop.subsidy_fen,
        MovementType.SERVICE_STOPPED: -stop.amount_fen,
    }
    named = _of_payment(stop, stop.payment_id)
    for kind, amount_fen in amounts.items():
        if amount_fen:
            yield _row(stop.business_date, stop.stopped_at, kind, amount_fen, named)


def _order_refunded(event: Event) -> Iterator[StatementRow]:
    refund = Refund.from_json(_object(event))
    named = {"order_id": refund.order_id, "order_no": refund.order_no, "loan_id": refund.loan_id}
    yield _claimed(event, refund, named)


def _payment_refunded(event: Event) -> Iterator[StatementRow]:
    refund = PaymentRefund.from_json(_object(event))
    yield _claimed(event, refund, _of_payment(refund, refund.payment_id))


def _of_payment(told: Any, payment_id: str, **more: Any) -> dict[str, Any]:
    return {
        "order_id": payment_id,
        "order_no": told.payment_no,
        "loan_id": told.loan_id,
        "store_no": told.store_no,
        "till_no": told.till_no,
        **more,
    }


def _claimed(
    event: Event, refund: Union[Refund, PaymentRefund], named: Mapping[str, Any]
) -> StatementRow:
    if refund.business_date is None or refund.created_at is None:
        raise AnswerNotUnderstood(f"event {event.id} has no business_date")
    of_refund = {**named, "refund_id": refund.id, "refund_no": refund.refund_no}
    claim = (MovementType.REFUND_CLAIM, -refund.merchant_claim_fen)
    return _row(refund.business_date, refund.created_at, *claim, of_refund)


def _paid_out(
    event: Event,
    payout: Optional[Payout],
    named: Mapping[str, Any],
    owed: Mapping[MovementType, int],
) -> Iterator[StatementRow]:
    """What was owed, what was withheld of it, and what reached the account."""
    if payout is None or payout.business_date is None or payout.paid_at is None:
        raise AnswerNotUnderstood(f"event {event.id} has no payout")
    if payout.fee_fen is None or payout.subsidy_fen is None:
        raise AnswerNotUnderstood(f"event {event.id} does not say what was withheld")
    amounts = {
        **owed,
        MovementType.FEE: -payout.fee_fen,
        MovementType.SUBSIDY: -payout.subsidy_fen,
        MovementType.PAYOUT: -payout.amount_fen,
    }
    bank = {"bank_reference": payout.channel_reference, "account_last4": payout.account_last4}
    for kind, amount_fen in amounts.items():
        if amount_fen:
            known = {**named, **bank} if kind is MovementType.PAYOUT else named
            yield _row(payout.business_date, payout.paid_at, kind, amount_fen, known)


def _row(
    day: date, at: datetime, kind: MovementType, amount_fen: int, named: Mapping[str, Any]
) -> StatementRow:
    return StatementRow(
        line=0,
        business_date=day,
        booked_at=at,
        type=kind,
        amount_fen=amount_fen,
        balance_fen=0,
        **named,
    )


_TOLD: Mapping[str, Callable[[Event], Iterator[StatementRow]]] = {
    "order.paid": _order_paid,
    "order.refunded": _order_refunded,
    "payment.paid": _payment_paid,
    "payment.refunded": _payment_refunded,
    "release.paid": _release_paid,
    "release.stopped": _release_stopped,
}
_TURNS = list(_TOLD)
_MOVEMENTS: Mapping[str, Callable[[Event], Iterator[StatementRow]]] = {"settlement": _settlement}


def _object(event: Event) -> Any:
    return event.data.get("object")


def _turn(event: Event) -> int:
    """What was paid stands before what was stopped, also where both were in one instant."""
    return _TURNS.index(event.type) if event.type in _TOLD else len(_TURNS)


def _place(row: StatementRow) -> tuple[date, datetime, str, str, int, int]:
    """Where a row stands among others, by what events tell of it."""
    rank = _RANKS.index(row.type)
    about = row.order_id or "", row.refund_id or "", row.release_part or 0
    return (row.business_date, row.booked_at, *about, rank)


def _sums(rows: Iterable[StatementRow]) -> Iterator[StatementSum]:
    together: dict[MovementType, list[int]] = defaultdict(list)
    for row in rows:
        together[row.type].append(row.amount_fen)
    for kind in sorted(together, key=str):
        yield StatementSum(kind, len(together[kind]), sum(together[kind]))


def _row_differences(
    theirs: Iterable[StatementRow], own: Iterable[StatementRow]
) -> Iterator[Difference]:
    both: dict[tuple[str, str, str, int], tuple[list[StatementRow], list[StatementRow]]] = {}
    for side, rows in enumerate((theirs, own)):
        for row in rows:
            part = row.release_part or 0
            key = (row.type.value, row.order_id or "", row.refund_id or "", part)
            both.setdefault(key, ([], []))[side].append(row)
    for listed, told in both.values():
        for one, other in zip_longest(listed, told):
            yield from _between(one, other)


def _between(listed: Optional[StatementRow], told: Optional[StatementRow]) -> Iterator[Difference]:
    row = listed or told
    assert row is not None
    about: dict[str, Any] = {
        "type": row.type,
        "order_id": row.order_id,
        "refund_id": row.refund_id,
    }
    if listed is None or told is None:
        kind = DifferenceKind.MISSING_IN_STATEMENT if told else DifferenceKind.MISSING_IN_EVENTS
        yield Difference(kind, **about, in_statement=listed, in_events=told)
        return
    for one in fields(StatementRow):
        theirs, own = getattr(listed, one.name), getattr(told, one.name)
        if one.name != "extra" and theirs != own:
            yield Difference(
                DifferenceKind.FIELD_DIFFERS,
                **about,
                field=one.name,
                in_statement=theirs,
                in_events=own,
            )


def _sum_differences(
    theirs: Iterable[StatementSum], own: Iterable[StatementSum]
) -> Iterator[Difference]:
    listed = {one.type: (one.rows, one.amount_fen) for one in theirs}
    told = {one.type: (one.rows, one.amount_fen) for one in own}
    for kind in sorted(listed.keys() | told.keys(), key=str):
        if listed.get(kind) != told.get(kind):
            yield Difference(
                DifferenceKind.SUM_DIFFERS,
                type=kind,
                in_statement=listed.get(kind),
                in_events=told.get(kind),
            )


def _balance_differences(statement: Statement, own: Rebuilt) -> Iterator[Difference]:
    for name in ("opening_balance_fen", "closing_balance_fen"):
        theirs, rebuilt = getattr(statement, name), getattr(own, name)
        if theirs != rebuilt:
            yield Difference(
                DifferenceKind.BALANCE_DIFFERS, field=name, in_statement=theirs, in_events=rebuilt
            )
