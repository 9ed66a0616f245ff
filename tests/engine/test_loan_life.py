"""The engine's loan beside the plain one of `loan_model`, whatever happens."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lending.engine.allocation import Due
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
from lending.engine.life import advance, begun, dues, happen, payoff_quote, replay, require_possible
from lending.engine.plans import Method, PlanInput, make_plan
from lending.engine.position import Course, Position
from lending.engine.prepayment import OpenInstalment, interest_earned_fen, period_starts
from tests.engine import loan_model as model

PAYMENTS = (Paid, PaidOff, PartPrepaid)
RARER = (GoodsReturned, DueDatesMoved, Waived, FeeCharged, WrittenOff, Claimed)
DAY = timedelta(days=1)
History = tuple[Course, list[Event], date]
"""A loan, some events in the order of their dates, and a day that is not before them."""


def rates(highest: str) -> st.SearchStrategy[Decimal]:
    """Whole basis points, 0 among them."""
    return st.integers(0, int(Decimal(highest) * 10_000)).map(lambda bp: Decimal(bp) / 10_000)


starts = st.one_of(
    st.dates(date(2024, 1, 1), date(2027, 12, 31)),
    st.sampled_from(
        [date(2024, 1, 29), date(2025, 1, 30), date(2026, 8, 31), date(2027, 12, 31)],
    ),
)


@st.composite
def courses(draw: st.DrawFn, prepayment_fees: bool = True) -> Course:
    """A loan of some method, as a contract would begin it."""
    method = draw(st.sampled_from(list(Method)))
    periods = draw(st.integers(1, 24))
    every, unit = draw(st.sampled_from([(1, "month"), (1, "month"), (14, "day"), (4, "week")]))
    terms = PlanInput(
        principal_fen=draw(st.one_of(st.integers(periods, 3_000), st.integers(3_000, 20_000_000))),
        rate_annual=Decimal(0) if method is Method.INTEREST_FREE else draw(rates("0.24")),
        periods=periods,
        method=method,
        rounding=draw(st.sampled_from(["half-up", "half-even"])),
        every=every,
        unit=unit,
        day_count="30/360" if unit == "month" else "act/365",
        start=draw(starts),
        fee_upfront_fen=draw(st.sampled_from([0, 0, 999])),
        fee_period_fen=draw(st.sampled_from([0, 0, 101])),
    )
    return Course(
        start=terms.start,
        rows=tuple(
            OpenInstalment(
                row.number, row.due_date, row.principal_fen, row.interest_fen, row.fee_fen
            )
            for row in make_plan(terms).instalments
        ),
        penalty_rate_annual=draw(rates("0.36")),
        grace_days=draw(st.integers(0, 5)),
        rounding=terms.rounding,
        every=every,
        unit=unit,
        prepayment_fee_rate=draw(st.sampled_from(["0", "0.01", "0.03", "0.0275"]).map(Decimal))
        if prepayment_fees
        else Decimal(0),
    )


def amounts(course: Course, position: Position) -> st.SearchStrategy[int]:
    """Sums that matter to the loan as it stands, and any others."""
    due = sum(one.total_fen for one in dues(position))
    closing = sum(one.total_fen for one in payoff_quote(course, position))
    edges = [due, due + 1, closing - 1, closing, closing + 1, position.principal_open_fen]
    return st.one_of(
        st.sampled_from([max(1, edge) for edge in edges]),
        st.integers(1, 99).map(lambda percent: max(1, due * percent // 100)),
        st.integers(1, 99).map(lambda percent: max(1, closing * percent // 100)),
        st.integers(1, 99),
    )


@st.composite
def happenings(draw: st.DrawFn, course: Course, position: Position) -> Event | None:
    """An event of the day that is possible at its place; None where the one drawn is not."""
    on, last = position.on, len(position.rows)
    kind = draw(
        st.sampled_from([Paid, Paid, Paid, PaidOff, PartPrepaid, PartPrepaid, Waived, *RARER])
    )
    event: Event
    if kind is Paid:
        event = Paid(on, draw(amounts(course, position)), draw(st.integers(0, last)))
    elif kind is PaidOff:
        event = PaidOff(on, draw(amounts(course, position)))
    elif kind is PartPrepaid:
        event = PartPrepaid(on, draw(amounts(course, position)), draw(st.booleans()))
    elif kind is GoodsReturned:
        back = draw(amounts(course, position))
        event = GoodsReturned(on, back, back + draw(st.integers(0, 1)))
    elif kind is DueDatesMoved:
        event = DueDatesMoved(on, on + draw(st.integers(1, 70)) * DAY)
    elif kind is Waived:
        event = draw(waivers(position))
    elif kind is FeeCharged:
        event = FeeCharged(on, draw(st.integers(1, 5_000)))
    elif kind is Claimed:
        event = draw(claims(position))
    else:
        event = WrittenOff(on)
    try:
        require_possible(course, position, event)
    except (EventImpossible, RefundTooLarge):
        return None
    return event


@st.composite
def waivers(draw: st.DrawFn, position: Position) -> Waived:
    """At most what is open, and mostly what may be waived."""
    due = dues(position)
    running = sum(interest_by_now(position)) - sum(row.interest_paid_fen for row in position.rows)
    most = (
        sum(one.fee_fen for one in due),
        sum(one.penalty_fen for one in due),
        max(0, running),
    )
    return Waived(position.on, *(draw(st.sampled_from([0, one // 2, one])) for one in most))


@st.composite
def claims(draw: st.DrawFn, position: Position) -> Claimed:
    """All that the loan owes, a part of it, or more than that."""
    sums, penalty = position.sums(), sum(row.open().penalty_fen for row in position.rows)
    most = (sums.principal_open_fen, sums.interest_receivable_fen, penalty)
    return Claimed(
        position.on, *(draw(st.sampled_from([one, one, one // 3, one + 7])) for one in most)
    )


def interest_by_now(position: Position) -> list[int]:
    """What each instalment has earned up to the day."""
    begins = period_starts(position.rows, position.start)
    return [
        interest_earned_fen(row, begin, position.on, position.rounding)
        for row, begin in zip(position.rows, begins, strict=True)
    ]


@st.composite
def histories(draw: st.DrawFn, prepayment_fees: bool = True) -> History:
    """Events that were possible as they came in, none of them backdated."""
    course = draw(courses(prepayment_fees=prepayment_fees))
    position, events = begun(course), []
    for _ in range(draw(st.integers(0, 6))):
        days = draw(st.sampled_from([0, 0, 1, 7, 12, 20, 31, 33, 60]))
        position = advance(course, position, position.on + days * DAY)
        event = draw(happenings(course, position))
        if event is not None:
            events.append(event)
            position = happen(course, position, event)
    return course, events, position.on + draw(st.integers(0, 60)) * DAY


def plain(course: Course, events: Iterable[Event], today: date) -> dict[str, Any]:
    """The same loan by the model."""
    loan = model.new_loan(
        course.start,
        [(row.due_date, row.principal_fen, row.interest_fen, row.fee_fen) for row in course.rows],
        penalty_rate=Fraction(course.penalty_rate_annual),
        grace_days=course.grace_days,
        prepayment_fee_rate=Fraction(course.prepayment_fee_rate),
        rounding=course.rounding,
        every=course.every,
        unit=course.unit,
    )
    return model.live(loan, events, today)


def told_by_the_engine(course: Course, position: Position) -> dict[str, Any]:
    """All that can be seen of a loan, as `loan_model.told` tells it."""
    return {
        "rows": [
            {
                "number": row.number,
                "due": row.due_date,
                "principal": row.principal_fen,
                "interest": row.interest_fen,
                "fee": row.fee_fen,
                "penalty": row.penalty_fen,
                "paid": {
                    "fee": row.fee_paid_fen,
                    "penalty": row.penalty_paid_fen,
                    "interest": row.interest_paid_fen,
                    "principal": row.principal_paid_fen,
                },
                "penalty_waived": row.penalty_waived_fen,
                "earned": max(got, row.interest_paid_fen),
            }
            for row, got in zip(position.rows, interest_by_now(position), strict=True)
        ],
        "credit": position.credit_fen,
        "credit_returned": position.credit_returned_fen,
        "written_off_on": position.written_off_on,
        "accrued": position.interest_accrued_fen,
        "guarantor": owed_to_guarantor(position),
        "days_past_due": position.days_past_due,
        "payoff": {
            due.number: {
                "fee": due.fee_fen,
                "penalty": due.penalty_fen,
                "interest": due.interest_fen,
                "principal": due.principal_fen,
            }
            for due in payoff_quote(course, position)
            if due.total_fen
        },
    }


def owed_to_guarantor(position: Position) -> dict[str, int] | None:
    """As `loan_model.owed_to_guarantor` tells it."""
    if position.claim is None:
        return None
    sums = position.sums()
    return {
        "principal": sums.guarantor_principal_fen,
        "interest": sums.guarantor_interest_fen,
        "penalty": sums.guarantor_penalty_fen,
        "back": sums.guarantor_due_fen,
    }


def total(asked: Sequence[Due]) -> int:
    """All of it, fen."""
    return sum(due.total_fen for due in asked)


def in_order_of_payment(due: Due) -> list[int]:
    """What is open on an instalment, as a payment settles it."""
    return [due.fee_fen, due.penalty_fen, due.interest_fen, due.principal_fen]


def open_total(position: Position) -> int:
    """All that is open, due or not."""
    return total([row.open() for row in position.rows])


def folded(course: Course, events: Iterable[Event], today: date) -> Position:
    """One event after the other, as they come in on their days."""
    position = begun(course)
    for event in events:
        position = happen(course, position, event)
    return advance(course, position, today)


class LoanBesideItsModel(RuleBasedStateMachine):
    """Events of any earlier day, days that pass, and payments taken back."""

    @initialize(course=courses(), days=st.sampled_from([0, 1, 15, 40, 100]))
    def begin(self, course: Course, days: int):
        self.course, self.today = course, course.start + days * DAY
        self.events: list[Event] = []

    @rule(data=st.data(), percent=st.one_of(st.just(100), st.integers(0, 100)))
    def let_something_happen(self, data: st.DataObject, percent: int):
        on = self.course.start + (self.today - self.course.start).days * percent // 100 * DAY
        at_its_place = replay(self.course, self.events, on)
        event = data.draw(happenings(self.course, at_its_place))
        if event is not None:
            self.events.append(event)

    @rule(days=st.sampled_from([1, 2, 5, 9, 10, 14, 20, 31, 45]))
    def let_days_pass(self, days: int):
        self.today += days * DAY

    @rule(after=st.integers(0, 8))
    def come_to_a_due_date(self, after: int):
        position = replay(self.course, self.events, self.today)
        ahead = [row.due_date for row in position.rows if row.due_date > self.today]
        if ahead:
            self.today = ahead[0] + after * DAY

    @precondition(lambda self: any(isinstance(one, PAYMENTS) for one in self.events))
    @rule(data=st.data())
    def take_a_payment_back(self, data: st.DataObject):
        payments = [k for k, one in enumerate(self.events) if isinstance(one, PAYMENTS)]
        del self.events[data.draw(st.sampled_from(payments))]

    @invariant()
    def stands_as_the_model_says(self):
        position = replay(self.course, self.events, self.today)
        loan = plain(self.course, self.events, self.today)
        assert not model.differences(told_by_the_engine(self.course, position), model.told(loan))
        in_order = sorted(self.events, key=lambda one: one.on)
        assert folded(self.course, in_order, self.today) == position

    @invariant()
    def keeps_every_fen(self):
        sums = replay(self.course, self.events, self.today).sums()
        returned = [one.amount_fen for one in self.events if isinstance(one, GoodsReturned)]
        lent = sum(row.principal_fen for row in self.course.rows)
        assert sums.cash_fen == sum(
            one.amount_fen for one in self.events if isinstance(one, PAYMENTS)
        )
        assert lent - sums.principal_fen + sums.credit_returned_fen == sum(returned)


TestLoanBesideItsModel = LoanBesideItsModel.TestCase
TestLoanBesideItsModel.settings = settings(stateful_step_count=30, deadline=None)


def small_loan(interest_fen: int = 100, fee_rate: str = "0", fee_fen: int = 0) -> Course:
    """CNY 300 in three instalments from the end of January."""
    dates = [date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]
    return Course(
        date(2026, 1, 31),
        tuple(
            OpenInstalment(number, due, 10_000, interest_fen, fee_fen)
            for number, due in enumerate(dates, 1)
        ),
        penalty_rate_annual=Decimal("0.18"),
        prepayment_fee_rate=Decimal(fee_rate),
    )


FEB = date(2026, 2, 10)
DUE = date(2026, 2, 28)


class TestTheCornersOfALife:
    @pytest.mark.parametrize(
        ("course", "events"),
        [
            pytest.param(
                small_loan(fee_rate="0.0275"), [PartPrepaid(FEB, 37, shorter=True)], id="largest"
            ),
            pytest.param(
                small_loan(),
                [WrittenOff(FEB), GoodsReturned(FEB + 9 * DAY, 9_000, 9_000)],
                id="goods-returned-after-writing-off",
            ),
            pytest.param(
                small_loan(),
                [WrittenOff(FEB), Waived(FEB + 9 * DAY, interest_fen=10)],
                id="interest-waived-after-writing-off",
            ),
            pytest.param(
                small_loan(interest_fen=7), [PaidOff(FEB, 1)], id="nothing-left-for-principal"
            ),
            pytest.param(
                small_loan(),
                [PaidOff(FEB, 40_000), FeeCharged(FEB + DAY, 500)],
                id="fee-after-the-end",
            ),
            pytest.param(
                small_loan(),
                [
                    GoodsReturned(FEB, 30_000, 30_000),
                    FeeCharged(FEB + DAY, 500),
                    PaidOff(FEB + 2 * DAY, 36),
                ],
                id="paid-off-without-principal",
            ),
            pytest.param(replace(small_loan(), grace_days=3), [], id="days-of-grace"),
            pytest.param(
                small_loan(), [Waived(DUE + 20 * DAY, penalty_fen=60)], id="late-after-a-waiver"
            ),
            pytest.param(small_loan(), [Paid(DUE, 500)], id="paid-on-the-due-date"),
            pytest.param(
                small_loan(),
                [Paid(FEB, 10_100, until=1), DueDatesMoved(FEB, date(2026, 2, 20))],
                id="moved-forward-after-paying-ahead",
            ),
            pytest.param(
                small_loan(fee_fen=90), [Waived(DUE, fee_fen=70)], id="fee-waived-on-the-due-date"
            ),
            pytest.param(
                small_loan(), [PartPrepaid(FEB, 9_000, shorter=False)], id="prepaid-mid-period"
            ),
        ],
    )
    def test_are_as_the_model_says(self, course: Course, events: list[Event]):
        for days in range(2, 100):
            today = FEB + days * DAY
            told = told_by_the_engine(course, replay(course, events, today))
            assert not model.differences(told, model.told(plain(course, events, today)))

    def test_are_closed_by_the_quote_where_no_principal_is_left(self):
        course = small_loan()
        events = [GoodsReturned(FEB, 30_000, 30_000), FeeCharged(FEB + DAY, 500)]
        before = replay(course, events, FEB + DAY)
        after = happen(course, before, PaidOff(FEB + DAY, total(payoff_quote(course, before))))
        assert after.is_closed

    def test_leave_no_more_than_a_fen_and_its_fee_for_credit(self):
        course = small_loan(fee_rate="0.0275")
        position = replay(course, [PartPrepaid(course.start, 1, shorter=True)], course.start)
        assert (position.sums().principal_paid_fen, position.credit_fen) == (1, 0)


class TestAccruing:
    @given(histories(), st.integers(0, 90), st.integers(0, 90))
    def test_p3_comes_to_the_same_in_one_go_or_in_two(self, history: History, a: int, b: int):
        course, events, today = history
        position = replay(course, events, today)
        between = advance(course, position, today + a * DAY)
        after = advance(course, between, today + (a + b) * DAY)
        assert after == advance(course, position, today + (a + b) * DAY)
        accrued = [one.interest_accrued_fen for one in (position, between, after)]
        assert accrued == sorted(accrued)

    @given(histories())
    def test_p3_has_earned_all_interest_in_the_end(self, history: History):
        course, events, today = history
        assume(not any(isinstance(event, WrittenOff) for event in events))
        end = max(today, *(row.due_date for row in replay(course, events, today).rows))
        position = replay(course, events, end)
        assert position.interest_accrued_fen == sum(row.interest_fen for row in position.rows)

    @given(histories(), st.integers(0, 400))
    def test_ends_when_the_loan_is_written_off(self, history: History, days: int):
        course, events, today = history
        position = happen(course, replay(course, events, today), WrittenOff(today))
        later = advance(course, position, today + days * DAY)
        assert later.interest_accrued_fen == position.interest_accrued_fen
        assert later.rows == position.rows


class TestPaying:
    @given(courses())
    def test_p4_on_plan_leaves_nothing(self, course: Course):
        events = [Paid(row.due_date, row.open().total_fen) for row in course.rows]
        position = replay(course, events, course.rows[-1].due_date)
        assert position.is_closed
        assert (position.credit_fen, position.days_past_due) == (0, 0)
        sums, lent = position.sums(), sum(row.principal_fen for row in course.rows)
        assert sums.interest_paid_fen == sum(row.interest_fen for row in course.rows)
        assert sums.interest_accrued_fen == sums.interest_paid_fen
        assert (sums.principal_paid_fen, sums.penalty_paid_fen) == (lent, 0)

    @given(histories(), st.integers(0, 24), st.data())
    def test_p6_settles_one_debt_after_the_other(
        self, history: History, until: int, data: st.DataObject
    ):
        course, events, today = history
        before = replay(course, events, today)
        amount = data.draw(amounts(course, before))
        asked = dues(before, until)
        after = happen(course, before, Paid(today, amount, until))
        assert after.credit_fen - before.credit_fen == max(0, amount - total(asked))
        left = {row.number: in_order_of_payment(row.open()) for row in after.rows}
        debts = [debt for due in asked for debt in in_order_of_payment(due)]
        still = [debt for due in asked for debt in left[due.number]]
        got = [debt - rest for debt, rest in zip(debts, still, strict=True)]
        assert sum(got) == min(amount, total(asked))
        assert all(0 <= part <= debt for part, debt in zip(got, debts, strict=True))
        first_open = next((at for at, rest in enumerate(still) if rest), len(still))
        assert not any(got[first_open + 1 :])

    @given(histories(), st.integers(0, 24), st.data())
    def test_p7_x_then_y_is_x_plus_y(self, history: History, until: int, data: st.DataObject):
        course, events, today = history
        position = replay(course, events, today)
        x, y = data.draw(amounts(course, position)), data.draw(amounts(course, position))
        in_two = [*events, Paid(today, x, until), Paid(today, y, until)]
        in_one = [*events, Paid(today, x + y, until)]
        assert replay(course, in_two, today) == replay(course, in_one, today)

    @given(histories(), st.data())
    def test_p8_never_makes_the_debt_larger(self, history: History, data: st.DataObject):
        course, events, today = history
        before = replay(course, events, today)
        event = data.draw(happenings(course, before))
        assume(event is not None)
        assert event is not None
        after = happen(course, before, event)
        for row in after.rows:
            assert min(in_order_of_payment(row.open())) >= 0
        if not isinstance(event, FeeCharged | DueDatesMoved):
            assert open_total(after) <= open_total(before)
            assert after.principal_open_fen <= before.principal_open_fen


class TestPayingOff:
    @given(histories(), st.integers(0, 100))
    def test_p9_by_the_quote_closes_the_loan(self, history: History, over: int):
        course, events, today = history
        before = replay(course, events, today)
        quote = total(payoff_quote(course, before))
        assume(quote > 0)
        after = happen(course, before, PaidOff(today, quote + over))
        assert after.is_closed
        assert after.credit_fen == before.credit_fen + over
        later = advance(course, after, today + 400 * DAY)
        assert later.is_closed
        assert later.days_past_due == 0
        if not after.written_off_on:
            assert later.interest_accrued_fen == after.sums().interest_paid_fen

    @given(histories(prepayment_fees=False))
    def test_p9_a_fen_less_leaves_a_fen(self, history: History):
        course, events, today = history
        before = replay(course, events, today)
        quote = total(payoff_quote(course, before))
        assume(quote > 1)
        after = happen(course, before, PaidOff(today, quote - 1))
        assert after.credit_fen == before.credit_fen
        assert total(payoff_quote(course, after)) == 1
        ahead = [row.open() for row in before.rows if row.due_date > today]
        principal = sum(due.principal_fen for due in ahead)
        if 2 * (total(ahead) - principal) < principal:
            assert open_total(after) == 1

    @given(histories())
    def test_p9_a_fen_short_of_the_quote_is_not_enough(self, history: History):
        course, events, today = history
        before = replay(course, events, today)
        quote = total(payoff_quote(course, before))
        assume(quote > 1)
        assert not happen(course, before, PaidOff(today, quote - 1)).is_closed


class TestTakingBack:
    @given(histories(), st.data())
    def test_p10_a_payment_leaves_no_trace(self, history: History, data: st.DataObject):
        course, events, today = history
        payments = [at for at, event in enumerate(events) if isinstance(event, PAYMENTS)]
        assume(payments)
        at = data.draw(st.sampled_from(payments))
        never = [*events[:at], *events[at + 1 :]]
        position = replay(course, never, today)
        assert position == folded(course, never, today)
        told = told_by_the_engine(course, position)
        assert not model.differences(told, model.told(plain(course, never, today)))

    @given(histories(), st.data())
    def test_and_entering_late_come_to_the_same_in_any_order(
        self, history: History, data: st.DataObject
    ):
        course, events, today = history
        one_a_day = list({event.on: event for event in events}.values())
        shuffled = data.draw(st.permutations(one_a_day))
        assert replay(course, shuffled, today) == folded(course, one_a_day, today)

    @given(histories())
    def test_folds_event_by_event_to_the_replayed_loan(self, history: History):
        course, events, today = history
        assert folded(course, events, today) == replay(course, events, today)


class TestReturningGoods:
    @given(histories(), st.data())
    def test_p11_loses_no_fen(self, history: History, data: st.DataObject):
        course, events, today = history
        before = replay(course, events, today)
        price = data.draw(amounts(course, before))
        after = happen(course, before, GoodsReturned(today, price, price))
        reduction = before.principal_open_fen - after.principal_open_fen
        to_the_borrower = after.credit_returned_fen - before.credit_returned_fen
        assert reduction == min(price, before.principal_open_fen)
        assert reduction + to_the_borrower == price
        assert after.sums().cash_fen == before.sums().cash_fen

    @given(courses(), st.integers(0, 24), st.data())
    def test_p11_of_the_whole_order_after_some_payments_leaves_nothing(
        self, course: Course, paid: int, data: st.DataObject
    ):
        course = replace(
            course,
            rows=tuple(replace(row, interest_fen=0, fee_fen=0) for row in course.rows),
        )
        events = [Paid(row.due_date, row.principal_fen) for row in course.rows[:paid]]
        events = [event for event in events if event.amount_fen]
        on = events[-1].on if events else course.start
        lent = sum(row.principal_fen for row in course.rows)
        position = replay(course, [*events, GoodsReturned(on, lent, lent)], on)
        assert position.is_closed
        assert position.credit_returned_fen == sum(event.amount_fen for event in events)
        assert payoff_quote(course, position) == []

    @given(histories(), st.integers(1, 1_000), st.integers(1, 1_000))
    def test_p11_is_refused_above_what_is_left_of_the_order(
        self, history: History, left: int, more: int
    ):
        course, events, today = history
        position = replay(course, events, today)
        with pytest.raises(RefundTooLarge):
            require_possible(course, position, GoodsReturned(today, left + more, left))


class TestBeingLate:
    @given(histories(), st.data())
    def test_p13_is_never_raised_by_a_payment(self, history: History, data: st.DataObject):
        course, events, today = history
        before = replay(course, events, today)
        kind = data.draw(st.sampled_from([Paid, PaidOff]))
        after = happen(course, before, kind(today, data.draw(amounts(course, before))))
        assert after.days_past_due <= before.days_past_due

    @given(histories(), st.integers(0, 200))
    def test_p13_rises_by_one_a_day(self, history: History, days: int):
        course, events, today = history
        position = replay(course, events, today)
        later = advance(course, position, today + days * DAY)
        if position.days_past_due:
            assert later.days_past_due == position.days_past_due + days
        oldest = min((row.due_date for row in later.rows if row.open().total_fen), default=later.on)
        assert later.days_past_due == max(0, (later.on - oldest).days)

    @given(courses(), st.integers(0, 900))
    def test_p23_costs_penalty_on_overdue_principal_alone(self, course: Course, days: int):
        today = course.start + days * DAY
        for row in replay(course, [], today).rows:
            late = (today - row.due_date).days
            base = Fraction(course.penalty_rate_annual) * row.principal_fen * late / 360
            charged = model.rounded({"rounding": course.rounding}, base)
            assert row.penalty_fen == (charged if late > course.grace_days else 0)

    @given(histories(), st.integers(0, 200))
    def test_p23_stops_costing_on_the_day_it_is_paid(self, history: History, days: int):
        course, events, today = history
        position = replay(course, events, today)
        asked = total(dues(position))
        assume(asked)
        position = happen(course, position, Paid(today, asked))
        later = advance(course, position, today + days * DAY)
        for now, then in zip(position.rows, later.rows, strict=True):
            if now.due_date <= today:
                assert then.penalty_fen == now.penalty_fen

    @given(courses(), st.integers(0, 5))
    def test_p23_costs_nothing_within_the_days_of_grace(self, course: Course, late: int):
        events = [
            Paid(row.due_date + min(late, course.grace_days) * DAY, row.open().total_fen)
            for row in course.rows
        ]
        position = replay(course, events, course.rows[-1].due_date + 400 * DAY)
        assert position.is_closed
        assert position.sums().penalty_paid_fen == 0

    @given(histories(), st.integers(1, 200))
    def test_p23_costs_no_penalty_on_penalty(self, history: History, days: int):
        course, events, today = history
        today = max(today, course.rows[-1].due_date) + 9 * DAY
        position = replay(course, events, today)
        late = sum(row.open().penalty_fen for row in position.rows)
        assume(late)
        forgiven = happen(course, position, Waived(today, penalty_fen=late))
        rise = [
            sum(row.penalty_fen for row in advance(course, one, today + days * DAY).rows)
            - sum(row.penalty_fen for row in one.rows)
            for one in (position, forgiven)
        ]
        assert rise[0] == rise[1]


class TestAGuarantorsClaim:
    @given(histories(), st.data())
    def test_p17_is_repaid_to_the_fen_by_what_the_borrower_pays_later(
        self, history: History, data: st.DataObject
    ):
        course, events, today = history
        position = replay(course, events, today)
        assume(position.claim is None and not position.is_closed)
        claim = data.draw(claims(position))
        given_fen = claim.principal_fen + claim.interest_fen + claim.penalty_fen
        position = happen(course, position, claim)
        back_fen = position.sums().guarantor_due_fen
        for percent in (*data.draw(st.lists(st.integers(1, 99), max_size=4)), 100):
            position = advance(course, position, position.on + 9 * DAY)
            asked = total(payoff_quote(course, position))
            position = happen(course, position, PaidOff(position.on, asked * percent // 100))
            assert back_fen <= position.sums().guarantor_due_fen <= given_fen
            back_fen = position.sums().guarantor_due_fen
        assert back_fen == given_fen

    @given(histories(), st.data())
    def test_p17_of_all_that_is_open_leaves_the_lender_nothing_to_ask_for(
        self, history: History, data: st.DataObject
    ):
        course, events, today = history
        position = replay(course, events, today)
        assume(position.claim is None and not position.is_closed)
        sums, penalty = position.sums(), sum(row.open().penalty_fen for row in position.rows)
        claim = Claimed(today, sums.principal_open_fen, sums.interest_receivable_fen, penalty)
        after = happen(course, position, claim).sums()
        assert after.of_lender().principal_open_fen == 0
        assert after.of_lender().interest_receivable_fen == 0
        assert after.guarantor_due_fen == 0
        assert after.interest_accrued_fen == sums.interest_accrued_fen

    def test_stops_interest_and_penalty(self):
        course = small_loan()
        claimed = happen(course, replay(course, [], DUE + 40 * DAY), Claimed(DUE + 40 * DAY, 9_000))
        later = advance(course, claimed, DUE + 400 * DAY)
        assert later.rows == claimed.rows
        assert later.interest_accrued_fen == claimed.interest_accrued_fen

    def test_owes_back_what_had_been_paid_before_it_and_was_entered_after(self):
        course, claim = small_loan(), Claimed(DUE + 40 * DAY, 30_000, 100)
        late = replay(course, [Paid(DUE, 10_100), claim], claim.on).sums()
        assert (late.guarantor_principal_fen, late.guarantor_due_fen) == (20_000, 10_000)

    def test_cannot_be_made_twice(self):
        course, claim = small_loan(), Claimed(DUE + 40 * DAY, 9_000)
        position = replay(course, [claim], claim.on)
        with pytest.raises(EventImpossible):
            require_possible(course, position, claim)
        assert happen(course, position, claim) == position


class TestAGuarantorsFee:
    @given(histories(), st.integers(1, 900))
    def test_is_a_part_of_the_fees_whatever_happens(self, history: History, fee_fen: int):
        course, events, today = history
        rows = tuple(
            replace(row, fee_fen=row.fee_fen + fee_fen, guarantee_fee_fen=fee_fen)
            for row in course.rows
        )
        course, paid_fen = replace(course, rows=rows), 0
        for position in positions(course, events, today):
            for row in position.rows:
                theirs_open = row.guarantee_fee_fen - row.guarantee_fee_paid_fen
                assert 0 <= theirs_open <= row.open().fee_fen
                assert 0 <= row.guarantee_fee_paid_fen <= row.fee_paid_fen
            assert position.sums().guarantee_fee_paid_fen >= paid_fen
            paid_fen = position.sums().guarantee_fee_paid_fen

    @given(courses())
    def test_is_paid_in_full_by_who_pays_on_plan(self, course: Course):
        rows = tuple(
            replace(row, fee_fen=row.fee_fen + 70, guarantee_fee_fen=70) for row in course.rows
        )
        events = [Paid(row.due_date, row.open().total_fen) for row in rows]
        position = replay(replace(course, rows=rows), events, rows[-1].due_date)
        assert position.sums().guarantee_fee_paid_fen == 70 * len(rows)

    def test_is_not_the_fee_for_prepaying(self):
        course = small_loan(fee_rate="0.03", fee_fen=90)
        rows = tuple(replace(row, guarantee_fee_fen=90) for row in course.rows)
        course = replace(course, rows=rows)
        position = begun(course)
        asked = total(payoff_quote(course, position))
        sums = happen(course, position, PaidOff(course.start, asked)).sums()
        assert (sums.fee_paid_fen, sums.guarantee_fee_paid_fen) == (900, 0)


def positions(course: Course, events: Iterable[Event], today: date) -> Iterable[Position]:
    """The loan after each event and today."""
    position = begun(course)
    for event in events:
        position = happen(course, position, event)
        yield position
    yield advance(course, position, today)
