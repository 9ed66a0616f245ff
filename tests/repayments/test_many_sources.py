"""T20: money that comes from several sides at once is applied, the borrower's, or paid back."""

import os
import random
from datetime import timedelta

from lending.foundation import business_day
from lending.foundation.audit import Actor
from lending.foundation.errors import Problem
from lending.loans import statements
from lending.repayments import credits as credit_balances
from lending.repayments import service, transfers
from lending.repayments.model import RepaymentState, Source, What
from lending.repayments.transfers import Transfer
from tests.loans.world import World

OPERATOR = Actor("operator", "opr_1")
SEEDS = int(os.environ.get("CF_SEEDS", "24"))


class Money:
    """One loan that is paid from several sides, in an order that a seed gives."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.dice = world, random.Random(seed)
        world.another_buyer(seed)
        _, self.loan_id = world.paid(f"S-{seed}", periods=6)
        self.references = (f"S-{seed}-{serial}" for serial in range(99))
        self.done: list[str] = []

    def run(self) -> None:
        acts = (self.debit, self.debit, self.enter, self.enter, self.refund, self.reverse)
        for _ in range(self.dice.randint(4, 8)):
            act = self.dice.choice(acts)
            trouble = self.dice.choice(("", "", "slow", "lose_answers", "lose_requests"))
            if trouble:
                setattr(self.world.bank, trouble, 1)
            try:
                act()
                self.done.append(act.__name__)
            except Problem as refused:
                self.done.append(f"{act.__name__}: {type(refused).__name__}")
            for _ in range(self.dice.choice((0, 0, 1, 20))):
                with self.world.database.unit_of_work() as tx:
                    business_day.close(tx)
        self.world.bank.heal()
        self.world.work_until_quiet()

    def debit(self) -> None:
        what = self.dice.choice((What.NEXT, What.NEXT, What.PAYOFF, What.PART_SMALLER))
        amount = 100_000
        if what is not What.PART_SMALLER:
            with self.world.database.unit_of_work() as tx:
                amount = service.quote(tx, self.loan_id, what).amount_fen
        service.pay(self.world.context, self.loan_id, what, amount_fen=amount)

    def enter(self) -> None:
        what = self.dice.choice((What.DUE, What.NEXT, What.PAYOFF, What.PART_SHORTER))
        with self.world.database.unit_of_work() as tx:
            today = business_day.today(tx)
            start = statements.statement(tx, self.loan_id).loan.start_date
            assert start is not None
            on = start + timedelta(days=self.dice.randint(0, (today - start).days))
            amount = self.dice.choice((1, 5_000, 102_345, 300_000, 700_000))
            transfer = Transfer(amount, on, next(self.references), what)
            transfers.enter(tx, self.loan_id, transfer, OPERATOR)

    def refund(self) -> None:
        with self.world.database.unit_of_work() as tx:
            free = credit_balances.credit(tx, self.world.customer_id).available_fen
            credit_balances.refund(tx, self.loan_id, self.dice.randint(0, free), OPERATOR)

    def reverse(self) -> None:
        with self.world.database.unit_of_work() as tx:
            made = [
                one
                for one in service.of_loan(tx, self.loan_id)
                if one.source is Source.TRANSFER and one.state is RepaymentState.RECEIVED
            ]
            if made:
                service.reverse(tx, self.dice.choice(made).id, "returned", OPERATOR)
                credit_balances.require_covered(tx, self.world.customer_id)

    def require_conserved(self) -> None:
        with self.world.database.unit_of_work() as tx:
            rows = statements.statement(tx, self.loan_id).rows
            credit = credit_balances.credit(tx, self.world.customer_id)
            repaid = service.of_loan(tx, self.loan_id)
            refunded = int(
                tx.scalar(
                    "SELECT coalesce(sum(amount_fen), 0) FROM payout WHERE loan_id = :id"
                    " AND purpose = 'borrower_refund' AND state = 'paid'",
                    id=self.loan_id,
                )
            )
        debited = {each.channel_order_no for each in repaid if each.source is not Source.TRANSFER}
        at_bank = sum(
            booked.amount_fen
            for number, booked in self.world.bank.book.items()
            if number in debited and booked.state == "paid"
        )
        entered = sum(
            each.amount_fen
            for each in repaid
            if each.source is Source.TRANSFER and each.state is RepaymentState.RECEIVED
        )
        applied = sum(
            row.principal_paid_fen + row.interest_paid_fen + row.fee_paid_fen + row.penalty_paid_fen
            for row in rows
        )
        story = (self.loan_id, self.done)
        assert at_bank + entered == applied + credit.balance_fen + refunded, story
        assert credit.balance_fen >= 0, story
        assert credit.held_fen == 0, story
        assert all(
            each.state not in (RepaymentState.HELD, RepaymentState.UNKNOWN) for each in repaid
        ), story


class TestMoneyFromManySides:
    def test_is_applied_or_the_borrowers_or_paid_back_to_the_fen(self, world: World):
        stories: set[str] = set()
        for seed in range(1, SEEDS + 1):
            money = Money(world, seed)
            money.run()
            money.require_conserved()
            stories |= set(money.done)
        assert {"debit", "enter", "refund", "reverse"} <= stories, stories
        assert "refund: CreditTooSmall" in stories
        world.require_books_agree()
