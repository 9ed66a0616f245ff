from concurrent.futures import ThreadPoolExecutor

import pytest

from lending.foundation import business_day
from lending.foundation.ports import ChannelState
from lending.ledger.chart import Code
from lending.loans import service as loans
from lending.loans import store as loan_store
from lending.loans.model import LoanState
from lending.repayments import service
from lending.repayments.errors import AmountChanged, NothingToPay, RepaymentUnderWay
from lending.repayments.model import Quote, Repayment, RepaymentState, What
from scenarios.mall_installment import servicing
from scenarios.mall_installment.servicing import RefundGoods
from tests.loans.world import AMOUNT_FEN, KilledError, World

CARD = "6230580000000099990"


def quote(world: World, loan_id: str, what: What = What.NEXT) -> Quote:
    with world.database.unit_of_work() as tx:
        return service.quote(tx, loan_id, what)


def pay(world: World, loan_id: str, what: What = What.NEXT) -> Repayment:
    return service.pay(
        world.context, loan_id, what, amount_fen=quote(world, loan_id, what).amount_fen
    )


def of_loan(world: World, loan_id: str) -> list[Repayment]:
    with world.database.unit_of_work() as tx:
        return service.of_loan(tx, loan_id)


def loan_state(world: World, loan_id: str) -> LoanState:
    with world.database.unit_of_work() as tx:
        return loans.loan(tx, loan_id).state


def open_fen(world: World, loan_id: str) -> int:
    with world.database.unit_of_work() as tx:
        found = loans.loan(tx, loan_id)
        rows = loan_store.instalments(tx, loan_id, found.plan_version)
    return sum(row.open().total_fen for row in rows)


def days_later(world: World, days: int) -> None:
    for _ in range(days):
        with world.database.unit_of_work() as tx:
            business_day.close(tx)


def refund(
    world: World, order_id: str, amount_fen: int, refund_no: str = "R-1"
) -> dict[str, object]:
    with world.database.unit_of_work() as tx:
        return servicing.refund(tx, world.partner_id, RefundGoods(refund_no, order_id, amount_fen))


def all_cash_is_accounted_for(world: World, loan_id: str) -> None:
    """What the bank collected is what was applied or is the borrower's (T20, P6)."""
    collected = sum(booked.amount_fen for booked in world.bank.paid("debit"))
    principal = AMOUNT_FEN - world.balance(Code.LOAN_PRINCIPAL, loan_id)
    interest = -world.balance(Code.INTEREST_INCOME)
    credit = -world.balance(Code.BORROWER_CREDIT, world.customer_id)
    assert collected == principal + interest + credit
    world.require_books_agree()


class TestPayingTheNextInstalment:
    def test_divides_the_money_in_one_entry(self, world: World):
        _, loan_id = world.paid()
        asked = quote(world, loan_id)
        assert pay(world, loan_id).state is RepaymentState.RECEIVED
        assert world.balance(Code.LOAN_PRINCIPAL, loan_id) == AMOUNT_FEN - asked.principal_fen
        assert world.balance(Code.INTEREST_INCOME) == -asked.interest_fen
        assert asked.interest_fen == 7_199  # a twelfth of 14.40 % on CNY 5,999.00
        assert world.count("SELECT count(*) FROM journal_entry WHERE kind = 'loan.repaid'") == 1
        all_cash_is_accounted_for(world, loan_id)

    def test_gives_that_much_of_the_borrowers_limit_back(self, world: World):
        _, loan_id = world.paid()
        asked = quote(world, loan_id)
        pay(world, loan_id)
        assert world.exposure() == AMOUNT_FEN - asked.principal_fen

    def test_collects_from_the_card_that_the_borrower_named(self, world: World):
        _, loan_id = world.paid()
        pay(world, loan_id)
        assert [booked.account_no for booked in world.bank.paid("debit")] == [CARD]

    def test_tells_the_shop(self, world: World):
        order_id, loan_id = world.paid()
        asked = quote(world, loan_id)
        pay(world, loan_id)
        assert world.events(order_id)[-1] == "loan.repaid"
        told = world.last_event(order_id)
        assert told["loan_id"] == loan_id
        assert told["principal_fen"] == asked.principal_fen

    def test_asks_for_all_that_is_overdue_at_once(self, world: World):
        _, loan_id = world.paid()
        one = quote(world, loan_id)
        days_later(world, 62)
        asked = quote(world, loan_id)
        assert asked.penalty_fen == 803  # 32 days on 467.77 and 1 on 473.38, at 18.72 % over 360
        assert asked.amount_fen == 2 * one.amount_fen + asked.penalty_fen
        assert asked.number == 2

    def test_one_by_one_to_the_end_settles_the_loan_with_every_balance_at_nothing(
        self, world: World
    ):
        _, loan_id = world.paid(periods=6)
        with world.database.unit_of_work() as tx:
            rows = loan_store.instalments(tx, loan_id, 1)
        for _ in range(6):
            pay(world, loan_id)
        assert loan_state(world, loan_id) is LoanState.SETTLED
        assert world.balance(Code.LOAN_PRINCIPAL, loan_id) == 0
        assert world.balance(Code.INTEREST_INCOME) == -sum(row.interest_fen for row in rows)
        assert world.exposure() == 0
        with world.database.unit_of_work() as tx, pytest.raises(NothingToPay):
            service.quote(tx, loan_id, What.NEXT)

    def test_is_refused_when_the_amount_is_not_what_was_shown(self, world: World):
        _, loan_id = world.paid()
        with pytest.raises(AmountChanged):
            service.pay(world.context, loan_id, What.NEXT, amount_fen=1)
        assert of_loan(world, loan_id) == []

    def test_is_refused_before_the_loan_is_paid_out(self, world: World):
        _, loan_id = world.signed()
        with pytest.raises(NothingToPay):
            service.pay(world.context, loan_id, What.NEXT, amount_fen=1)


class TestPayingOff:
    def test_asks_for_interest_up_to_the_day_only(self, world: World):
        _, loan_id = world.paid()
        days_later(world, 15)
        asked = quote(world, loan_id, What.PAYOFF)
        assert asked.principal_fen == AMOUNT_FEN
        assert asked.interest_fen == 3_600  # fifteen of the thirty days of the first period

    def test_closes_the_loan_exactly(self, world: World):
        order_id, loan_id = world.paid()
        pay(world, loan_id)
        days_later(world, 45)
        pay(world, loan_id, What.PAYOFF)
        assert loan_state(world, loan_id) is LoanState.SETTLED
        assert open_fen(world, loan_id) == 0
        assert world.balance(Code.LOAN_PRINCIPAL, loan_id) == 0
        assert world.exposure() == 0
        assert world.balance(Code.BORROWER_CREDIT, world.customer_id) == 0
        assert world.state(order_id) == "paid"
        all_cash_is_accounted_for(world, loan_id)

    def test_of_an_interest_free_loan_costs_the_principal(self, world: World):
        _, loan_id = world.paid(periods=3)
        days_later(world, 20)
        assert quote(world, loan_id, What.PAYOFF).amount_fen == AMOUNT_FEN


class TestGoodsReturnedWhileMoneyIsOnItsWay:
    def test_leaves_no_fen_behind(self, world: World):
        order_id, loan_id = world.paid()
        asked = quote(world, loan_id, What.PAYOFF).amount_fen
        world.bank.slow = 1
        service.pay(world.context, loan_id, What.PAYOFF, amount_fen=asked)
        refund(world, order_id, 99_900)
        world.bank.settle()
        world.work_until_quiet()
        assert world.balance(Code.BORROWER_CREDIT, world.customer_id) == -99_900
        assert world.balance(Code.LOAN_PRINCIPAL, loan_id) == 0
        assert loan_state(world, loan_id) is LoanState.SETTLED
        assert world.trial_balance() == 0

    def test_of_everything_makes_the_whole_payment_the_borrowers(self, world: World):
        order_id, loan_id = world.paid()
        one = quote(world, loan_id).amount_fen
        world.bank.slow = 1
        service.pay(world.context, loan_id, What.NEXT, amount_fen=one)
        refund(world, order_id, AMOUNT_FEN)
        world.bank.settle()
        world.work_until_quiet()
        assert world.balance(Code.BORROWER_CREDIT, world.customer_id) == -one
        assert loan_state(world, loan_id) is LoanState.SETTLED
        assert world.trial_balance() == 0


class TestOneAtATime:
    def test_a_second_debit_is_refused_while_the_first_is_under_way(self, world: World):
        _, loan_id = world.paid()
        world.bank.lose_answers = 1
        assert pay(world, loan_id).state is RepaymentState.UNKNOWN
        with pytest.raises(RepaymentUnderWay):
            pay(world, loan_id)
        world.work_until_quiet()
        assert pay(world, loan_id).state is RepaymentState.RECEIVED

    def test_two_hands_at_once_collect_once(self, world: World):
        _, loan_id = world.paid()
        amount = quote(world, loan_id).amount_fen

        def once(_: int) -> str:
            try:
                return service.pay(world.context, loan_id, What.NEXT, amount_fen=amount).state.value
            except (RepaymentUnderWay, AmountChanged) as refused:
                return type(refused).__name__

        for round_ in range(1, 4):
            world.bank.lose_answers = 1  # the first keeps the loan busy until it is asked about
            with ThreadPoolExecutor(8) as pool:
                outcomes = list(pool.map(once, range(8)))
            assert outcomes.count("unknown") == 1
            assert outcomes.count("RepaymentUnderWay") == 7
            world.work_until_quiet()
            assert len(world.bank.paid("debit")) == round_
        all_cash_is_accounted_for(world, loan_id)


class TestNoAnswer:
    def test_is_asked_about_and_never_collected_again(self, world: World):
        _, loan_id = world.paid()
        world.bank.lose_answers, world.bank.silent_queries = 1, 2
        pay(world, loan_id)
        world.work_until_quiet()
        (made,) = of_loan(world, loan_id)
        assert made.state is RepaymentState.RECEIVED
        assert len(world.bank.paid("debit")) == 1
        all_cash_is_accounted_for(world, loan_id)

    def test_is_divided_as_of_the_day_it_was_paid(self, world: World):
        _, loan_id = world.paid()
        days_later(world, 10)
        asked = quote(world, loan_id, What.PAYOFF)
        world.bank.lose_answers = 1
        service.pay(world.context, loan_id, What.PAYOFF, amount_fen=asked.amount_fen)
        days_later(world, 3)
        world.work_until_quiet()
        assert loan_state(world, loan_id) is LoanState.SETTLED
        assert world.balance(Code.INTEREST_INCOME) == -asked.interest_fen

    def test_a_callback_has_it_asked_about_sooner(self, world: World):
        _, loan_id = world.paid()
        world.bank.slow = 1
        made = pay(world, loan_id)
        world.bank.settle()
        with world.database.unit_of_work() as tx:
            assert service.heard(tx, made.channel_order_no)
            assert not service.heard(tx, "co_stranger")
        world.work()
        assert of_loan(world, loan_id)[0].state is RepaymentState.RECEIVED


class TestARefusal:
    def test_changes_nothing_and_lets_the_borrower_try_again(self, world: World):
        _, loan_id = world.paid()
        before = open_fen(world, loan_id)
        world.bank.refuse = {CARD}
        made = pay(world, loan_id)
        assert (made.state, made.code) == (RepaymentState.FAILED, "ACCOUNT_CLOSED")
        assert open_fen(world, loan_id) == before
        world.bank.refuse = set()
        assert pay(world, loan_id).state is RepaymentState.RECEIVED

    def test_that_comes_late_is_believed(self, world: World):
        _, loan_id = world.paid()
        world.bank.slow = 1
        pay(world, loan_id)
        world.bank.settle(ChannelState.FAILED)
        world.work_until_quiet()
        assert of_loan(world, loan_id)[0].state is RepaymentState.FAILED


class TestAProcessThatDies:
    """T20, T22, T29: at every seam, before and after each commit and each call to the bank."""

    @pytest.mark.parametrize(
        "trouble",
        [{}, {"lose_answers": 1}, {"lose_requests": 1}, {"slow": 1}],
        ids=["healthy", "answer lost", "request lost", "slow bank"],
    )
    @pytest.mark.parametrize("what", [What.NEXT, What.PAYOFF])
    def test_collects_at_most_once_wherever_it_dies(
        self, world: World, trouble: dict[str, int], what: What
    ):
        died = 0
        for seam in range(1, 60):
            world.another_buyer(seam)
            _, loan_id = world.paid(f"K-{seam}")
            amount = quote(world, loan_id, what).amount_fen
            collected_before = len(world.bank.paid("debit"))
            for name, value in trouble.items():
                setattr(world.bank, name, value)
            world.seams.passed, world.seams.die_at = 0, seam
            try:
                service.pay(world.context, loan_id, what, amount_fen=amount)
                world.work()
            except KilledError:
                died += 1
            world.seams.die_at, world.bank.slow = None, 0
            world.bank.settle()
            world.work_until_quiet()
            world.bank.heal()
            made = of_loan(world, loan_id)
            collected = len(world.bank.paid("debit")) - collected_before
            assert collected == len(made) <= 1, f"seam {seam}"
            assert all(each.state is RepaymentState.RECEIVED for each in made), f"seam {seam}"
            applied = world.exposure() < AMOUNT_FEN
            assert applied == bool(collected), f"seam {seam}"
            is_settled = loan_state(world, loan_id) is LoanState.SETTLED
            assert is_settled == (bool(collected) and what is What.PAYOFF), f"seam {seam}"
            if died < seam:
                break
        assert died >= 6, "the seams were not there"
        world.require_books_agree()
