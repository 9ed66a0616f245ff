"""An installation that runs, each part a process of its own."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import requests
from cf_partner_sdk import Client, Order, PrivateKey

from lending.foundation.settings import Settings
from processes import installation
from processes.parts import all_parts
from processes.supervisor import Supervisor
from tests.ports import free_pair, free_port

PRICE_FEN = 599_900


def client(config: Path) -> Client:
    """The SDK with the key and addresses that are written there."""
    given = json.loads(config.read_text())
    return Client(
        app_id=given["app_id"],
        key=PrivateKey.from_pem(Path(given["private_key"]).read_text()),
        base_url=given["base_url"],
        root_keyid=given["root_keyid"],
    )


def place(
    cf: Client, order_no: str, amount_fen: int = PRICE_FEN, product_code: str | None = None
) -> Order:
    """An order for one phone."""
    item = {
        "sku": "PHONE-1",
        "name": "手机",
        "quantity": 1,
        "unit_price_fen": amount_fen,
        "category": "electronics",
    }
    return cf.mall.orders.create(
        order_no=order_no,
        amount_fen=amount_fen,
        items=[item],
        return_url="http://127.0.0.1/return",
        product_code=product_code,
        idempotency_key=order_no,
    )


class System:
    """An installation that runs, each part a process of its own."""

    def __init__(self, var: Path) -> None:
        self.environment = {
            "CF_VAR": str(var),
            "CF_FRONT_PORT": str(free_port()),
            "CF_SIMULATORS_PORT": str(free_port()),
            "CF_SHOP_PORT": str(free_port()),
            "CF_FUNDER_PORT": str(free_pair()),
            "CF_READ_SECONDS_MIN": "1",
            "CF_FRONT_WORKERS": "1",
        }
        self.settings = Settings(
            var=var,
            front_port=int(self.environment["CF_FRONT_PORT"]),
            simulators_port=int(self.environment["CF_SIMULATORS_PORT"]),
            shop_port=int(self.environment["CF_SHOP_PORT"]),
            funder_port=int(self.environment["CF_FUNDER_PORT"]),
            read_seconds_min=1,
        )
        self.context = installation.prepare(self.settings)
        self.environment["DATABASE_URL"] = self.context.database.url
        self.supervisor = Supervisor(var / "log", self.environment)
        self.parts = {part.name: part for part in all_parts(self.settings, shop=False)}
        for part in self.parts.values():
            self.supervisor.start(part)
        self.cf = client(var / "demo_shop.json")

    def order(self, order_no: str) -> Order:
        return place(self.cf, order_no)

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
