from dataclasses import replace
from datetime import timedelta

import pytest

from lending.compliance import parameters
from lending.compliance.model import Parameter
from lending.engine.errors import ShareTooSmall
from lending.foundation import business_day
from lending.foundation.audit import SYSTEM
from lending.funding import funders, service
from lending.funding.errors import (
    CounterNotOfUse,
    DecisionInFuture,
    ShareAccepted,
    ShareDeclined,
    ShareExpired,
    ShareOutsideRange,
    SharesNotAgreed,
)
from lending.funding.model import LicenceKind, RequestState, ShareState
from lending.loans import service as loans
from lending.products.errors import ProductNotAllowed
from lending.products.model import Funding
from tests.funding.lenders import TO_TWO, Lenders, joint
from tests.loans.world import AMOUNT_FEN, World
from tests.risk.people import card, person
from tests.today import TODAY

MINUTE = timedelta(minutes=1)
OWN_FEN = AMOUNT_FEN * 4 // 10


@pytest.fixture
def lenders(world: World) -> Lenders:
    joint(world)
    return Lenders(world, 2)


class TestSeekingFunds:
    def test_asks_the_cheapest_funder_and_says_why(self, world: World, lenders: Lenders):
        order_id = lenders.applied()
        assert world.state(order_id) == "deciding"
        (share,) = lenders.shares()
        assert (share.funder_id, share.share_bp) == (lenders.ids[0], 6000)
        assert share.amount_fen == AMOUNT_FEN * 6 // 10
        (said,) = lenders.request().explained
        assert said["words"] == [
            "选 资金方1:60.00 %,资金价格 5.00% 为可选中最低",
            "自有资金 40.00 %",
        ]

    def test_lets_the_borrower_sign_once_all_have_accepted(self, world: World, lenders: Lenders):
        order_id = lenders.agreed()
        assert world.state(order_id) == "approved"
        assert world.events(order_id) == ["order.created", "order.approved"]
        assert lenders.request().state is RequestState.FOUND

    def test_goes_on_to_the_next_when_one_declines(self, world: World, lenders: Lenders):
        order_id = lenders.applied()
        first = lenders.shares()[0]
        lenders.decline(first)
        first, second = lenders.shares()
        assert (first.state, second.state) == (ShareState.DECLINED, ShareState.INVITED)
        assert (second.funder_id, second.generation) == (lenders.ids[1], 2)
        lenders.accept(second)
        world.work()
        assert world.state(order_id) == "approved"

    def test_goes_on_to_the_next_when_one_does_not_answer(self, world: World, lenders: Lenders):
        lenders.applied()
        world.work(10 * MINUTE)
        first, second = lenders.shares()
        assert (first.state, second.state) == (ShareState.EXPIRED, ShareState.INVITED)
        with pytest.raises(ShareExpired):
            lenders.accept(first)

    def test_ends_without_a_loan_when_nobody_is_found(self, world: World, lenders: Lenders):
        order_id = lenders.applied()
        for _ in range(2):
            lenders.decline(lenders.living()[0])
        assert lenders.request().state is RequestState.WAITING
        for _ in range(60):
            world.work(MINUTE)
        assert lenders.request().state is RequestState.NONE
        assert world.state(order_id) == "declined"
        assert lenders.held_fen() == 0

    def test_falls_back_to_own_funds_where_the_product_says_so(self, world: World):
        joint(world, Funding(4000, (6000,), 7000, fallback_own=True, wait_minutes=5))
        lenders = Lenders(world, 1)
        order_id = lenders.applied()
        lenders.decline(lenders.living()[0])
        for _ in range(5):
            world.work(MINUTE)
        assert world.state(order_id) == "approved"
        loan_id = world.sign(order_id)
        world.work()
        assert world.state(order_id) == "paid"
        with world.database.unit_of_work() as tx:
            assert not loans.loan(tx, loan_id).terms.is_joint

    def test_finds_a_funder_that_comes_back_while_it_waits(self, world: World, lenders: Lenders):
        with world.database.unit_of_work() as tx:
            for funder_id in lenders.ids:
                funders.stop(tx, funder_id, "演练", SYSTEM)
        lenders.applied()
        assert lenders.request().state is RequestState.WAITING
        with world.database.unit_of_work() as tx:
            funders.let_go_on(tx, lenders.ids[1], SYSTEM)
        world.work(MINUTE)
        assert [s.funder_id for s in lenders.living()] == [lenders.ids[1]]

    def test_asks_two_funders_where_the_product_is_shared_among_three(self, world: World):
        joint(world, TO_TWO)
        lenders = Lenders(world, 3)
        order_id = lenders.applied()
        assert [s.share_bp for s in lenders.living()] == [3000, 3000]
        for share in lenders.living():
            lenders.accept(share)
        world.work()
        assert world.state(order_id) == "approved"
        lenders.require_whole()

    @pytest.mark.parametrize(
        ("code", "value", "said"),
        [
            ("capital.tier1_fen", str(4 * OWN_FEN - 4), "与其及关联方的联合贷余额仅余"),
            ("joint.start_fen", str(OWN_FEN - 1), "联合贷限额仅余"),
            ("microlender.rate_max", "0.2399", "综合成本超过小贷公司上限"),
        ],
    )
    def test_asks_nobody_where_the_law_leaves_no_room(
        self, world: World, code: str, value: str, said: str
    ):
        joint(world)
        with world.database.unit_of_work() as tx:
            parameters.set_from(tx, Parameter(code, value, TODAY, None, "test", "C"), SYSTEM)
        lenders = Lenders(world, 2, licence_kind=LicenceKind.MICROLENDER)
        lenders.applied()
        assert lenders.shares() == []
        assert lenders.request().state is RequestState.WAITING
        assert any(said in words for words in lenders.request().explained[0]["words"])

    def test_holds_quotas_so_that_no_funder_is_asked_for_more(self, world: World):
        joint(world)
        lenders = Lenders(world, 2, quota_day_fen=AMOUNT_FEN * 6 // 10 + 1)
        lenders.applied("A-1")
        world.clock.advance(timedelta(seconds=1))
        world.customer_id = person(world.database, world.keys, sequence=101, mobile="13800100101")
        world.card_id = card(world.database, world.keys, world.customer_id, "6230580000000010101")
        lenders.applied("A-2")
        assert {s.funder_id for s in lenders.living()} == {lenders.ids[1]}


class TestAccepting:
    def test_twice_is_accepting_once(self, lenders: Lenders):
        lenders.applied()
        share = lenders.shares()[0]
        assert lenders.accept(share) == lenders.accept(share)

    def test_and_then_declining_is_refused(self, lenders: Lenders):
        lenders.applied()
        share = lenders.shares()[0]
        lenders.accept(share)
        with pytest.raises(ShareAccepted):
            lenders.decline(share)

    def test_after_declining_is_refused(self, lenders: Lenders):
        lenders.applied()
        share = lenders.shares()[0]
        lenders.decline(share)
        assert lenders.decline(share).state is ShareState.DECLINED
        with pytest.raises(ShareDeclined):
            lenders.accept(share)

    def test_late_is_refused_also_before_the_machine_has_noticed(
        self, world: World, lenders: Lenders
    ):
        lenders.applied()
        share = lenders.shares()[0]
        world.clock.advance(10 * MINUTE)
        with pytest.raises(ShareExpired):
            lenders.accept(share)

    def test_needs_a_decision_made_after_the_invitation(self, world: World, lenders: Lenders):
        lenders.applied()
        share = lenders.shares()[0]
        early = replace(share, invited_at=share.invited_at - 6 * MINUTE)
        for wrong in (early, replace(share, invited_at=world.clock.now() + MINUTE)):
            with pytest.raises(DecisionInFuture):
                lenders.accept(wrong)

    def test_less_leaves_the_rest_to_us_within_the_product(self, world: World, lenders: Lenders):
        order_id = lenders.applied()
        lenders.accept(lenders.shares()[0], bp=4000)
        world.work()
        assert world.state(order_id) == "approved"
        assert lenders.request().own_bp == 6000
        lenders.require_whole()

    def test_less_than_the_agreement_or_the_law_is_refused(self, lenders: Lenders):
        lenders.applied()
        share = lenders.shares()[0]
        with pytest.raises(ShareTooSmall, match=r"29\.99 %"):
            lenders.accept(share, bp=2999)
        with pytest.raises(ShareOutsideRange):
            lenders.accept(share, bp=6001)

    def test_less_is_refused_when_the_quota_of_another_day_is_used_up(self, world: World):
        joint(world)
        lenders = Lenders(world, 1, quota_day_fen=AMOUNT_FEN * 6 // 10 + 1)
        lenders.applied()
        (share,) = lenders.shares()
        with world.database.unit_of_work() as tx:
            business_day.close(tx)
        lenders.applied("A-2")
        with pytest.raises(ShareOutsideRange):
            lenders.accept(share, bp=5000)
        assert lenders.accept(share).state is ShareState.ACCEPTED

    def test_less_is_refused_where_nobody_takes_the_rest(self, world: World):
        joint(world, Funding(4000, (6000,), 4000, wait_minutes=60))
        lenders = Lenders(world, 2)
        lenders.applied()
        with pytest.raises(CounterNotOfUse):
            lenders.accept(lenders.shares()[0], bp=5000)


class TestSigning:
    def test_carries_every_lenders_share_and_calls_for_the_money(
        self, world: World, lenders: Lenders
    ):
        order_id = lenders.agreed()
        loan_id = world.sign(order_id)
        world.work()
        assert world.state(order_id) == "signed"
        (share,) = lenders.living()
        assert (share.state, share.loan_id) == (ShareState.CALLED, loan_id)
        with world.database.unit_of_work() as tx:
            shares = loans.loan(tx, loan_id).terms.shares
        assert [(s.funder, s.weight) for s in shares] == [("own", 4000), (lenders.ids[0], 6000)]
        assert lenders.news() == ["invited", "funding_called"]

    def test_waits_for_every_lender(self, world: World, lenders: Lenders):
        lenders.applied()
        application_id = lenders.request().application_id
        with world.database.unit_of_work() as tx, pytest.raises(SharesNotAgreed):
            service.agreed(tx, application_id)


class TestPublishingAProduct:
    def test_refuses_shares_of_less_than_30_percent(self, world: World):
        with pytest.raises(ProductNotAllowed, match=r"29\.99 %"):
            joint(world, Funding(7001, (2999,), 7001))

    def test_refuses_shares_that_are_not_100_percent(self, world: World):
        with pytest.raises(ProductNotAllowed, match=r"59\.99 %.*100%"):
            joint(world, Funding(4000, (5999,), 4000))


class TestCancelling:
    def test_ends_the_shares_and_frees_the_quotas(self, world: World, lenders: Lenders):
        lenders.applied()
        application_id = lenders.request().application_id
        with world.database.unit_of_work() as tx:
            loans.cancel(tx, application_id, SYSTEM)
        assert [s.state for s in lenders.shares()] == [ShareState.WITHDRAWN]
        assert lenders.request().state is RequestState.WITHDRAWN
        assert lenders.held_fen() == 0
