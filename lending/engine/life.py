"""A loan's life as a fold: the contract's plan and the events since then give how it stands.

Nothing else does. A payment that is entered late or taken back changes the list of events, and the
loan is what that list, in the order of its dates, makes of it: the same in every component as if
all had come in order.

Days: what happens on a day happens before that day's end. Interest and penalty up to a day count
the nights before it: nothing on the day of payout, one day on the next.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from lending.engine.ageing import penalty_fen
from lending.engine.allocation import Due, allocate
from lending.engine.due_dates import due_dates
from lending.engine.errors import EventImpossible, RefundTooLarge
from lending.engine.events import (
    Claimed,
    DueDatesMoved,
    Event,
    FeeCharged,
    GoodsReturned,
    Paid,
    PaidOff,
    PartPrepaid,
    Waived,
    WrittenOff,
)
from lending.engine.position import Claim, Course, Position
from lending.engine.prepayment import (
    OpenInstalment,
    interest_earned_fen,
    payoff,
    shrunk,
)
from lending.engine.refunds import refund_goods
from lending.engine.shares import cut
from lending.foundation.money import ROUNDINGS, portion, yuan

NOTHING = Due(0, 0, 0, 0, 0)


def begun(course: Course) -> Position:
    """The loan on the day of its payout."""
    return Position(course.start, course.start, course.rows, rounding=course.rounding)


def replay(course: Course, events: Iterable[Event], on: date) -> Position:
    """The loan on a day, after all that happened up to and on it.

    Events of one day keep the order in which they are given.
    """
    return advance(course, fold(course, (one for one in events if one.on <= on)), on)


def fold(course: Course, events: Iterable[Event]) -> Position:
    """The loan after all events, on the day of the last of them."""
    position = begun(course)
    for event in sorted(events, key=lambda one: one.on):
        position = happen(course, position, event)
    return position


def replay_with(
    course: Course,
    events: Sequence[Event],
    event: Event,
    *,
    last: Position,
    without_on: date,
    with_on: date,
) -> tuple[Position, Position]:
    """The loan on one day without one more event, and on another with it.

    As two calls of `replay`; where the event comes last, as most do, it goes on from `last`, the
    loan after the others.

    Raises what `require_possible` does for the event on its day.
    """
    if not last.on <= event.on <= min(without_on, with_on):
        require_possible(course, replay(course, events, event.on), event)
        with_it = replay(course, [*events, event], with_on)
        return replay(course, events, without_on), with_it
    found = advance(course, last, event.on)
    require_possible(course, found, event)
    after = _DO[type(event)](course, found, event)
    return advance(course, last, without_on), advance(course, after, with_on)


def happen(course: Course, position: Position, event: Event) -> Position:
    """The loan after one more event, on the event's day.

    It never refuses: an event that was possible as it came stays in the list when an earlier one is
    taken back, and then does as much as it can. See `require_possible`.
    """
    return _DO[type(event)](course, advance(course, position, event.on), event)


def advance(course: Course, position: Position, to: date) -> Position:
    """The loan some days later, nothing having happened: penalty counts (P23, R-PENALTY-BASE)."""
    assert to >= position.on, (to, position.on)
    if to == position.on:
        return position
    if position.written_off_on or position.claim:
        return replace(position, on=to)
    rows = tuple(
        _penalised(course, row, position.on, to)
        if row.due_date < to and row.principal_paid_fen < row.principal_fen
        else row
        for row in position.rows
    )
    return replace(position, on=to, rows=rows)


def payoff_quote(course: Course, position: Position) -> list[Due]:
    """What closes the loan on the day it stands at, fee for prepaying included (P9)."""
    return payoff(
        position.rows, position.start, position.on, course.prepayment_fee_rate, course.rounding
    )


def dues(position: Position, until: int = 0) -> list[Due]:
    """All that is due, and the instalments up to number `until`, the oldest first."""
    return [
        row.open()
        for row in position.rows
        if row.is_open and (row.due_date <= position.on or row.number <= until)
    ]


def following(position: Position) -> OpenInstalment | None:
    """The oldest instalment with anything open; None when all is paid."""
    return next((row for row in position.rows if row.is_open), None)


def require_possible(course: Course, position: Position, event: Event) -> None:
    """Refuses what cannot happen to the loan as it stands on the event's day.

    Raises EventImpossible, naming the field, and RefundTooLarge.
    """
    if getattr(event, "amount_fen", 1) <= 0:
        raise EventImpossible("金额须大于 0", field="/amount_fen", mend="请填写大于 0 的金额。")
    match event:
        case PartPrepaid():
            if event.amount_fen <= sum(due.total_fen for due in _due_now(position)):
                raise EventImpossible(
                    "金额不足以归还未到期的本金",
                    field="/amount_fen",
                    mend="请归还到期款项,或填写更大的金额。",
                )
        case GoodsReturned():
            if event.amount_fen > event.refundable_fen:
                raise RefundTooLarge(mend=f"Refund from 1 to {event.refundable_fen} fen.")
        case DueDatesMoved():
            _require_movable(course, position, event)
        case Waived():
            _require_waivable(position, event)
        case FeeCharged() | WrittenOff() | PaidOff() | Claimed():
            _require_open(position, event)


def _require_open(position: Position, event: Event) -> None:
    again = (isinstance(event, WrittenOff) and position.written_off_on is not None) or (
        isinstance(event, Claimed) and position.claim is not None
    )
    if position.is_closed or again:
        raise EventImpossible("借款已结清或已办理过", field="/on", mend="请核对借款的事件记录。")
    if isinstance(event, Claimed):
        parts = (event.principal_fen, event.interest_fen, event.penalty_fen)
        if min(parts) < 0 or not sum(parts):
            raise EventImpossible(
                "没有代偿金额", field="/principal_fen", mend="请填写大于 0 的金额。"
            )


def _penalised(course: Course, row: OpenInstalment, since: date, to: date) -> OpenInstalment:
    days = (to - max(since, row.due_date)).days
    base = row.overdue_fen_days + (row.principal_fen - row.principal_paid_fen) * days
    penalised = row.penalised or (to - row.due_date).days > course.grace_days
    charged = penalty_fen(base, 1, course.penalty_rate_annual, course.rounding) if penalised else 0
    return replace(
        row,
        overdue_fen_days=base,
        penalised=penalised,
        penalty_fen=charged - row.penalty_waived_fen,
    )


def _divided(asked: Sequence[Due], amount_fen: int) -> tuple[dict[int, Due], int]:
    """A payment's parts by instalment, and what is left of it."""
    divided = allocate(asked, amount_fen)
    return {part.number: part for part in divided.parts}, divided.left_over_fen


def _paid(_course: Course, position: Position, event: Paid) -> Position:
    parts, left = _divided(dues(position, event.until), event.amount_fen)
    rows = tuple(
        row.with_paid(part) if (part := parts.get(row.number)) else row for row in position.rows
    )
    return replace(position, rows=rows, credit_fen=position.credit_fen + left)


def _paid_off(course: Course, position: Position, event: PaidOff) -> Position:
    after = _prepaid(course, position, event.amount_fen, shorter=True)
    if event.amount_fen < sum(due.total_fen for due in payoff_quote(course, position)):
        return after
    rows = tuple(
        replace(row.with_fee(row.fee_paid_fen), interest_fen=row.interest_paid_fen)
        if row.due_date > after.on
        else row
        for row in after.rows
    )
    return replace(after, rows=rows)


def _part_prepaid(course: Course, position: Position, event: PartPrepaid) -> Position:
    return _prepaid(course, position, event.amount_fen, shorter=event.shorter)


def _prepaid(course: Course, position: Position, amount_fen: int, *, shorter: bool) -> Position:
    """Pays what is due and earned, then principal with its fee; interest follows the balance."""
    asked = payoff_quote(course, position)
    if amount_fen < sum(due.total_fen for due in asked):
        now = _due_now(position)
        free = amount_fen - sum(due.total_fen for due in now)
        asked = now if free <= 0 else _ahead(course, position, now, free, shorter=shorter)
    parts, left = _divided(asked, amount_fen)
    cuts = [
        parts.get(row.number, NOTHING).principal_fen if row.due_date > position.on else 0
        for row in position.rows
    ]
    rows = []
    after: Sequence[OpenInstalment] = position.rows
    if any(cuts):
        after = shrunk(position.rows, cuts, position.start, position.on, course.rounding)
    for row in after:
        part = parts.get(row.number, NOTHING)
        is_prepaid = row.due_date > position.on
        fee = part.fee_fen if is_prepaid else 0
        charged = replace(row, fee_fen=row.fee_fen + fee)
        rows.append(charged.with_paid(part, is_prepaid=is_prepaid))
    return replace(position, rows=tuple(rows), credit_fen=position.credit_fen + left)


def _due_now(position: Position) -> list[Due]:
    """What is due, and the running period's interest to the day."""
    not_due = {row.number for row in position.rows if row.due_date > position.on}
    return [
        replace(due, principal_fen=0) if due.number in not_due else due
        for due in payoff(position.rows, position.start, position.on, rounding=position.rounding)
    ]


def _ahead(
    course: Course, position: Position, now: Sequence[Due], free_fen: int, *, shorter: bool
) -> list[Due]:
    """What is due now and, of the amount that is free, principal not due and the fee for it."""
    rate, rounded = course.prepayment_fee_rate, ROUNDINGS[course.rounding]
    principal = int(free_fen / (1 + rate)) + 1
    while principal + rounded(principal * rate) > free_fen:
        principal -= 1
    later = [row.open().principal_fen if row.due_date > position.on else 0 for row in position.rows]
    cuts = _from_the_last(later, principal) if shorter else cut(principal, later, course.rounding)
    fee = rounded(principal * rate)
    asked = {due.number: due for due in now}
    for row, less in zip(position.rows, cuts, strict=True):
        if row.due_date > position.on:
            due = asked.get(row.number, replace(NOTHING, number=row.number))
            asked[row.number] = replace(due, principal_fen=less, fee_fen=fee)
            fee = 0
    return list(asked.values())


def _from_the_last(amounts: Sequence[int], total: int) -> list[int]:
    cuts = []
    for amount in reversed(amounts):
        cuts.append(min(amount, total))
        total -= cuts[-1]
    return cuts[::-1]


def _goods_returned(course: Course, position: Position, event: GoodsReturned) -> Position:
    done = refund_goods(
        position.rows,
        start=position.start,
        on=event.on,
        refund_fen=event.amount_fen,
        refundable_fen=event.refundable_fen,
        rounding=course.rounding,
    )
    return replace(
        position,
        rows=done.instalments,
        credit_returned_fen=position.credit_returned_fen + done.borrower_refund_fen,
    )


def _due_dates_moved(course: Course, position: Position, event: DueDatesMoved) -> Position:
    later = [row for row in position.rows if row.due_date > event.on]
    if not later or position.claim:
        return position
    row, rounding = later[0], course.rounding
    before = position.rows[: -len(later)]
    earned = interest_earned_fen(row, _period_start(position, row), event.on, rounding)
    days_old, days_new = (row.due_date - event.on).days, (event.first_due - event.on).days
    interest = earned + portion(row.interest_fen - earned, days_new, days_old, rounding)
    later[0] = replace(
        row,
        interest_fen=max(interest, row.interest_paid_fen),
        earns_from=event.on,
        earned_before_fen=earned,
    )
    dates = due_dates(
        event.on, len(later), every=course.every, unit=course.unit, first_due=event.first_due
    )
    moved = (replace(one, due_date=due) for one, due in zip(later, dates, strict=True))
    return replace(position, rows=(*before, *moved))


def _require_movable(course: Course, position: Position, event: DueDatesMoved) -> None:
    row = next((row for row in position.rows if row.due_date > event.on), None)
    settled = position.days_past_due == 0 and position.principal_open_fen > 0
    if row is None or position.claim or not settled:
        raise EventImpossible(
            "有剩余本金且没有逾期时才能调整还款日",
            field="/first_due",
            mend="请先归还逾期款项。",
        )
    earliest = max(event.on, _period_start(position, row))
    latest = due_dates(row.due_date, 1, every=course.every, unit=course.unit)[0]
    if not earliest < event.first_due < latest:
        raise EventImpossible(
            f"{event.first_due} 不在 {earliest} 与 {latest} 之间",
            field="/first_due",
            mend="调整须不足一期。",
        )


def _period_start(position: Position, row: OpenInstalment) -> date:
    at = position.rows.index(row)
    return position.rows[at - 1].due_date if at else position.start


def _waived(_course: Course, position: Position, event: Waived) -> Position:
    left = Due(0, event.fee_fen, event.penalty_fen, event.interest_fen, 0)
    rows = []
    for row, due in zip(position.rows, _waivable(position), strict=True):
        fee, penalty, interest = (
            min(left.fee_fen, due.fee_fen),
            min(left.penalty_fen, due.penalty_fen),
            min(left.interest_fen, due.interest_fen),
        )
        left = Due(
            0, left.fee_fen - fee, left.penalty_fen - penalty, left.interest_fen - interest, 0
        )
        less = replace(
            row.with_fee(row.fee_fen - fee),
            penalty_fen=row.penalty_fen - penalty,
            penalty_waived_fen=row.penalty_waived_fen + penalty,
            interest_fen=row.interest_fen - interest,
        )
        if interest and row.due_date > position.on:
            earned = due.interest_fen + row.interest_paid_fen - interest
            less = replace(less, earns_from=position.on, earned_before_fen=earned)
        rows.append(less)
    after = replace(position, rows=tuple(rows))
    kept = zip(position.earned_at_write_off_fen, after.earned_by_row(), strict=False)
    return replace(after, earned_at_write_off_fen=tuple(min(pair) for pair in kept))


def _waivable(position: Position) -> list[Due]:
    """Of each instalment what may be waived: fees due, penalty, interest earned."""
    return [
        replace(
            row.open(),
            fee_fen=row.open().fee_fen if row.due_date <= position.on else 0,
            interest_fen=max(0, earned - row.interest_paid_fen),
        )
        for row, earned in zip(position.rows, position.earned_by_row(), strict=True)
    ]


def _require_waivable(position: Position, event: Waived) -> None:
    sums = position.sums()
    not_ours = {
        "penalty_fen": sums.guarantor_penalty_fen,
        "interest_fen": sums.guarantor_interest_fen,
    }
    for name in ("fee_fen", "penalty_fen", "interest_fen"):
        most = sum(getattr(due, name) for due in _waivable(position)) - not_ours.get(name, 0)
        if not 0 <= getattr(event, name) <= most:
            raise EventImpossible(
                f"减免 {yuan(getattr(event, name))} 元,可减免 {yuan(most)} 元",
                field=f"/{name}",
                mend=f"请填写 0 至 {yuan(most)} 元。",
            )
    if not event.fee_fen + event.penalty_fen + event.interest_fen:
        raise EventImpossible("没有减免金额", field="/", mend="请填写大于 0 的金额。")


def _fee_charged(_course: Course, position: Position, event: FeeCharged) -> Position:
    bearer = following(position)
    return replace(
        position,
        rows=tuple(
            replace(row, fee_fen=row.fee_fen + event.amount_fen) if row is bearer else row
            for row in position.rows
        ),
    )


def _written_off(_course: Course, position: Position, event: WrittenOff) -> Position:
    if position.written_off_on:
        return position
    return replace(
        position, written_off_on=event.on, earned_at_write_off_fen=position.earned_by_row()
    )


def _claimed(_course: Course, position: Position, event: Claimed) -> Position:
    if position.claim:
        return position
    rows = tuple(
        _ended(row, earned, position.on) if row.due_date > position.on else row
        for row, earned in zip(position.rows, position.earned_by_row(), strict=True)
    )
    ended = replace(position, rows=rows)
    sums = ended.sums()
    return replace(
        ended,
        claim=Claim(
            on=event.on,
            paid_fen=event.principal_fen + event.interest_fen + event.penalty_fen,
            principal_fen=min(event.principal_fen, sums.principal_open_fen),
            interest_fen=min(event.interest_fen, sums.interest_receivable_fen),
            penalty_fen=min(event.penalty_fen, sum(row.open().penalty_fen for row in rows)),
            principal_before_fen=sums.principal_paid_fen,
            interest_before_fen=sums.interest_paid_fen,
            penalty_before_fen=sums.penalty_paid_fen,
        ),
    )


def _ended(row: OpenInstalment, earned_fen: int, on: date) -> OpenInstalment:
    """An instalment that was not due when its plan ended: it has what it had earned."""
    interest = max(earned_fen, row.interest_paid_fen)
    return replace(
        row.with_fee(row.fee_paid_fen),
        interest_fen=interest,
        earns_from=on,
        earned_before_fen=interest,
    )


_DO: dict[type, Callable[[Course, Position, Any], Position]] = {
    Paid: _paid,
    PaidOff: _paid_off,
    PartPrepaid: _part_prepaid,
    GoodsReturned: _goods_returned,
    DueDatesMoved: _due_dates_moved,
    Waived: _waived,
    FeeCharged: _fee_charged,
    WrittenOff: _written_off,
    Claimed: _claimed,
}
