"""A customer's phone with a set position: from a store's code to a line, and a paid payment."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from cf_partner_sdk import PrivateKey

from lending.channels import service as channels
from lending.channels.model import Agreement, NewAccount, NewPartner, PartnerKind
from lending.foundation import business_day
from lending.foundation.audit import SYSTEM
from lending.foundation.context import Context
from lending.foundation.settings import Settings
from lending.products import service as products
from processes import installation
from processes.seed import MALL_PRODUCT
from scenarios.offline_credit import payments, stores
from scenarios.offline_credit.model import SCENARIO, NewStore, Payment, TakePayment
from simulators.magic import Somebody, somebody
from tests.browser.phone import Phone

pytestmark = pytest.mark.browser
HERE = (31_230_400, 121_473_700)
AWAY = (30_274_000, 120_155_000)
PRODUCT = replace(
    MALL_PRODUCT,
    code="appliances-in-store",
    name="门店分期",
    scenario=SCENARIO,
    purposes=("appliances",),
)


class Shop:
    """An appliance shop with one till, on the system that the phone looks at."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.till = PrivateKey.generate()
        with context.database.unit_of_work() as tx:
            products.publish(tx, PRODUCT, SYSTEM)
            new = NewPartner("app_appliances", "test", PartnerKind.MERCHANT, "顺风家电", ())
            self.partner_id = channels.register(tx, new, SYSTEM)
            today = business_day.today(tx)
            agreement = Agreement(self.partner_id, PRODUCT.code, Decimal("0.006"), today, None)
            channels.agree(tx, agreement, SYSTEM)
            account = NewAccount("顺风家电有限公司", "模拟银行", "6230580000000030019", 1)
            channels.add_account(tx, context.keys, self.partner_id, account, SYSTEM)
            store = NewStore("S-1", "人民广场店", "appliances", *HERE, 200)
            self.store_id = str(stores.register(tx, self.partner_id, store)["id"])
            channels.add_key(
                tx,
                partner_id=self.partner_id,
                keyid=self.till.keyid,
                algorithm=self.till.algorithm,
                public_jwk=self.till.public.jwk,
                actor=SYSTEM,
                functions=("payments",),
            )
            stores.add_till(
                tx, self.partner_id, self.store_id, till_no="T-1", keyid=self.till.keyid
            )

    def code(self, front: str) -> str:
        """The address behind the code on the store's screen."""
        with self.context.database.unit_of_work() as tx:
            shown = stores.code(tx, self.context.keys, self.partner_id, self.store_id, front)
        return str(shown["url"])

    def take(self, code: str, amount_fen: int) -> Payment:
        """The till scans what the phone shows."""
        with self.context.database.unit_of_work() as tx:
            return payments.take(
                tx,
                self.context.keys,
                self.context.files,
                self.partner_id,
                self.till.keyid,
                TakePayment("P-1", amount_fen, self.store_id, code, description="滚筒洗衣机"),
            )


@pytest.fixture(scope="module")
def shop(phone: Phone) -> Iterator[Shop]:
    settings = Settings(
        var=phone.var,
        front_port=int(phone.ports["CF_FRONT_PORT"]),
        simulators_port=int(phone.ports["CF_SIMULATORS_PORT"]),
    )
    context = installation.context(settings, pool_size=2)
    yield Shop(context)
    context.database.close()


def stand(phone: Phone, at: tuple[int, int]) -> None:
    """Sets where the phone is, and that its page may know."""
    phone.browser.execute_cdp_cmd(
        "Browser.grantPermissions", {"origin": phone.front, "permissions": ["geolocation"]}
    )
    phone.browser.execute_cdp_cmd(
        "Emulation.setGeolocationOverride",
        {"latitude": at[0] / 1e6, "longitude": at[1] / 1e6, "accuracy": 12},
    )


def apply(phone: Phone, person: Somebody) -> None:
    phone.type("#amount", "20000")
    phone.click(".go")
    phone.apply(person)
    phone.see("#limit")
    phone.click("input[name=agreed]")
    phone.click(".go")
    sign(phone, person)


def sign(phone: Phone, person: Somebody) -> None:
    phone.click(".small.wide")
    phone.see("#code")
    phone.type("#code", phone.code(person.mobile))
    phone.click(".go")


def sign_in(phone: Phone, person: Somebody) -> None:
    phone.type("#mobile", person.mobile)
    phone.click(".with-button .small")
    phone.see("#code")
    phone.type("#code", phone.code(person.mobile))
    phone.click(".go")


def confirm(phone: Phone, person: Somebody) -> None:
    """Chooses six months, reads the cost table, signs."""
    phone.click(".offer input[value='6']")
    phone.click(".go")
    phone.see(".scroll")
    phone.browser.execute_script("document.querySelector('.scroll').scrollTo(0, 99999)")
    phone.click("input[name=understood]")
    phone.click("[data-countdown]:enabled")
    sign(phone, person)


class TestACustomerInAStore:
    def test_gets_a_line_by_the_stores_code_and_pays_with_it_at_the_till(
        self, phone: Phone, shop: Shop
    ):
        person = somebody()
        phone.reset()
        stand(phone, AWAY)
        phone.browser.get(shop.code(phone.front))
        phone.click("#locate")
        assert "门店附近" in phone.text(".fault.banner")
        stand(phone, HERE)
        phone.click("#locate")
        apply(phone, person)
        phone.click("#line")
        sign_in(phone, person)
        assert phone.text("#available") == "¥20,000.00"
        phone.click("#show-code")
        code = phone.see("#digits").get_attribute("data-code")
        assert code is not None
        phone.shoot()
        assert shop.take(code, 329_900).state == "confirming"
        confirm(phone, person)
        assert phone.text("#paid") == "付款成功"
        phone.shoot()
        phone.browser.get(f"{phone.front}/me/line")
        assert phone.text("#available") == "¥16,701.00"
        phone.shoot()
        assert [line for line in phone.complaints() if "422" not in line] == []

    def test_fits_the_phones_width_on_every_page(self, phone: Phone, shop: Shop):
        for page in (shop.code(phone.front), f"{phone.front}/me", f"{phone.front}/me/line"):
            phone.browser.get(page)
            wide = phone.browser.execute_script("return document.documentElement.scrollWidth")
            assert wide <= 390, page
