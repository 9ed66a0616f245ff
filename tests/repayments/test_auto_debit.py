"""Collecting what falls due from the borrower's card, without their hand (M6, T20)."""

from datetime import date, timedelta

import pytest

from lending.batch import end_of_day
from lending.foundation import business_day
from lending.ledger.chart import Code
from lending.loans import service as loans
from lending.loans.model import LoanState
from lending.repayments import day, service
from lending.repayments.model import Repayment, RepaymentState, Source, What
from tests.loans.world import AMOUNT_FEN, KilledError, World

CARD = "6230580000000099990"
PERIOD_DAYS = 30
"""From 23 November to the first due date, 23 December."""


def days_end(world: World, days: int) -> date:
    """So many ends of day; the business date then."""
    world.clock.advance(timedelta(days=days))
    end_of_day.catch_up(world.context)
    with world.database.unit_of_work() as tx:
        return business_day.today(tx)


def send(world: World) -> None:
    while day.send_debits(world.context):
        pass
    world.work_until_quiet()


def of_loan(world: World, loan_id: str) -> list[Repayment]:
    with world.database.unit_of_work() as tx:
        return sorted(service.of_loan(tx, loan_id), key=lambda each: each.business_date)


@pytest.fixture
def due(world: World) -> str:
    """A loan on the morning of its first due date."""
    _, loan_id = world.paid()
    assert days_end(world, PERIOD_DAYS) == date(2026, 12, 23)
    return loan_id


class TestOnTheDueDate:
    def test_the_night_before_puts_the_intent_on_record(self, world: World, due: str):
        (made,) = of_loan(world, due)
        assert made.source is Source.AUTO_DEBIT
        assert made.state is RepaymentState.HELD
        assert made.amount_fen == 53_976
        assert made.business_date == date(2026, 12, 23)
        assert world.bank.paid("debit") == []

    def test_collects_the_instalment_once(self, world: World, due: str):
        send(world)
        send(world)
        (made,) = of_loan(world, due)
        assert made.state is RepaymentState.RECEIVED
        assert [booked.amount_fen for booked in world.bank.paid("debit")] == [53_976]
        assert world.balance(Code.LOAN_PRINCIPAL, due) == AMOUNT_FEN - 46_777
        assert world.balance(Code.INTEREST_RECEIVABLE, "mall-standard") == 0
        world.require_books_agree()

    def test_takes_nothing_from_whom_has_paid_by_their_own_hand(self, world: World):
        _, loan_id = world.paid()
        with world.database.unit_of_work() as tx:
            asked = service.quote(tx, loan_id, What.NEXT)
        service.pay(world.context, loan_id, What.NEXT, amount_fen=asked.amount_fen)
        days_end(world, PERIOD_DAYS)
        assert [made.source for made in of_loan(world, loan_id)] == [Source.ACTIVE_DEBIT]

    def test_makes_no_second_debit_while_one_is_under_way(self, world: World):
        _, loan_id = world.paid()
        days_end(world, PERIOD_DAYS - 1)
        with world.database.unit_of_work() as tx:
            asked = service.quote(tx, loan_id, What.NEXT)
        world.bank.slow = 1
        service.pay(world.context, loan_id, What.NEXT, amount_fen=asked.amount_fen)
        days_end(world, 1)
        assert [made.source for made in of_loan(world, loan_id)] == [Source.ACTIVE_DEBIT]


class TestACardWithoutMoney:
    def test_is_tried_again_on_the_next_days_with_the_penalty_so_far(self, world: World, due: str):
        world.bank.refuse = {CARD}
        for _ in range(4):
            send(world)
            days_end(world, 1)
        tries = of_loan(world, due)
        assert [(made.business_date - date(2026, 12, 23)).days for made in tries] == [0, 1, 2, 3]
        assert [made.amount_fen for made in tries] == [53_976, 54_000, 54_025, 54_049]
        assert [made.state for made in tries[:3]] == [RepaymentState.FAILED] * 3

    def test_that_has_some_later_pays_all_that_is_due(self, world: World, due: str):
        world.bank.refuse = {CARD}
        send(world)
        days_end(world, 1)
        world.bank.refuse = set()
        send(world)
        assert [made.state for made in of_loan(world, due)] == [
            RepaymentState.FAILED,
            RepaymentState.RECEIVED,
        ]
        assert world.rows("SELECT days_past_due FROM loan_standing") == [{"days_past_due": 0}]
        assert world.balance(Code.PENALTY_INCOME) == -24  # a night on 467.77 at 18.72 % over 360
        world.require_books_agree()


class TestAnUnknownResult:
    def test_is_asked_about_and_counts_for_its_own_day(self, world: World, due: str):
        world.bank.lose_answers, world.bank.silent_queries = 1, 1
        day.send_debits(world.context)
        days_end(world, 2)
        world.work_until_quiet()
        (made,) = of_loan(world, due)
        assert made.state is RepaymentState.RECEIVED
        assert world.balance(Code.PENALTY_INCOME) == 0
        assert len(world.bank.paid("debit")) == 1
        world.require_books_agree()


class TestAProcessThatDies:
    def test_collects_once_wherever_it_dies(self, world: World, due: str):
        for seam in range(1, 30):
            world.seams.passed, world.seams.die_at = 0, seam
            try:
                day.send_debits(world.context)
                break
            except KilledError:
                continue
        world.seams.die_at = None
        send(world)
        assert len(world.bank.paid("debit")) == 1
        assert [made.state for made in of_loan(world, due)] == [RepaymentState.RECEIVED]


class TestToTheEnd:
    def test_every_instalment_collected_settles_the_loan_with_every_balance_at_nothing(
        self, world: World
    ):
        _, loan_id = world.paid(periods=6)
        for _ in range(6):
            days_end(world, 31)
            send(world)
        with world.database.unit_of_work() as tx:
            assert loans.loan(tx, loan_id).state is LoanState.SETTLED
        for code, owner in (
            (Code.LOAN_PRINCIPAL, loan_id),
            (Code.INTEREST_RECEIVABLE, "mall-standard"),
            (Code.BORROWER_CREDIT, world.customer_id),
            (Code.EXPOSURE, world.customer_id),
        ):
            assert world.balance(code, owner) == 0
        world.require_books_agree()
