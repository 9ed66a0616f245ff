from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from lending.channels import service as channels
from lending.channels.errors import PartnerNotListed
from lending.compliance import cost_showing, parameters
from lending.compliance.errors import (
    CostOverCap,
    CostTableChanged,
    CostTableNotConfirmed,
    NoSuchShowing,
    PurposeNotAllowed,
)
from lending.compliance.model import Parameter
from lending.foundation.audit import SYSTEM
from lending.ledger import service as ledger
from lending.ledger.chart import Code
from lending.ledger.model import Account
from lending.loans import service, signing
from lending.loans.errors import (
    AmountAboveDecision,
    BorrowerLimitReached,
    DecisionTooOld,
    NoAccountToPay,
    TermsNotShown,
    WrongState,
)
from lending.loans.model import LoanState, Signature
from lending.loans.signing import SignCommand
from lending.products import rules as product_rules
from lending.products import service as products
from scenarios.mall_installment import checkout
from scenarios.mall_installment.terms import compile_terms
from tests.loans.world import AMOUNT_FEN, World, shop
from tests.today import TODAY

CAP_FEN = 20_000_000


def command(world: World, order_id: str, showing_id: str, periods: int = 12) -> SignCommand:
    """What the checkout hands to the core, to be altered by a test."""
    with world.database.unit_of_work() as tx:
        order = checkout.view(tx, order_id).order
        product = products.version(tx, order.product_code, order.product_version)
        offer = product_rules.offer(product, order.amount_fen, periods, TODAY)
        return SignCommand(
            application_id=order.application_id,
            offer=offer,
            terms=compile_terms(product, channels.agreement(tx, world.partner_id), offer),
            table=checkout.cost_table(tx, order_id, periods),
            signature=Signature(showing_id, "sms_code", {}),
            goods=(),
            merchant_name="小满数码",
        )


def sign(world: World, signed: SignCommand) -> str:
    with world.database.unit_of_work() as tx:
        return signing.sign(tx, world.keys, world.files, signed)


def nothing_was_signed(world: World) -> None:
    assert world.count("SELECT count(*) FROM loan") == 0
    assert world.count("SELECT count(*) FROM contract") == 0
    assert world.count("SELECT count(*) FROM ledger_hold") == 0
    assert (
        world.count("SELECT count(*) FROM procrastinate_jobs WHERE task_name='loans.pay_out'") == 0
    )


class TestSigning:
    def test_makes_contract_terms_plan_and_hold_together(self, world: World):
        order_id, loan_id = world.signed()
        with world.database.unit_of_work() as tx:
            loan = service.loan(tx, loan_id)
            assert service.contract_file(tx, world.files, loan_id).startswith(b"%PDF")
        assert loan.state is LoanState.SIGNED
        assert loan.terms.pricing.periods == 12
        assert loan.terms.payee.partner_id == world.partner_id
        assert world.count("SELECT sum(principal_fen) FROM instalment") == AMOUNT_FEN
        assert world.rows("SELECT held_debit_fen FROM ledger_limit")[0]["held_debit_fen"] == (
            AMOUNT_FEN
        )
        assert world.state(order_id) == "signed"

    def test_ties_the_contract_to_the_table_that_was_confirmed(self, world: World):
        order_id = world.approved()
        showing_id = world.confirmed(order_id)
        loan_id = world.sign(order_id, showing_id=showing_id)
        with world.database.unit_of_work() as tx:
            shown = cost_showing.get(tx, showing_id)
            assert service.loan(tx, loan_id).terms.cost_table_sha256 == shown.table_sha256

    def test_twice_with_one_confirmation_makes_one_loan(self, world: World):
        order_id = world.approved()
        showing_id = world.confirmed(order_id)
        first = world.sign(order_id, showing_id=showing_id)
        assert world.sign(order_id, showing_id=showing_id) == first
        assert world.count("SELECT count(*) FROM loan") == 1

    def test_again_under_another_table_comes_too_late(self, world: World):
        order_id = world.approved()
        first, second = world.confirmed(order_id, 6), world.confirmed(order_id, 12)
        world.sign(order_id, 6, showing_id=first)
        with pytest.raises(WrongState):
            world.sign(order_id, 12, showing_id=second)

    def test_from_two_windows_at_once_makes_one_loan(self, world: World):
        order_id = world.approved()
        showing_id = world.confirmed(order_id)
        with ThreadPoolExecutor(4) as pool:
            made = set(pool.map(lambda _: world.sign(order_id, showing_id=showing_id), range(4)))
        assert len(made) == 1
        assert world.count("SELECT count(*) FROM loan") == 1


class TestTheGates:
    def test_no_decision_no_signature(self, world: World):
        order_id = world.order()
        with pytest.raises(WrongState):
            sign(world, command(world, order_id, "cts_none"))
        nothing_was_signed(world)

    def test_an_approval_is_good_for_thirty_minutes(self, world: World):
        order_id = world.approved()
        world.clock.advance(timedelta(minutes=31))
        with pytest.raises(DecisionTooOld):
            world.sign(order_id)
        nothing_was_signed(world)

    def test_a_table_that_nobody_confirmed(self, world: World):
        order_id = world.approved()
        with world.database.unit_of_work() as tx:
            application_id = checkout.view(tx, order_id).order.application_id
            showing_id = cost_showing.show(
                tx, application_id, checkout.cost_table(tx, order_id, 12)
            )
        with pytest.raises(CostTableNotConfirmed):
            world.sign(order_id, showing_id=showing_id)
        nothing_was_signed(world)

    def test_another_offers_table(self, world: World):
        order_id = world.approved()
        showing_id = world.confirmed(order_id, periods=6)
        with pytest.raises(CostTableChanged):
            world.sign(order_id, 12, showing_id=showing_id)
        nothing_was_signed(world)

    def test_another_applications_table(self, world: World):
        first = world.approved("A-1")
        showing_id = world.confirmed(first)
        world.another_buyer(1)
        second = world.approved("A-2")
        with pytest.raises(NoSuchShowing):
            world.sign(second, showing_id=showing_id)
        nothing_was_signed(world)

    def test_a_table_that_is_not_the_one_of_the_terms(self, world: World):
        order_id = world.approved()
        ready = command(world, order_id, world.confirmed(order_id))
        table = {**ready.table, "cost_total_fen": 1}
        with pytest.raises(TermsNotShown):
            sign(world, replace(ready, table=table))
        nothing_was_signed(world)

    def test_longer_than_the_decision_allows(self, world: World):
        order_id = world.approved()
        ready = command(world, order_id, world.confirmed(order_id))
        pricing = replace(ready.terms.pricing, periods=36)
        with pytest.raises(AmountAboveDecision):
            sign(world, replace(ready, terms=replace(ready.terms, pricing=pricing)))
        nothing_was_signed(world)

    def test_a_shop_that_was_taken_off_the_list(self, world: World):
        order_id = world.approved()
        showing_id = world.confirmed(order_id)
        with world.database.unit_of_work() as tx:
            channels.unlist(tx, world.partner_id, SYSTEM)
        with pytest.raises(PartnerNotListed):
            world.sign(order_id, showing_id=showing_id)
        nothing_was_signed(world)

    def test_a_shop_that_cannot_be_paid(self, world: World):
        world.partner_id = shop(world, "app_poor", "谷雨家居", ())
        order_id = world.approved()
        showing_id = world.confirmed(order_id)
        with pytest.raises(NoAccountToPay):
            world.sign(order_id, showing_id=showing_id)
        nothing_was_signed(world)

    @pytest.mark.parametrize(
        ("code", "value", "error"),
        [
            ("cost.cap_rate", "0.14", CostOverCap),
            ("purpose.blocked", "electronics", PurposeNotAllowed),
        ],
    )
    def test_a_rule_of_today_counts_and_not_the_one_at_the_order(
        self, world: World, code: str, value: str, error: type[Exception]
    ):
        order_id = world.approved()
        showing_id = world.confirmed(order_id)
        new = Parameter(code, value, TODAY, None, "test", "C")
        with world.database.unit_of_work() as tx:
            parameters.set_from(tx, new, SYSTEM)
        with pytest.raises(error):
            world.sign(order_id, showing_id=showing_id)
        nothing_was_signed(world)


class TestTheBorrowersLimit:
    """STORE-3, R-CAP-20W, T21: CNY 200,000 over all products together."""

    def leave(self, world: World, room_fen: int) -> None:
        with world.database.unit_of_work() as tx:
            ledger.hold(
                tx,
                debit=Account(Code.EXPOSURE, world.customer_id),
                credit=Account(Code.EXPOSURE_CONTRA),
                amount_fen=CAP_FEN - room_fen,
                subject="another product",
                memo="",
            )

    def test_lets_a_loan_in_that_takes_the_last_fen(self, world: World):
        order_id = world.approved()
        self.leave(world, AMOUNT_FEN)
        world.sign(order_id)

    def test_refuses_a_loan_that_passes_it_by_one_fen(self, world: World):
        order_id = world.approved()
        self.leave(world, AMOUNT_FEN - 1)
        with pytest.raises(BorrowerLimitReached) as refused:
            world.sign(order_id)
        assert refused.value.code == "borrower.limit_reached"
        assert world.state(order_id) == "approved"

    def test_is_never_passed_by_signing_two_loans_at_once(self, world: World):
        orders = [world.approved(f"A-{each}") for each in range(2)]
        showings = [world.confirmed(each) for each in orders]
        self.leave(world, 2 * AMOUNT_FEN - 1)

        def signed(place: int) -> bool:
            try:
                world.sign(orders[place], showing_id=showings[place])
            except BorrowerLimitReached:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(signed, range(2))) == [False, True]
        held = world.rows("SELECT held_debit_fen FROM ledger_limit")[0]["held_debit_fen"]
        assert held <= CAP_FEN

    def test_is_given_back_by_a_cancellation(self, world: World):
        order_id, _ = world.signed()
        with world.database.unit_of_work() as tx:
            service.cancel(tx, checkout.view(tx, order_id).order.application_id, SYSTEM)
        assert world.rows("SELECT held_debit_fen FROM ledger_limit")[0]["held_debit_fen"] == 0
