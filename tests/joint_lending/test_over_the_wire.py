from datetime import timedelta
from decimal import Decimal

import pytest
from cf_partner_sdk import (
    Conflict,
    Event,
    NotFound,
    Refused,
    Share,
    ShareActive,
    ShareFraudFlagged,
    ShareFundingCalled,
    ShareInvited,
    ShareMoneyReturned,
    ShareState,
    open_packet,
    share_differences,
)
from cf_partner_sdk.field_encryption import FieldNotReadable
from Crypto.PublicKey import RSA

from lending.customers import service as customers
from lending.customers.model import ConsentScope
from lending.finance import clearings, portfolio, portfolio_store, statements
from lending.foundation import business_day
from lending.foundation.audit import SYSTEM
from lending.foundation.spans import Span
from lending.loans import fraud, share_day
from lending.loans.fraud import FraudKind
from tests.gateway import described
from tests.gateway.world import World as Front
from tests.joint_lending.town import RSA_KEY, Town
from tests.today import TODAY

MINUTE = timedelta(minutes=1)
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def town(world: Front) -> Town:
    return Town(world)


class TestAJointLoan:
    def test_goes_from_an_order_in_a_shop_to_its_payout(self, town: Town):
        order_id = town.applied()
        funder = town.client()
        (invited,) = town.told()
        assert isinstance(invited, ShareInvited)
        share = funder.shares.get(invited.share.id)
        applicant = open_packet(share, key=RSA_KEY)
        assert applicant.identity_no.startswith(share.packet["region"])
        assert share.share_rate == Decimal("0.6000")
        funder.shares.accept(share.id, decision_reference="D-7", decided_at=town.front.clock.now())
        town.work()
        assert town.shop.mall.orders.get(order_id).state.value == "approved"
        town.world.sign(order_id)
        town.work()
        called = town.told()[-1]
        assert isinstance(called, ShareFundingCalled)
        assert [str(lender.share_rate) for lender in called.share.loan.lenders] == [
            "0.4000",
            "0.6000",
        ]
        town.send(called.share)
        confirmed = funder.shares.confirm_funding(share.id, bank_reference="T-1")
        assert confirmed.call.sent_at is not None
        town.work()
        assert town.shop.mall.orders.get(order_id).state.value == "paid"
        told = town.told()
        assert [event.type for event in told] == [
            "share.invited",
            "share.funding_called",
            "share.funded",
            "share.active",
        ]
        for event in told:
            described.check_event(event.type, event.object)
        active = told[-1]
        assert isinstance(active, ShareActive)
        assert active.movement.principal_fen == -called.share.amount_fen
        assert funder.shares.get(share.id).state is ShareState.ACTIVE
        assert len(list(funder.shares.events(share.id))) == len(told)

    def test_is_refused_money_of_a_wrong_amount_which_comes_back(self, town: Town):
        order_id, share = town.called()
        town.send(share, "T-9", amount_fen=share.call.amount_fen - 1)
        town.client().shares.confirm_funding(share.id, bank_reference="T-9")
        town.work()
        assert town.shop.mall.orders.get(order_id).state.value == "signed"
        returned = town.told()[-1]
        assert returned.type == "share.money_returned"
        assert returned.returned.reason == "wrong_amount"
        described.check_event(returned.type, returned.object)


class TestAFunder:
    def test_takes_less_when_the_product_lets_us_take_more(self, town: Town):
        town.applied()
        (asked,) = town.client().shares.list()
        share = town.client().shares.counter(
            asked.id,
            share_rate=Decimal("0.4"),
            decision_reference="D-1",
            decided_at=town.front.clock.now(),
        )
        assert (share.state, share.share_rate) == (ShareState.ACCEPTED, Decimal("0.4000"))

    def test_may_not_take_29_99_percent(self, town: Town):
        town.applied()
        (asked,) = town.client().shares.list()
        with pytest.raises(Refused) as refused:
            town.client().shares.counter(
                asked.id,
                share_rate=Decimal("0.2999"),
                decision_reference="D-1",
                decided_at=town.front.clock.now(),
            )
        assert refused.value.code == "joint.share_too_small"

    def test_whose_licence_has_ended_may_not_accept(self, town: Town):
        town.applied()
        (asked,) = town.client().shares.list()
        with town.front.database.unit_of_work() as tx:
            tx.run("UPDATE funder SET licence_to = :day, licence_from = :day", day=YESTERDAY)
        with pytest.raises(Refused) as refused:
            town.client().shares.accept(
                asked.id, decision_reference="D-1", decided_at=town.front.clock.now()
            )
        assert refused.value.code == "joint.funder_not_licensed"
        town.work(10 * MINUTE)  # and nobody else is licensed either
        assert [one.state for one in town.client(1).shares.list()] == []

    def test_that_declines_makes_room_for_the_next(self, town: Town):
        town.applied()
        (asked,) = town.client().shares.list()
        declined = town.client().shares.decline(asked.id, reason_code="credit")
        assert declined.state is ShareState.DECLINED
        assert [s.state for s in town.client(1).shares.list()] == [ShareState.INVITED]

    def test_that_answers_late_is_told_so(self, town: Town):
        town.applied()
        (asked,) = town.client().shares.list()
        town.work(10 * MINUTE)
        with pytest.raises(Conflict) as late:
            town.client().shares.accept(
                asked.id, decision_reference="D-1", decided_at=town.front.clock.now()
            )
        assert late.value.code == "share.expired"
        assert [event.type for event in town.told()] == ["share.invited", "share.expired"]

    def test_sees_no_share_of_another(self, town: Town):
        town.applied()
        (asked,) = town.client().shares.list()
        with pytest.raises(NotFound):
            town.client(1).shares.get(asked.id)

    def test_reads_nothing_with_another_key(self, town: Town):
        town.applied()
        (asked,) = town.client().shares.list()
        share = town.client().shares.get(asked.id)
        with pytest.raises(FieldNotReadable):
            open_packet(share, key=RSA.generate(2048))

    def test_is_told_nothing_of_a_borrower_who_took_the_consent_back(self, town: Town):
        town.applied()
        (asked,) = town.client().shares.list()
        with town.front.database.unit_of_work() as tx:
            application_id = tx.scalar("SELECT application_id FROM funding_request")
            customer = town.world.customer_id
            customers.withdraw_consent(tx, customer, ConsentScope.FUNDERS, application_id)
        assert town.client().shares.get(asked.id).packet is None


class TestAFraud:
    def flag(self, town: Town) -> None:
        with town.front.database.unit_of_work() as tx:
            fraud.flag(
                tx,
                town.front.keys,
                town.world.customer_id,
                FraudKind.COLLUSION,
                because="空买空卖",
                actor=SYSTEM,
            )

    def require_told_and_lifted(self, town: Town, share: Share) -> None:
        with town.front.database.unit_of_work() as tx:
            fraud.lift(tx, town.world.customer_id, SYSTEM)
        told = [one for one in town.told() if isinstance(one, ShareFraudFlagged)]
        assert [(one.fraud.state, one.fraud.kind) for one in told] == [
            ("flagged", "collusion"),
            ("lifted", "collusion"),
        ]
        assert {one.subject for one in told} == {one.fraud.share_id for one in told} == {share.id}
        for event in told:
            described.check_event(event.type, event.object)

    def test_ends_a_loan_that_is_not_paid_out_and_sends_the_money_back(self, town: Town):
        order_id, share = town.called()
        self.flag(town)
        town.send(share)
        town.client().shares.confirm_funding(share.id, bank_reference="T-1")
        town.work()
        assert town.shop.mall.orders.get(order_id).state.value == "cancelled"
        assert town.client().shares.get(share.id).state is ShareState.WITHDRAWN
        (back,) = [one.returned for one in town.told() if isinstance(one, ShareMoneyReturned)]
        assert back.amount_fen == share.amount_fen
        self.require_told_and_lifted(town, share)

    def test_is_told_while_the_loan_runs(self, town: Town):
        order_id, share = town.called()
        town.send(share)
        town.client().shares.confirm_funding(share.id, bank_reference="T-1")
        town.work()
        self.flag(town)
        town.work()
        assert town.shop.mall.orders.get(order_id).state.value == "paid"
        assert town.client().shares.get(share.id).state is ShareState.ACTIVE
        self.require_told_and_lifted(town, share)


class TestTheLifeOfAJointLoan:
    def test_is_told_to_its_funder_until_it_is_closed(self, town: Town):
        order_id, share = town.called()
        town.send(share)
        town.client().shares.confirm_funding(share.id, bank_reference="T-1")
        town.work()
        with town.front.database.unit_of_work() as tx:
            tx.run("UPDATE loan_standing SET days_past_due = 31, grade = 'special_mention'")
            assert share_day.warn(tx, Span(0, 2**62), TODAY) == 1
            assert share_day.warn(tx, Span(0, 2**62), TODAY) == 0
            assert portfolio.warn(tx, TODAY) == 0  # one loan says nothing
            (row,) = portfolio_store.portfolios(tx, TODAY)
            assert portfolio.measured(row) == {
                "first_payment_default": Decimal(0),
                "m1": Decimal(0),
                "concentration": Decimal(1),
            }
            assert portfolio.warn(tx, TODAY, loans_min=1) == 1
            assert portfolio.warn(tx, TODAY, loans_min=1) == 0  # told once
        town.shop.mall.refunds.create(
            refund_no="R-1", order_id=order_id, amount_fen=599_900, idempotency_key="R-1"
        )
        town.work()
        with town.front.database.unit_of_work() as tx:
            clearings.clear_day(tx, TODAY)
        town.work()
        told = town.told()
        for event in told:
            described.check_event(event.type, event.object)
        assert [event.type for event in told[4:]] == [
            "share.overdue",
            "share.stage_changed",
            "portfolio.warning",
            "share.changed",
            "share.closed",
            "clearing.made",
            "clearing.paid",
        ]
        assert told[4].lateness.bucket == "M2"
        assert told[7].movement.principal_fen == share.amount_fen
        assert told[7].movement.principal_open_fen == 0
        assert told[-1].clearing.amount_fen == share.amount_fen
        assert town.client().shares.get(share.id).state is ShareState.CLOSED
        self.require_file_rebuilt(town, told)

    def require_file_rebuilt(self, town: Town, told: list[Event]) -> None:
        """The day's file says what the events alone say, to the fen."""
        with town.front.database.unit_of_work() as tx:
            business_day.close(tx)
        with town.front.database.unit_of_work() as tx:
            statements.make(tx, town.front.context.lending.files, TODAY)
        files = town.client().share_files
        (statement,) = files.list(period=TODAY.isoformat())
        rows = list(files.rows(statement.id))
        assert share_differences(told, statement, rows) == []
        missing = share_differences(told[:-2], statement, rows)
        assert {one.type for one in missing} == {"cleared"}
        (lost,) = share_differences(told, statement, [r for r in rows if r.type.value != "lent"])
        assert (lost.field, lost.in_file) == ("row", None)
        assert lost.in_events["amount_fen"] == told[3].movement.principal_fen
