"""A buyer in a real Chromium the size of a phone: from the shop's shelf to the first instalment."""

import subprocess
import sys

import pytest
from selenium.webdriver.common.by import By

from simulators.magic import Somebody, somebody
from tests.browser.phone import Phone

pytestmark = pytest.mark.browser


def buy_two_things(phone: Phone) -> None:
    phone.browser.get(f"{phone.shop}/goods/PHONE-1")
    message = phone.text(".cf-price")
    assert message.startswith("年化利率(单利)14.40%")
    phone.click(".cf-price")
    assert "12 期" in phone.text(".cf-dialog")
    phone.click(".cf-dialog button")
    phone.click(".buy")
    phone.see("#pay")
    phone.browser.get(f"{phone.shop}/goods/WATCH-1")
    phone.click(".buy")
    phone.click("#pay")


def apply(phone: Phone, person: Somebody) -> None:
    phone.click("main .go")
    phone.apply(person)


def agree_and_sign(phone: Phone, person: Somebody) -> None:
    phone.click(".offer input[value='12']")
    phone.click(".go")
    phone.see(".scroll")
    confirm = phone.browser.find_element(By.CSS_SELECTOR, "[data-countdown]")
    assert not confirm.is_enabled(), "the cost table must be read for a time"
    phone.shoot()
    phone.browser.execute_script("document.querySelector('.scroll').scrollTo(0, 99999)")
    phone.click("input[name=understood]")
    phone.click("[data-countdown]:enabled")
    phone.click("input[name=agreed]")
    phone.click(".go")
    phone.click(".small.wide")
    phone.see("#code")
    phone.type("#code", phone.code(person.mobile))
    phone.click(".go")
    phone.click("#return")


class TestABuyer:
    def test_goes_from_the_shelf_to_a_paid_order_pays_an_instalment_and_returns_one_item(
        self, phone: Phone
    ):
        person = somebody()
        phone.reset()
        buy_two_things(phone)
        apply(phone, person)
        agree_and_sign(phone, person)
        state = phone.see("#state")
        assert state.get_attribute("data-state") == "paid"

        phone.browser.get(f"{phone.front}/me")
        phone.type("#mobile", person.mobile)
        phone.click(".with-button .small")
        phone.see("#code")
        phone.type("#code", phone.code(person.mobile))
        phone.click(".go")
        phone.click("a.loan")
        before = phone.text("#outstanding")
        phone.click("#pay-next")
        phone.until(lambda: phone.text("#outstanding") != before)
        phone.shoot()

        phone.browser.get(f"{phone.shop}/orders")
        phone.click("[data-refund='WATCH-1']")
        refunded = phone.see(".state[data-state='part_refunded']")
        assert refunded
        phone.shoot()
        assert phone.complaints() == []
        books = subprocess.run(
            [sys.executable, "-m", "processes.cli", "reconcile"],
            env=phone.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert books.returncode == 0, books.stdout + books.stderr

    def test_sees_the_shop_hear_of_it_by_signed_webhooks(self, phone: Phone):
        def shop_has_heard() -> bool:
            phone.browser.get(f"{phone.shop}/orders")
            return "order.paid" in phone.text(".heard")

        phone.until(shop_has_heard)
