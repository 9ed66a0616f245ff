"""What holds for every loan, whatever happens around it."""

from dataclasses import replace
from decimal import Decimal

import psycopg
import pytest

from lending.foundation.audit import SYSTEM
from lending.loans import service, statements, store
from lending.loans.model import ApplicationState, LoanState, PayoutState
from lending.products import service as products
from lending.repayments.model import RepaymentState
from tests.loans.world import PRODUCT, World

STATES = {
    "application": ApplicationState,
    "loan": LoanState,
    "payout": PayoutState,
    "repayment": RepaymentState,
}


def moves(world: World, entity: str) -> set[tuple[str, str]]:
    rows = world.rows(
        "SELECT state_old, state_new FROM state_move WHERE entity = :entity", entity=entity
    )
    return {(row["state_old"], row["state_new"]) for row in rows}


class TestPublishingAProductVersion:
    def test_p20_changes_no_existing_loan(self, world: World):
        _, loan_id = world.paid()
        with world.database.unit_of_work() as tx:
            before = statements.statement(tx, loan_id)
            products.publish(tx, replace(PRODUCT, rate_annual=Decimal("0.2")), SYSTEM)
        with world.database.unit_of_work() as tx:
            assert statements.statement(tx, loan_id) == before
            assert products.published(tx, PRODUCT.code).rate_annual == Decimal("0.2")

    def test_p20_leaves_an_order_that_is_under_way_its_own_version(self, world: World):
        order_id = world.approved()
        with world.database.unit_of_work() as tx:
            products.publish(tx, replace(PRODUCT, rate_annual=Decimal("0.2")), SYSTEM)
        loan_id = world.sign(order_id)
        with world.database.unit_of_work() as tx:
            assert service.loan(tx, loan_id).terms.pricing.rate_annual == PRODUCT.rate_annual


class TestStates:
    @pytest.mark.parametrize("entity", STATES)
    def test_p19_moves_are_between_states_that_exist(self, world: World, entity: str):
        known = {state.value for state in STATES[entity]}
        assert {state for move in moves(world, entity) for state in move} <= known

    @pytest.mark.parametrize(
        ("entity", "final"),
        [
            ("application", {"signed", "cancelled", "expired"}),
            ("loan", {"cancelled"}),
            ("payout", {"paid", "failed"}),
            ("repayment", {"failed", "reversed"}),
        ],
    )
    def test_p19_final_states_stay(self, world: World, entity: str, final: set[str]):
        known = {state.value for state in STATES[entity]}
        assert known - {old for old, _ in moves(world, entity)} == final

    def test_p19_a_move_that_is_not_listed_is_refused_whoever_asks(self, world: World):
        _, loan_id = world.paid()
        listed = moves(world, "loan")
        for state in LoanState:
            if state is LoanState.ACTIVE or ("active", state.value) in listed:
                continue
            with (
                pytest.raises(Exception, match=f"active does not become {state.value}") as refused,
                world.database.unit_of_work() as tx,
            ):
                store.set_loan_state(tx, loan_id, state)
            assert isinstance(refused.value.orig, psycopg.errors.RaiseException)
        with world.database.unit_of_work() as tx:
            assert service.loan(tx, loan_id).state is LoanState.ACTIVE
