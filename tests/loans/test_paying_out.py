from datetime import timedelta

import pytest

from lending.foundation import business_day
from lending.foundation.audit import Actor
from lending.foundation.ports import ChannelState
from lending.ledger.chart import Code
from lending.loans import payout_store, payouts, service
from lending.loans.errors import PayoutUnderWay, WrongState
from lending.loans.model import LoanState, Payout
from tests.loans.world import AMOUNT_FEN, FEE_FEN, MERCHANT_ACCOUNTS, KilledError, World

OPERATOR = Actor("operator", "op_1")
DAY = timedelta(days=1)


def payments(world: World, loan_id: str) -> list[Payout]:
    with world.database.unit_of_work() as tx:
        return payout_store.payouts(tx, loan_id)


def loan_state(world: World, loan_id: str) -> LoanState:
    with world.database.unit_of_work() as tx:
        return service.loan(tx, loan_id).state


def paid_once(world: World, loan_id: str) -> None:
    """One success in the bank's book, and our books say the same (X1, T19)."""
    (booked,) = world.bank.paid()
    assert booked.amount_fen == AMOUNT_FEN - FEE_FEN
    assert world.balance(Code.LOAN_PRINCIPAL, loan_id) == AMOUNT_FEN
    assert world.balance(Code.BANK_SETTLEMENT) == -booked.amount_fen
    assert world.balance(Code.MERCHANT_FEE_INCOME) == -FEE_FEN
    assert world.exposure() == AMOUNT_FEN
    assert world.count("SELECT count(*) FROM ledger_hold WHERE state = 'held'") == 0
    assert loan_state(world, loan_id) is LoanState.ACTIVE
    world.require_books_agree()


class TestPayingOut:
    def test_sends_the_amount_less_the_merchants_fee_to_its_first_account(self, world: World):
        _, loan_id = world.signed()
        world.work()
        paid_once(world, loan_id)
        assert world.bank.paid()[0].account_no == MERCHANT_ACCOUNTS[0]
        assert world.bank.paid()[0].name == "小满数码有限公司"

    def test_puts_intent_and_hold_on_record_before_anything_is_sent(self, world: World):
        _, loan_id = world.signed()
        seen: list[tuple[str, int]] = []

        def look() -> None:
            (payment,) = payments(world, loan_id)
            held = world.count(
                "SELECT count(*) FROM ledger_hold WHERE id = :id AND state = 'held'",
                id=payment.hold_id,
            )
            seen.append((payment.state.value, held))

        world.bank.during = look
        world.work()
        assert seen == [("held", 1)]

    def test_withholds_what_the_merchant_pays_so_that_the_buyer_pays_no_interest(
        self, world: World
    ):
        _, loan_id = world.paid(periods=3)
        with world.database.unit_of_work() as tx:
            subsidy = service.loan(tx, loan_id).terms.subsidy.merchant_fen
        assert subsidy > 0
        assert world.bank.paid()[0].amount_fen == AMOUNT_FEN - FEE_FEN - subsidy
        assert world.balance(Code.DEFERRED_SUBSIDY, "mall-standard") == -subsidy

    def test_starts_the_plan_on_the_business_date_on_which_the_money_left(self, world: World):
        _, loan_id = world.signed()
        with world.database.unit_of_work() as tx:
            signed_on = business_day.today(tx)
            business_day.close(tx)
        world.work()
        with world.database.unit_of_work() as tx:
            assert service.loan(tx, loan_id).start_date == signed_on + DAY
        first = world.rows(
            "SELECT i.due_date FROM instalment i JOIN loan l ON l.id = i.loan_id"
            " AND l.plan_version = i.plan_version WHERE i.number = 1"
        )[0]["due_date"]
        assert (first.month, first.day) == (12, (signed_on + DAY).day)

    def test_of_a_loan_paid_on_the_day_of_signing_keeps_the_signed_plan(self, world: World):
        _, loan_id = world.paid()
        with world.database.unit_of_work() as tx:
            assert service.loan(tx, loan_id).plan_version == 1


class TestNoAnswer:
    def test_is_asked_about_under_the_same_number_and_never_paid_again(self, world: World):
        _, loan_id = world.signed()
        world.bank.lose_answers = 1
        world.work()
        assert loan_state(world, loan_id) is LoanState.PAYING
        world.work_until_quiet()
        paid_once(world, loan_id)
        assert [name for name, _ in world.bank.calls] == ["pay_out", "query"]
        assert len({number for _, number in world.bank.calls}) == 1

    def test_is_asked_about_later_and_later(self, world: World):
        _, loan_id = world.signed()
        world.bank.lose_answers, world.bank.silent_queries = 1, 5
        world.work()
        waits = []
        for _ in range(5):
            (row,) = world.rows(
                "SELECT scheduled_at FROM procrastinate_jobs WHERE task_name = 'loans.send'"
            )
            waits.append((row["scheduled_at"] - world.clock.now()).total_seconds())
            world.work(row["scheduled_at"] - world.clock.now())
        assert waits == [2, 5, 15, 60, 300]
        world.work_until_quiet()
        paid_once(world, loan_id)

    def test_to_a_request_that_never_arrived_is_healed_under_the_same_number(self, world: World):
        _, loan_id = world.signed()
        world.bank.lose_requests = 1
        world.work_until_quiet()
        paid_once(world, loan_id)
        assert len({number for _, number in world.bank.calls}) == 1

    def test_while_the_bank_works_on_it_waits_for_the_end(self, world: World):
        _, loan_id = world.signed()
        world.bank.slow = 1
        world.work()
        world.work(timedelta(seconds=2))
        assert loan_state(world, loan_id) is LoanState.PAYING
        world.bank.settle()
        world.work_until_quiet()
        paid_once(world, loan_id)

    def test_holds_the_order_against_a_cancellation(self, world: World):
        order_id, loan_id = world.signed()
        world.bank.lose_answers, world.bank.silent_queries = 1, 1
        world.work()
        application_id = world.rows("SELECT application_id FROM loan")[0]["application_id"]
        with world.database.unit_of_work() as tx, pytest.raises(PayoutUnderWay):
            service.cancel(tx, application_id, OPERATOR)
        world.work_until_quiet()
        paid_once(world, loan_id)
        assert world.state(order_id) == "paid"

    def test_is_not_believed_when_the_amount_is_another(self, world: World):
        _, loan_id = world.signed()
        world.bank.lose_answers = 1
        world.work()
        (booked,) = world.bank.book.values()
        booked.amount_fen += 1
        world.work(timedelta(seconds=2))
        assert loan_state(world, loan_id) is LoanState.PAYING
        booked.amount_fen -= 1
        world.work_until_quiet()
        paid_once(world, loan_id)


class TestADefiniteFailure:
    def test_is_followed_by_the_next_account_under_a_new_number(self, world: World):
        _, loan_id = world.signed()
        world.bank.refuse = {MERCHANT_ACCOUNTS[0]}
        world.work()
        paid_once(world, loan_id)
        first, second = payments(world, loan_id)
        assert (first.attempt, second.attempt) == (1, 2)
        assert first.channel_order_no != second.channel_order_no
        assert world.bank.paid()[0].account_no == MERCHANT_ACCOUNTS[1]

    def test_on_every_account_leaves_the_payout_failed_and_nothing_posted(self, world: World):
        order_id, loan_id = world.signed()
        world.bank.refuse = set(MERCHANT_ACCOUNTS)
        world.work()
        assert world.state(order_id) == "payout_failed"
        assert world.events(order_id)[-1] == "order.payout_failed"
        assert world.balance(Code.BANK_SETTLEMENT) == 0
        assert world.balance(Code.LOAN_PRINCIPAL, loan_id) == 0
        assert world.bank.paid() == []

    def test_keeps_the_exposure_held_until_an_operator_acts(self, world: World):
        world.signed()
        world.bank.refuse = set(MERCHANT_ACCOUNTS)
        world.work()
        held = "SELECT held_debit_fen FROM ledger_limit"
        assert world.rows(held)[0]["held_debit_fen"] == AMOUNT_FEN

    def test_can_be_retried_by_an_operator(self, world: World):
        order_id, loan_id = world.signed()
        world.bank.refuse = set(MERCHANT_ACCOUNTS)
        world.work()
        world.bank.refuse = set()
        with world.database.unit_of_work() as tx:
            payouts.retry(tx, loan_id, OPERATOR)
        world.work()
        paid_once(world, loan_id)
        assert world.events(order_id)[-2:] == ["order.payout_failed", "order.paid"]
        with world.database.unit_of_work() as tx, pytest.raises(WrongState):
            payouts.retry(tx, loan_id, OPERATOR)

    def test_can_be_cancelled_which_gives_the_exposure_back(self, world: World):
        order_id, loan_id = world.signed()
        world.bank.refuse = set(MERCHANT_ACCOUNTS)
        world.work()
        application_id = world.rows("SELECT application_id FROM loan")[0]["application_id"]
        with world.database.unit_of_work() as tx:
            service.cancel(tx, application_id, OPERATOR)
        assert loan_state(world, loan_id) is LoanState.CANCELLED
        assert world.state(order_id) == "cancelled"
        assert world.count("SELECT count(*) FROM ledger_hold WHERE state = 'held'") == 0

    def test_that_comes_late_after_no_answer_moves_on_only_then(self, world: World):
        _, loan_id = world.signed()
        world.bank.slow = 1
        world.work()
        assert len(payments(world, loan_id)) == 1
        world.bank.settle(ChannelState.FAILED)
        world.work_until_quiet()
        paid_once(world, loan_id)
        assert len(payments(world, loan_id)) == 2


class TestACallback:
    def test_only_has_the_bank_asked_sooner(self, world: World):
        _, loan_id = world.signed()
        world.bank.slow = 1
        world.work()
        world.bank.settle()
        with world.database.unit_of_work() as tx:
            assert payouts.heard(tx, payments_number(tx, loan_id))
        assert loan_state(world, loan_id) is LoanState.PAYING
        world.work()
        paid_once(world, loan_id)

    def test_a_hundred_times_leaves_one_question_to_be_asked(self, world: World):
        _, loan_id = world.signed()
        world.bank.slow = 1
        world.work()
        for _ in range(100):
            with world.database.unit_of_work() as tx:
                payouts.heard(tx, payments_number(tx, loan_id))
        world.work()
        waiting = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'loans.send'"
        world.work(timedelta(seconds=10))
        assert world.count(waiting) == 1
        assert len(world.bank.calls) <= 4

    def test_that_lies_changes_nothing(self, world: World):
        _, loan_id = world.signed()
        world.bank.slow = 1
        world.work()
        with world.database.unit_of_work() as tx:
            payouts.heard(tx, payments_number(tx, loan_id))
        world.work()
        assert loan_state(world, loan_id) is LoanState.PAYING

    def test_before_our_own_answer_pays_once(self, world: World):
        _, loan_id = world.signed()

        def overtake() -> None:
            with world.database.unit_of_work() as tx:
                payouts.heard(tx, payments_number(tx, loan_id))

        world.bank.during = overtake
        world.work_until_quiet()
        paid_once(world, loan_id)

    def test_for_somebody_elses_order_is_not_ours(self, world: World):
        with world.database.unit_of_work() as tx:
            assert not payouts.heard(tx, "co_stranger")


def payments_number(tx: object, loan_id: str) -> str:
    return payout_store.payouts(tx, loan_id)[0].channel_order_no  # type: ignore[arg-type]


class TestAProcessThatDies:
    """T19, T22, T29: at every seam, before and after each commit and each call to the bank."""

    @pytest.mark.parametrize(
        "trouble",
        [
            {},
            {"lose_answers": 1},
            {"lose_requests": 1},
            {"slow": 1},
            {"refuse": {MERCHANT_ACCOUNTS[0]}},
        ],
        ids=["healthy", "answer lost", "request lost", "slow bank", "first account closed"],
    )
    def test_pays_exactly_once_wherever_it_dies(self, world: World, trouble: dict[str, object]):
        died, numbers = 0, 0
        for seam in range(1, 60):
            world.another_buyer(seam)
            _, loan_id = world.signed(f"K-{seam}")
            paid_before = len(world.bank.paid())
            world.bank.calls.clear()
            for name, value in trouble.items():
                setattr(world.bank, name, value)
            world.seams.passed, world.seams.die_at = 0, seam
            try:
                world.work()
            except KilledError:
                died += 1
            world.seams.die_at, world.bank.slow = None, 0
            world.bank.settle()
            world.work_until_quiet()
            world.bank.heal()
            assert len(world.bank.paid()) == paid_before + 1, f"seam {seam}"
            assert loan_state(world, loan_id) is LoanState.ACTIVE, f"seam {seam}"
            assert world.balance(Code.LOAN_PRINCIPAL, loan_id) == AMOUNT_FEN
            assert world.count("SELECT count(*) FROM ledger_hold WHERE state = 'held'") == 0
            numbers = max(numbers, len({number for _, number in world.bank.calls}))
            if died < seam:
                break
        assert died >= 8, "the seams were not there"
        assert numbers == (2 if "refuse" in trouble else 1)
        world.require_books_agree()
