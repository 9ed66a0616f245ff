"""A gym and an appliance shop with tills of their own, and a customer with a line."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from cf_partner_sdk import PrivateKey

from lending.channels import service as channels
from lending.channels.model import Agreement
from lending.compliance import cost_showing
from lending.credit_lines import service as credit_lines
from lending.credit_lines.model import LineStanding
from lending.foundation import business_day
from lending.foundation.audit import SYSTEM
from lending.loans.model import Signature
from lending.products import service as products
from lending.products.model import FreeOffer, SubsidyPayer
from scenarios.offline_credit import news, paying, payments, servicing, stores
from scenarios.offline_credit.drawing import Payer
from scenarios.offline_credit.model import NewStore, Payment, Position, TakePayment
from scenarios.offline_credit.paying import ShowCode
from tests.credit_lines.lines import grant
from tests.gateway import described
from tests.loans.world import PRODUCT, World
from tests.today import TODAY

HERE = (31_230_400, 121_473_700)
"""People's Square in Shanghai."""
STORE_PRODUCT = replace(
    PRODUCT,
    code="store-standard",
    scenario="offline_credit",
    purposes=("appliances", "fitness", "courses", "rent"),
    free=(FreeOffer(3, SubsidyPayer.MERCHANT), FreeOffer(6, SubsidyPayer.MERCHANT)),
)


class Shop:
    """The stores of the world's merchant, and what its customer does there."""

    def __init__(self, world: World, *, limit_fen: int = 2_000_000) -> None:
        self.world = world
        self.keys: dict[str, PrivateKey] = {}
        """The tills' keys by their thumbprints."""
        with world.database.unit_of_work() as tx:
            products.publish(tx, STORE_PRODUCT, SYSTEM)
            agreement = Agreement(
                world.partner_id, STORE_PRODUCT.code, Decimal("0.006"), TODAY, None
            )
            channels.agree(tx, agreement, SYSTEM)
        self.appliances = self.store("S-1", "appliances")
        self.gym = self.store("S-2", "fitness")
        self.till = self.add_till(self.appliances)
        self.gym_till = self.add_till(self.gym)
        self.line_id = grant(
            world, limit_fen, scenes={"appliances": limit_fen, "fitness": limit_fen // 2}
        )

    def store(self, store_no: str, scene: str) -> str:
        new = NewStore(store_no, f"{scene} 店", scene, *HERE, 200)
        with self.world.database.unit_of_work() as tx:
            return str(stores.register(tx, self.world.partner_id, new)["id"])

    def add_till(self, store_id: str, till_no: str = "T-1") -> str:
        """A till with a key of its own; the key's thumbprint."""
        key = PrivateKey.generate()
        self.keys[key.keyid] = key
        with self.world.database.unit_of_work() as tx:
            channels.add_key(
                tx,
                partner_id=self.world.partner_id,
                keyid=key.keyid,
                algorithm=key.algorithm,
                public_jwk=key.public.jwk,
                actor=SYSTEM,
                functions=("payments",),
            )
            stores.add_till(tx, self.world.partner_id, store_id, till_no=till_no, keyid=key.keyid)
        return key.keyid

    @property
    def payer(self) -> Payer:
        return Payer(self.line_id, self.world.card_id, {"fingerprint": "fp-1"}, HERE)

    def code(self, *, quick_showing_id: str | None = None) -> str:
        """What the customer's phone shows."""
        with self.world.database.unit_of_work() as tx:
            command = ShowCode(
                self.world.card_id,
                {"fingerprint": "fp-1"},
                Position(*HERE, 20),
                quick_showing_id,
            )
            return paying.show_code(tx, self.world.customer_id, command).code

    def take(self, amount_fen: int, code: str | None = None, **how: Any) -> Payment:
        """The till takes a payment."""
        till = how.pop("till", self.till)
        command = TakePayment(
            payment_no=how.pop("payment_no", "P-1"),
            amount_fen=amount_fen,
            store_id=how.pop("store_id", self.appliances),
            code=code,
            **({"product_code": STORE_PRODUCT.code} | how),
        )
        with self.world.database.unit_of_work() as tx:
            return payments.take(
                tx, self.world.keys, self.world.files, self.world.partner_id, till, command
            )

    def confirmed(self, payment: Payment, periods: int = 6) -> str:
        """The cost table of a payment, shown, read and confirmed; the showing's id."""
        with self.world.database.unit_of_work() as tx:
            table = paying.cost_table(tx, payment, periods)
            showing_id = cost_showing.show(tx, payment.application_id or "", table)
        self.read(showing_id)
        return showing_id

    def read(self, showing_id: str) -> None:
        self.world.clock.advance(timedelta(seconds=11))
        with self.world.database.unit_of_work() as tx:
            cost_showing.scrolled(tx, showing_id)
            cost_showing.confirm(tx, showing_id, read_seconds_min=10)

    def agree(self, payment: Payment, periods: int = 6, showing_id: str | None = None) -> str:
        """The customer agrees on the phone; the loan's id."""
        shown = showing_id or self.confirmed(payment, periods)
        with self.world.database.unit_of_work() as tx:
            return paying.agree(
                tx,
                self.world.keys,
                self.world.files,
                payment=payment,
                periods=periods,
                signature=Signature(shown, "sms_code", {}),
            )

    def paid(self, amount_fen: int, **how: Any) -> Payment:
        """A payment that went to the merchant."""
        periods = how.pop("periods", 6)
        payment = self.take(amount_fen, self.code(), **how)
        self.agree(payment, periods)
        self.work()
        return self.payment(payment.id)

    def payment(self, payment_id: str) -> Payment:
        with self.world.database.unit_of_work() as tx:
            return payments.get(tx, self.world.partner_id, payment_id)

    def view(self, payment_id: str) -> dict[str, Any]:
        with self.world.database.unit_of_work() as tx:
            found = payments.get(tx, self.world.partner_id, payment_id)
            return payments.view(tx, self.world.keys, found, "https://lender.example")

    def refund(self, payment_id: str, amount_fen: int, refund_no: str = "R-1") -> dict[str, Any]:
        with self.world.database.unit_of_work() as tx:
            return servicing.refund(
                tx,
                self.world.partner_id,
                servicing.RefundPayment(refund_no, payment_id, amount_fen),
            )

    def standing(self) -> LineStanding:
        with self.world.database.unit_of_work() as tx:
            return credit_lines.standing(tx, self.line_id)

    def work(self) -> None:
        self.world.work()

    def events(self, payment_id: str) -> list[str]:
        """The events that the merchant was told of a payment, oldest first."""
        while news.relay(self.world.context):
            pass
        rows = self.world.rows(
            "SELECT type, data FROM event WHERE subject = :id ORDER BY seq", id=payment_id
        )
        for row in rows:
            described.check_event(row["type"], row["data"]["object"])
        return [row["type"] for row in rows]

    def open_date(self) -> Any:
        with self.world.database.unit_of_work() as tx:
            return business_day.today(tx)
