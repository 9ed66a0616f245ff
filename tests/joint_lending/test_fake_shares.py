"""The SDK's fake gateway plays shares, and keeps the real one's contract with a funder."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any, Protocol

import pytest
from cf_partner_sdk import (
    Client,
    Conflict,
    ShareActive,
    ShareClosed,
    ShareFraudFlagged,
    ShareOverdue,
    ShareRecovered,
    ShareState,
    open_packet,
)
from cf_partner_sdk.field_encryption import FieldNotReadable
from cf_partner_sdk.testing import FakeGateway, sealing
from cf_partner_sdk.testing.shares import SOMEBODY

from scenarios.joint_lending import news as share_news
from tests.gateway.world import World as Front
from tests.joint_lending.town import RSA_KEY, Town, jwk_of
from tests.sdk.test_fake_gateway_contract import differing, shape

MINUTE = timedelta(minutes=1)


@pytest.fixture
def gateway() -> Iterator[FakeGateway]:
    with FakeGateway() as made:
        yield made


def accept(cf: Client, share_id: str, at: Any, reference: str = "D-1", key: str = "") -> Any:
    return cf.shares.accept(
        share_id,
        decision_reference=reference,
        decided_at=at,
        idempotency_key=key or f"accept-{reference}-{share_id}",
    )


class TestAFunder:
    def test_lives_through_a_share_from_invitation_to_close(self, gateway: FakeGateway):
        shares, now = gateway.shares, gateway.clock.now
        shares.encryption_jwk = jwk_of(RSA_KEY)
        with gateway.client() as cf:
            invited = shares.invite()
            assert [one.id for one in cf.shares.list(state="invited")] == [invited.id]
            assert open_packet(cf.shares.get(invited.id), key=RSA_KEY) == SOMEBODY
            accept(cf, invited.id, now())
            shares.call(invited)
            assert cf.shares.confirm_funding(invited.id, bank_reference="T-1").call.sent_at
            shares.arrive(invited)
            shares.pay_out(invited)
            shares.repay(invited, principal_fen=30_000, interest_fen=4_320)
            shares.late(invited, days=31)
            shares.flag_fraud(invited)
            self.require_files_agree(gateway, cf)
            shares.days.clear()
            shares.write_off(invited)
            shares.repay(invited, principal_fen=330_000)
            self.require_files_agree(gateway, cf)
            assert cf.shares.get(invited.id).state is ShareState.CLOSED
            told = [type(one) for one in gateway.events if one.subject == invited.id]
            for kind in (ShareActive, ShareOverdue, ShareFraudFlagged, ShareRecovered, ShareClosed):
                assert kind in told
            assert len(list(cf.shares.events(invited.id))) == len(told)

    def require_files_agree(self, gateway: FakeGateway, cf: Client) -> None:
        for statement in gateway.shares.days.end():
            found = cf.share_files.verify(statement.id, events=gateway.events)
            assert list(found) == []
            wrong = cf.share_files.verify(statement.id, events=[])
            assert len(wrong) > 0 or not statement.rows

    def test_is_given_another_money_back(self, gateway: FakeGateway):
        with gateway.client() as cf:
            share = gateway.shares.invite()
            accept(cf, share.id, gateway.clock.now())
            called = gateway.shares.call(share)
            gateway.shares.arrive(share, amount_fen=called.amount_fen - 1)
            gateway.shares.expire(share)
            gateway.shares.arrive(share)
        back = [one.returned.reason for one in gateway.events if one.type == "share.money_returned"]
        assert back == ["wrong_amount", "share_dead"]

    def test_moves_nothing_that_the_lender_could_not(self, gateway: FakeGateway):
        share = gateway.shares.invite()
        with pytest.raises(ValueError, match="is invited"):
            gateway.shares.pay_out(share)
        with pytest.raises(LookupError):
            gateway.shares.call("shr_none")

    def test_reads_nothing_that_is_for_another_key(self, gateway: FakeGateway):
        gateway.shares.encryption_jwk = jwk_of(RSA_KEY)
        share = gateway.shares.invite()
        with gateway.client() as cf, pytest.raises(FieldNotReadable):
            open_packet(cf.shares.get(share.id), key=sealing.key())


class Lender(Protocol):
    """What the script has happen at a lender."""

    def client(self) -> Client: ...
    def now(self) -> Any: ...
    def invite(self) -> str: ...
    def wait(self, by: timedelta) -> None: ...
    def sign(self) -> None: ...
    def send(self, amount_off: int) -> None: ...
    def told(self, share_id: str) -> list[Any]: ...


class Real:
    """A lender's front on a real database, its bank and buyers driven by the test."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.number, self.order_id, self.share_id = 0, "", ""

    def client(self) -> Client:
        return self.town.client()

    def now(self) -> Any:
        return self.town.front.clock.now()

    def invite(self) -> str:
        self.number += 1
        if self.number > 1:
            self.town.world.another_buyer(self.number)
        self.order_id = self.town.applied(f"F-{self.number}")
        self.work()
        self.share_id = next(self.client().shares.list(state="invited")).id
        return self.share_id

    def wait(self, by: timedelta) -> None:
        self.work(by)

    def sign(self) -> None:
        self.work()
        self.town.world.sign(self.order_id)
        self.work()

    def send(self, amount_off: int) -> None:
        share = self.client().shares.get(self.share_id)
        amount_fen = share.call.amount_fen + amount_off
        self.town.send(share, f"T-{amount_off}", amount_fen=amount_fen)
        self.client().shares.confirm_funding(self.share_id, bank_reference="T-1")
        self.work()

    def told(self, share_id: str) -> list[Any]:
        return [event for event in self.town.told() if event.subject == share_id]

    def work(self, wait: timedelta = timedelta(0)) -> None:
        """Does what is due, and tells of it."""
        self.town.work(wait)
        share_news.relay(self.town.world.context)


class Fake:
    """The fake gateway."""

    def __init__(self, gateway: FakeGateway) -> None:
        self.gateway, self.share_id = gateway, ""

    def client(self) -> Client:
        return self.gateway.client()

    def now(self) -> Any:
        return self.gateway.clock.now()

    def invite(self) -> str:
        self.share_id = self.gateway.shares.invite(loan_amount_fen=599_900).id
        return self.share_id

    def wait(self, by: timedelta) -> None:
        self.gateway.advance(seconds=by.total_seconds())
        self.gateway.shares.expire_due()

    def sign(self) -> None:
        self.gateway.shares.call(self.share_id)

    def send(self, amount_off: int) -> None:
        share = self.gateway.shares.get(self.share_id)
        self.gateway.shares.arrive(share, amount_fen=share.amount_fen + amount_off)
        with self.client() as cf:
            cf.shares.confirm_funding(self.share_id, bank_reference="T-1")
        if amount_off == 0:
            self.gateway.shares.pay_out(self.share_id)

    def told(self, share_id: str) -> list[Any]:
        return [event for event in self.gateway.events if event.subject == share_id]


AT_ONCE = "/told/3/1/loan/start_date"
"""The real one pays out before it tells that the money has come, when both are done at once."""
Step = tuple[str, Callable[[], Any]]


def script(lender: Lender, cf: Client) -> Iterator[Step]:
    shares, one = cf.shares, lender.invite()
    yield "invited", lambda: shares.get(one)
    yield "listed", lambda: list(shares.list(state="invited"))
    yield "no such share", lambda: shares.get("shr_none")
    yield "a decision too early", lambda: accept(cf, one, lender.now() - 6 * MINUTE, "D-0")
    yield "a decision to come", lambda: accept(cf, one, lender.now() + MINUTE, "D-9")
    yield "29.99 %", lambda: counter(cf, lender, one, "0.2999")
    yield "more than asked for", lambda: counter(cf, lender, one, "0.6500")
    yield "sent too early", lambda: shares.confirm_funding(one, bank_reference="T-0")
    yield "accepted", lambda: accept(cf, one, lender.now())
    yield "accepted again", lambda: accept(cf, one, lender.now(), key="again")
    yield "another decision", lambda: accept(cf, one, lender.now(), "D-2")
    yield "declined after", lambda: shares.decline(one, reason_code="credit")
    lender.sign()
    yield "called", lambda: shares.get(one)
    lender.send(-1)
    yield "still called", lambda: shares.get(one)
    lender.send(0)
    yield "active", lambda: shares.get(one)
    yield "told", lambda: [[event.type, event.object] for event in lender.told(one)]
    two = lender.invite()
    yield "a strange reason", lambda: shares.decline(two, reason_code="mood")
    yield "declined", lambda: shares.decline(two, reason_code="credit", idempotency_key="n-1")
    yield "declined twice", lambda: shares.decline(two, reason_code="quota", idempotency_key="n-2")
    yield "accepted after", lambda: accept(cf, two, lender.now())
    three = lender.invite()
    lender.wait(10 * MINUTE)
    yield "accepted late", lambda: accept(cf, three, lender.now())
    yield "declined late", lambda: shares.decline(three, reason_code="credit")
    yield "what was told", lambda: [[event.type, event.object] for event in lender.told(three)]


def counter(cf: Client, lender: Lender, share_id: str, rate: str) -> Any:
    return cf.shares.counter(
        share_id,
        share_rate=Decimal(rate),
        decision_reference="D-1",
        decided_at=lender.now(),
        idempotency_key=f"counter-{rate}",
    )


def played(lender: Lender) -> dict[str, Any]:
    cf = lender.client()
    found = {}
    for name, act in script(lender, cf):
        try:
            found[name] = shape(act())
        except Conflict as no:
            found[name] = ("Conflict", no.code, no.field)
        except Exception as no:  # noqa: BLE001 - whichever it is, both have to raise it
            found[name] = (type(no).__name__, getattr(no, "code", ""), getattr(no, "field", ""))
    return found


def test_the_fake_gateway_answers_a_funder_as_the_real_one_does(world: Front, gateway: FakeGateway):
    real, fake = played(Real(Town(world))), played(Fake(gateway))
    assert list(real) == list(fake)
    found = differing(real, fake)
    differences = [each for each in found if not each.startswith(AT_ONCE)]
    assert not differences, "\n".join(differences)
