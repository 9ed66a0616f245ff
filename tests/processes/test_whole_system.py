"""The whole chain through the SDK and the hosted pages, with nothing patched: real processes."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from cf_partner_sdk import Client, Order, PrivateKey

from lending.foundation.settings import Settings
from processes import installation
from processes.parts import all_parts
from processes.phone import Buyer
from processes.postgres import EmbeddedPostgres
from processes.supervisor import Supervisor
from simulators.magic import somebody

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]
PRICE_FEN = 599_900


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class System:
    """An installation that runs, each part a process of its own."""

    def __init__(self, var: Path) -> None:
        self.environment = {
            "CF_VAR": str(var),
            "CF_FRONT_PORT": str(free_port()),
            "CF_SIMULATORS_PORT": str(free_port()),
            "CF_SHOP_PORT": str(free_port()),
            "CF_READ_SECONDS_MIN": "1",
            "CF_FRONT_WORKERS": "1",
        }
        self.settings = Settings(
            var=var,
            front_port=int(self.environment["CF_FRONT_PORT"]),
            simulators_port=int(self.environment["CF_SIMULATORS_PORT"]),
            shop_port=int(self.environment["CF_SHOP_PORT"]),
            read_seconds_min=1,
        )
        self.context = installation.prepare(self.settings)
        self.environment["DATABASE_URL"] = self.context.database.url
        self.supervisor = Supervisor(var / "log", self.environment)
        self.parts = {part.name: part for part in all_parts(self.settings, shop=False)}
        for part in self.parts.values():
            self.supervisor.start(part)
        config = json.loads((var / "demo_shop.json").read_text())
        self.cf = Client(
            app_id=config["app_id"],
            key=PrivateKey.from_pem(Path(config["private_key"]).read_text()),
            base_url=config["base_url"],
            root_keyid=config["root_keyid"],
        )

    def order(self, order_no: str) -> Order:
        item = {
            "sku": "PHONE-1",
            "name": "手机",
            "quantity": 1,
            "unit_price_fen": PRICE_FEN,
            "category": "electronics",
        }
        return self.cf.mall.orders.create(
            order_no=order_no,
            amount_fen=PRICE_FEN,
            items=[item],
            return_url="http://127.0.0.1/return",
            idempotency_key=order_no,
        )

    def fault(self, operation: str, fault: str, **more: int) -> None:
        answer = requests.post(
            f"{self.settings.institutions_url}/faults",
            json={"institution": "bank", "operation": operation, "fault": fault, **more},
            timeout=5,
        )
        assert answer.status_code == 201, answer.text

    def until(self, order_id: str, state: str) -> Order:
        for _ in range(200):
            order = self.cf.mall.orders.get(order_id)
            if order.state.value == state:
                return order
            time.sleep(0.2)
        raise AssertionError(f"the order stayed {order.state.value}")

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "processes.cli", *arguments],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    """One installation for all tests of this file; in the end the three books must agree."""
    var = Path(tempfile.mkdtemp(prefix="cf-system-"))
    running = System(var)
    yield running
    books = running.command("reconcile")
    proof = running.command("ledger", "verify")
    running.supervisor.stop()
    running.context.database.close()
    server = EmbeddedPostgres(var / "postgres")
    server.start()
    server.stop()
    shutil.rmtree(var, ignore_errors=True)
    assert books.returncode == 0, books.stdout + books.stderr
    assert proof.returncode == 0, proof.stdout + proof.stderr


def walk(buyer: Buyer, *, until: str | None = None) -> None:
    for name, act in buyer.journey():
        if name == until:
            return
        act()


class TestAMallOrder:
    def test_is_paid_to_the_merchant_and_shrinks_when_goods_come_back(self, system: System):
        order = system.order("whole-1")
        buyer = Buyer(system.settings, order.checkout_url or "")
        walk(buyer)
        paid = system.until(order.id, "paid")
        assert paid.payout is not None
        assert paid.payout.amount_fen == PRICE_FEN - 3_599
        buyer.pay_first_instalment()
        refund = system.cf.mall.refunds.create(
            refund_no="whole-1-r1",
            order_id=order.id,
            amount_fen=100_000,
            idempotency_key="whole-1-r1",
        )
        assert refund.loan_reduction_fen == 100_000
        assert system.cf.mall.orders.get(order.id).state.value == "part_refunded"
        assert system.cf.mall.orders.contract(order.id).startswith(b"%PDF")

    def test_sends_its_news_in_order(self, system: System):
        order = system.order("whole-2")
        walk(Buyer(system.settings, order.checkout_url or ""))
        system.until(order.id, "paid")
        for _ in range(50):
            told = [e.type for e in system.cf.events.list() if e.subject == order.id]
            if "order.paid" in told:
                break
            time.sleep(0.1)
        assert sorted(told) == ["order.approved", "order.created", "order.paid", "order.signed"]

    def test_of_somebody_with_a_bad_record_is_declined(self, system: System):
        order = system.order("whole-3")
        person = somebody("declined")
        walk(Buyer(system.settings, order.checkout_url or "", person), until="decision")
        declined = system.until(order.id, "declined")
        assert declined.payout is None


class TestWhenCoreIsDown:
    def test_front_goes_on_taking_orders_and_they_complete_when_it_is_back(self, system: System):
        system.supervisor.kill("core")
        order = system.order("down-1")
        buyer = Buyer(system.settings, order.checkout_url or "")
        walk(buyer, until="decision")
        assert system.cf.mall.orders.get(order.id).state.value == "deciding"
        system.supervisor.start(system.parts["core"])
        steps = dict(buyer.journey())
        for name in list(steps)[4:]:
            steps[name]()
        assert system.until(order.id, "paid").payout is not None


class TestAPayoutWhoseAnswerIsLost:
    @pytest.mark.parametrize("fault", ["error_after", "error_before", "unsigned"])
    def test_is_paid_once_and_resolved_by_asking(self, system: System, fault: str):
        order = system.order(f"lost-{fault}")
        buyer = Buyer(system.settings, order.checkout_url or "")
        walk(buyer, until="sign")
        system.fault("payout", fault)
        before = system.context.channel.book()["payout_count"]
        dict(buyer.journey())["sign"]()
        system.until(order.id, "paid")
        assert system.context.channel.book()["payout_count"] == before + 1

    def test_to_a_refusing_account_goes_to_the_merchants_other_account(self, system: System):
        order = system.order("refused-1")
        buyer = Buyer(system.settings, order.checkout_url or "")
        walk(buyer, until="sign")
        system.fault("payout", "declined")
        dict(buyer.journey())["sign"]()
        paid = system.until(order.id, "paid")
        assert paid.payout is not None
        assert paid.payout.account_last4 == "0020"
