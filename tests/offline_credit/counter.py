"""The stores of a lender's merchant, reached as tills reach them: signed, through the SDK."""

from cf_partner_sdk import AsyncClient, Client, Clock, PrivateKey
from requests.adapters import BaseAdapter

from lending.channels import service as channels
from lending.foundation.audit import SYSTEM
from processes import front
from tests.keys import platform_keys
from tests.loans.world import PUBLIC_URL, World
from tests.offline_credit.shop import Shop
from tests.outside import InALoop, WsgiTransport


class Counter:
    """A gym and an appliance store with a till each, before a front of their own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.shop = Shop(world)
        self.platform = platform_keys(world.files.root / "platform")
        bank = PrivateKey.generate().public
        made = front.gateway_context(world.context, bank, keys=self.platform)
        self.app = front.create_app(world.context, made)
        self.office_key = PrivateKey.generate()
        with world.database.unit_of_work() as tx:
            channels.add_key(
                tx,
                partner_id=world.partner_id,
                keyid=self.office_key.keyid,
                algorithm=self.office_key.algorithm,
                public_jwk=self.office_key.public.jwk,
                actor=SYSTEM,
            )

    def client(self, key: PrivateKey, through: BaseAdapter | None = None) -> Client:
        clock = self.world.clock
        return Client(
            app_id="app_shop",
            key=key,
            base_url=PUBLIC_URL,
            root_keyid=self.platform.root_keyid,
            clock=Clock(wall=lambda: clock.now().timestamp(), sleep=lambda _: None),
            transport=through or WsgiTransport(self.app),
        )

    @property
    def office(self) -> Client:
        """The back office."""
        return self.client(self.office_key)

    def in_a_loop(self, key: PrivateKey) -> AsyncClient:
        """A client for an event loop."""
        clock = self.world.clock
        return AsyncClient(
            app_id="app_shop",
            key=key,
            base_url=PUBLIC_URL,
            root_keyid=self.platform.root_keyid,
            clock=Clock(wall=lambda: clock.now().timestamp()),
            transport=InALoop(self.app),
        )

    def till(self, keyid: str | None = None, through: BaseAdapter | None = None) -> Client:
        """A till; the appliance store's unless another is named."""
        return self.client(self.shop.keys[keyid or self.shop.till], through)

    @property
    def gym_till(self) -> Client:
        return self.till(self.shop.gym_till)
