"""The bank's calls: check an account, pay out, collect, ask, the daily file, balances, the book."""

import secrets
import time
from collections.abc import Callable
from datetime import date

from flask import Flask, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue

from simulators.bank import Bank, OtherContent, Payment
from simulators.door import Door, suffers
from simulators.fields import BadCall, body, fen, text
from simulators.installations import MAIN, NAME, here
from simulators.magic import WALLET_PREFIXES, fate_of_card, fate_of_payout
from simulators.telling import Teller

CARD_SLOW_S = 3


class Payouts:
    """What a bank and a company that keeps wallets have in common; each method answers one call."""

    def __init__(self, banks: Callable[[str], Bank], teller: Teller) -> None:
        self._banks, self._teller = banks, teller

    @property
    def _bank(self) -> Bank:
        """The bank as the calling installation knows it, on that one's date."""
        found = self._banks(here().name)
        found.keep_date(here().days)
        return found

    def pay_out(self) -> ResponseReturnValue:
        """Money from the company to an account."""
        return self._pay("payout")

    def find_payout(self, channel_order_no: str) -> ResponseReturnValue:
        """What became of a payout."""
        return self._find("payout", channel_order_no)

    def daily_file(self, day: str) -> ResponseReturnValue:
        """The CSV file of a day."""
        try:
            date.fromisoformat(day)
        except ValueError:
            raise BadCall("the day must be a date") from None
        return Response(self._bank.daily_file(day), mimetype="text/csv")

    def _pay(self, kind: str) -> ResponseReturnValue:
        given = body()
        payment = Payment(
            channel_order_no=text(given, "channel_order_no"),
            kind=kind,
            account_no=text(given, "account_no"),
            account_name=text(given, "account_name"),
            amount_fen=fen(given, "amount_fen"),
            purpose=text(given, "purpose"),
        )
        if fate_of_card(payment.account_no) == "slow":
            time.sleep(CARD_SLOW_S)
        later = suffers("processing")
        try:
            answer = self._bank.pay(
                payment,
                declined=suffers("declined") is not None,
                settle_after_s=later.delay_ms / 1000 if later else None,
            )
        except OtherContent:
            return jsonify(error="this order number belongs to another payment"), 409
        if answer["status"] != "processing":
            self._teller.tell(answer, here().name, 2 if suffers("duplicate_callback") else 1)
        if kind == "payout" and fate_of_payout(payment.amount_fen) == "payout_unknown":
            return Response("out of order", 500)
        return jsonify(answer)

    def _find(self, kind: str, channel_order_no: str) -> ResponseReturnValue:
        found = self._bank.find(kind, channel_order_no)
        if found is None:
            return jsonify(status="not_found", channel_order_no=channel_order_no), 404
        return jsonify(found)


class BankPages(Payouts):
    """The calls that only a bank answers."""

    def check_account(self) -> ResponseReturnValue:
        """Whether name, identity number and mobile are those of the account's holder."""
        given = body()
        for name in ("name", "identity_no", "mobile"):
            text(given, name)
        reason = self._bank.check_account(text(given, "account_no"))
        if suffers("declined"):
            reason = "declined"
        return jsonify(
            matched=not reason,
            reason=reason,
            bank_name="模拟银行",
            reference=f"AC{secrets.token_hex(8).upper()}",
        )

    def debit(self) -> ResponseReturnValue:
        """Money from a card to the company."""
        return self._pay("debit")

    def find_debit(self, channel_order_no: str) -> ResponseReturnValue:
        """What became of a debit."""
        return self._find("debit", channel_order_no)

    def balance(self, account_no: str) -> ResponseReturnValue:
        """What stands on an account."""
        found = self._bank.balance(account_no)
        if found is None:
            return jsonify(error="no such account"), 404
        return jsonify(account_no=account_no, balance_fen=found)

    def incoming(self) -> ResponseReturnValue:
        """What came to the company, behind a place in the feed."""
        try:
            after, limit = (int(request.args[name]) for name in ("after", "limit"))
        except (KeyError, ValueError):
            raise BadCall("after and limit must be whole numbers") from None
        return jsonify(transfers=self._bank.incoming(after, limit))

    def of_others(self, account_no: str) -> ResponseReturnValue:
        """An account's own statement with the company, as its holder's bank shows it."""
        name = request.args.get("sandbox", MAIN)
        if not NAME.fullmatch(name):
            abort(400)
        return jsonify(account_no=account_no, **self._banks(name).of_others(account_no))

    def transfer_in(self) -> ResponseReturnValue:
        """Another bank sends the company money for a customer of its own."""
        name = request.args.get("sandbox", MAIN)
        if not NAME.fullmatch(name):
            abort(400)
        try:
            given = body()
            payment = Payment(
                channel_order_no=text(given, "reference"),
                kind="incoming",
                account_no=text(given, "from_account"),
                account_name=text(given, "from_name"),
                amount_fen=fen(given, "amount_fen"),
                purpose=text(given, "remark"),
            )
            return jsonify(self._banks(name).transfer_in(payment, payment.purpose))
        except BadCall as problem:
            return jsonify(error=str(problem)), 400
        except OtherContent:
            return jsonify(error="this reference belongs to another transfer"), 409

    def book(self) -> ResponseReturnValue:
        """The whole book in figures."""
        return jsonify(self._bank.totals())


class WalletPages(Payouts):
    """The calls that only a company that keeps wallets answers."""

    def check_account(self) -> ResponseReturnValue:
        """Whether name and identity number are those of the wallet's holder."""
        given = body()
        for name in ("name", "identity_no"):
            text(given, name)
        number = text(given, "account_no")
        kept_by = WALLET_PREFIXES.get(number[:4], "")
        reason = self._bank.check_account(number) if kept_by else "no_such_wallet"
        return jsonify(
            matched=not reason,
            reason=reason,
            bank_name=kept_by,
            reference=f"WC{secrets.token_hex(8).upper()}",
        )


def add(app: Flask, door: Door, banks: Callable[[str], Bank], teller: Teller) -> None:
    """Adds the bank's calls; `banks` gives the bank of an installation.

    What is under `/interbank` is for anybody here: it is how another bank's money comes, and what
    that bank shows the holder of an account.
    """
    pages = BankPages(banks, teller)
    door.add("POST /bank/account-checks", "account-check", pages.check_account)
    door.add("POST /bank/payouts", "payout", pages.pay_out)
    door.add("GET /bank/payouts/<channel_order_no>", "query-payout", pages.find_payout)
    door.add("POST /bank/debits", "debit", pages.debit)
    door.add("GET /bank/debits/<channel_order_no>", "query-debit", pages.find_debit)
    door.add("GET /bank/files/<day>", "file", pages.daily_file)
    door.add("GET /bank/accounts/<account_no>", "balance", pages.balance)
    door.add("GET /bank/incoming", "incoming", pages.incoming)
    app.add_url_rule("/interbank/transfers", "transfer_in", pages.transfer_in, methods=["POST"])
    app.add_url_rule("/interbank/accounts/<account_no>", "of_others", pages.of_others)
    door.add("GET /bank/book", "book", pages.book)


def add_wallets(door: Door, companies: Callable[[str], Bank], teller: Teller) -> None:
    """Adds the calls of the company that keeps wallets."""
    pages = WalletPages(companies, teller)
    door.add("POST /wallet/account-checks", "account-check", pages.check_account)
    door.add("POST /wallet/payouts", "payout", pages.pay_out)
    door.add("GET /wallet/payouts/<channel_order_no>", "query-payout", pages.find_payout)
    door.add("GET /wallet/files/<day>", "file", pages.daily_file)
