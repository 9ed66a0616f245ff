"""A lender, a shop and two funders, each calling through the SDK; the bank is the simulator's."""

import base64
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

from cf_partner_sdk import Client, Event, PrivateKey, Share
from Crypto.PublicKey import RSA

from lending.products.model import Funding
from scenarios.joint_lending import news as share_news
from scenarios.mall_installment import news as mall_news
from tests.funding.lenders import TO_ONE, Lenders, account_of, joint
from tests.gateway.world import Partner
from tests.gateway.world import World as Front
from tests.loans.world import Bank, FragileDatabase, Seams, World
from tests.risk.people import card, person

RSA_KEY = RSA.generate(2048)


def jwk_of(key: RSA.RsaKey) -> dict[str, str]:
    def text(number: int) -> str:
        raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    return {"kty": "RSA", "alg": "RSA-OAEP-256", "n": text(key.n), "e": text(key.e)}


class Town:
    """One product, funded by us and one funder or two."""

    def __init__(self, front: Front, funding: Funding = TO_ONE, funders: int = 2) -> None:
        self.front = front
        self.world = World(
            cast("FragileDatabase", front.database),
            front.clock,
            front.keys,
            front.context.lending.files,
            cast("Bank", None),
            Seams(),
            partner_id=front.shop.id,
            context=front.context.lending,
        )
        self.world.customer_id = person(front.database, front.keys)
        self.world.card_id = card(
            front.database, front.keys, self.world.customer_id, "6230580000000099990"
        )
        joint(self.world, funding)
        self.lenders = Lenders(self.world, funders, jwk=jwk_of(RSA_KEY))
        self.funders = []
        for number, funder_id in enumerate(self.lenders.ids, 1):
            key = PrivateKey.generate()
            front.add_key(funder_id, key)
            self.funders.append(Partner(funder_id, f"app_funder_{number}", key))
        self.shop = front.client()

    def client(self, number: int = 0) -> Client:
        return self.front.client(self.funders[number])

    def applied(self, order_no: str = "A-1") -> str:
        """An order for which funders are asked; its id."""
        order_id = str(self.front.order(order_no)["id"])
        self.world.submit(order_id)
        self.world.work()
        return order_id

    def told(self, number: int = 0) -> list[Event]:
        """What a funder was told, oldest first."""
        while share_news.relay(self.world.context) or mall_news.relay(self.world.context):
            pass
        with self.front.database.unit_of_work() as tx:
            found = tx.all(
                "SELECT id FROM event WHERE partner_id = :id ORDER BY seq",
                id=self.funders[number].id,
            )
        client = self.client(number)
        return [client.events.get(row["id"]) for row in found]

    def accepted(self, order_no: str = "A-1") -> tuple[str, Share]:
        """An order whose only funder has accepted."""
        order_id = self.applied(order_no)
        client = self.client()
        (asked,) = client.shares.list(state="invited")
        share = client.shares.accept(
            asked.id, decision_reference="D-1", decided_at=self.front.clock.now()
        )
        self.world.work()
        return order_id, share

    def called(self, order_no: str = "A-1") -> tuple[str, Share]:
        """An order that is signed and whose funder's money is called."""
        order_id, share = self.accepted(order_no)
        self.world.sign(order_id)
        self.world.work()
        return order_id, self.client().shares.get(share.id)

    def send(self, share: Share, reference: str = "T-1", **changed: Any) -> Mapping[str, Any]:
        """The funder's bank sends what was called to our account at the simulator's bank."""
        assert share.call is not None
        transfer = {
            "reference": reference,
            "from_account": account_of(1),
            "from_name": "资金方1",
            "amount_fen": share.call.amount_fen,
            "remark": share.call.remark,
        } | changed
        answer = self.front.outside.app.test_client().post("/interbank/transfers", json=transfer)
        assert answer.status_code == 200, answer.text
        return cast("Mapping[str, Any]", answer.json)

    def work(self, wait: timedelta = timedelta(0)) -> None:
        self.lenders.world.work(wait)
