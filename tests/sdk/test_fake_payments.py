"""The fake lender's payments in stores: one script, and the real lender answers alike."""

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from datetime import timedelta
from typing import Any

import pytest
from cf_partner_sdk import CfError, Client, PaymentState, ReleaseState
from cf_partner_sdk.testing import FakeGateway

from tests.loans.world import World
from tests.offline_credit.counter import Counter

Step = tuple[str, Callable[[], Any]]


class RealCounter:
    """Stores of a real lender, its customer and bank driven by the test."""

    def __init__(self, world: World) -> None:
        self.counter = Counter(world)
        self.office = self.counter.office
        self.till, self.gym_till = self.counter.till(), self.counter.gym_till
        self.appliances, self.gym = self.counter.shop.appliances, self.counter.shop.gym

    def code(self) -> str:
        return self.counter.shop.code()

    def old_code(self) -> str:
        code = self.code()
        self.counter.world.clock.advance(timedelta(seconds=61))
        return code

    def pay(self, payment_no: str) -> None:
        found = self.office.payments.find(payment_no)
        self.counter.shop.agree(self.counter.shop.payment(found.id))
        self.counter.shop.work()


class FakeCounter:
    """The same of the fake lender, of which whoever calls is the till."""

    def __init__(self, gateway: FakeGateway) -> None:
        self.gateway = gateway
        self.office = self.till = self.gym_till = gateway.client()
        self.appliances = gateway.payments.store("S-1").id
        self.gym = gateway.payments.store("S-2", "fitness").id

    def code(self) -> str:
        return self.gateway.payments.code()

    def old_code(self) -> str:
        code = self.code()
        self.gateway.advance(seconds=61)
        return code

    def pay(self, payment_no: str) -> None:
        self.gateway.payments.take(payment_no)


def ask(till: Client, payment_no: str, store_id: str, **how: Any) -> Any:
    wanted = {"amount_fen": 300_000, "product_code": "store-standard", **how}
    return till.payments.create(payment_no=payment_no, store_id=store_id, **wanted)


def script(at: Any) -> Iterator[Step]:
    till, shop, gym = at.till, at.appliances, at.gym
    payments = till.payments
    code = at.code()
    yield "a payment by code", lambda: ask(till, "P-1", shop, code=code)
    yield "its code again", lambda: ask(till, "P-2", shop, code=code)
    yield "its number again", lambda: ask(till, "P-1", shop, idempotency_key="other")
    yield "an unknown code", lambda: ask(till, "P-2", shop, code="68000000000000000000")
    yield "an old code", lambda: ask(till, "P-2", shop, code=at.old_code())
    yield "too much", lambda: ask(till, "P-2", shop, code=at.code(), amount_fen=2_000_001)
    yield "no such store", lambda: ask(till, "P-2", "sto_none")
    yield "a refund too early", lambda: refund(till, "P-1", "R-1", 100)
    yield "a service that is none", lambda: confirm(till, "P-1", 2)
    at.pay("P-1")
    yield "it is paid", lambda: payments.find("P-1")
    yield "a cancelling of it", lambda: payments.cancel(payments.find("P-1").id)
    yield "a refund", lambda: refund(till, "P-1", "R-1", 100_000, reason="退货")
    yield "its number again", lambda: refund(till, "P-1", "R-1", 100, key="other")
    yield "a refund of too much", lambda: refund(till, "P-1", "R-2", 200_001)
    yield "refunds of it", lambda: list(payments.refunds.list(payment_id=payments.find("P-1").id))
    yield "it is refunded in part", lambda: payments.find("P-1").state
    yield "one to be scanned", lambda: ask(till, "P-3", shop, description="冰箱")
    yield "a cancelling", lambda: payments.cancel(payments.find("P-3").id)
    yield "a cancelling again", lambda: payments.cancel(payments.find("P-3").id)
    yield "a list by state", lambda: [one.payment_no for one in payments.list(state="cancelled")]
    yield "no such payment", lambda: payments.get("spy_none")

    by = at.gym_till
    yield "a service not cut", lambda: ask(by, "G-1", gym, code=at.code())
    yield "a service", lambda: ask(by, "G-1", gym, code=at.code(), release_parts=3)
    at.pay("G-1")
    yield "its parts", lambda: by.payments.find("G-1").release
    yield "the first only", lambda: by.payments.find("G-1").payout
    yield "a word for the second", lambda: confirm(by, "G-1", 2)
    yield "a word for none", lambda: confirm(by, "G-1", 7)
    yield "more than came", lambda: refund(by, "G-1", "R-3", 100_001)
    yield "a stop", lambda: by.payments.stop_service(by.payments.find("G-1").id, reason="搬家")
    yield "a stop again", lambda: by.payments.stop_service(by.payments.find("G-1").id, reason="x")
    yield "a word too late", lambda: confirm(by, "G-1", 3)


def refund(
    till: Client, payment_no: str, refund_no: str, amount_fen: int, *, key: str = "", **more: str
) -> Any:
    return till.payments.refunds.create(
        refund_no=refund_no,
        payment_id=till.payments.find(payment_no).id,
        amount_fen=amount_fen,
        idempotency_key=key or refund_no,
        **more,
    )


def confirm(till: Client, payment_no: str, part: int) -> Any:
    return till.payments.confirm_service(till.payments.find(payment_no).id, part=part)


NOT_COMPARED = {"id", "payment_id", "loan_id", "store_id", "till_id", "pay_url", "periods"}
NOT_COMPARED |= {"fee_fen", "subsidy_fen", "claims_fen", "account_last4", "channel_reference"}
NOT_COMPARED |= {"borrower_refund_fen", "loan_outstanding_principal_fen"}
"""Of which only that they are there is compared: ids, and terms of another product."""


def shape(value: Any, name: str = "") -> Any:
    """What of an answer two lenders have in common."""
    if isinstance(value, CfError):
        return type(value).__name__, value.code, getattr(value, "field", None), value.retryable
    if is_dataclass(value):
        return {one.name: shape(getattr(value, one.name), one.name) for one in fields(value)}
    if isinstance(value, (list, tuple)):
        return [shape(each) for each in value]
    if name in NOT_COMPARED or name.endswith("_at") or name in ("amount_fen", "gross_fen"):
        return type(value)
    return value


def played(at: Any) -> Iterator[tuple[str, Any]]:
    for name, step in script(at):
        try:
            answer = step()
        except CfError as refused:
            answer = refused
        yield name, shape(answer)


def test_answers_as_the_real_lender_does(world: World):
    real = dict(played(RealCounter(world)))
    with FakeGateway() as gateway:
        fake = dict(played(FakeCounter(gateway)))
    for name, answer in real.items():
        assert plain(fake[name]) == plain(answer), name


def plain(answer: Any) -> Any:
    """Without the dates, which are of two clocks."""
    if isinstance(answer, dict):
        dates = ("business_date", "due_date", "payout_due_on")
        return {k: plain(v) for k, v in answer.items() if k not in dates}
    return [plain(each) for each in answer] if isinstance(answer, list) else answer


class TestAServicePaidAhead:
    def test_is_paid_by_period_as_it_goes_on(self):
        with FakeGateway() as gateway, gateway.client() as cf:
            store = gateway.payments.store("S-2", "fitness")
            made = ask(cf, "G-1", store.id, code=gateway.payments.code(), release_parts=3)
            paid = gateway.payments.take(made)
            assert paid.payout.amount_fen + paid.payout.fee_fen == 100_000
            assert sum(part.gross_fen for part in paid.release) == 200_000
            with pytest.raises(ValueError, match="confirmed"):
                gateway.payments.release("G-1", 2)
            confirm(cf, "G-1", 2)
            with pytest.raises(ValueError, match="advance"):
                gateway.payments.release("G-1", 2)
            gateway.advance(days=31)
            gateway.payments.release("G-1", 2)
            second, third = cf.payments.get(made.id).release
            assert (second.state, third.state) == (ReleaseState.PAID, ReleaseState.PLANNED)
            event = gateway.events[-1]
            assert (event.type, event.release.part) == ("release.paid", 2)
            cf.payments.stop_service(made.id, reason="搬家")
            assert gateway.events[-1].stop.amount_fen == 100_000
            posted = gateway.signed(gateway.events[-1])
            verified = gateway.verifier().event(posted.headers, posted.body)
            assert verified.stop.parts == (3,)


class TestAMerchant:
    def test_gets_its_next_payout_less_what_went_back(self):
        with FakeGateway() as gateway, gateway.client() as cf:
            store = gateway.payments.store()
            for number, claims_fen in ((1, 0), (2, 100_000)):
                ask(cf, f"P-{number}", store.id, code=gateway.payments.code())
                payout = gateway.payments.take(f"P-{number}").payout
                assert payout.claims_fen == claims_fen
                assert payout.amount_fen == 300_000 - 1_800 - claims_fen
                refund(cf, f"P-{number}", f"R-{number}", 100_000)


class TestACustomer:
    def test_may_be_declined_or_say_nothing(self):
        with FakeGateway() as gateway, gateway.client() as cf:
            store = gateway.payments.store()
            code = gateway.payments.code(declines=True)
            assert ask(cf, "P-1", store.id, code=code).state is PaymentState.DECLINED
            ask(cf, "P-2", store.id)
            gateway.payments.expire("P-2")
            assert cf.payments.find("P-2").state is PaymentState.EXPIRED
            assert [event.type for event in gateway.events] == [
                *("payment.created", "payment.declined", "payment.created", "payment.expired")
            ]

    def test_repays_what_the_store_is_told(self):
        with FakeGateway() as gateway, gateway.client() as cf:
            store = gateway.payments.store()
            ask(cf, "P-1", store.id, code=gateway.payments.code())
            gateway.payments.take("P-1")
            gateway.payments.repay("P-1", principal_fen=25_000, interest_fen=3_600)
            told = gateway.events[-1].payment_repayment
            assert told.outstanding_principal_fen == 275_000
