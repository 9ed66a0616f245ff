"""Two lenders that one script is played to: the real gateway, and the fake one of the SDK."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from cf_partner_sdk import Client, Clock, Event, PrivateKey
from cf_partner_sdk.testing import FakeGateway
from flask import Flask

import gateway
from gateway.context import GatewayContext
from lending.channels import service as channels
from lending.foundation.audit import SYSTEM
from lending.foundation.settings import Settings
from tests.keys import platform_keys
from tests.loans.world import PUBLIC_URL, World
from tests.outside import WsgiTransport


class Lender(Protocol):
    """What a script has happen at a lender, by order number."""

    def client(self, key: PrivateKey | None = None) -> Any: ...
    def approve(self, order_no: str) -> None: ...
    def sign(self, order_no: str) -> None: ...
    def pay(self, order_no: str) -> None: ...
    def wait(self, by: timedelta) -> None: ...
    def tick(self) -> None: ...
    def events_of(self, order_no: str) -> list[Event]: ...


class RealLender:
    """The gateway on a real database, its buyer and bank driven by the test."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        settings = Settings(var=folder, front_url=PUBLIC_URL)
        lending = replace(world.context, settings=settings)
        self.platform = platform_keys(settings.keys)
        context = GatewayContext(
            lending=lending, keys=self.platform, heard_from_bank=print, schemas=()
        )
        self.app = Flask("gateway")
        self.app.register_blueprint(gateway.create_blueprint(context))
        self.key = PrivateKey.generate()
        with world.database.unit_of_work() as tx:
            tx.run("UPDATE partner SET functions = '{mall,webhooks}'")
            channels.add_key(
                tx,
                partner_id=world.partner_id,
                keyid=self.key.keyid,
                algorithm=self.key.algorithm,
                public_jwk=self.key.public.jwk,
                actor=SYSTEM,
            )

    @contextmanager
    def client(self, key: PrivateKey | None = None) -> Iterator[Client]:
        with Client(
            app_id="app_shop",
            key=key or self.key,
            base_url=PUBLIC_URL,
            root_keyid=self.platform.root_keyid,
            clock=Clock(wall=lambda: self.world.clock.now().timestamp(), sleep=lambda _: None),
            transport=WsgiTransport(self.app),
        ) as client:
            yield client

    def approve(self, order_no: str) -> None:
        self.world.submit(self._id(order_no))
        self.world.work()

    def sign(self, order_no: str) -> None:
        self.world.sign(self._id(order_no))

    def pay(self, order_no: str) -> None:
        self.world.work()

    def wait(self, by: timedelta) -> None:
        self.world.work(by)

    def tick(self) -> None:
        self.world.clock.advance(timedelta(seconds=1))
        self.world.events("")

    def events_of(self, order_no: str) -> list[Event]:
        order_id = self._id(order_no)
        self.world.events(order_id)
        with self.client() as cf:
            return [event for event in cf.events.list() if event.subject == order_id]

    def _id(self, order_no: str) -> str:
        rows = self.world.rows("SELECT id FROM mall_order WHERE order_no = :no", no=order_no)
        return str(rows[0]["id"])


class FakeLender:
    """The fake gateway."""

    def __init__(self, fake: FakeGateway) -> None:
        self.fake = fake

    def client(self, key: PrivateKey | None = None) -> Client:
        return self.fake.client(key=key)

    def approve(self, order_no: str) -> None:
        self.fake.approve(order_no)

    def sign(self, order_no: str) -> None:
        self.fake.sign(order_no)

    def pay(self, order_no: str) -> None:
        self.fake.pay(order_no)

    def wait(self, by: timedelta) -> None:
        self.fake.advance(seconds=by.total_seconds())

    def tick(self) -> None:
        self.fake.advance(seconds=1)

    def events_of(self, order_no: str) -> list[Event]:
        order_id = self.fake.order(order_no).id
        with self.client() as cf:
            return [event for event in cf.events.list() if event.subject == order_id]
