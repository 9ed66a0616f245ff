"""A lender's front with two shops and a funder, and calls signed as partners sign them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests
from cf_partner_sdk import Client, Clock, PrivateKey
from cf_partner_sdk.field_encryption import encrypt
from cf_partner_sdk.http_signatures import Message, Signer, new_nonce, sign_request
from flask import Flask
from werkzeug.test import TestResponse

from gateway.addresses import ask_the_system
from gateway.context import GatewayContext
from gateway.platform_keys import PlatformKeys
from gateway.sandbox import Sandbox
from lending.channels import service as channels
from lending.channels.model import Agreement, NewAccount, NewPartner, PartnerKind
from lending.compliance import parameters
from lending.foundation.audit import SYSTEM
from lending.foundation.clock import FixedClock
from lending.foundation.context import Context
from lending.foundation.crypto import FieldKeys
from lending.foundation.database import Database
from lending.foundation.files import FileStore
from lending.foundation.settings import Settings
from lending.products import service as products
from processes import front
from processes.sandbox.tenants import MainSandbox
from processes.seed import CASH_PRODUCT, MALL_PRODUCT
from scenarios.assisted_lending import platforms
from tests.assisted_lending.agreed import LISTING, TERMS
from tests.gateway import described
from tests.keys import example_key, partner_key, platform_keys
from tests.outside import OutsideWorld, WsgiTransport
from tests.today import TODAY

PUBLIC_URL = "http://lender.example:8080"
ORDER = {
    "order_no": "A-1",
    "amount_fen": 599_900,
    "items": [
        {
            "sku": "P-1",
            "name": "手机",
            "quantity": 1,
            "unit_price_fen": 599_900,
            "category": "electronics",
        }
    ],
    "return_url": "https://shop.example/return",
}


@dataclass
class Partner:
    """One that signs."""

    id: str
    app_id: str
    key: Any


@dataclass(frozen=True)
class Sent:
    """A request ready to go: a test may change any part of it after it was signed."""

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    base_url: str = PUBLIC_URL

    def but(self, **changes: Any) -> "Sent":
        return replace(self, **changes)

    def with_headers(self, **headers: str | None) -> "Sent":
        """Sets headers, named with underscores; None takes one away."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {name: value for name, value in self.headers.items() if name not in named}
        return replace(self, headers=kept | {n: v for n, v in named.items() if v is not None})


class World:
    """The front of one process, on a real database."""

    def __init__(self, folder: Path, database: Database, keys: FieldKeys) -> None:
        self.folder = folder
        self.database = database
        self.keys = keys
        assert isinstance(database.clock, FixedClock)
        self.clock = database.clock
        self.settings = Settings(var=folder / "var", front_url=PUBLIC_URL)
        self.outside = OutsideWorld(folder / "outside")
        self.platform = platform_keys(self.settings.keys)
        self.names: dict[str, list[list[str]]] = {}
        """Hosts, and what is answered each time one is looked up; the last answer for ever."""
        self._seed()
        self.app, self.context = self.front(self.settings, MainSandbox(), keys=self.platform)

    def front(
        self,
        settings: Settings,
        sandbox: Sandbox | None = None,
        *,
        keys: PlatformKeys | None = None,
    ) -> tuple[Flask, GatewayContext]:
        """Another process's front on the same database."""
        plugged = self.outside.plugged
        context = Context(
            database=self.database,
            keys=self.keys,
            files=FileStore(self.folder / "files"),
            settings=settings,
            channel=plugged.channel,
            bureaus=plugged.bureaus,
            identity=plugged.identity,
            sms=plugged.sms,
        )
        made = front.gateway_context(context, plugged.institution_key, keys=keys, sandbox=sandbox)
        also = (*made.keys.other_encryption, example_key())
        made = replace(
            made,
            resolver=self.addresses_of,
            keys=replace(made.keys, other_encryption=also),  # so that the docs' examples open
        )
        app = front.create_app(context, made)
        app.config["TESTING"] = False
        return app, made

    def addresses_of(self, host: str, port: int) -> Sequence[str]:
        """Names as this world has them: without a question to anybody outside."""
        if host in self.names:
            return self.names[host].pop(0) if len(self.names[host]) > 1 else self.names[host][0]
        if host.lower().endswith((".example", ".invalid")):
            raise OSError("this name is known to nobody")
        return ask_the_system(host, port)

    def _seed(self) -> None:
        with self.database.unit_of_work() as tx:
            parameters.seed(tx)
            products.publish(tx, MALL_PRODUCT, SYSTEM)
            products.publish(tx, CASH_PRODUCT, SYSTEM)
        self.shop = self.partner("app_shop")
        self.other = self.partner("app_other")
        self.third = self.partner("app_third", kind=PartnerKind.STORE)
        self.funder = self.partner("app_funder", kind=PartnerKind.FUNDER, functions=("webhooks",))

    def partner(
        self,
        app_id: str,
        *,
        kind: PartnerKind = PartnerKind.MERCHANT,
        functions: tuple[str, ...] = (
            *(
                "mall",
                "stores",
                "payments",
                "leads",
                "shares",
                "commissions",
                "claims",
                "statements",
            ),
            *("webhooks", "sandbox"),
        ),
        environment: str = "test",
        algorithm: str = "ed25519",
    ) -> Partner:
        """A partner with an agreement, an account and one key."""
        key = partner_key(algorithm)
        with self.database.unit_of_work() as tx:
            partner_id = channels.register(
                tx, NewPartner(app_id, environment, kind, app_id, functions), SYSTEM
            )
            sends = kind is PartnerKind.PLATFORM
            product = CASH_PRODUCT if sends else MALL_PRODUCT
            agreement = Agreement(partner_id, product.code, Decimal("0.006"), TODAY, None)
            channels.agree(tx, agreement, SYSTEM)
            if sends:
                platforms.agree(tx, partner_id, LISTING, TERMS, SYSTEM)
            account = NewAccount(app_id, "模拟银行", "6230580000000010012", 1)
            channels.add_account(tx, self.keys, partner_id, account, SYSTEM)
        self.add_key(partner_id, key)
        return Partner(partner_id, app_id, key)

    def add_key(
        self, partner_id: str, key: PrivateKey, functions: tuple[str, ...] | None = None
    ) -> None:
        with self.database.unit_of_work() as tx:
            channels.add_key(
                tx,
                partner_id=partner_id,
                keyid=key.keyid,
                algorithm=key.algorithm,
                public_jwk=key.public.jwk,
                actor=SYSTEM,
                functions=functions,
            )

    @property
    def now(self) -> int:
        return int(self.clock.now().timestamp())

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Sent:
        """A request that is not signed yet; a body other than bytes becomes JSON.

        The query may stand in the path, too.
        """
        path, _, beside = path.partition("?")
        raw = b"" if body is None else body if isinstance(body, bytes) else dumps(body)
        plain = {"content-type": "application/json"} if raw else {}
        return Sent(method, path, query or beside, plain | dict(headers or {}), raw)

    def signed(self, sent: Sent, signer: Signer | None = None, **options: Any) -> Sent:
        """The request, signed by the shop unless another signer is named."""
        url = f"{sent.base_url}{sent.path}" + (f"?{sent.query}" if sent.query else "")
        message = Message.of_url(sent.method, url, sent.headers, sent.body)
        how = {"created": self.now, "nonce": new_nonce(), **options}
        added = sign_request(message, signer or self.shop.key, **how)
        return sent.but(headers=sent.headers | {n.lower(): v for n, v in added.items()})

    def send(self, sent: Sent, app: Flask | None = None) -> TestResponse:
        """The answer, which has to be one that the API's description tells of."""
        answer = (
            (app or self.app)
            .test_client()
            .open(
                sent.path,
                method=sent.method,
                query_string=sent.query,
                headers=sent.headers,
                data=sent.body or None,
                base_url=sent.base_url,
            )
        )
        described.check(sent.method, sent.path, answer)
        return answer

    def call(
        self, method: str, path: str, body: Any = None, *, by: Partner | None = None, **how: Any
    ) -> TestResponse:
        """Signs and sends; a write gets an idempotency key unless headers are given."""
        sent = self.request(method, path, body, **how)
        return self.send(self.signed(sent, (by or self.shop).key))

    def write(
        self, path: str, body: Any = None, *, key: str, by: Partner | None = None, **how: Any
    ) -> TestResponse:
        return self.call(
            how.pop("method", "POST"), path, body, by=by, headers={"idempotency-key": key}, **how
        )

    def sealed(self, body: Mapping[str, Any], *pointers: str) -> dict[str, Any]:
        """The body, with what is at the pointers encrypted to this lender."""
        return encrypt(body, pointers, jwk=self.platform.encryption_jwk)

    def order(self, order_no: str, *, by: Partner | None = None) -> dict[str, Any]:
        """An order as it was answered."""
        answer = self.write("/v1/mall/orders", ORDER | {"order_no": order_no}, key=order_no, by=by)
        assert answer.status_code == 201, answer.text
        return dict(answer.json)

    def client(
        self,
        partner: Partner | None = None,
        *,
        through: requests.adapters.BaseAdapter | None = None,
        sleep: Callable[[float], object] = lambda _: None,
    ) -> Client:
        """The SDK, mounted straight on the front."""
        who = partner or self.shop
        return Client(
            app_id=who.app_id,
            key=who.key,
            base_url=PUBLIC_URL,
            root_keyid=self.platform.root_keyid,
            clock=Clock(wall=lambda: self.clock.now().timestamp(), sleep=sleep),
            transport=through or WsgiTransport(self.app),
        )

    def count(self, table: str) -> int:
        with self.database.unit_of_work() as tx:
            return int(tx.scalar(f"SELECT count(*) FROM {table}"))


def dumps(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def code_of(answer: TestResponse) -> str:
    """The code of a problem, which every refusal has to be."""
    assert answer.content_type == "application/problem+json", (answer.status, answer.text[:200])
    return str(answer.json["code"])


ENDPOINTS = {endpoint.name: endpoint for endpoint in described.ENDPOINTS}
