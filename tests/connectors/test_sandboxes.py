"""Fates at the bank, and sandboxes that the institutions keep apart, through the signed wire."""

from datetime import UTC, datetime, timedelta

import pytest
import requests

from connectors import http, plug
from connectors.bank import PaymentChannels
from lending.foundation.clock import shanghai_date
from lending.foundation.errors import OutsideFault
from lending.foundation.ports import ChannelState, DebitOrder, PayoutOrder
from simulators.magic import AMOUNTS, MAGIC_CARDS, somebody
from tests.outside import OutsideWorld

PAID, FAILED, UNKNOWN = ChannelState.PAID, ChannelState.FAILED, ChannelState.UNKNOWN
PAYOUTS = {amount.name: amount.payout_fen for amount in AMOUNTS}


def debit(number: int, card_no: str) -> DebitOrder:
    return DebitOrder(f"co_{number}", 10_000, card_no, "王小满", "repayment")


def payout(amount_fen: int) -> PayoutOrder:
    return PayoutOrder(
        "co_p", amount_fen, "6230580000000010012", "小满数码有限公司", "disbursement"
    )


def bank_of(outside: OutsideWorld, name: str, days: int) -> PaymentChannels:
    """The bank as a sandbox reaches it."""
    plugged = plug.outside(
        outside.settings, transport=outside.transport, sandbox=lambda: f"{name};days={days}"
    )
    return plugged.channel


class TestACard:
    @pytest.mark.parametrize(
        ("fate", "states"),
        [
            ("works", [PAID, PAID, PAID]),
            ("dead", [FAILED, FAILED, FAILED]),
            ("dies_later", [PAID, FAILED, FAILED]),
            ("insufficient", [FAILED, FAILED, FAILED]),
            ("insufficient_1", [FAILED, PAID, PAID]),
            ("insufficient_2", [PAID, FAILED, PAID]),
            ("insufficient_3", [PAID, PAID, FAILED]),
        ],
    )
    def test_meets_its_fate_debit_by_debit(
        self, outside: OutsideWorld, fate: str, states: list[ChannelState]
    ):
        bank, card = outside.plugged.channel, somebody(card=fate).card_no
        assert [bank.debit(debit(number, card)).state for number in range(3)] == states

    @pytest.mark.parametrize(
        ("fate", "reason"),
        [
            ("not_yours", "name_mismatch"),
            ("other_mobile", "mobile_mismatch"),
            ("other_identity", "identity_mismatch"),
            ("dies_later", ""),
        ],
    )
    def test_is_checked_with_its_holder(self, outside: OutsideWorld, fate: str, reason: str):
        who = somebody(card=fate)
        found = outside.plugged.channel.check_account(
            name=who.name, identity_no=who.identity_no, account_no=who.card_no, mobile=who.mobile
        )
        assert (found.matched, found.reason) == (not reason, reason)


class TestAPayout:
    def test_whose_answer_is_lost_turns_out_to_be_paid(self, outside: OutsideWorld):
        bank = outside.plugged.channel
        assert bank.pay_out(payout(PAYOUTS["payout_unknown"])).state is UNKNOWN
        assert bank.query_payout("co_p").state is PAID

    def test_may_be_refused(self, outside: OutsideWorld):
        bank = outside.plugged.channel
        assert bank.pay_out(payout(PAYOUTS["payout_failed"])).state is FAILED
        assert bank.query_payout("co_p").state is FAILED

    def test_may_come_late(self, outside: OutsideWorld):
        bank = bank_of(outside, "acme.1", 0)
        assert bank.pay_out(payout(PAYOUTS["payout_late"])).state is ChannelState.PROCESSING
        assert bank_of(outside, "acme.1", 1).query_payout("co_p").state is PAID


class TestAPerson:
    @pytest.mark.parametrize("fate", ["one_bureau_down", "bureaus_down"])
    def test_may_be_unknown_to_a_bureau_that_is_out_of_order(
        self, outside: OutsideWorld, fate: str
    ):
        who, answered = somebody(fate), []
        for bureau in outside.plugged.bureaus:
            try:
                bureau.report(
                    name=who.name,
                    identity_no=who.identity_no,
                    mobile=who.mobile,
                    consent_id="cns_1",
                    purpose="loan",
                )
            except OutsideFault:
                continue
            answered.append(bureau.source)
        assert answered == (["bureau_b"] if fate == "one_bureau_down" else [])

    def test_may_not_be_who_the_number_says(self, outside: OutsideWorld):
        who = somebody("identity_mismatch")
        checked = outside.plugged.identity.check_identity(
            name=who.name, identity_no=who.identity_no
        )
        assert not checked.passed

    def test_may_not_be_whose_face_it_is(self, outside: OutsideWorld):
        who = somebody("face_mismatch")
        identity = outside.plugged.identity
        assert identity.check_identity(name=who.name, identity_no=who.identity_no).passed
        assert not identity.check_face(identity_no=who.identity_no, image=b"x" * 500).passed


class TestASandbox:
    def test_has_the_bank_live_on_its_date(self, outside: OutsideWorld):
        bank = bank_of(outside, "acme.1", 35)
        paid = bank.debit(debit(1, MAGIC_CARDS["works"]))
        ahead = datetime.now(UTC) + timedelta(days=35)
        assert paid.finished_at is not None
        assert abs(paid.finished_at - ahead) < timedelta(minutes=1)
        assert [line.channel_order_no for line in bank.daily_file(shanghai_date(ahead))] == ["co_1"]
        assert bank.daily_file(shanghai_date(datetime.now(UTC))) == []

    def test_sees_nothing_of_another_or_of_the_generation_before(self, outside: OutsideWorld):
        bank_of(outside, "acme.1", 0).debit(debit(1, MAGIC_CARDS["works"]))
        for other in ("acme.2", "beta.1", "main"):
            bank = bank_of(outside, other, 0)
            assert bank.book()["debit_count"] == 0
            assert bank.query_debit("co_1").state is ChannelState.NOT_FOUND

    def test_reads_its_own_text_messages(self, outside: OutsideWorld):
        plugged = plug.outside(
            outside.settings, transport=outside.transport, sandbox=lambda: "acme.1;days=0"
        )
        plugged.sms.send(mobile="13800138000", text="一")
        client = outside.app.test_client()
        assert len(client.get("/sms/outbox?sandbox=acme.1").json) == 1
        assert client.get("/sms/outbox").json == []
        assert client.get("/sms/outbox?sandbox=../acme").status_code == 400

    def test_cannot_be_named_without_being_signed_for(
        self, outside: OutsideWorld, monkeypatch: pytest.MonkeyPatch
    ):
        send = outside.transport.send

        def add_days(request: requests.PreparedRequest, **how: object) -> requests.Response:
            request.headers[http.SANDBOX] = "acme.1;days=400"
            return send(request, **how)

        monkeypatch.setattr(outside.transport, "send", add_days)
        assert outside.plugged.channel.debit(debit(1, MAGIC_CARDS["works"])).state is UNKNOWN
        monkeypatch.undo()
        assert outside.plugged.channel.query_debit("co_1").state is ChannelState.NOT_FOUND

    def test_of_a_wrong_name_is_refused(self, outside: OutsideWorld):
        bank = bank_of(outside, "../main", 0)
        assert bank.debit(debit(1, MAGIC_CARDS["works"])).state is UNKNOWN
