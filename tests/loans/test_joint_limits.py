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
from lending.funding import funders, quotas
from lending.ledger.chart import Code
from lending.loans import joint_limits
from lending.loans.terms import OWN_FUNDS
from tests.finance.funders import funder, happen, lent, shared_with
from tests.funding.lenders import Lenders
from tests.loans.sharing import loan_of
from tests.loans.world import World
from tests.today import TODAY

GROUP = "91310000MA1FL0001A"
OWN_FEN = 240_000
"""Our part of a loan of CNY 6,000.00 of which others lend 60 %."""


def rule(world: World, code: str, value: str) -> None:
    with world.database.unit_of_work() as tx:
        parameters.set_from(tx, Parameter(code, value, TODAY, None, "test", "C"), SYSTEM)


def end(world: World) -> None:
    """The date ends."""
    world.clock.advance(timedelta(days=1))
    end_of_day.catch_up(world.context)


def draw(world: World, funder_id: str, number: int = 1) -> tuple[str, ...]:
    terms = loan_of(shared_with(funder_id), 600_000).terms
    with world.database.unit_of_work() as tx:
        return joint_limits.hold(tx, f"loan_{number}", terms, 600_000)


def affiliates(world: World) -> list[str]:
    """Two funders of one group, and one that is alone."""
    made = Lenders(world, 2, group_code=GROUP).ids + Lenders(world, 1, first=3).ids
    with world.database.unit_of_work() as tx:
        for each in funders.agreements(tx):
            quotas.free(tx, each)  # opens the accounts, as asking does
    return made


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

    def test_with_an_affiliate_weighs_on_the_same_limit(self, world: World):
        rule(world, "capital.tier1_fen", str(4 * OWN_FEN))
        one, other, stranger = affiliates(world)
        draw(world, one)
        with pytest.raises(JointWithFunderTooMuch):
            draw(world, other, 2)
        draw(world, stranger, 3)

    def test_with_two_of_one_group_weighs_once(self, world: World):
        rule(world, "capital.tier1_fen", str(4 * OWN_FEN))
        one, other, _ = affiliates(world)
        terms = loan_of(shared_with(one, other), 600_000).terms
        with world.database.unit_of_work() as tx:
            assert len(joint_limits.hold(tx, "loan_1", terms, 600_000)) == 2

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
        end(world)
        assert world.balance(Code.JOINT_FUNDER, bank_a) == OWN_FEN
        happen(world, loan_id, Paid(TODAY + timedelta(days=1), 700_000, until=12), "rep-1")
        assert world.balance(Code.JOINT_TOTAL) == OWN_FEN
        end(world)
        assert world.balance(Code.JOINT_FUNDER, bank_a) == world.balance(Code.JOINT_TOTAL) == 0
        with world.database.unit_of_work() as tx:
            stands = {each.funders: each for each in joint_limits.standing(tx)}
        assert stands[bank_a,].limit_fen == 25_000_000_000
        assert stands[()].limit_fen == 1_000_000_000

    def test_counts_a_loan_once_for_a_group_and_follows_who_joins_it(self, world: World):
        one, other, alone = affiliates(world)
        lent(world, shared_with(one, other))
        lent(world, shared_with(alone))
        end(world)
        assert world.balance(Code.JOINT_FUNDER, GROUP) == OWN_FEN
        assert world.balance(Code.JOINT_FUNDER, alone) == OWN_FEN
        with world.database.unit_of_work() as tx:
            tx.run("UPDATE funder SET group_code = :g WHERE partner_id = :id", g=GROUP, id=alone)
        end(world)
        assert world.balance(Code.JOINT_FUNDER, GROUP) == 2 * OWN_FEN
        assert world.balance(Code.JOINT_FUNDER, alone) == 0
