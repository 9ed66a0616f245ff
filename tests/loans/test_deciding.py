from dataclasses import replace

import pytest

from lending.customers.errors import CardNotYours, ConsentMissing
from lending.foundation.audit import SYSTEM
from lending.loans import service
from lending.loans import store as loan_store
from lending.loans.errors import WrongState
from lending.loans.model import ApplicationState, LoanState
from lending.risk.errors import NothingToDecide
from lending.risk.model import Outcome
from scenarios.mall_installment import checkout
from tests.loans.world import KilledError, World
from tests.risk.people import BAD, DOWN, bureaus, card, person


def with_reports(world: World, report: object) -> None:
    world.context = replace(world.context, bureaus=bureaus(report, report))


def application(world: World, order_id: str) -> service.Application:
    with world.database.unit_of_work() as tx:
        return service.application(tx, checkout.view(tx, order_id).order.application_id)


def application_id(world: World, order_id: str) -> str:
    rows = world.rows("SELECT application_id FROM mall_order WHERE id = :id", id=order_id)
    return str(rows[0]["application_id"])


class TestHandingIn:
    def test_has_it_decided(self, world: World):
        order_id = world.order()
        world.submit(order_id)
        assert world.state(order_id) == "deciding"
        world.work()
        assert world.state(order_id) == "approved"

    def test_twice_decides_once(self, world: World):
        order_id = world.order()
        world.submit(order_id)
        world.submit(order_id)
        world.work()
        assert world.count("SELECT count(*) FROM decision") == 1

    def test_needs_the_consent_to_process_the_applicants_data(self, world: World):
        order_id = world.order()
        with world.database.unit_of_work() as tx, pytest.raises(ConsentMissing):
            checkout.submit(
                tx, order_id, customer_id=world.customer_id, bank_card_id=world.card_id, device={}
            )

    def test_with_somebody_elses_card_is_refused(self, world: World):
        other = person(world.database, world.keys, sequence=9, mobile="13800000009")
        world.card_id = card(world.database, world.keys, other, "6230580000000088884")
        order_id = world.order()
        with pytest.raises(CardNotYours):
            world.submit(order_id)

    def test_by_somebody_else_while_it_is_being_decided_is_refused(self, world: World):
        order_id = world.order()
        world.submit(order_id)
        world.customer_id = person(world.database, world.keys, sequence=9, mobile="13800000009")
        world.card_id = card(world.database, world.keys, world.customer_id, "6230580000000088884")
        with pytest.raises(WrongState):
            world.submit(order_id)


class TestDeciding:
    def test_an_applicant_whom_the_bureaus_speak_against_is_declined(self, world: World):
        with_reports(world, BAD)
        order_id = world.order()
        world.submit(order_id)
        world.work()
        assert world.state(order_id) == "declined"
        assert world.events(order_id) == ["order.created", "order.declined"]

    def test_the_shop_is_not_told_why(self, world: World):
        with_reports(world, BAD)
        order_id = world.order()
        world.submit(order_id)
        world.work()
        assert world.view(order_id)["decline_reason"] == "declined_by_lender"
        told = world.last_event(order_id)
        assert told == world.view(order_id)
        assert "bureau" not in str(told).lower()

    @pytest.mark.parametrize("seam", range(1, 12))
    def test_a_process_that_dies_decides_once(self, world: World, seam: int):
        order_id = world.order()
        world.submit(order_id)
        world.seams.passed, world.seams.die_at = 0, seam
        try:
            world.work()
        except KilledError:
            world.seams.die_at = None
            world.work()
        world.seams.die_at = None
        assert world.state(order_id) == "approved"
        assert world.count("SELECT count(*) FROM decision") == 1
        assert world.events(order_id) == ["order.created", "order.approved"]

    def test_an_order_that_was_cancelled_meanwhile_stays_cancelled(self, world: World):
        order_id = world.order()
        world.submit(order_id)
        with world.database.unit_of_work() as tx:
            service.cancel(tx, checkout.view(tx, order_id).order.application_id, SYSTEM)
        world.work()
        assert world.state(order_id) == "cancelled"

    def test_of_somebody_who_has_withdrawn_the_consent_cancels_the_application(self, world: World):
        order_id = world.order()
        world.submit(order_id)
        with world.context.database.unit_of_work() as tx:
            tx.run(
                "UPDATE consent SET withdrawn_at = :now WHERE scope = 'bureau_query'", now=tx.now
            )
        world.work()
        assert world.state(order_id) == "cancelled"
        assert world.count("SELECT count(*) FROM decision") == 0

    def test_counts_a_loan_that_was_given_up_among_those_that_are_open(self, world: World):
        _, loan_id = world.paid()
        with world.database.unit_of_work() as tx:
            loan_store.set_loan_state(tx, loan_id, LoanState.WRITTEN_OFF)
            assert loan_store.loans_of_customer(tx, world.customer_id)["open"] == 1


class TestAPerson:
    def judged(self, world: World, report: object, state: str) -> tuple[str, str]:
        """An order on which the rules have come to a state, and its application."""
        with_reports(world, report)
        order_id = world.order()
        world.submit(order_id)
        world.work()
        assert world.state(order_id) == state
        return order_id, application_id(world, order_id)

    def test_decides_what_the_rules_referred(self, world: World):
        order_id, found = self.judged(world, DOWN, "referred")
        with world.database.unit_of_work() as tx:
            service.decide_by_person(tx, found, Outcome.APPROVE, operator_id="op_1", note="ok")
        assert world.state(order_id) == "approved"
        world.sign(order_id)
        world.work()
        assert world.state(order_id) == "paid"

    def test_decides_on_a_declined_applicant_who_asks_for_it(self, world: World):
        order_id, found = self.judged(world, BAD, "declined")
        with world.database.unit_of_work() as tx:
            service.ask_for_review(tx, found)
            service.ask_for_review(tx, found)
        assert world.state(order_id) == "referred"
        found = application_id(world, order_id)
        with world.database.unit_of_work() as tx:
            service.decide_by_person(tx, found, Outcome.DECLINE, operator_id="op_1", note="no")
        assert world.state(order_id) == "declined"
        assert world.events(order_id)[1:] == [
            "order.declined",
            "order.referred",
            "order.declined",
        ]
        with world.database.unit_of_work() as tx, pytest.raises(WrongState):
            service.ask_for_review(tx, found)

    def test_owes_no_answer_once_the_application_has_expired(self, world: World):
        order_id, found = self.judged(world, BAD, "declined")
        with world.database.unit_of_work() as tx:
            service.ask_for_review(tx, found)
            service.expire(tx, found)
        assert world.state(order_id) == "expired"
        assert [row["state"] for row in world.rows("SELECT state FROM ticket")] == ["closed"]

    def test_does_not_decide_what_is_decided(self, world: World):
        order_id = world.approved()
        found = application_id(world, order_id)
        with (
            world.database.unit_of_work() as tx,
            pytest.raises((WrongState, NothingToDecide)),
        ):
            service.decide_by_person(tx, found, Outcome.DECLINE, operator_id="op_1", note="")
        assert application(world, order_id).state is ApplicationState.APPROVED
