from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from lending.engine.errors import RefundTooLarge
from lending.foundation import business_day
from lending.ledger.chart import Code
from lending.loans import service as loans
from lending.loans import store as loan_store
from lending.loans.model import LoanState
from lending.repayments import service as repayments
from lending.repayments.model import What
from scenarios.mall_installment import servicing
from scenarios.mall_installment.errors import (
    ItemNotInOrder,
    NoSuchOrder,
    NotPaidOut,
    RefundAboveItems,
    RefundNoTaken,
)
from scenarios.mall_installment.servicing import RefundGoods
from tests.loans.world import AMOUNT_FEN, CASE, FEE_FEN, PHONE, World, shop

BUYERS_CARD = "6230580000000099990"


def refund(
    world: World, order_id: str, amount_fen: int, refund_no: str = "R-1", **more: Any
) -> dict[str, Any]:
    with world.database.unit_of_work() as tx:
        return servicing.refund(
            tx, world.partner_id, RefundGoods(refund_no, order_id, amount_fen, **more)
        )


def pay(world: World, loan_id: str, what: What = What.NEXT) -> int:
    with world.database.unit_of_work() as tx:
        amount = repayments.quote(tx, loan_id, what).amount_fen
    repayments.pay(world.context, loan_id, what, amount_fen=amount)
    return amount


def outstanding(world: World, loan_id: str) -> int:
    with world.database.unit_of_work() as tx:
        found = loans.loan(tx, loan_id)
        rows = loan_store.instalments(tx, loan_id, found.plan_version)
    return sum(row.open().principal_fen for row in rows)


class TestAReturnOfAPart:
    def test_shrinks_the_loan_and_claims_the_price_from_the_shop(self, world: World):
        order_id, _ = world.paid()
        told = refund(world, order_id, CASE.amount_fen, items=({"sku": "sku-2", "quantity": 2},))
        assert told["loan_reduction_fen"] == told["merchant_claim_fen"] == CASE.amount_fen
        assert told["borrower_refund_fen"] == 0
        assert told["state"] == "done"
        assert told["loan_outstanding_principal_fen"] == AMOUNT_FEN - CASE.amount_fen
        assert world.balance(Code.MERCHANT_CLAIM, world.partner_id) == CASE.amount_fen
        assert world.exposure() == AMOUNT_FEN - CASE.amount_fen
        assert world.view(order_id)["state"] == "part_refunded"
        assert world.view(order_id)["refunded_fen"] == CASE.amount_fen
        world.require_books_agree()

    def test_lowers_every_instalment_that_is_still_open(self, world: World):
        order_id, loan_id = world.paid()
        pay(world, loan_id)
        refund(world, order_id, CASE.amount_fen)
        with world.database.unit_of_work() as tx:
            before = loan_store.instalments(tx, loan_id, 1)
            after = loan_store.instalments(tx, loan_id, 2)
        assert replace(after[0], earns_from=None) == before[0]
        assert all(
            new.principal_fen < old.principal_fen
            for new, old in zip(after[1:], before[1:], strict=False)
        )
        world.require_books_agree()

    def test_tells_the_shop(self, world: World):
        order_id, _ = world.paid()
        told = refund(world, order_id, CASE.amount_fen)
        assert world.events(order_id)[-1] == "order.refunded"
        assert world.last_event(order_id) == told

    def test_is_claimed_from_the_shops_next_payout(self, world: World):
        order_id, _ = world.paid()
        refund(world, order_id, CASE.amount_fen)
        world.another_buyer(1)
        _, _second = world.paid("A-2")
        assert [each.amount_fen for each in world.bank.paid()] == [
            AMOUNT_FEN - FEE_FEN,
            AMOUNT_FEN - FEE_FEN - CASE.amount_fen,
        ]
        assert world.balance(Code.MERCHANT_CLAIM, world.partner_id) == 0
        world.require_books_agree()

    def test_is_not_claimed_from_another_shop(self, world: World):
        order_id, _ = world.paid()
        refund(world, order_id, CASE.amount_fen)
        world.partner_id = shop(world, "app_2", "谷雨家居", ("6230580000000020011",))
        world.another_buyer(1)
        world.paid("A-2")
        assert world.bank.paid()[-1].amount_fen == AMOUNT_FEN - FEE_FEN

    def test_is_not_claimed_twice_by_payouts_that_overlap(self, world: World):
        order_id, _ = world.paid()
        refund(world, order_id, CASE.amount_fen)
        world.bank.slow = 1
        world.another_buyer(1)
        world.signed("A-2")
        world.work()
        world.another_buyer(2)
        world.bank.settle()
        world.bank.lose_answers = 0
        world.signed("A-3")
        world.work_until_quiet()
        sent = [each.amount_fen for each in world.bank.paid()]
        assert min(sent) == AMOUNT_FEN - FEE_FEN - CASE.amount_fen
        assert sum(sent) == 3 * (AMOUNT_FEN - FEE_FEN) - CASE.amount_fen
        assert world.balance(Code.MERCHANT_CLAIM, world.partner_id) == 0

    def test_that_is_dearer_than_the_next_payout_is_taken_back_bit_by_bit(self, world: World):
        order_id, _ = world.paid()
        refund(world, order_id, AMOUNT_FEN)
        world.another_buyer(1)
        world.paid("A-2", items=(CASE,))
        small = CASE.amount_fen - 600
        assert world.bank.paid()[-1].amount_fen == 1
        assert world.balance(Code.MERCHANT_CLAIM, world.partner_id) == AMOUNT_FEN - (small - 1)

    def test_whose_payout_fails_leaves_the_claim_open(self, world: World):
        order_id, _ = world.paid()
        refund(world, order_id, CASE.amount_fen)
        world.another_buyer(1)
        world.signed("A-2")
        world.bank.refuse = {each.account_no for each in world.bank.paid()}
        world.work()
        assert world.balance(Code.MERCHANT_CLAIM, world.partner_id) == 0
        assert world.bank.paid()[-1].amount_fen == AMOUNT_FEN - FEE_FEN - CASE.amount_fen


class TestAReturnOfEverything:
    def test_on_the_first_day_leaves_nothing(self, world: World):
        order_id, loan_id = world.paid()
        refund(world, order_id, AMOUNT_FEN)
        assert world.view(order_id)["state"] == "refunded"
        assert outstanding(world, loan_id) == 0
        assert world.exposure() == 0
        with world.database.unit_of_work() as tx:
            assert loans.loan(tx, loan_id).state is LoanState.SETTLED
        world.require_books_agree()

    def test_after_two_instalments_pays_back_what_the_buyer_had_repaid(self, world: World):
        order_id, loan_id = world.paid()
        pay(world, loan_id)
        pay(world, loan_id)
        repaid = AMOUNT_FEN - world.balance(Code.LOAN_PRINCIPAL, loan_id)
        told = refund(world, order_id, AMOUNT_FEN)
        assert told["borrower_refund_fen"] == repaid
        assert told["loan_reduction_fen"] + repaid == AMOUNT_FEN
        assert told["state"] == "pending"
        world.work()
        back = world.bank.paid()[-1]
        assert (back.account_no, back.amount_fen) == (BUYERS_CARD, repaid)
        assert world.balance(Code.BORROWER_CREDIT, world.customer_id) == 0
        with world.database.unit_of_work() as tx:
            assert servicing.refund_of(tx, world.partner_id, told["id"])["state"] == "done"
        world.require_books_agree()

    def test_of_a_loan_that_was_paid_off_goes_back_to_the_buyer(self, world: World):
        order_id, loan_id = world.paid()
        pay(world, loan_id, What.PAYOFF)
        told = refund(world, order_id, AMOUNT_FEN)
        assert (told["loan_reduction_fen"], told["borrower_refund_fen"]) == (0, AMOUNT_FEN)
        world.work()
        assert world.bank.paid()[-1].amount_fen == AMOUNT_FEN
        world.require_books_agree()

    def test_after_some_days_keeps_the_interest_of_the_days_used(self, world: World):
        order_id, loan_id = world.paid()
        for _ in range(15):
            with world.database.unit_of_work() as tx:
                business_day.close(tx)
        refund(world, order_id, AMOUNT_FEN)
        with world.database.unit_of_work() as tx:
            assert repayments.quote(tx, loan_id, What.NEXT).amount_fen == 3_600
        pay(world, loan_id)
        with world.database.unit_of_work() as tx:
            assert loans.loan(tx, loan_id).state is LoanState.SETTLED


class TestPayingTheBuyerBack:
    def pending(self, world: World) -> tuple[str, int]:
        order_id, loan_id = world.paid()
        pay(world, loan_id)
        told = refund(world, order_id, AMOUNT_FEN)
        return told["id"], told["borrower_refund_fen"]

    def test_happens_once_though_the_answer_is_lost(self, world: World):
        _, back_fen = self.pending(world)
        world.bank.lose_answers = 1
        world.work_until_quiet()
        assert [
            each.amount_fen for each in world.bank.paid() if each.account_no == BUYERS_CARD
        ] == [back_fen]

    def test_that_the_card_refuses_leaves_the_money_theirs(self, world: World):
        refund_id, back_fen = self.pending(world)
        world.bank.refuse = {BUYERS_CARD}
        world.work_until_quiet()
        assert world.balance(Code.BORROWER_CREDIT, world.customer_id) == -back_fen
        with world.database.unit_of_work() as tx:
            assert servicing.refund_of(tx, world.partner_id, refund_id)["state"] == "done"


class TestWhatIsRefused:
    def test_more_than_the_price_over_all_refunds_together(self, world: World):
        order_id, _ = world.paid()
        refund(world, order_id, PHONE.amount_fen, "R-1")
        with pytest.raises(RefundTooLarge):
            refund(world, order_id, CASE.amount_fen + 1, "R-2")
        refund(world, order_id, CASE.amount_fen, "R-3")
        with pytest.raises(RefundTooLarge):
            refund(world, order_id, 1, "R-4")

    def test_anything_before_the_payout_which_says_to_cancel(self, world: World):
        order_id, _ = world.signed()
        with pytest.raises(NotPaidOut) as refused:
            refund(world, order_id, CASE.amount_fen)
        assert "Cancel" in refused.value.mend

    @pytest.mark.parametrize(
        "items",
        [
            ({"sku": "sku-9", "quantity": 1},),
            ({"sku": "sku-2", "quantity": 3},),
            ({"sku": "sku-2", "quantity": 2}, {"sku": "sku-2", "quantity": 1}),
        ],
    )
    def test_items_that_were_not_bought(self, world: World, items: tuple[dict[str, Any], ...]):
        order_id, _ = world.paid()
        with pytest.raises(ItemNotInOrder):
            refund(world, order_id, 1, items=items)

    def test_an_item_that_came_back_before(self, world: World):
        order_id, _ = world.paid()
        one = ({"sku": "sku-1", "quantity": 1},)
        refund(world, order_id, 100, "R-1", items=one)
        with pytest.raises(ItemNotInOrder):
            refund(world, order_id, 100, "R-2", items=one)

    def test_more_money_than_the_items_cost(self, world: World):
        order_id, _ = world.paid()
        with pytest.raises(RefundAboveItems):
            refund(world, order_id, 50_001, items=({"sku": "sku-2", "quantity": 1},))

    def test_a_number_that_was_used(self, world: World):
        order_id, _ = world.paid()
        refund(world, order_id, 100)
        with pytest.raises(RefundNoTaken):
            refund(world, order_id, 200)
        assert world.view(order_id)["refunded_fen"] == 100

    def test_another_shops_order(self, world: World):
        order_id, _ = world.paid()
        world.partner_id = shop(world, "app_2", "谷雨家居", ("6230580000000020011",))
        with pytest.raises(NoSuchOrder):
            refund(world, order_id, 100)

    def test_by_refunds_at_once_the_price_is_never_passed(self, world: World):
        order_id, _ = world.paid()
        half = AMOUNT_FEN // 2 + 1

        def once(place: int) -> bool:
            try:
                refund(world, order_id, half, f"R-{place}")
            except RefundTooLarge:
                return False
            return True

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(once, range(4))) == 1
        assert world.balance(Code.MERCHANT_CLAIM, world.partner_id) == half
        world.require_books_agree()


class TestLookingAtRefunds:
    def test_lists_an_orders_refunds_newest_first(self, world: World):
        order_id, _ = world.paid()
        made = [refund(world, order_id, 100, f"R-{each}")["id"] for each in range(3)]
        with world.database.unit_of_work() as tx:
            page, more = servicing.refunds_page(
                tx, world.partner_id, order_id=order_id, before=None, limit=2
            )
            rest, end = servicing.refunds_page(
                tx, world.partner_id, order_id=None, before=more, limit=2
            )
        assert end is None
        assert sorted(each["id"] for each in (*page, *rest)) == sorted(made)
