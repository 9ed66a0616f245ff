"""JOINT-8, R-JOINT-25, R-JOINT-50: how much may be joint, with one funder and in all."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from lending.batch import end_of_day
from lending.compliance import parameters
from lending.compliance.errors import JointTooMuch, JointWithFunderTooMuch
from lending.compliance.model import Parameter
from lending.engine.events import Paid
from lending.foundation.audit import SYSTEM
from lending.ledger.chart import Code
from lending.loans import joint_limits
from lending.loans.terms import OWN_FUNDS
from tests.finance.funders import funder, happen, lent, shared_with
from tests.loans.sharing import loan_of
from tests.loans.world import World
from tests.today import TODAY

OWN_FEN = 240_000
"""Our part of a loan of CNY 6,000.00 of which others lend 60 %."""


def rule(world: World, code: str, value: str) -> None:
    with world.database.unit_of_work() as tx:
        parameters.set_from(tx, Parameter(code, value, TODAY, None, "test", "C"), SYSTEM)


def draw(world: World, funder_id: str, number: int = 1) -> tuple[str, ...]:
    terms = loan_of(shared_with(funder_id), 600_000).terms
    with world.database.unit_of_work() as tx:
        return joint_limits.hold(tx, f"loan_{number}", terms, 600_000)


@pytest.fixture
def bank_a(world: World) -> str:
    return funder(world)


class TestADraw:
    def test_is_refused_beyond_a_quarter_of_our_capital_with_one_funder(
        self, world: World, bank_a: str
    ):
        rule(world, "capital.tier1_fen", str(4 * OWN_FEN))
        draw(world, bank_a)
        with pytest.raises(JointWithFunderTooMuch):
            draw(world, bank_a, 2)
        draw(world, funder(world, "乙信托", "6230580000000077002"), 3)

    def test_is_refused_beyond_half_of_all_loans(self, world: World, bank_a: str):
        rule(world, "joint.start_fen", str(OWN_FEN))
        draw(world, bank_a)
        with pytest.raises(JointTooMuch):
            draw(world, bank_a, 2)
        held = world.count("SELECT count(*) FROM ledger_hold WHERE state = 'held'")
        assert held == 2  # the refused one left none

    def test_of_own_funds_weighs_on_neither(self, world: World):
        with world.database.unit_of_work() as tx:
            assert joint_limits.hold(tx, "loan_1", loan_of(OWN_FUNDS, 600_000).terms, 600_000) == ()

    def test_by_many_at_once_never_passes_the_limit(self, world: World, bank_a: str):
        rule(world, "capital.tier1_fen", str(4 * 3 * OWN_FEN))

        def one(number: int) -> bool:
            try:
                draw(world, bank_a, number)
            except JointWithFunderTooMuch:
                return False
            return True

        with ThreadPoolExecutor(6) as hands:
            assert sum(hands.map(one, range(12))) == 3


class TestTheEndOfADay:
    def test_gives_back_what_was_repaid_and_measures_anew(self, world: World, bank_a: str):
        loan_id = lent(world, shared_with(bank_a))
        world.clock.advance(timedelta(days=1))
        end_of_day.catch_up(world.context)
        assert world.balance(Code.JOINT_FUNDER, bank_a) == OWN_FEN
        happen(world, loan_id, Paid(TODAY + timedelta(days=1), 700_000, until=12), "rep-1")
        assert world.balance(Code.JOINT_TOTAL) == OWN_FEN
        world.clock.advance(timedelta(days=1))
        end_of_day.catch_up(world.context)
        assert world.balance(Code.JOINT_FUNDER, bank_a) == world.balance(Code.JOINT_TOTAL) == 0
        with world.database.unit_of_work() as tx:
            stands = {each.funder: each for each in joint_limits.standing(tx)}
        assert stands[bank_a].limit_fen == 25_000_000_000
        assert stands[""].limit_fen == 1_000_000_000
