"""Our side of the payment channel: accounts checked, money sent and collected, questions asked."""

import csv
import io
import logging
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from connectors.http import Answer, NoAnswer, SignedHttp
from lending.foundation.errors import OutsideFault
from lending.foundation.ports import (
    AccountCheck,
    ChannelResult,
    ChannelState,
    ChannelTransaction,
    DebitOrder,
    PayoutOrder,
)

log = logging.getLogger(__name__)

STATES = {
    "paid": ChannelState.PAID,
    "failed": ChannelState.FAILED,
    "processing": ChannelState.PROCESSING,
    "not_found": ChannelState.NOT_FOUND,
}


class BankUnavailable(OutsideFault):
    """The bank did not answer as it should."""

    code, title = "bank.unavailable", "银行服务暂时不可用"
    mend = "请稍后重试。"


class DailyFileBroken(OutsideFault):
    """The bank's daily file is cut off or does not sum up."""

    code, title = "bank.file_broken", "The bank's daily file is not whole"
    mend = "Ask the bank for the file again."


class BankChannel:
    """A bank that keeps the port `PaymentChannel`."""

    def __init__(self, http: SignedHttp) -> None:
        self._http = http

    def check_account(
        self, *, name: str, identity_no: str, account_no: str, mobile: str
    ) -> AccountCheck:
        """Compares the four elements of an account.

        Raises BankUnavailable.
        """
        body = {"name": name, "identity_no": identity_no, "account_no": account_no}
        try:
            answer = self._http.call("POST", "/bank/account-checks", {**body, "mobile": mobile})
            found = answer.json()
            return AccountCheck(
                matched=found["matched"] is True,
                reference=str(found["reference"]),
                bank_name=str(found["bank_name"]),
                reason=str(found["reason"]),
            )
        except (NoAnswer, KeyError):
            raise BankUnavailable from None

    def pay_out(self, order: PayoutOrder) -> ChannelResult:
        """Sends money."""
        body = {
            "channel_order_no": order.channel_order_no,
            "amount_fen": order.amount_fen,
            "account_no": order.account_no,
            "account_name": order.account_name,
            "purpose": order.purpose,
        }
        return self._money("POST", "/bank/payouts", order.channel_order_no, body)

    def query_payout(self, channel_order_no: str) -> ChannelResult:
        """Asks what became of a payout."""
        return self._money("GET", f"/bank/payouts/{channel_order_no}", channel_order_no)

    def debit(self, order: DebitOrder) -> ChannelResult:
        """Collects money."""
        body = {
            "channel_order_no": order.channel_order_no,
            "amount_fen": order.amount_fen,
            "account_no": order.card_no,
            "account_name": order.name,
            "purpose": order.purpose,
        }
        return self._money("POST", "/bank/debits", order.channel_order_no, body)

    def query_debit(self, channel_order_no: str) -> ChannelResult:
        """Asks what became of a debit."""
        return self._money("GET", f"/bank/debits/{channel_order_no}", channel_order_no)

    def daily_file(self, day: date) -> list[ChannelTransaction]:
        """All transactions of a day, the file's own sums and digest checked.

        Raises BankUnavailable, DailyFileBroken.
        """
        try:
            answer = self._http.call("GET", f"/bank/files/{day.isoformat()}")
        except NoAnswer:
            raise BankUnavailable from None
        return read_daily_file(answer.body)

    def book(self) -> dict[str, Any]:
        """The bank's whole book in figures, for comparison with ours.

        Raises BankUnavailable.
        """
        try:
            return self._http.call("GET", "/bank/book").json()
        except NoAnswer:
            raise BankUnavailable from None

    def _money(
        self, method: str, path: str, channel_order_no: str, body: dict[str, Any] | None = None
    ) -> ChannelResult:
        try:
            return read_result(self._http.call(method, path, body), channel_order_no)
        except NoAnswer as none:
            return ChannelResult(ChannelState.UNKNOWN, channel_order_no, code=str(none))


def read_result(answer: Answer, channel_order_no: str) -> ChannelResult:
    """What an answer says of one payment; `unknown` where it does not clearly speak of it.

    A 409 says that the number belongs to another payment: ours is not known to have happened.
    """
    found = answer.json()
    state = STATES.get(str(found.get("status")), ChannelState.UNKNOWN)
    if found.get("channel_order_no") != channel_order_no:
        log.error("the bank speaks of another payment than %s", channel_order_no)
        state = ChannelState.UNKNOWN
    amount = found.get("amount_fen")
    finished = found.get("finished_at")
    return ChannelResult(
        state=state,
        channel_order_no=channel_order_no,
        reference=str(found.get("reference", "")),
        code=str(found.get("code", "")),
        message=str(found.get("message", "")),
        amount_fen=amount if isinstance(amount, int) else None,
        finished_at=datetime.fromisoformat(finished) if isinstance(finished, str) else None,
    )


def read_daily_file(content: bytes) -> list[ChannelTransaction]:
    """The rows of a daily file whose last line agrees with them.

    Raises DailyFileBroken.
    """
    text = content.decode()
    body, _, last = text.rstrip("\n").rpartition("\n")
    body += "\n"
    rows = list(csv.DictReader(io.StringIO(body)))
    try:
        found = [
            ChannelTransaction(
                channel_order_no=row["channel_order_no"],
                kind=row["kind"],
                amount_fen=int(row["amount_fen"]),
                state=row["status"],
                reference=row["reference"],
            )
            for row in rows
        ]
    except (KeyError, TypeError, ValueError):
        raise DailyFileBroken from None
    paid = sum(row.amount_fen for row in found if row.state == "paid")
    digest = sha256(body.encode()).hexdigest()
    if last != f"#rows={len(found)},paid_fen={paid},sha256={digest}":
        raise DailyFileBroken
    return found
