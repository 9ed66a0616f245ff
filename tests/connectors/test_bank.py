from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connectors.bank import BankUnavailable
from connectors.bank_messages import DailyFileBroken, read_daily_file
from lending.foundation.clock import shanghai_date
from lending.foundation.ports import ChannelState, DebitOrder, PayoutOrder
from simulators.magic import MAGIC_CARDS
from tests.outside import OutsideWorld

PAYOUT = PayoutOrder(
    channel_order_no="co_1",
    amount_fen=596_400,
    account_no="6230580000000010012",
    account_name="小满数码有限公司",
    purpose="disbursement",
)
DEBIT = DebitOrder(
    channel_order_no="co_2",
    amount_fen=52_000,
    card_no=MAGIC_CARDS["works"],
    name="王小明",
    purpose="repayment",
)


class TestPayingOut:
    def test_moves_the_money_once_however_often_it_is_sent(self, outside: OutsideWorld):
        bank = outside.plugged.channel
        first, again = bank.pay_out(PAYOUT), bank.pay_out(PAYOUT)
        assert first.state is ChannelState.PAID
        assert first.amount_fen == 596_400
        assert again.reference == first.reference
        assert bank.book()["payout_fen"] == 596_400

    def test_with_other_content_under_the_same_number_is_not_known_to_have_happened(
        self, outside: OutsideWorld
    ):
        bank = outside.plugged.channel
        bank.pay_out(PAYOUT)
        assert bank.pay_out(replace(PAYOUT, amount_fen=1)).state is ChannelState.UNKNOWN
        assert bank.book()["payout_fen"] == 596_400

    def test_to_a_closed_account_fails_for_good(self, outside: OutsideWorld):
        result = outside.plugged.channel.pay_out(replace(PAYOUT, account_no=MAGIC_CARDS["dead"]))
        assert (result.state, result.code) == (ChannelState.FAILED, "ACCOUNT_CLOSED")

    @pytest.mark.parametrize("fault", ["error_after", "unsigned"])
    def test_is_unknown_when_it_was_done_and_the_answer_cannot_be_believed(
        self, outside: OutsideWorld, fault: str
    ):
        outside.fault("bank", "payout", fault)
        bank = outside.plugged.channel
        assert bank.pay_out(PAYOUT).state is ChannelState.UNKNOWN
        assert bank.query_payout("co_1").state is ChannelState.PAID

    @pytest.mark.parametrize("fault", ["error_before", "unavailable"])
    def test_is_unknown_when_it_never_happened_and_asking_says_so(
        self, outside: OutsideWorld, fault: str
    ):
        outside.fault("bank", "payout", fault)
        bank = outside.plugged.channel
        assert bank.pay_out(PAYOUT).state is ChannelState.UNKNOWN
        assert bank.query_payout("co_1").state is ChannelState.NOT_FOUND

    def test_is_unknown_when_the_line_is_cut(self, outside: OutsideWorld):
        outside.transport.broken = True
        assert outside.plugged.channel.pay_out(PAYOUT).state is ChannelState.UNKNOWN


class TestCollecting:
    def test_moves_the_money_to_our_account(self, outside: OutsideWorld):
        bank = outside.plugged.channel
        before = bank.book()["our_balance_fen"]
        assert bank.debit(DEBIT).state is ChannelState.PAID
        assert bank.book()["our_balance_fen"] == before + 52_000

    def test_from_an_empty_card_fails_for_good(self, outside: OutsideWorld):
        result = outside.plugged.channel.debit(replace(DEBIT, card_no=MAGIC_CARDS["insufficient"]))
        assert (result.state, result.code) == (ChannelState.FAILED, "INSUFFICIENT")


class TestTheBanksBook:
    def test_always_balances(self, outside: OutsideWorld):
        bank = outside.plugged.channel
        bank.pay_out(PAYOUT)
        bank.debit(DEBIT)
        book = bank.book()
        assert book["off_fen"] == 0
        assert book["our_balance_fen"] == book["our_opening_fen"] - 596_400 + 52_000

    def test_is_told_day_by_day_in_a_file_that_sums_itself_up(self, outside: OutsideWorld):
        bank = outside.plugged.channel
        bank.pay_out(PAYOUT)
        bank.debit(DEBIT)
        rows = bank.daily_file(shanghai_date(datetime.now(UTC)))
        assert [(row.channel_order_no, row.kind, row.amount_fen, row.state) for row in rows] == [
            ("co_1", "payout", 596_400, "paid"),
            ("co_2", "debit", 52_000, "paid"),
        ]

    def test_cut_off_is_refused(self):
        with pytest.raises(DailyFileBroken):
            read_daily_file(b"channel_order_no,kind,amount_fen,status,reference\nco_1,payout,1,")


class TestCheckingAnAccount:
    def test_tells_whose_it_is(self, outside: OutsideWorld):
        check = outside.plugged.channel.check_account
        person = {"name": "王小明", "identity_no": "110101199003071006", "mobile": "13800138000"}
        assert check(account_no=MAGIC_CARDS["works"], **person).matched
        assert not check(account_no=MAGIC_CARDS["not_yours"], **person).matched

    def test_says_when_the_bank_does_not_answer(self, outside: OutsideWorld):
        outside.transport.broken = True
        with pytest.raises(BankUnavailable):
            outside.plugged.channel.check_account(
                name="王小明", identity_no="1", account_no="2", mobile="3"
            )
