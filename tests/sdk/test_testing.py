"""A partner's own tests: the fake lender keeps orders, signs, fails on request, without a net."""

import asyncio
from datetime import datetime

import pytest
import requests
import responses
from cf_partner_sdk import (
    AnswerNotTrusted,
    Client,
    HttpOptions,
    MemorySeenStore,
    NotAuthenticated,
    OrderExpired,
    OrderPaid,
    OrderState,
    PrivateKey,
    RefundState,
    ServerFault,
    TooManyRequests,
    TransportError,
    WebhookRefused,
)
from cf_partner_sdk._models import _EVENT_CLASSES
from cf_partner_sdk.integrations import WebhookReceiver
from cf_partner_sdk.testing import EVENT_TYPES, Failure, FakeGateway, NotFaked
from cf_partner_sdk.testing.plugin import cf_client, cf_gateway

from tests.sdk.test_fake_gateway_contract import AMOUNT_FEN, place

__all__ = ["cf_client", "cf_gateway"]

ONCE = HttpOptions(attempts_max=1)


class TestAnOrder:
    def test_goes_the_whole_way_as_the_test_says(self, cf_gateway, cf_client):
        order = place(cf_client, "A-1")
        assert order.state is OrderState.CREATED
        cf_gateway.sell(order, periods=6)
        paid = cf_client.mall.orders.get(order.id)
        assert (paid.state, paid.periods) == (OrderState.PAID, 6)
        assert paid.paid_fen == paid.payout.amount_fen == AMOUNT_FEN - paid.payout.fee_fen
        kinds = [event.type for event in cf_gateway.events]
        assert kinds == ["order.created", "order.approved", "order.signed", "order.paid"]

    def test_is_named_by_its_id_its_number_or_itself(self, cf_gateway, cf_client):
        order = place(cf_client, "A-1")
        assert cf_gateway.order(order) == cf_gateway.order(order.id) == cf_gateway.order("A-1")
        with pytest.raises(LookupError, match="A-2"):
            cf_gateway.order("A-2")

    def test_cannot_do_what_the_lender_could_not(self, cf_gateway, cf_client):
        place(cf_client, "A-1")
        with pytest.raises(ValueError, match="A-1 is created: it cannot become paid"):
            cf_gateway.pay("A-1")

    def test_is_declined_without_a_reason(self, cf_gateway, cf_client):
        place(cf_client, "A-1")
        cf_gateway.refer("A-1")
        cf_gateway.decline("A-1")
        assert cf_client.mall.orders.find("A-1").decline_reason == "declined_by_lender"

    def test_expires_with_the_tests_time(self, cf_gateway, cf_client):
        place(cf_client, "A-1")
        cf_gateway.advance(minutes=119)
        assert cf_gateway.order("A-1").state is OrderState.CREATED
        cf_gateway.advance(minutes=1)
        assert cf_client.mall.orders.find("A-1").state is OrderState.EXPIRED
        assert isinstance(cf_gateway.events[-1], OrderExpired)

    def test_cannot_be_cancelled_while_money_is_on_its_way(self, cf_gateway):
        with cf_gateway.client(options=ONCE) as cf:
            order = place(cf, "A-1")
            cf_gateway.approve("A-1")
            cf_gateway.sign("A-1")
            cf_gateway.begin_payout("A-1")
            with pytest.raises(Exception, match=r"loan\.payout_under_way") as refused:
                cf.mall.orders.cancel(order.id)
            assert refused.value.retryable
            cf_gateway.fail_payout("A-1")
            assert cf.mall.orders.get(order.id).state is OrderState.PAYOUT_FAILED

    def test_repaid_in_part_is_refunded_to_the_borrower_too(self, cf_gateway, cf_client):
        order = place(cf_client, "A-1")
        cf_gateway.sell(order)
        cf_gateway.repay(order, principal_fen=100_000, interest_fen=7_199)
        refund = cf_client.mall.refunds.create(
            refund_no="R-1", order_id=order.id, amount_fen=AMOUNT_FEN
        )
        assert refund.loan_reduction_fen == AMOUNT_FEN - 100_000
        assert refund.borrower_refund_fen == 100_000
        assert refund.state is RefundState.PENDING
        cf_gateway.finish_refund(refund)
        assert cf_client.mall.refunds.get(refund.id).state is RefundState.DONE


class TestTheSameCallAgain:
    def test_has_its_effect_once_and_the_first_answer(self, cf_gateway, cf_client):
        first = place(cf_client, "A-1")
        cf_gateway.approve("A-1")
        assert place(cf_client, "A-1") == first
        assert [event.type for event in cf_gateway.events].count("order.created") == 1


class TestAFailure:
    @pytest.mark.parametrize(
        "failure",
        [
            *(Failure.TIMEOUT, Failure.ANSWER_LOST, Failure.CONNECTION_RESET),
            *(Failure.UNSIGNED_502, Failure.TOO_MANY_REQUESTS, Failure.SIGNED_500, Failure.SLOW),
            Failure.CLOCK_SKEW,
        ],
    )
    def test_is_got_over_by_the_client_and_the_order_placed_once(
        self, cf_gateway, cf_client, failure
    ):
        cf_gateway.fail(failure)
        assert place(cf_client, "A-1").state is OrderState.CREATED
        assert len(list(cf_client.mall.orders.list())) == 1

    @pytest.mark.parametrize(
        ("failure", "raised", "effects"),
        [
            (Failure.TIMEOUT, TransportError, 0),
            (Failure.ANSWER_LOST, TransportError, 1),
            (Failure.CONNECTION_RESET, TransportError, 0),
            (Failure.UNSIGNED_502, TransportError, 0),
            (Failure.TOO_MANY_REQUESTS, TooManyRequests, 0),
            (Failure.SIGNED_500, ServerFault, 0),
            (Failure.ALTERED_ANSWER, AnswerNotTrusted, 1),
            (Failure.WRONG_NONCE, AnswerNotTrusted, 1),
        ],
    )
    def test_is_raised_as_by_the_real_lender(self, cf_gateway, failure, raised, effects):
        with cf_gateway.client(options=ONCE) as cf:
            cf_gateway.fail(failure)
            with pytest.raises(raised) as fault:
                place(cf, "A-1", idempotency_key="A-1")
            assert fault.value.idempotency_key == "A-1"
        assert len(cf_gateway.events) == effects

    def test_comes_as_often_as_asked_and_in_order(self, cf_gateway):
        cf_gateway.fail(Failure.SIGNED_500, times=2)
        cf_gateway.fail(Failure.TIMEOUT)
        with cf_gateway.client(options=ONCE) as cf:
            for raised in (ServerFault, ServerFault, TransportError):
                with pytest.raises(raised):
                    place(cf, "A-1")
            assert place(cf, "A-1")

    def test_costs_no_real_time(self, cf_gateway, cf_client):
        before = cf_gateway.clock.now()
        cf_gateway.fail(Failure.TOO_MANY_REQUESTS, times=3)
        place(cf_client, "A-1")
        assert (cf_gateway.clock.now() - before).total_seconds() >= 6


class TestAClientOfAnEventLoop:
    @pytest.mark.parametrize("failure", [None, Failure.ANSWER_LOST, Failure.UNSIGNED_502])
    def test_meets_the_same_lender(self, failure):
        gateway = FakeGateway()

        async def sell():
            async with gateway.async_client() as cf:
                if failure:
                    gateway.fail(failure)
                return await place(cf, "A-1")

        order = asyncio.run(sell())
        assert gateway.order("A-1").id == order.id
        assert len(gateway.events) == 1

    def test_learns_of_a_lost_line(self):
        gateway = FakeGateway()

        async def sell():
            async with gateway.async_client(options=ONCE) as cf:
                gateway.fail(Failure.TIMEOUT)
                await place(cf, "A-1")

        with pytest.raises(TransportError):
            asyncio.run(sell())
        assert not gateway.events


class TestSignatures:
    def test_of_the_partner_are_verified_for_real(self, cf_gateway):
        with (
            cf_gateway.client(key=PrivateKey.generate()) as stranger,
            pytest.raises(NotAuthenticated) as refused,
        ):
            place(stranger, "A-1")
        assert refused.value.code == "key-unknown"

    def test_of_a_second_key_are_taken_during_a_rotation(self, cf_gateway):
        new = PrivateKey.generate("ecdsa-p256-sha256")
        cf_gateway.accept_key(new.public)
        with cf_gateway.client() as old_client, cf_gateway.client(key=new) as new_client:
            place(old_client, "A-1")
            place(new_client, "A-2")
            cf_gateway.revoke_key(cf_gateway.partner_key.keyid)
            place(new_client, "A-3")
            with pytest.raises(NotAuthenticated):
                place(old_client, "A-4")

    def test_of_the_lender_are_proved_by_its_own_root(self, cf_gateway):
        with (
            Client(
                app_id="app_test",
                key=cf_gateway.partner_key,
                base_url=cf_gateway.base_url,
                root_keyid=FakeGateway().root_keyid,
                options=ONCE,
                clock=cf_gateway.clock.for_partner(),
            ) as cf,
            pytest.raises(AnswerNotTrusted),
        ):
            place(cf, "A-1")
        assert cf_gateway.events

    def test_of_calls_can_be_looked_at(self, cf_gateway, cf_client):
        place(cf_client, "A-1")
        (call,) = cf_gateway.calls
        assert (call.method, call.path) == ("POST", "/v1/mall/orders")
        assert call.headers["idempotency-key"] == "A-1"


class TestAnEvent:
    @pytest.mark.parametrize("kind", EVENT_TYPES)
    def test_of_every_type_is_taken_by_a_real_receiver(self, cf_gateway, kind):
        handled = []
        receiver = WebhookReceiver(
            cf_gateway.verifier(), lambda event, _: handled.append(event), seen=MemorySeenStore()
        )
        posted = cf_gateway.event(kind)
        assert receiver.receive(posted.headers, posted.body).status == 204
        assert receiver.receive(posted.headers, posted.body).status == 200
        assert [event.type for event in handled] == [kind]
        assert type(handled[0]).__name__ != "Event", "a type of its own"

    def test_of_what_happened_carries_the_order_as_it_then_was(self, cf_gateway, cf_client):
        cf_gateway.sell(place(cf_client, "A-1"))
        approved, paid = cf_gateway.events[1], cf_gateway.events[3]
        posted = cf_gateway.signed(paid)
        event = cf_gateway.verifier().event(posted.headers, posted.body)
        assert isinstance(event, OrderPaid)
        assert (event.order.order_no, event.order.state) == ("A-1", OrderState.PAID)
        assert approved.order.state is OrderState.APPROVED

    def test_is_refused_when_it_is_old_altered_or_for_another_endpoint(self, cf_gateway):
        for posted, alter, step in (
            (cf_gateway.event("order.paid", age_s=301), b"", "time"),
            (cf_gateway.event("order.paid"), b" ", "digest"),
            (cf_gateway.event("order.paid", url="https://other.example/cf"), b"", "signature"),
        ):
            with pytest.raises(WebhookRefused) as refused:
                cf_gateway.verifier().event(posted.headers, posted.body + alter)
            assert refused.value.step == step

    def test_of_every_type_that_the_sdk_knows_can_be_had(self):
        kinds = {kind for kind, cls in _EVENT_CLASSES.items() if cls.__module__.startswith("cf_")}
        assert kinds == set(EVENT_TYPES)

    def test_of_a_type_that_there_is_not_is_a_mistake_of_the_test(self, cf_gateway):
        with pytest.raises(ValueError, match=r"order\.paid"):
            cf_gateway.event("order.payed")


class TestTheFakeGateway:
    def test_says_what_it_does_not_fake(self, cf_gateway, cf_client):
        with pytest.raises(NotFaked, match="GET /v1/event_types"):
            list(cf_client.event_types.list())

    def test_leaves_other_hosts_as_they_are(self, cf_gateway):
        with pytest.raises(requests.ConnectionError, match=r"127\.0\.0\.1"):
            requests.get("http://127.0.0.1:9/", timeout=1)

    @responses.activate
    def test_answers_beside_other_mocks(self):
        responses.get("https://stock.example/P-1", json={"left": 3})
        with FakeGateway(mock=responses.mock) as gateway, gateway.client() as cf:
            assert place(cf, "A-1")
            assert requests.get("https://stock.example/P-1", timeout=1).json() == {"left": 3}

    def test_answers_nobody_outside_its_context(self):
        with FakeGateway() as gateway:
            client = gateway.client(options=HttpOptions(attempts_max=1, connect_timeout_s=0.2))
        with client, pytest.raises(TransportError):
            place(client, "A-1")

    def test_has_a_time_that_stands_still(self, cf_gateway, cf_client):
        order = place(cf_client, "A-1")
        assert isinstance(order.created_at, datetime)
        assert place(cf_client, "A-2").created_at == order.created_at
        with pytest.raises(ValueError, match="back"):
            cf_gateway.advance(seconds=-1)


class TestALine:
    def test_can_be_used_until_it_is_frozen_and_tells_no_amount(self, cf_gateway, cf_client):
        line = cf_gateway.open_line(available_fen=100_000, store_no="S-7")
        assert cf_client.credit_lines.get(line.id) == line
        assert list(cf_client.credit_lines.list(state="open")) == [line]
        assert cf_client.credit_lines.can_pay(line.id, amount_fen=100_000)
        assert not cf_client.credit_lines.can_pay(line.id, amount_fen=100_001)
        frozen = cf_gateway.freeze_line(line)
        assert not cf_client.credit_lines.can_pay(line.id, amount_fen=1)
        assert list(cf_client.credit_lines.list(state="frozen")) == [frozen]
        with pytest.raises(ValueError, match="frozen"):
            cf_gateway.close_line(line)
        cf_gateway.close_line(cf_gateway.unfreeze_line(line))
        assert [each.type.partition(".")[2] for each in cf_gateway.events] == [
            *("opened", "frozen", "unfrozen", "closed")
        ]
