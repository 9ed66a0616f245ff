from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from lending.credit_lines import service as credit_lines
from lending.credit_lines.errors import (
    HasALine,
    LimitNotPossible,
    LineFrozen,
    LineNotOpen,
    LineTooSmall,
    RaiseNotPossible,
    ReviewDue,
    SceneNotAllowed,
    StillUsed,
)
from lending.credit_lines.model import LineState
from lending.customers import store as customers_store
from lending.customers.errors import CardNotYours
from lending.finance import reconciliation
from lending.foundation import business_day
from lending.foundation.errors import Problem
from lending.foundation.ports import AccountKind
from lending.ledger.chart import Code
from lending.loans import service as loans
from lending.loans.errors import BorrowerLimitReached
from lending.loans.model import ApplicationState
from lending.repayments import service as repayments
from lending.repayments.model import What
from tests.credit_lines.lines import (
    OPERATOR,
    command,
    draw,
    grant,
    paid,
    sign,
    standing,
)
from tests.loans.world import World
from tests.today import TODAY

CAP_FEN = 20_000_000


def exposure(world: World) -> int:
    return world.balance(Code.EXPOSURE, world.customer_id)


def repay(world: World, loan_id: str, what: What) -> None:
    with world.database.unit_of_work() as tx:
        amount_fen = repayments.quote(tx, loan_id, what).amount_fen
    repayments.pay(world.context, loan_id, what, amount_fen=amount_fen)
    world.work()


class TestGrantingALine:
    def test_takes_its_whole_limit_of_what_the_borrower_may_owe(self, world: World):
        line_id = grant(world, 2_000_000)
        assert exposure(world) == 2_000_000
        assert standing(world, line_id).available_fen == 2_000_000
        world.require_books_agree()

    def test_is_refused_beyond_what_the_borrower_may_owe(self, world: World):
        with pytest.raises(LimitNotPossible):
            grant(world, CAP_FEN + 1, scenes={"appliances": 1_000})
        assert world.count("SELECT count(*) FROM credit_line") == 0

    def test_is_refused_a_second_time(self, world: World):
        grant(world, number=1)
        with pytest.raises(HasALine):
            grant(world, number=2)

    @pytest.mark.parametrize("scenes", [{"fitness": 0}, {"fitness": 2_000_001}])
    def test_refuses_a_scene_with_nothing_or_with_more_than_the_line(
        self, world: World, scenes: dict[str, int]
    ):
        with pytest.raises(LimitNotPossible) as refused:
            grant(world, 2_000_000, scenes=scenes)
        assert refused.value.field == "/scenes"

    def test_leaves_a_line_waiting_for_its_guarantee_undrawable(self, world: World):
        line_id = grant(world, security_needed_fen=1_000_000)
        with pytest.raises(LineNotOpen):
            draw(world, line_id, 100_000)
        with world.database.unit_of_work() as tx:
            credit_lines.open_waiting(tx, line_id, OPERATOR)
        draw(world, line_id, 100_000)


class TestDrawing:
    def test_takes_the_line_and_its_scene_and_no_more_of_the_borrower(self, world: World):
        line_id = grant(world)
        paid(world, line_id, 300_000)
        found = standing(world, line_id)
        assert (found.used_fen, found.available_fen) == (300_000, 1_700_000)
        by_scene = {each.scene: each.used_fen for each in found.scenes}
        assert by_scene == {"appliances": 300_000, "fitness": 0}
        assert exposure(world) == 2_000_000
        world.require_books_agree()

    def test_holds_the_amount_from_the_signature_on(self, world: World):
        line_id = grant(world)
        application_id = draw(world, line_id, 300_000)
        sign(world, command(world, line_id, application_id))
        assert standing(world, line_id).held_fen == 300_000

    def test_gives_the_amount_back_when_it_is_cancelled_before_the_payout(self, world: World):
        line_id = grant(world)
        application_id = draw(world, line_id, 300_000)
        sign(world, command(world, line_id, application_id))
        with world.database.unit_of_work() as tx:
            loans.cancel(tx, application_id, OPERATOR)
        assert standing(world, line_id).available_fen == 2_000_000

    def test_is_refused_above_the_scenes_limit_and_leaves_nothing_held(self, world: World):
        line_id = grant(world)
        with pytest.raises(LineTooSmall):
            draw(world, line_id, 500_001, scene="fitness")
        assert standing(world, line_id).held_fen == 0
        assert world.count("SELECT count(*) FROM loan") == 0

    def test_is_refused_for_a_scene_that_the_line_is_not_for(self, world: World):
        line_id = grant(world)
        with pytest.raises(SceneNotAllowed):
            draw(world, line_id, 100_000, scene="courses")

    def test_is_decided_anew_each_time_and_declined_when_it_comes_too_often(self, world: World):
        line_id = grant(world)
        for number in range(10):
            draw(world, line_id, 10_000, number=number)
        draw(world, line_id, 10_000, number=11, outcome=ApplicationState.DECLINED)
        reasons = world.rows("SELECT reasons FROM decision WHERE outcome = 'decline'")
        assert [each["reasons"][0]["code"] for each in reasons] == ["VELOCITY_DRAWS"]

    def test_is_never_to_be_repaid_from_a_wallet(self, world: World):
        line_id = grant(world)
        with world.database.unit_of_work() as tx:
            world.card_id = customers_store.upsert_card(
                tx,
                world.keys,
                world.customer_id,
                number="8800000000000001",
                bank_name="钱包",
                kind=AccountKind.WALLET,
            )
        with pytest.raises(CardNotYours):
            draw(world, line_id, 300_000)


class TestRepaying:
    def test_gives_the_line_back_as_principal_is_repaid(self, world: World):
        line_id = grant(world)
        loan_id = paid(world, line_id, 300_000)
        repay(world, loan_id, What.NEXT)
        used_fen = standing(world, line_id).used_fen
        assert 0 < used_fen < 300_000
        repay(world, loan_id, What.PAYOFF)
        assert standing(world, line_id).available_fen == 2_000_000
        world.require_books_agree()

    def test_taken_back_takes_the_line_again_even_beyond_its_limit(self, world: World):
        line_id = grant(world, 300_000, scenes={"appliances": 300_000})
        loan_id = paid(world, line_id, 300_000)
        repay(world, loan_id, What.PAYOFF)
        paid(world, line_id, 300_000, number=2)
        with world.database.unit_of_work() as tx:
            (repayment,) = repayments.of_loan(tx, loan_id)
            repayments.reverse(tx, repayment.id, "charged back", OPERATOR)
            found = credit_lines.standing(tx, line_id)
            assert reconciliation.sub_ledger_check(tx) == []
        assert (found.used_fen, found.available_fen) == (600_000, 0)


class TestAllProductsTogether:
    def test_a_loan_beside_a_line_may_not_pass_what_the_borrower_may_owe(self, world: World):
        grant(world, CAP_FEN - 100_000, scenes={"appliances": 1_000_000})
        order_id = world.approved()
        with pytest.raises(BorrowerLimitReached):
            world.sign(order_id)

    def test_many_tills_at_once_never_pass_the_line_by_a_fen(self, world: World):
        """STORE-2, STORE-3, T21: real threads, real rows."""
        line_id = grant(world, 1_000_000, scenes={"appliances": 1_000_000})
        amounts = [150_000 + number for number in range(8)]
        ready = [
            command(world, line_id, draw(world, line_id, fen, number=number))
            for number, fen in enumerate(amounts)
        ]

        def till(number: int) -> int:
            try:
                sign(world, ready[number])
            except LineTooSmall:
                return 0
            return amounts[number]

        with ThreadPoolExecutor(8) as tills:
            taken = sum(tills.map(till, range(8)))
        found = standing(world, line_id)
        assert taken == found.held_fen
        assert found.available_fen < max(amounts)
        world.work()
        assert standing(world, line_id).used_fen == taken
        world.require_books_agree()


class TestRaising:
    def test_adds_to_the_limit_until_its_last_day_is_over(self, world: World):
        line_id = grant(world, 2_000_000)
        with world.database.unit_of_work() as tx:
            credit_lines.raise_until(
                tx, line_id, amount_fen=500_000, until=TODAY + timedelta(days=1), actor=OPERATOR
            )
        assert standing(world, line_id).limit_fen == 2_500_000
        assert exposure(world) == 2_500_000
        for days, limit_fen in ((1, 2_500_000), (2, 2_000_000)):
            with world.database.unit_of_work() as tx:
                business_day.close(tx)
                credit_lines.settle(tx, TODAY + timedelta(days=days))
            assert standing(world, line_id).limit_fen == limit_fen
            assert exposure(world) == limit_fen

    def test_leaves_what_was_drawn_on_it_to_be_repaid(self, world: World):
        line_id = grant(world, 300_000, scenes={"appliances": 300_000})
        with world.database.unit_of_work() as tx:
            credit_lines.raise_until(
                tx, line_id, amount_fen=200_000, until=TODAY + timedelta(days=1), actor=OPERATOR
            )
        loan_id = paid(world, line_id, 500_000)
        with world.database.unit_of_work() as tx:
            business_day.close(tx)
            business_day.close(tx)
            credit_lines.settle(tx, TODAY + timedelta(days=2))
            found = credit_lines.standing(tx, line_id)
        assert (found.limit_fen, found.used_fen, found.available_fen) == (300_000, 500_000, 0)
        assert exposure(world) == 500_000
        repay(world, loan_id, What.PAYOFF)
        with world.database.unit_of_work() as tx:
            assert credit_lines.settle(tx, TODAY + timedelta(days=2)) == 1
            assert credit_lines.settle(tx, TODAY + timedelta(days=2)) == 0
        assert exposure(world) == 300_000
        world.require_books_agree()

    @pytest.mark.parametrize(("amount_fen", "days"), [(0, 1), (100, 0), (-5, 3)])
    def test_refuses_a_raise_of_nothing_or_of_no_time(
        self, world: World, amount_fen: int, days: int
    ):
        line_id = grant(world)
        with world.database.unit_of_work() as tx, pytest.raises(RaiseNotPossible):
            credit_lines.raise_until(
                tx,
                line_id,
                amount_fen=amount_fen,
                until=TODAY + timedelta(days=days),
                actor=OPERATOR,
            )

    def test_is_refused_beyond_what_the_borrower_may_owe(self, world: World):
        line_id = grant(world, CAP_FEN, scenes={"appliances": 1_000_000})
        with pytest.raises(LimitNotPossible), world.database.unit_of_work() as tx:
            credit_lines.raise_until(
                tx, line_id, amount_fen=1, until=TODAY + timedelta(days=5), actor=OPERATOR
            )
        assert standing(world, line_id).limit_fen == CAP_FEN


class TestChanging:
    def test_a_frozen_line_is_not_drawn_on_until_it_is_unfrozen(self, world: World):
        line_id = grant(world)
        with world.database.unit_of_work() as tx:
            credit_lines.freeze(tx, line_id, because="lost phone", actor=OPERATOR)
        with pytest.raises(LineFrozen):
            draw(world, line_id, 100_000)
        with world.database.unit_of_work() as tx:
            credit_lines.unfreeze(tx, line_id, actor=OPERATOR)
        draw(world, line_id, 100_000)

    def test_a_line_frozen_after_the_decision_is_not_signed_on(self, world: World):
        line_id = grant(world)
        ready = command(world, line_id, draw(world, line_id, 100_000))
        with world.database.unit_of_work() as tx:
            credit_lines.freeze(tx, line_id, because="fraud alert", actor=OPERATOR)
        with pytest.raises(LineFrozen):
            sign(world, ready)

    def test_a_line_is_reviewed_every_year_before_it_is_drawn_on_again(self, world: World):
        line_id = grant(world)
        with world.database.unit_of_work() as tx:
            tx.run("UPDATE credit_line SET review_due = :today", today=TODAY)
        with pytest.raises(ReviewDue):
            draw(world, line_id, 100_000)
        with world.database.unit_of_work() as tx:
            credit_lines.review(tx, line_id, actor=OPERATOR)
        draw(world, line_id, 100_000)

    def test_a_lowered_limit_takes_no_more_than_what_is_used(self, world: World):
        line_id = grant(world)
        paid(world, line_id, 300_000)
        with world.database.unit_of_work() as tx:
            credit_lines.set_limit(
                tx, line_id, limit_fen=200_000, scenes={"appliances": 200_000}, actor=OPERATOR
            )
        assert exposure(world) == 300_000
        world.require_books_agree()

    def test_a_closed_line_gives_back_what_it_took_and_stays_closed(self, world: World):
        line_id = grant(world)
        loan_id = paid(world, line_id, 300_000)
        with world.database.unit_of_work() as tx, pytest.raises(StillUsed):
            credit_lines.close(tx, line_id, actor=OPERATOR)
        repay(world, loan_id, What.PAYOFF)
        with world.database.unit_of_work() as tx:
            credit_lines.close(tx, line_id, actor=OPERATOR)
            credit_lines.close(tx, line_id, actor=OPERATOR)
            assert credit_lines.get(tx, line_id).state is LineState.CLOSED
        assert exposure(world) == 0
        for change in (
            lambda tx: credit_lines.freeze(tx, line_id, because="x", actor=OPERATOR),
            lambda tx: credit_lines.unfreeze(tx, line_id, actor=OPERATOR),
            lambda tx: credit_lines.open_waiting(tx, line_id, OPERATOR),
            lambda tx: credit_lines.review(tx, line_id, actor=OPERATOR),
        ):
            with pytest.raises(Problem), world.database.unit_of_work() as tx:
                change(tx)
        world.require_books_agree()
