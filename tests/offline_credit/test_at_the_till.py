"""Payments in stores over the wire, through the SDK, each till with its own key."""

from datetime import timedelta

import pytest
import requests
from cf_partner_sdk import (
    Conflict,
    NotFound,
    PaymentState,
    PrivateKey,
    Refused,
    ReleaseState,
    StoreState,
    TillState,
)

from tests.loans.world import World
from tests.offline_credit.counter import Counter
from tests.outside import WsgiTransport


@pytest.fixture
def counter(world: World) -> Counter:
    return Counter(world)


def ask(counter: Counter, payment_no: str = "P-1", **how):
    wanted = {
        "amount_fen": 300_000,
        "store_id": counter.shop.appliances,
        "product_code": "store-standard",
    }
    return counter.till().payments.create(payment_no=payment_no, **(wanted | how))


class Losing(WsgiTransport):
    """A line on which answers of calls are lost: the call itself arrives."""

    lose = 0

    def send(self, request: requests.PreparedRequest, **more: object) -> requests.Response:
        answer = super().send(request, **more)
        if self.lose and "/v1/" in str(request.url):
            self.lose -= 1
            raise requests.ConnectionError("the answer was lost")
        return answer


class TestAPayment:
    def test_against_a_code_is_agreed_to_on_the_phone_and_paid(self, counter):
        payment = ask(counter, code=counter.shop.code(), description="冰箱")
        assert (payment.state, payment.pay_url) == (PaymentState.CONFIRMING, None)
        counter.shop.agree(counter.shop.payment(payment.id))
        counter.shop.work()
        paid = counter.till().payments.wait(payment.id)
        assert paid.state.is_paid
        assert paid.payout.amount_fen + paid.payout.fee_fen + paid.payout.subsidy_fen == 300_000
        assert paid.till_no == "T-1"
        assert counter.till().payments.find("P-1") == paid
        assert list(counter.office.payments.list(state="paid")) == [paid]

    def test_whose_answers_were_lost_is_one_payment_and_charges_once(self, counter):
        line = Losing(counter.app)
        line.lose = 2
        code = counter.shop.code()
        payment = counter.till(through=line).payments.create(
            payment_no="P-1",
            amount_fen=300_000,
            store_id=counter.shop.appliances,
            product_code="store-standard",
            code=code,
        )
        assert line.lose == 0
        again = ask(counter, code=code)
        assert again == payment
        assert counter.world.count("SELECT count(*) FROM store_payment") == 1
        counter.shop.agree(counter.shop.payment(payment.id))
        counter.shop.work()
        assert len(counter.world.bank.paid()) == 1
        assert counter.shop.standing().used_fen == 300_000

    def test_without_a_code_has_a_link_for_the_customer_to_scan(self, counter):
        payment = ask(counter)
        assert payment.state is PaymentState.WAITING
        assert payment.pay_url.startswith("https://lender.example/pay/")
        ended = counter.till().payments.cancel(payment.id)
        assert (ended.state, ended.pay_url) == (PaymentState.CANCELLED, None)

    def test_is_refunded_in_part(self, counter):
        paid = counter.shop.paid(300_000)
        till = counter.till()
        refund = till.payments.refunds.create(
            refund_no="R-1", payment_id=paid.id, amount_fen=100_000, reason="退货"
        )
        assert (refund.loan_reduction_fen, refund.store_no) == (100_000, "S-1")
        assert till.payments.get(paid.id).state is PaymentState.PART_REFUNDED
        assert list(till.payments.refunds.list(payment_id=paid.id)) == [refund]
        assert till.payments.refunds.get(refund.id) == refund
        with pytest.raises(NotFound):
            counter.gym_till.payments.refunds.get(refund.id)
        assert list(counter.gym_till.payments.refunds.list()) == []

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"code": "68000000000000000000"}, "payment_code.unknown"),
            ({"amount_fen": 2_000_001}, "credit_line.too_small"),
        ],
    )
    def test_that_cannot_be_made_says_so_in_the_cashiers_words(self, counter, change, code):
        with pytest.raises(Refused) as refused:
            ask(counter, **({"code": counter.shop.code()} | change))
        assert refused.value.code == code
        assert any("一" <= sign <= "鿿" for sign in refused.value.mend)
        assert counter.world.count("SELECT count(*) FROM store_payment") == 0

    def test_by_a_code_that_is_too_old_is_refused_and_one_that_was_used_too(self, counter):
        old = counter.shop.code()
        counter.world.clock.advance(timedelta(seconds=61))
        with pytest.raises(Refused) as refused:
            ask(counter, code=old)
        assert refused.value.code == "payment_code.expired"
        used = counter.shop.code()
        ask(counter, code=used)
        with pytest.raises(Refused) as refused:
            ask(counter, "P-2", code=used)
        assert refused.value.code == "payment_code.used"

    def test_of_a_number_that_was_used_for_another_is_a_conflict(self, counter):
        ask(counter)
        with pytest.raises(Conflict) as refused:
            ask(counter, idempotency_key="another")
        assert (refused.value.code, refused.value.field) == ("payment.number_taken", "/payment_no")


class TestATill:
    def test_sees_and_changes_payments_of_its_own_store_only(self, counter):
        payment = ask(counter)
        gym = counter.gym_till
        assert list(gym.payments.list()) == []
        assert list(gym.payments.list(store_id=counter.shop.appliances)) == []
        for act in (gym.payments.get, gym.payments.cancel, gym.payments.find):
            with pytest.raises(NotFound):
                act(payment.id)
        assert counter.till().payments.get(payment.id).state is PaymentState.WAITING
        assert [each.id for each in counter.office.payments.list()] == [payment.id]

    def test_takes_nothing_for_another_store(self, counter):
        with pytest.raises(Refused) as refused:
            counter.gym_till.payments.create(
                payment_no="P-9", amount_fen=100_000, store_id=counter.shop.appliances
            )
        assert refused.value.code == "till.of_another_store"

    def test_has_nothing_of_the_back_office(self, counter):
        with pytest.raises(NotFound):
            counter.till().stores.get(counter.shop.appliances)
        with pytest.raises(NotFound):
            next(counter.till().events.list())

    def test_that_is_retired_takes_nothing_and_sees_nothing(self, counter):
        payment = ask(counter)
        (till,) = counter.office.stores.tills.list(counter.shop.appliances)
        assert counter.office.stores.tills.retire(till.id).state is TillState.RETIRED
        for act in (lambda: ask(counter, "P-2"), lambda: counter.till().payments.get(payment.id)):
            with pytest.raises(Refused) as refused:
                act()
            assert refused.value.code == "till.not_a_till"

    def test_shows_the_code_of_its_own_store_only(self, counter):
        shown = counter.till().stores.code(counter.shop.appliances)
        assert shown.url.startswith("https://lender.example/s/sto_")
        assert shown.next_at < shown.expires_at
        with pytest.raises(NotFound):
            counter.till().stores.code(counter.shop.gym)


class TestTheBackOffice:
    def test_sets_up_a_store_with_a_till_and_staff(self, counter):
        office = counter.office
        store = office.stores.create(
            store_no="S-9",
            name="课程中心",
            scene="courses",
            latitude_e6=31_230_400,
            longitude_e6=121_473_700,
        )
        assert office.stores.find("S-9") == office.stores.get(store.id) == store
        key = PrivateKey.generate()
        office.keys.register(key=key, functions=["payments"], description="S-9 T-1")
        office.keys.activate(key.keyid)
        till = office.stores.tills.add(store.id, till_no="T-1", keyid=key.keyid)
        assert list(office.stores.tills.list(store.id)) == [till]
        person = office.stores.staff.add(store.id, staff_no="E-1", name="王小明")
        assert list(office.stores.staff.list(store.id)) == [person]
        assert person.name_masked == "*小明"
        payment = counter.client(key).payments.create(
            payment_no="C-1",
            amount_fen=300_000,
            store_id=store.id,
            product_code="store-standard",
            release_parts=3,
        )
        assert payment.release_parts == 3
        assert office.stores.close(store.id).state is StoreState.CLOSED
        assert {each.store_no for each in office.stores.list(state="open")} == {"S-1", "S-2"}
        assert office.stores.open(store.id).state is StoreState.OPEN

    def test_refuses_a_second_store_till_or_person_of_a_number(self, counter):
        office, store_id = counter.office, counter.shop.appliances
        with pytest.raises(Conflict):
            office.stores.create(
                store_no="S-1", name="店", scene="rent", latitude_e6=0, longitude_e6=0
            )
        with pytest.raises(Conflict):
            office.stores.tills.add(store_id, till_no="T-1", keyid=counter.office_key.keyid)
        stranger = PrivateKey.generate()
        with pytest.raises(Refused) as refused:
            office.stores.tills.add(store_id, till_no="T-2", keyid=stranger.keyid)
        assert refused.value.code == "till.key_not_yours"

    def test_confirms_a_service_and_stops_it(self, counter):
        paid = counter.shop.paid(
            300_000, till=counter.shop.gym_till, store_id=counter.shop.gym, release_parts=3
        )
        office = counter.office
        shown = office.payments.confirm_service(paid.id, part=2)
        assert [each.confirmed for each in shown.release] == [True, False]
        assert shown.payout.amount_fen < 100_000
        stopped = counter.gym_till.payments.stop_service(paid.id, reason="顾客搬家")
        assert {each.state for each in stopped.release} == {ReleaseState.STOPPED}
        counter.shop.work()
        events = counter.shop.events(paid.id)
        assert events[-1] == "release.stopped"
        (told,) = (each for each in office.events.list() if each.type == "release.stopped")
        assert (told.stop.amount_fen, told.stop.parts) == (200_000, (2, 3))
        with pytest.raises(Conflict):
            office.payments.stop_service(paid.id, reason="again")
