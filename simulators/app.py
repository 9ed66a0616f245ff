"""All institutions as one web application: a process of its own, a book each, faults on demand."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import requests
from flask import Flask, Response, g, jsonify, request
from flask.typing import ResponseReturnValue

from simulators import bank as banking
from simulators import bureaus, sms
from simulators import faults as faulty
from simulators.bank import Bank, OtherContent, Payment
from simulators.book import Book
from simulators.magic import MAGIC, MAGIC_CARDS, fate_of_card, fate_of_person
from simulators.signing import Institution, NotSigned, load_or_make_key

SLOW_BUREAU_S = 5
SLOW_CARD_S = 3


@dataclass(frozen=True)
class Outside:
    """What the institutions need to know of the company."""

    folder: Path
    """Where their books and key are kept."""
    company_keys: dict[str, bytes]
    """The company's public keys (PEM) by keyid."""
    keyid: str
    """Of the institutions' own key, as the company computes it."""
    callback_url: str = ""
    """Where the bank tells of finished payments; empty for nobody."""


def create_app(outside: Outside) -> Flask:
    """The outside world as one WSGI application."""
    app = Flask("simulators")
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    key = load_or_make_key(outside.folder / "key.pem")
    institution = Institution(key, outside.keyid, outside.company_keys)
    faults = faulty.Faults()
    app.register_blueprint(faulty.blueprint(faults))
    bank = Bank(Book(outside.folder / "bank.sqlite", banking.SCHEMA))
    outbox = sms.Outbox(Book(outside.folder / "sms.sqlite", sms.SCHEMA))
    tell = _teller(institution, outside.callback_url)

    def signed(name: str, operation: str) -> Callable[..., Any]:
        """Wraps a call: verify, suffer the fault, do it, sign the answer."""

        def wrap(act: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
            def call(**arguments: Any) -> ResponseReturnValue:
                try:
                    nonce = institution.verify(request)
                except NotSigned as problem:
                    answer = app.make_response((jsonify(error=str(problem)), 401))
                    institution.sign_answer(request, None, answer)
                    return answer
                fault = faults.take(name, operation)
                g.fault = fault.fault if fault else ""
                if fault and fault.fault in ("unavailable", "error_before"):
                    return "out of order", 503 if fault.fault == "unavailable" else 500
                if fault and fault.fault == "slow":
                    faulty.sleep(fault)
                answer = app.make_response(act(**arguments))
                if fault and fault.fault == "timeout_after":
                    faulty.sleep(fault)
                if fault and fault.fault == "error_after":
                    return "out of order", 500
                if not (fault and fault.fault == "unsigned"):
                    institution.sign_answer(request, nonce, answer)
                return answer

            call.__name__ = f"{name}_{operation}".replace("-", "_")
            return call

        return wrap

    _add_bank(app, bank, signed, tell)
    _add_bureaus(app, signed)
    _add_identity(app, signed)
    _add_sms(app, outbox, signed)

    @app.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return "ok"

    @app.get("/magic")
    def magic() -> ResponseReturnValue:
        return jsonify(persons=MAGIC, cards=MAGIC_CARDS)

    return app


Signed = Callable[[str, str], Callable[..., Any]]


def _add_bank(
    app: Flask, bank: Bank, signed: Signed, tell: Callable[[dict[str, object], int], None]
) -> None:
    @app.post("/bank/account-checks")
    @signed("bank", "account-check")
    def check() -> ResponseReturnValue:
        matched, reason = bank.check_account(request.get_json()["account_no"])
        return jsonify(
            matched=matched and g.fault != "declined",
            reason=reason,
            bank_name="模拟银行",
            reference=f"AC{time.time_ns()}",
        )

    def pay(kind: str) -> ResponseReturnValue:
        body = request.get_json()
        payment = Payment(
            body["channel_order_no"],
            kind,
            body["account_no"],
            body["account_name"],
            body["amount_fen"],
        )
        if fate_of_card(payment.account_no) == "slow":
            time.sleep(SLOW_CARD_S)
        try:
            answer = bank.pay(payment, declined=g.fault == "declined")
        except OtherContent:
            return jsonify(error="this order number belongs to another payment"), 409
        tell(answer, 2 if g.fault == "duplicate_callback" else 1)
        return jsonify(answer)

    @app.post("/bank/payouts")
    @signed("bank", "payout")
    def pay_out() -> ResponseReturnValue:
        return pay("payout")

    @app.post("/bank/debits")
    @signed("bank", "debit")
    def debit() -> ResponseReturnValue:
        return pay("debit")

    def find(kind: str, channel_order_no: str) -> ResponseReturnValue:
        found = bank.find(kind, channel_order_no)
        if found is None:
            return jsonify(status="not_found", channel_order_no=channel_order_no), 404
        return jsonify(found)

    @app.get("/bank/payouts/<channel_order_no>")
    @signed("bank", "query-payout")
    def find_payout(channel_order_no: str) -> ResponseReturnValue:
        return find("payout", channel_order_no)

    @app.get("/bank/debits/<channel_order_no>")
    @signed("bank", "query-debit")
    def find_debit(channel_order_no: str) -> ResponseReturnValue:
        return find("debit", channel_order_no)

    @app.get("/bank/files/<day>")
    @signed("bank", "file")
    def daily_file(day: str) -> ResponseReturnValue:
        return Response(bank.daily_file(day), mimetype="text/csv")

    @app.get("/bank/accounts/<account_no>")
    @signed("bank", "balance")
    def balance(account_no: str) -> ResponseReturnValue:
        found = bank.balance(account_no)
        if found is None:
            return jsonify(error="no such account"), 404
        return jsonify(account_no=account_no, balance_fen=found)

    @app.get("/bank/book")
    @signed("bank", "book")
    def book() -> ResponseReturnValue:
        return jsonify(bank.totals())


def _add_bureaus(app: Flask, signed: Signed) -> None:
    for name, tell in (("bureau-a", bureaus.report_a), ("bureau-b", bureaus.report_b)):

        def report(
            tell: Callable[[str], dict[str, object]] = tell,
        ) -> ResponseReturnValue:
            body = request.get_json()
            if not body.get("consent_id") or not body.get("purpose"):
                return jsonify(error="consent_id and purpose are needed"), 400
            if fate_of_person(body["identity_no"]) == "slow_bureau":
                time.sleep(SLOW_BUREAU_S)
            return jsonify(tell(body["identity_no"]))

        app.post(f"/{name}/reports")(signed(name, "report")(report))


def _add_identity(app: Flask, signed: Signed) -> None:
    @app.post("/identity/checks")
    @signed("identity", "check")
    def check() -> ResponseReturnValue:
        fate = fate_of_person(request.get_json()["identity_no"])
        return jsonify(passed=fate != "identity_mismatch", reference=f"ID{time.time_ns()}")

    @app.post("/identity/face-checks")
    @signed("identity", "face")
    def face() -> ResponseReturnValue:
        body = request.get_json()
        alive = len(body.get("image", "")) > 100
        passed = alive and fate_of_person(body["identity_no"]) != "face_mismatch"
        return jsonify(
            passed=passed,
            score=93 if passed else 21,
            reason="" if alive else "no_face",
            reference=f"FC{time.time_ns()}",
        )


def _add_sms(app: Flask, outbox: sms.Outbox, signed: Signed) -> None:
    @app.post("/sms/messages")
    @signed("sms", "send")
    def send() -> ResponseReturnValue:
        body = request.get_json()
        return jsonify(id=outbox.send(body["mobile"], body["text"]))

    @app.get("/sms/outbox")
    def listed() -> ResponseReturnValue:
        return jsonify(outbox.newest(request.args.get("mobile")))

    @app.get("/sms/")
    def page() -> ResponseReturnValue:
        rows = "".join(
            f"<tr><td>{escape(str(row['sent_at']))}</td><td>{escape(str(row['mobile']))}</td>"
            f"<td>{escape(str(row['text']))}</td></tr>"
            for row in outbox.newest(None)
        )
        return (
            "<!doctype html><html lang=zh-CN><meta charset=utf-8><title>模拟短信</title>"
            "<meta name=viewport content='width=device-width'><meta http-equiv=refresh content=3>"
            "<style>body{font:16px sans-serif;margin:2rem}td{padding:.4rem .8rem;"
            "border-bottom:1px solid #ddd}</style><h1>模拟短信发送箱</h1>"
            f"<table>{rows or '<tr><td>暂无短信</td></tr>'}</table>"
        )


def _teller(institution: Institution, url: str) -> Callable[[dict[str, object], int], None]:
    """Tells the company of a finished payment, a moment later, as often as is said."""

    def send(answer: dict[str, object], times: int) -> None:
        body = json.dumps(answer).encode()
        for _ in range(times):
            try:
                requests.post(
                    url, data=body, headers=institution.sign_callback(url, body), timeout=5
                )
            except requests.RequestException:
                return  # the company asks by itself

    def tell(answer: dict[str, object], times: int) -> None:
        if url:
            threading.Thread(target=send, args=(answer, times), daemon=True).start()

    return tell
