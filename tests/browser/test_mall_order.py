"""A buyer in a real Chromium the size of a phone: from the shop's shelf to the first instalment."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support import expected_conditions as wanted
from selenium.webdriver.support.ui import WebDriverWait

from simulators.magic import Somebody, somebody
from tests.processes.system import free_port

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=zh-CN",
)


class Phone:
    """The browser, and the system that it looks at."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.ports = {
            name: str(free_port())
            for name in ("CF_FRONT_PORT", "CF_SIMULATORS_PORT", "CF_SHOP_PORT")
        }
        self.environment = {
            **os.environ,
            **self.ports,
            "CF_VAR": str(var),
            "CF_READ_SECONDS_MIN": "3",
            "CF_FRONT_WORKERS": "1",
            "DATABASE_URL": "",
        }
        self.up = subprocess.Popen(
            [sys.executable, "-m", "processes.cli", "up"],
            env=self.environment,
            stdout=subprocess.DEVNULL,
        )
        self.shop = f"http://127.0.0.1:{self.ports['CF_SHOP_PORT']}"
        self.front = f"http://127.0.0.1:{self.ports['CF_FRONT_PORT']}"
        self.outside = f"http://127.0.0.1:{self.ports['CF_SIMULATORS_PORT']}"
        self._until_up()
        self.browser = self._browser()
        self.shots = Path(os.environ.get("CF_SCREENSHOTS", var / "shots"))
        self.shots.mkdir(parents=True, exist_ok=True)
        self._shot = 0

    def _until_up(self) -> None:
        for _ in range(300):
            assert self.up.poll() is None, "the system did not start"
            try:
                if requests.get(self.shop, timeout=2).status_code == 200:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.2)
        raise AssertionError("the shop does not answer")

    def _browser(self) -> Chrome:
        options = ChromeOptions()
        options.binary_location = CHROMIUM
        for flag in FLAGS:
            options.add_argument(flag)
        options.add_argument(f"--user-data-dir={self.var / 'chromium'}")
        options.add_experimental_option(
            "mobileEmulation", {"deviceMetrics": {"width": 390, "height": 844, "pixelRatio": 2}}
        )
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        return Chrome(options=options, service=Service(DRIVER))

    def close(self) -> None:
        self.browser.quit()
        self.up.terminate()
        self.up.wait(30)

    def see(self, selector: str) -> WebElement:
        return WebDriverWait(self.browser, 20).until(
            wanted.visibility_of_element_located((By.CSS_SELECTOR, selector))
        )

    def until(self, true: Callable[[], bool]) -> None:
        """Waits for something, over a page that is loaded meanwhile."""
        WebDriverWait(self.browser, 20, ignored_exceptions=[StaleElementReferenceException]).until(
            lambda _: true()
        )

    def click(self, selector: str) -> None:
        self.shoot()
        element = WebDriverWait(self.browser, 20).until(
            wanted.element_to_be_clickable((By.CSS_SELECTOR, selector))
        )
        self.browser.execute_script(
            "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element
        )
        element.click()

    def type(self, selector: str, text: str) -> None:
        element = self.see(selector)
        element.clear()
        element.send_keys(text)

    def shoot(self) -> None:
        self._shot += 1
        self.browser.save_screenshot(str(self.shots / f"{self._shot:02d}.png"))

    def code(self, mobile: str) -> str:
        newest = requests.get(
            f"{self.outside}/sms/outbox", params={"mobile": mobile}, timeout=5
        ).json()[0]["text"]
        found = re.search(r"\d{6}", newest)
        assert found, newest
        return found[0]

    def complaints(self) -> list[str]:
        """What the browser had to complain of: blocked content, failing scripts."""
        return [
            line["message"]
            for line in self.browser.get_log("browser")
            if line["level"] == "SEVERE" and "favicon" not in line["message"]
        ]


@pytest.fixture(scope="module")
def phone() -> Iterator[Phone]:
    var = Path(tempfile.mkdtemp(prefix="cf-browser-"))
    opened = Phone(var)
    yield opened
    opened.close()
    shutil.rmtree(var, ignore_errors=True)


def buy_two_things(phone: Phone) -> None:
    phone.browser.get(f"{phone.shop}/goods/PHONE-1")
    message = phone.see(".cf-price").text
    assert message.startswith("年化利率(单利)14.40%")
    phone.click(".cf-price")
    assert "12 期" in phone.see(".cf-dialog").text
    phone.click(".cf-dialog button")
    phone.click(".buy")
    phone.see("#pay")
    phone.browser.get(f"{phone.shop}/goods/WATCH-1")
    phone.click(".buy")
    phone.click("#pay")


def apply(phone: Phone, person: Somebody) -> None:
    phone.click("main .go")
    phone.type("#mobile", person.mobile)
    phone.click(".with-button .small")
    phone.see("#code")
    phone.type("#code", phone.code(person.mobile))
    phone.click(".go")
    phone.type("#name", person.name)
    phone.type("#identity_no", person.identity_no)
    for box in phone.browser.find_elements(By.CSS_SELECTOR, ".consent input"):
        assert not box.is_selected(), "nothing may be ticked beforehand"
        box.click()
    phone.click(".go")
    phone.click("#no-face")
    phone.type("#card_number", person.card_no)
    phone.click(".go")


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
        before = phone.see("#outstanding").text
        phone.click("#pay-next")
        phone.until(lambda: phone.see("#outstanding").text != before)
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
            return "order.paid" in phone.see(".heard").text

        phone.until(shop_has_heard)
