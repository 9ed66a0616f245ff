from dataclasses import replace
from datetime import date

import pytest

from lending.foundation import business_day, ids
from lending.foundation.audit import Actor
from lending.foundation.ports import ChannelState
from lending.ledger.chart import Code
from lending.loans import fraud, releases, signing
from lending.loans import service as loans
from lending.loans.errors import (
    NoSuchPart,
    NothingToStop,
    PartNotDue,
    PartNotPlanned,
    PartUnderWay,
    ServiceNotConfirmed,
)
from lending.loans.fraud import FraudKind
from lending.loans.model import ReleasePart, ReleaseState
from lending.loans.terms import Release
from lending.repayments import service as repayments
from lending.repayments.model import What
from scenarios.mall_installment import servicing
from tests.loans.test_signing import command
from tests.loans.world import AMOUNT_FEN, FEE_FEN, MERCHANT_ACCOUNTS, World
from tests.meeting import meets
from tests.today import TODAY

SHOP = Actor("partner", "ptn_1")
BUYER = Actor("customer", "cus_1")
OPERATOR = Actor("operator", "op_1")
PARTS = 4


def paid_ahead(world: World) -> str:
    """A loan free of interest whose merchant is paid in four parts, the first at once; its id."""
    order_id = world.approved()
    ready = command(world, order_id, world.confirmed(order_id, 3), periods=3)
    ready = replace(ready, terms=replace(ready.terms, release=Release(PARTS)))
    with world.database.unit_of_work() as tx:
        loan_id = signing.sign(tx, world.keys, world.files, ready)
    world.work()
    return loan_id


def parts(world: World, loan_id: str) -> list[ReleasePart]:
    with world.database.unit_of_work() as tx:
        return releases.of_loan(tx, loan_id)


def states(world: World, loan_id: str) -> list[str]:
    return [each.state.value for each in parts(world, loan_id)]


def confirm(world: World, loan_id: str, part: int) -> None:
    with world.database.unit_of_work() as tx:
        releases.confirm_service(tx, loan_id, part, SHOP)
    world.work()


def come_to(world: World, day: date) -> None:
    """Opens business dates up to a day, releasing what falls due."""
    with world.database.unit_of_work() as tx:
        while business_day.today(tx) < day:
            business_day.close(tx)
            releases.fall_due(tx, business_day.today(tx))
    world.work()


def stop(world: World, loan_id: str) -> None:
    with world.database.unit_of_work() as tx:
        releases.stop(tx, loan_id, stop_id=ids.new("stp"), because="closed", actor=BUYER)
    world.work()


class TestPayingOut:
    def test_gives_the_merchant_the_first_part_and_keeps_back_the_rest(self, world: World):
        loan_id = paid_ahead(world)
        (sent,) = world.bank.paid()
        subsidy = -world.balance(Code.DEFERRED_SUBSIDY, "mall-standard")
        later = parts(world, loan_id)
        assert [each.due_date for each in later] == [
            date(2026, 12, 23),
            date(2027, 1, 23),
            date(2027, 2, 23),
        ]
        assert sum(each.gross_fen for each in later) == -world.balance(
            Code.MERCHANT_RETAINED, loan_id
        )
        kept = sum(each.gross_fen - each.fee_fen - each.subsidy_fen for each in later)
        assert sent.amount_fen + kept == AMOUNT_FEN - FEE_FEN - subsidy
        world.require_books_agree()

    def test_leaves_the_borrower_owing_the_whole_free_of_interest(self, world: World):
        loan_id = paid_ahead(world)
        assert world.balance(Code.LOAN_PRINCIPAL, loan_id) == AMOUNT_FEN
        with world.database.unit_of_work() as tx:
            assert repayments.quote(tx, loan_id, What.PAYOFF).amount_fen == AMOUNT_FEN


class TestReleasing:
    def test_waits_for_its_date_and_for_the_word_that_the_service_goes_on(self, world: World):
        loan_id = paid_ahead(world)
        confirm(world, loan_id, 2)
        assert len(world.bank.paid()) == 1
        come_to(world, date(2026, 12, 22))
        assert states(world, loan_id) == ["planned"] * 3
        come_to(world, date(2026, 12, 23))
        assert states(world, loan_id) == ["paid", "planned", "planned"]
        come_to(world, date(2027, 1, 23))
        assert states(world, loan_id) == ["paid", "planned", "planned"]
        confirm(world, loan_id, 3)
        assert states(world, loan_id) == ["paid", "paid", "planned"]
        world.require_books_agree()

    def test_of_every_part_gives_the_merchant_all_but_fee_and_subsidy(self, world: World):
        loan_id = paid_ahead(world)
        subsidy = -world.balance(Code.DEFERRED_SUBSIDY, "mall-standard")
        for part in (2, 3, 4):
            confirm(world, loan_id, part)
        come_to(world, date(2027, 2, 23))
        assert states(world, loan_id) == ["paid"] * 3
        sent = sum(each.amount_fen for each in world.bank.paid())
        assert sent == AMOUNT_FEN - FEE_FEN - subsidy
        assert world.balance(Code.MERCHANT_FEE_INCOME) == -FEE_FEN
        assert world.balance(Code.SUBSIDY_RECEIVABLE, world.partner_id) == 0
        assert world.balance(Code.MERCHANT_RETAINED, loan_id) == 0
        world.require_books_agree()

    def test_pays_once_however_often_it_is_confirmed(self, world: World):
        loan_id = paid_ahead(world)
        come_to(world, date(2026, 12, 23))
        confirm(world, loan_id, 2)
        with pytest.raises(PartNotPlanned):
            confirm(world, loan_id, 2)
        assert len(world.bank.paid()) == 2

    def test_goes_on_for_a_borrower_who_is_flagged_until_the_parts_are_held(self, world: World):
        loan_id = paid_ahead(world)
        for part in (2, 3):
            confirm(world, loan_id, part)
        with world.database.unit_of_work() as tx:
            kind = FraudKind.IDENTITY
            fraud.flag(tx, world.keys, world.customer_id, kind, because="冒名", actor=OPERATOR)
        come_to(world, date(2026, 12, 23))
        with world.database.unit_of_work() as tx:
            releases.hold(tx, loan_id, because="核查", actor=OPERATOR)
        come_to(world, date(2027, 1, 23))
        assert states(world, loan_id) == ["paid", "planned", "planned"]

    def test_takes_what_the_merchant_owes_off_the_part(self, world: World):
        loan_id = paid_ahead(world)
        other, _ = world.paid("A-2")
        with world.database.unit_of_work() as tx:
            servicing.refund(tx, world.partner_id, servicing.RefundGoods("R-1", other, 50_000))
        come_to(world, date(2026, 12, 23))
        confirm(world, loan_id, 2)
        assert world.balance(Code.MERCHANT_CLAIM, world.partner_id) == 0
        world.require_books_agree()

    def test_goes_to_the_next_account_when_one_refuses_and_can_be_tried_again(self, world: World):
        loan_id = paid_ahead(world)
        come_to(world, date(2026, 12, 23))
        world.bank.refuse = set(MERCHANT_ACCOUNTS)
        confirm(world, loan_id, 2)
        assert states(world, loan_id)[0] == "failed"
        world.bank.refuse = set()
        with world.database.unit_of_work() as tx:
            releases.retry(tx, loan_id, 2, SHOP)
        world.work()
        assert states(world, loan_id)[0] == "paid"
        world.require_books_agree()

    @pytest.mark.parametrize(
        ("part", "refusal"), [(3, PartNotDue), (2, ServiceNotConfirmed), (9, NoSuchPart)]
    )
    def test_is_not_tried_again_before_it_may_be_paid(
        self, world: World, part: int, refusal: type[Exception]
    ):
        loan_id = paid_ahead(world)
        come_to(world, date(2026, 12, 23))
        with world.database.unit_of_work() as tx, pytest.raises(refusal):
            releases.retry(tx, loan_id, part, SHOP)


class TestHolding:
    def test_keeps_what_is_due_until_it_is_let_go(self, world: World):
        loan_id = paid_ahead(world)
        with world.database.unit_of_work() as tx:
            releases.hold(tx, loan_id, because="complaint", actor=BUYER)
        confirm(world, loan_id, 2)
        come_to(world, date(2026, 12, 23))
        assert states(world, loan_id) == ["planned"] * 3
        with world.database.unit_of_work() as tx:
            releases.let_go(tx, loan_id, actor=SHOP)
        world.work()
        assert states(world, loan_id) == ["paid", "planned", "planned"]


class TestStoppingTheService:
    def test_takes_what_was_kept_back_off_the_loan_and_claims_nothing(self, world: World):
        loan_id = paid_ahead(world)
        later = sum(each.gross_fen for each in parts(world, loan_id))
        unpaid_subsidy = sum(each.subsidy_fen for each in parts(world, loan_id))
        stop(world, loan_id)
        assert states(world, loan_id) == ["stopped"] * 3
        assert world.balance(Code.LOAN_PRINCIPAL, loan_id) == AMOUNT_FEN - later
        assert world.balance(Code.MERCHANT_RETAINED, loan_id) == 0
        assert world.balance(Code.MERCHANT_CLAIM, world.partner_id) == unpaid_subsidy
        assert world.exposure() == AMOUNT_FEN - later
        world.require_books_agree()

    def test_pays_the_borrower_back_what_was_repaid_beyond_it(self, world: World):
        loan_id = paid_ahead(world)
        repayments.pay(world.context, loan_id, What.PAYOFF, amount_fen=AMOUNT_FEN)
        world.work()
        later = sum(each.gross_fen for each in parts(world, loan_id))
        stop(world, loan_id)
        assert world.bank.paid()[-1].amount_fen == later
        assert world.balance(Code.BORROWER_CREDIT, world.customer_id) == 0
        world.require_books_agree()

    def test_leaves_later_dates_with_nothing_to_release(self, world: World):
        loan_id = paid_ahead(world)
        for part in (2, 3):
            confirm(world, loan_id, part)
        stop(world, loan_id)
        come_to(world, date(2027, 2, 23))
        assert len(world.bank.paid()) == 1

    def test_keeps_a_part_from_the_merchant_that_the_end_of_day_is_about_to_release(
        self, world: World
    ):
        loan_id, due_on = paid_ahead(world), date(2026, 12, 23)
        confirm(world, loan_id, 2)
        with world.database.unit_of_work() as tx:
            releases.stop(tx, loan_id, stop_id="stp_1", because="closed", actor=BUYER)
            late = meets(tx, world.database, lambda other: releases.fall_due(other, due_on))
        assert late.result() == 0
        world.work()
        assert states(world, loan_id) == ["stopped"] * 3
        assert len(world.bank.paid()) == 1
        world.require_books_agree()

    def test_is_refused_twice_and_for_a_loan_that_was_paid_at_once(self, world: World):
        loan_id = paid_ahead(world)
        stop(world, loan_id)
        with pytest.raises(NothingToStop):
            stop(world, loan_id)
        _, other = world.paid("A-2")
        with pytest.raises(NothingToStop):
            stop(world, other)

    def test_waits_while_a_part_is_on_its_way(self, world: World):
        loan_id = paid_ahead(world)
        come_to(world, date(2026, 12, 23))
        world.bank.slow = 1
        confirm(world, loan_id, 2)
        assert parts(world, loan_id)[0].state is ReleaseState.PAYING
        with pytest.raises(PartUnderWay):
            stop(world, loan_id)
        world.bank.settle(ChannelState.PAID)
        world.work_until_quiet()
        stop(world, loan_id)
        assert states(world, loan_id) == ["paid", "stopped", "stopped"]
        with world.database.unit_of_work() as tx:
            assert loans.loan(tx, loan_id).start_date == TODAY
        world.require_books_agree()
