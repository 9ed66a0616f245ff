"""Our side of the payment channel: accounts checked, money sent and collected, questions asked."""

from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import quote

from connectors.bank_messages import (
    Asked,
    debit_body,
    payout_body,
    read_check,
    read_daily_file,
    read_incoming,
    read_result,
)
from connectors.http import NoAnswer, SignedHttp
from lending.foundation.errors import OutsideFault
from lending.foundation.ports import (
    AccountCheck,
    AccountKind,
    ChannelResult,
    ChannelState,
    ChannelTransaction,
    DebitOrder,
    IncomingMoney,
    PayoutOrder,
)


class BankUnavailable(OutsideFault):
    """The bank did not answer as it should."""

    code, title = "bank.unavailable", "银行服务暂时不可用"
    mend = "请稍后重试。"


class WalletUnavailable(OutsideFault):
    """The payment company did not answer as it should."""

    code, title = "wallet.unavailable", "钱包服务暂时不可用"
    mend = "请稍后重试。"


class PaymentChannels:
    """A bank and a company that keeps wallets; together they keep the port `PaymentChannel`."""

    def __init__(self, http: SignedHttp) -> None:
        self._http = http

    def check_wallet(self, *, name: str, identity_no: str, account_no: str) -> AccountCheck:
        """Compares the holder of a wallet.

        Raises WalletUnavailable.
        """
        body = {"name": name, "identity_no": identity_no, "account_no": account_no}
        try:
            return read_check(self._http.call("POST", "/wallet/account-checks", body))
        except NoAnswer:
            raise WalletUnavailable from None

    def check_account(
        self, *, name: str, identity_no: str, account_no: str, mobile: str
    ) -> AccountCheck:
        """Compares the four elements of an account.

        Raises BankUnavailable.
        """
        body = {"name": name, "identity_no": identity_no, "account_no": account_no}
        try:
            return read_check(
                self._http.call("POST", "/bank/account-checks", {**body, "mobile": mobile})
            )
        except NoAnswer:
            raise BankUnavailable from None

    def pay_out(self, order: PayoutOrder) -> ChannelResult:
        """Sends money."""
        asked = Asked(order.channel_order_no, "payout", order.amount_fen)
        return self._money("POST", f"/{order.kind.value}/payouts", asked, payout_body(order))

    def query_payout(
        self, channel_order_no: str, kind: AccountKind = AccountKind.BANK
    ) -> ChannelResult:
        """Asks what became of a payout. The amount is for the caller to compare with its own."""
        path = f"/{kind.value}/payouts/{quote(channel_order_no, safe='')}"
        return self._money("GET", path, Asked(channel_order_no, "payout"))

    def debit(self, order: DebitOrder) -> ChannelResult:
        """Collects money."""
        asked = Asked(order.channel_order_no, "debit", order.amount_fen)
        return self._money("POST", "/bank/debits", asked, debit_body(order))

    def query_debit(self, channel_order_no: str) -> ChannelResult:
        """Asks what became of a debit. The amount is for the caller to compare with its own."""
        path = f"/bank/debits/{quote(channel_order_no, safe='')}"
        return self._money("GET", path, Asked(channel_order_no, "debit"))

    def incoming(self, after: int, limit: int) -> list[IncomingMoney]:
        """What came to our account behind a place in the feed, in order.

        Raises BankUnavailable.
        """
        try:
            answer = self._http.call("GET", f"/bank/incoming?after={after}&limit={limit}")
            return read_incoming(answer, after)
        except NoAnswer:
            raise BankUnavailable from None

    def daily_file(self, day: date) -> list[ChannelTransaction]:
        """All transactions of a day at both, each file's own sums and digest checked.

        Raises BankUnavailable, WalletUnavailable, DailyFileBroken.
        """
        at_bank = read_daily_file(self._get(f"/bank/files/{day.isoformat()}"))
        try:
            content = self._get(f"/wallet/files/{day.isoformat()}")
        except BankUnavailable as silent:
            raise WalletUnavailable(silent.detail) from None
        return at_bank + [
            replace(each, kind=f"wallet_{each.kind}") for each in read_daily_file(content)
        ]

    def book(self) -> dict[str, Any]:
        """The bank's whole book in figures, for comparison with ours.

        Raises BankUnavailable.
        """
        try:
            return self._http.call("GET", "/bank/book").json()
        except NoAnswer:
            raise BankUnavailable from None

    def _get(self, path: str) -> bytes:
        try:
            answer = self._http.call("GET", path)
        except NoAnswer:
            raise BankUnavailable from None
        if answer.status != 200:
            raise BankUnavailable(f"status {answer.status}")
        return answer.body

    def _money(
        self, method: str, path: str, asked: Asked, body: dict[str, Any] | None = None
    ) -> ChannelResult:
        try:
            return read_result(self._http.call(method, path, body), asked)
        except NoAnswer as none:
            return ChannelResult(ChannelState.UNKNOWN, asked.channel_order_no, code=str(none))
