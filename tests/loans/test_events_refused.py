"""What cannot happen to a loan is refused by name, with the mend, and leaves no row anywhere."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from lending.engine.errors import EventImpossible, RefundTooLarge
from lending.engine.events import (
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
from lending.foundation.errors import Problem
from lending.loans import life
from lending.loans.errors import (
    BeforeThePayout,
    EventTakenBack,
    NoSuchEvent,
    NoSuchLoan,
    NotYet,
    WrongState,
)
from tests.loans.world import World
from tests.today import TODAY

DAY = timedelta(days=1)
REFUSED: dict[str, tuple[Event, type[Problem], str]] = {
    "a payment of nothing": (Paid(TODAY, 0), EventImpossible, "/amount_fen"),
    "a negative payment": (Paid(TODAY, -1), EventImpossible, "/amount_fen"),
    "a negative payoff": (PaidOff(TODAY, -5), EventImpossible, "/amount_fen"),
    "a payment of tomorrow": (Paid(TODAY + DAY, 100), NotYet, "/on"),
    "a payment before the payout": (Paid(TODAY - DAY, 100), BeforeThePayout, "/on"),
    "a refund above the price": (GoodsReturned(TODAY, 11, 10), RefundTooLarge, "/amount_fen"),
    "a negative refund": (GoodsReturned(TODAY, -1, 10), EventImpossible, "/amount_fen"),
    "a waiver of what is not open": (Waived(TODAY, penalty_fen=1), EventImpossible, "/penalty_fen"),
    "a negative waiver": (Waived(TODAY, interest_fen=-1), EventImpossible, "/interest_fen"),
    "a waiver of nothing": (Waived(TODAY), EventImpossible, "/"),
    "a due date in the past": (DueDatesMoved(TODAY, TODAY - DAY), EventImpossible, "/first_due"),
    "a due date too far": (DueDatesMoved(TODAY, TODAY + 90 * DAY), EventImpossible, "/first_due"),
    "a fee below nothing": (FeeCharged(TODAY, -1), EventImpossible, "/amount_fen"),
}


def rows_of_every_table(world: World) -> dict[str, int]:
    tables = world.rows(
        "SELECT table_name AS name FROM information_schema.tables"
        " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
    )
    return {row["name"]: world.count(f"SELECT count(*) FROM {row['name']}") for row in tables}


def refused(world: World, act: Callable[[], object], error: type[Problem]) -> Problem:
    """The refusal, with a mend, after which every table has the rows that it had."""
    before = rows_of_every_table(world)
    with pytest.raises(error) as found:
        act()
    assert found.value.mend
    assert rows_of_every_table(world) == before
    return found.value


def record(world: World, loan_id: str, event: Event, source_id: str = "src") -> None:
    with world.database.unit_of_work() as tx:
        loan = life.locked(tx, loan_id)
        life.record(tx, loan, event, source_id=source_id, kind="test")


class TestAnEvent:
    @pytest.mark.parametrize("name", REFUSED)
    def test_that_cannot_be_names_the_field_and_the_mend(self, world: World, name: str):
        event, error, field = REFUSED[name]
        _, loan_id = world.paid()
        found = refused(world, lambda: record(world, loan_id, event), error)
        assert found.field == field

    def test_of_a_loan_that_is_closed_is_refused(self, world: World):
        _, loan_id = world.paid()
        record(world, loan_id, PaidOff(TODAY, 599_900))
        for event in (PaidOff(TODAY, 1), FeeCharged(TODAY, 1), WrittenOff(TODAY)):
            refused(
                world, lambda event=event: record(world, loan_id, event, "two"), EventImpossible
            )

    def test_that_prepays_less_than_is_due_says_so(self, world: World):
        _, loan_id = world.paid()
        world.clock.advance(40 * DAY)
        for _ in range(40):
            with world.database.unit_of_work() as tx:
                tx.run("UPDATE business_day SET business_date = business_date + 1")
        event = PartPrepaid(TODAY + 40 * DAY, 100, shorter=True)
        assert refused(world, lambda: record(world, loan_id, event), EventImpossible).field == (
            "/amount_fen"
        )

    def test_of_an_unknown_loan_or_one_not_paid_out_is_refused(self, world: World):
        _, loan_id = world.signed()
        refused(world, lambda: record(world, "loan_none", Paid(TODAY, 1)), NoSuchLoan)
        refused(world, lambda: record(world, loan_id, Paid(TODAY, 1)), WrongState)


class TestTakingBack:
    def test_what_never_was_or_was_taken_back_is_refused(self, world: World):
        _, loan_id = world.paid()
        record(world, loan_id, Paid(TODAY, 100, until=1), "mine")

        def take_back(source_id: str) -> None:
            with world.database.unit_of_work() as tx:
                life.take_back(tx, life.locked(tx, loan_id), source_id, "because")

        refused(world, lambda: take_back("never"), NoSuchEvent)
        take_back("mine")
        refused(world, lambda: take_back("mine"), EventTakenBack)

    def test_an_event_of_another_loan_is_refused(self, world: World):
        _, first = world.paid("A-1")
        world.another_buyer(1)
        _, second = world.paid("A-2")
        record(world, first, Paid(TODAY, 100, until=1), "of the first")

        def take_back() -> None:
            with world.database.unit_of_work() as tx:
                life.take_back(tx, life.locked(tx, second), "of the first", "because")

        refused(world, take_back, NoSuchEvent)
