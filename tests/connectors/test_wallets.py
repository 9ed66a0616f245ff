"""Our side of the company that keeps wallets, against its simulator: signed, checked, asked."""

from dataclasses import replace

import pytest

from connectors.bank import WalletUnavailable
from lending.foundation.clock import shanghai_date
from lending.foundation.ports import AccountKind, ChannelState, PayoutOrder
from simulators.magic import MAGIC_WALLETS
from tests.outside import OutsideWorld

PAYOUT = PayoutOrder(
    channel_order_no="co_w1",
    amount_fen=1_000_000,
    account_no=MAGIC_WALLETS["works"],
    account_name="王小明",
    purpose="disbursement",
    kind=AccountKind.WALLET,
)
HOLDER = {"name": "王小明", "identity_no": "110101199003071006"}


class TestAWallet:
    def test_is_checked_for_its_holder(self, outside: OutsideWorld):
        check = outside.plugged.channel.check_wallet
        found = check(**HOLDER, account_no=MAGIC_WALLETS["works"])
        assert (found.matched, found.bank_name) == (True, "支付宝")
        for wallet, reason in (
            (MAGIC_WALLETS["not_yours"], "name_mismatch"),
            (MAGIC_WALLETS["other_identity"], "identity_mismatch"),
            ("3000000000000880", "no_such_wallet"),
        ):
            found = check(**HOLDER, account_no=wallet)
            assert (found.matched, found.reason) == (False, reason)

    @pytest.mark.parametrize("fault", ["unavailable", "unsigned"])
    def test_is_not_known_to_be_anybodys_without_an_answer_to_believe(
        self, outside: OutsideWorld, fault: str
    ):
        outside.fault("wallet", "account-check", fault)
        with pytest.raises(WalletUnavailable):
            outside.plugged.channel.check_wallet(**HOLDER, account_no=MAGIC_WALLETS["works"])


class TestPayingToAWallet:
    def test_moves_the_money_once_and_not_at_the_bank(self, outside: OutsideWorld):
        channels = outside.plugged.channel
        before = channels.book()["payout_fen"]
        first, again = channels.pay_out(PAYOUT), channels.pay_out(PAYOUT)
        assert (first.state, first.amount_fen) == (ChannelState.PAID, 1_000_000)
        assert again.reference == first.reference
        assert channels.book()["payout_fen"] == before
        assert channels.query_payout("co_w1").state is ChannelState.NOT_FOUND
        assert channels.query_payout("co_w1", AccountKind.WALLET).state is ChannelState.PAID

    def test_that_is_closed_fails_for_good(self, outside: OutsideWorld):
        order = replace(PAYOUT, channel_order_no="co_w2", account_no=MAGIC_WALLETS["dead"])
        assert outside.plugged.channel.pay_out(order).state is ChannelState.FAILED

    def test_without_an_answer_is_unknown_until_it_is_asked_about(self, outside: OutsideWorld):
        outside.fault("wallet", "payout", "error_after")
        channels, order = outside.plugged.channel, replace(PAYOUT, channel_order_no="co_w3")
        assert channels.pay_out(order).state is ChannelState.UNKNOWN
        assert channels.query_payout("co_w3", AccountKind.WALLET).state is ChannelState.PAID

    def test_is_in_the_days_file_beside_the_banks(self, outside: OutsideWorld):
        channels = outside.plugged.channel
        done = channels.pay_out(replace(PAYOUT, channel_order_no="co_w4"))
        assert done.finished_at is not None
        day = shanghai_date(done.finished_at)
        (line,) = [each for each in channels.daily_file(day) if each.channel_order_no == "co_w4"]
        assert (line.kind, line.amount_fen, line.state) == ("wallet_payout", 1_000_000, "paid")
        outside.fault("wallet", "file", "unavailable")
        with pytest.raises(WalletUnavailable):
            channels.daily_file(day)
