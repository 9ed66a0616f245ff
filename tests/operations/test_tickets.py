"""Tickets: opened once, answered in time, with a history that nobody changes (M9, R-COMPLAINT)."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from lending.compliance import complaints
from lending.foundation.audit import Actor
from lending.foundation.clock import shanghai_date
from lending.foundation.database import Tx
from lending.operations import rules, service
from lending.operations.errors import (
    DisputeNeedsDecision,
    NotADispute,
    TicketDecided,
    TicketNotAnswered,
    TicketNotYours,
    TicketTextMissing,
    TimeNotLonger,
    TooManyTickets,
)
from lending.operations.model import Act, NewTicket, Outcome, TicketKind, TicketState, Wanted
from lending.system import service as system
from lending.system.model import Role
from tests.loans.world import World


@pytest.fixture
def feng(world: World) -> str:
    """An operator; the id."""
    with world.database.unit_of_work() as tx:
        system.add_operator(
            tx,
            login="feng",
            name="冯客服",
            role=Role.RISK,
            password="a long password",
            actor=Actor("system", "cf"),
        )
        return str(tx.scalar("SELECT id FROM operator WHERE login = 'feng'"))


def asks(tx: Tx, world: World, text: str = "多扣了一期", **how: object) -> str:
    new = {"kind": TicketKind.COMPLAINT, "answer_by": complaints.answer_by(tx)} | how
    buyer = Actor("customer", world.customer_id)
    return service.open_ticket(
        tx,
        NewTicket(text=text, customer_id=world.customer_id, **new),  # type: ignore[arg-type]
        buyer,
    )


class TestAComplaint:
    def test_is_taken_answered_and_closed_and_tells_who_did_what(self, world: World, feng: str):
        with world.database.unit_of_work() as tx:
            ticket = asks(tx, world)
            service.take(tx, ticket, feng)
            service.take(tx, ticket, feng)
            service.note(tx, ticket, "已查流水", Actor("operator", feng))
            service.answer(tx, ticket, "系重复扣款,已退回。", feng)
            service.close(tx, ticket, Actor("operator", feng))
            service.close(tx, ticket, Actor("operator", feng))
            found = service.get(tx, ticket)
            acts = [(each.act, each.actor) for each in service.history(tx, ticket)]
            shown = [each.act for each in service.history(tx, ticket, is_customer=True)]
        assert (found.state, found.answer) == (TicketState.CLOSED, "系重复扣款,已退回。")
        assert acts == [
            (Act.OPENED, f"customer:{world.customer_id}"),
            (Act.TAKEN, "冯客服"),
            (Act.NOTED, "冯客服"),
            (Act.ANSWERED, "冯客服"),
            (Act.CLOSED, "冯客服"),
        ]
        assert shown == [Act.OPENED, Act.TAKEN, Act.ANSWERED, Act.CLOSED]

    def test_is_to_be_answered_within_fifteen_days_and_is_overdue_after(
        self, world: World, feng: str
    ):
        with world.database.unit_of_work() as tx:
            ticket = asks(tx, world)
            today = shanghai_date(tx.now)
            found = service.get(tx, ticket)
            assert found.answer_by == today + timedelta(days=15)
            assert not found.is_overdue(found.answer_by)
            late = found.answer_by + timedelta(days=1)
            assert found.is_overdue(late)
            assert [each.id for each in service.find(tx, Wanted(overdue_on=late))] == [ticket]
            assert service.find(tx, Wanted(overdue_on=today)) == []
            service.take(tx, ticket, feng)
            service.answer(tx, ticket, "已处理", feng)
            assert service.find(tx, Wanted(overdue_on=late)) == []

    def test_is_given_thirty_then_sixty_days_and_no_more(self, world: World):
        two = Actor("operator", "two")
        with world.database.unit_of_work() as tx:
            ticket = asks(tx, world)
            opened = shanghai_date(tx.now)
            for days in (30, 60):
                until = complaints.next_limit(tx, ticket)
                assert until == opened + timedelta(days=days)
                service.extend(tx, ticket, until=until, actor=two)
            with pytest.raises(TimeNotLonger):
                complaints.next_limit(tx, ticket)
            with pytest.raises(TimeNotLonger):
                service.extend(tx, ticket, until=opened, actor=two)

    def test_that_the_customer_objects_to_is_open_again_until_it_is_closed(
        self, world: World, feng: str
    ):
        buyer = Actor("customer", world.customer_id)
        with world.database.unit_of_work() as tx:
            ticket = asks(tx, world)
            service.take(tx, ticket, feng)
            service.ask(tx, ticket, "请提供流水", feng)
            assert service.get(tx, ticket).state is TicketState.WAITING
            service.add(tx, ticket, "流水号 1234", buyer)
            assert service.get(tx, ticket).state is TicketState.ASSIGNED
            service.answer(tx, ticket, "无重复扣款", feng)
            service.add(tx, ticket, "我不同意", buyer)
            assert service.get(tx, ticket).is_undecided
            service.answer(tx, ticket, "经复查已退回", feng)
            service.close(tx, ticket, Actor("operator", feng))
            with pytest.raises(TicketDecided):
                service.add(tx, ticket, "还有", buyer)

    def test_is_worked_on_by_who_took_it_only(self, world: World, feng: str):
        with world.database.unit_of_work() as tx:
            ticket = asks(tx, world)
            with pytest.raises(TicketNotYours):
                service.answer(tx, ticket, "已处理", feng)
            with pytest.raises(TicketNotAnswered):
                service.close(tx, ticket, Actor("operator", feng))
            with pytest.raises(NotADispute):
                service.decide(tx, ticket, Outcome.STOP, "停止", Actor("operator", feng))

    @pytest.mark.parametrize("text", ["", " 嗯 ", "字" * (rules.TEXT_MAX + 1)])
    def test_without_words_or_with_too_many_is_refused(self, world: World, text: str):
        with world.database.unit_of_work() as tx, pytest.raises(TicketTextMissing):
            asks(tx, world, text)

    def test_beyond_five_undecided_ones_is_refused(self, world: World):
        with world.database.unit_of_work() as tx:
            for _ in range(rules.UNDECIDED_MAX):
                asks(tx, world)
            with pytest.raises(TooManyTickets):
                asks(tx, world)


class TestADispute:
    def test_of_one_thing_is_one_ticket_until_it_is_decided(self, world: World, feng: str):
        how = {"kind": TicketKind.DISPUTE, "subject": "spy_1"}
        with world.database.unit_of_work() as tx:
            first = asks(tx, world, "没上课", **how)
            assert asks(tx, world, "还是没上课", **how) == first
            service.take(tx, first, feng)
            with pytest.raises(DisputeNeedsDecision):
                service.answer(tx, first, "已处理", feng)
            service.decide(tx, first, Outcome.STOP, "已停止服务", Actor("operator", feng))
            with pytest.raises(TicketDecided):
                service.add(tx, first, "谢谢", Actor("customer", world.customer_id))
            assert asks(tx, world, "又没上课", **how) != first


class TestWhatARuleFinds:
    def test_is_one_ticket_as_long_as_it_is_undecided(self, world: World, feng: str):
        with world.database.unit_of_work() as tx:
            due = complaints.answer_by(tx)
            made = {
                service.by_rule(tx, "payout_failed", subject="loan_1", text="失败", answer_by=due)
                for _ in range(2)
            }
            (ticket,) = made
            service.take(tx, ticket, feng)
            service.answer(tx, ticket, "已更换账户", feng)
            again = service.by_rule(
                tx, "payout_failed", subject="loan_1", text="失败", answer_by=due
            )
        assert again != ticket


class TestTheHistory:
    def test_is_never_changed(self, world: World):
        with world.database.unit_of_work() as tx:
            asks(tx, world)
        with pytest.raises(DBAPIError), world.database.unit_of_work() as tx:
            tx.run("UPDATE ticket_step SET text = ''")
