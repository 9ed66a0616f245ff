"""The outside world as `cf simulators` serves it: another process, real sockets, real callbacks."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import Queue

import pytest
import requests
from cf_partner_sdk.http_signatures import Message
from flask import Flask, request
from werkzeug.serving import make_server

from connectors import callbacks, plug
from connectors.bureaus import BureauUnavailable
from connectors.callbacks import ChannelCallback
from connectors.http import SignedHttp
from lending.foundation.ports import ChannelState, DebitOrder, PayoutOrder
from lending.foundation.settings import Settings
from processes.outside import exchange_keys
from simulators.magic import MAGIC, MAGIC_CARDS
from tests.ports import free_port

pytestmark = pytest.mark.processes
START_S = 60
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


@dataclass
class Company:
    """Our side: the connectors, and a door at which the bank's callbacks arrive."""

    settings: Settings
    heard: "Queue[Message]" = field(default_factory=Queue)
    plugged: plug.Outside = field(init=False)

    def __post_init__(self) -> None:
        exchange_keys(self.settings)
        self.plugged = plug.outside(self.settings)

    def app(self) -> Flask:
        app = Flask("company")

        @app.post("/channel/bank/callbacks")
        def hear() -> tuple[str, int]:
            self.heard.put(Message.of_url("POST", request.url, request.headers, request.get_data()))
            return "", 204

        return app

    def next_callback(self) -> ChannelCallback:
        return callbacks.read(self.heard.get(timeout=30), self.plugged.institution_key)

    def impatient(self, timeout_s: float) -> SignedHttp:
        return SignedHttp(
            self.settings.institutions_url,
            key=plug.our_key(self.settings),
            institution_key=self.plugged.institution_key,
            timeout_s=timeout_s,
        )

    def fault(self, institution: str, operation: str, fault: str, **more: int) -> None:
        answer = requests.post(
            f"{self.settings.institutions_url}/faults",
            json={"institution": institution, "operation": operation, "fault": fault, **more},
            timeout=10,
        )
        assert answer.status_code == 201, answer.text


def until_up(process: "subprocess.Popen[bytes]", url: str) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        assert process.poll() is None, "the simulators ended"
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.RequestException:
            time.sleep(0.1)
    raise AssertionError("the simulators did not come up")


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    folder: Path = tmp_path_factory.mktemp("company")
    made = Company(
        Settings(var=folder, simulators_port=free_port(), front_port=free_port()),
    )
    door = make_server("127.0.0.1", made.settings.front_port, made.app(), threaded=True)
    listening = threading.Thread(target=door.serve_forever, daemon=True)
    listening.start()
    environment = os.environ | {
        "CF_SIMULATORS_PORT": str(made.settings.simulators_port),
        "CF_FRONT_PORT": str(made.settings.front_port),
    }
    with (folder / "simulators.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "processes.cli", "--var", str(folder), "simulators"],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        until_up(process, f"{made.settings.institutions_url}/healthz")
        yield made
    finally:
        process.terminate()
        process.wait(30)
        door.shutdown()
        listening.join()
        door.server_close()


class TestTheOutsideWorldInAProcessOfItsOwn:
    def test_pays_collects_and_calls_back(self, company: Company):
        bank = company.plugged.channel
        assert bank.pay_out(PAYOUT).state is ChannelState.PAID
        paid = company.next_callback()
        assert (paid.kind, paid.channel_order_no, paid.status) == ("payout", "co_1", "paid")
        assert paid.amount_fen == 596_400
        assert bank.debit(DEBIT).state is ChannelState.PAID
        assert company.next_callback().channel_order_no == "co_2"
        assert bank.book()["off_fen"] == 0

    def test_answers_for_people_and_messages_too(self, company: Company):
        outside = company.plugged
        for bureau in outside.bureaus:
            report = bureau.report(
                name="王小明",
                identity_no=MAGIC["approved"],
                mobile="13800138000",
                consent_id="con_1",
                purpose="loan_application",
            )
            assert report.score is not None
        assert outside.identity.check_identity(name="王", identity_no=MAGIC["approved"]).passed
        outside.sms.send(mobile="13800138000", text="验证码 123456")
        page = requests.get(f"{company.settings.institutions_url}/sms/", timeout=10)
        assert "验证码 123456" in page.content.decode()

    def test_calls_back_twice_on_demand_with_news_of_its_own_each_time(self, company: Company):
        company.fault("bank", "payout", "duplicate_callback")
        company.plugged.channel.pay_out(replace(PAYOUT, channel_order_no="co_3"))
        first, second = (company.heard.get(timeout=30) for _ in range(2))
        key = company.plugged.institution_key
        assert callbacks.read(first, key) == callbacks.read(second, key)
        assert first.headers["webhook-id"] != second.headers["webhook-id"]

    def test_calls_back_when_a_payment_ends_later(self, company: Company):
        late = replace(DEBIT, channel_order_no="co_4", card_no=MAGIC_CARDS["late"])
        assert company.plugged.channel.debit(late).state is ChannelState.PROCESSING
        told = company.next_callback()
        assert (told.channel_order_no, told.status) == ("co_4", "paid")
        assert company.plugged.channel.query_debit("co_4").state is ChannelState.PAID

    def test_that_does_it_and_then_is_silent_leaves_an_unknown_that_asking_ends(
        self, company: Company
    ):
        company.fault("bank", "payout", "timeout_after", delay_ms=2_500)
        order = replace(PAYOUT, channel_order_no="co_5")
        bank = type(company.plugged.channel)(company.impatient(0.5))
        result = bank.pay_out(order)
        assert result.state is ChannelState.UNKNOWN
        assert company.next_callback().channel_order_no == "co_5"
        assert company.plugged.channel.query_payout("co_5").state is ChannelState.PAID

    def test_that_is_slow_leaves_a_bureau_without_a_report(self, company: Company):
        company.fault("bureau-a", "report", "slow", delay_ms=2_500)
        bureau = type(company.plugged.bureaus[0])(company.impatient(0.5))  # type: ignore[call-arg]
        with pytest.raises(BureauUnavailable):
            bureau.report(
                name="王小明",
                identity_no=MAGIC["approved"],
                mobile="13800138000",
                consent_id="con_1",
                purpose="loan_application",
            )

    def test_moves_money_once_however_many_ask_at_once(self, company: Company):
        order = replace(PAYOUT, channel_order_no="co_6")
        bank = company.plugged.channel
        before = bank.book()["payout_count"]
        ends: Queue[str] = Queue()
        callers = [
            threading.Thread(target=lambda: ends.put(bank.pay_out(order).reference))
            for _ in range(12)
        ]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        assert len({ends.get() for _ in callers}) == 1
        assert bank.book()["payout_count"] == before + 1
        assert bank.book()["off_fen"] == 0
