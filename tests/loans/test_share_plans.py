"""JOINT-6: a funder follows each loan by what it is told of it, to the fen and the day."""

import json
from datetime import timedelta

from cf_partner_sdk import ShareMovement
from cf_partner_sdk._share_course import followed
from hypothesis import given
from hypothesis import strategies as st

from lending.engine.events import DueDatesMoved, Event, Paid, PartPrepaid, WrittenOff
from lending.engine.life import advance, begun, following, happen
from lending.engine.plans import make_plan
from lending.engine.position import Position
from lending.engine.shares import divided
from lending.loans import life_rules, rules, share_plans
from lending.loans.model import Loan
from lending.loans.terms import Share
from tests.engine.test_loan_life import History, histories
from tests.loans.sharing import START, joint_shares, loan_of

DAY = timedelta(days=1)


def as_told(
    loan: Loan, position: Position, before: Position | None, place: int, number: int
) -> ShareMovement:
    """What a movement tells a funder by its place, as it arrives."""
    said = share_plans.told(
        loan, position, position.sums().of_lender(), before.rows if before else ()
    )
    if said["plan"]:
        said["plan"]["place"] = place
    parts = ("principal_fen", "interest_fen", "fee_fen", "penalty_fen", "service_fee_fen")
    return ShareMovement.from_json(
        {
            **json.loads(json.dumps(said)),
            **dict.fromkeys((*parts, "funded_fen", "due_fen", "principal_open_fen"), 0),
            "share_id": "shr_1",
            "loan_id": "loan_1",
            "kind": "loan.repaid",
            "source_id": "rep_1",
            "number": number,
            "happened_on": position.on.isoformat(),
        }
    )


def due_by_the_engine(
    position: Position, shares: tuple[Share, ...], place: int
) -> dict[str, tuple[int, int]]:
    """What falls due to a funder by date, as its file has it."""
    sums, oldest = position.sums().of_lender(), following(position)
    if position.written_off_on is not None or oldest is None:
        return {}
    left = [
        (
            row.due_date,
            row.principal_fen - row.principal_paid_fen,
            row.interest_fen - row.interest_paid_fen,
        )
        for row in position.rows
    ]
    if position.claim is not None:
        left = [(oldest.due_date, sums.principal_open_fen, sums.interest_receivable_fen)]
    weights = [share.weight for share in shares], [share.income for share in shares]
    totals, found = (sums.principal_paid_fen, sums.interest_paid_fen), dict[str, tuple[int, int]]()
    for on, *parts in left:
        after = [total + part for total, part in zip(totals, parts, strict=True)]
        cut = [
            divided(now, by)[place - 1] - divided(then, by)[place - 1]
            for now, then, by in zip(after, totals, weights, strict=True)
        ]
        was = found.get(on.isoformat(), (0, 0))
        found[on.isoformat()] = (was[0] + cut[0], was[1] + cut[1])
        totals = (after[0], after[1])
    return {on: parts for on, parts in found.items() if parts != (0, 0)}


class TestAFunder:
    @given(histories(), joint_shares(), st.data())
    def test_knows_what_is_due_and_earned_on_every_day(
        self, history: History, shares: tuple[Share, ...], data: st.DataObject
    ):
        terms, events, _ = history
        loan = loan_of(shares, sum(row.principal_fen for row in terms.rows))
        place = data.draw(st.integers(2, len(shares)))
        incomes = [share.income for share in shares]
        position = begun(terms)
        course = followed(None, as_told(loan, position, None, place, 1))
        for number, event in enumerate(events, 2):
            before = advance(terms, position, event.on)
            position = happen(terms, before, event)
            movement = as_told(loan, position, before, place, number)
            course = followed(course, movement)
            assert course is not None
            oldest = following(position)
            assert movement.oldest_due == (oldest.due_date if oldest else None)
            later = advance(terms, position, position.on + data.draw(st.integers(0, 90)) * DAY)
            accrued = later.sums().of_lender().interest_accrued_fen
            assert course.interest_accrued_fen(later.on) == divided(accrued, incomes)[place - 1]
            assert {on.isoformat(): parts for on, *parts in course.due() if any(parts)} == {
                on: list(parts) for on, parts in due_by_the_engine(later, shares, place).items()
            }

    def test_is_told_the_plan_anew_only_where_it_has_changed(self):
        shares = (Share("own", 6_000), Share("fun_1", 4_000))
        loan = loan_of(shares, 600_000)
        plan = make_plan(rules.plan_input(600_000, loan.terms, START))
        terms = life_rules.course(loan, rules.opened(plan, loan.terms))
        first, second = terms.rows[:2]

        def plan_after(*events: Event) -> bool:
            position = begun(terms)
            for event in events:
                before = advance(terms, position, event.on)
                position = happen(terms, before, event)
            return as_told(loan, position, before, 2, 2).plan is not None

        paid = Paid(first.due_date, first.principal_fen + first.interest_fen + first.fee_fen)
        assert not plan_after(paid)
        assert not plan_after(Paid(first.due_date, 7))
        assert not plan_after(paid, Paid(first.due_date + DAY, 5_000, until=2))
        assert plan_after(paid, PartPrepaid(first.due_date + DAY, 100_000, shorter=True))
        assert plan_after(DueDatesMoved(START + DAY, second.due_date))
        assert plan_after(WrittenOff(second.due_date))
