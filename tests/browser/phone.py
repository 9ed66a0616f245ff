"""A real Chromium the size of a phone, and the running system that it looks at."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import requests
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    NoSuchElementException,
    StaleElementReferenceException,
    WebDriverException,
)
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from simulators.magic import Somebody
from tests.ports import free_pair, free_port

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
PATIENCE_S = 90
"""For a machine that does much else; and an event whose first try failed is tried again."""
T = TypeVar("T")


class Phone:
    """The browser, and the system that it looks at."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.ports = {
            name: str(free_port())
            for name in ("CF_FRONT_PORT", "CF_SIMULATORS_PORT", "CF_SHOP_PORT")
        }
        self.ports["CF_FUNDER_PORT"] = str(free_pair())
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
        self.shots = os.environ.get("CF_SCREENSHOTS")
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

    def reset(self) -> None:
        """From now on it is somebody else's phone: nobody is signed in."""
        self.browser.execute_cdp_cmd("Network.clearBrowserCookies", {})

    def see(self, selector: str) -> WebElement:
        """An element once it is to be seen."""
        return self._patiently(selector, lambda: self._visible(selector))

    def text(self, selector: str) -> str:
        """What is to be read in an element once it is to be seen."""
        return self._patiently(selector, lambda: (self._visible(selector).text,))[0]

    def until(self, true: Callable[[], bool]) -> None:
        """Waits for something, over pages that follow one another meanwhile."""
        self._patiently("what was waited for", true)

    def click(self, selector: str) -> None:
        self.shoot()

        def act() -> bool:
            element = self._visible(selector)
            if not element.is_enabled():
                return False
            self.browser.execute_script(
                "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element
            )
            element.click()
            return True

        self._patiently(selector, act)

    def tick_each(self, selector: str) -> None:
        """Ticks all boxes of a page once they are there; none may be ticked beforehand."""
        self.see(selector)
        for box in self.browser.find_elements(By.CSS_SELECTOR, selector):
            assert not box.is_selected(), "nothing may be ticked beforehand"
            box.click()

    def type(self, selector: str, text: str) -> None:
        def act() -> bool:
            element = self._visible(selector)
            element.clear()
            element.send_keys(text)
            return True

        self._patiently(selector, act)

    def _visible(self, selector: str) -> WebElement:
        element = self.browser.find_element(By.CSS_SELECTOR, selector)
        if not element.is_displayed():
            raise NoSuchElementException(selector)
        return element

    def _patiently(self, what: str, act: Callable[[], T]) -> T:
        """Acts until it comes to something, also where the page is replaced under its hands."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            fault: WebDriverException | None = None
            try:
                if found := act():
                    return found
            except WebDriverException as problem:
                if not _is_of_a_page_that_went(problem):
                    raise
                fault = problem
            if time.monotonic() > deadline:
                page = self.browser.find_element(By.TAG_NAME, "body").text
                raise AssertionError(
                    f"{what}: not at {self.browser.current_url}\n{page}"
                ) from fault
            time.sleep(0.1)

    def apply(self, person: Somebody) -> None:
        """Goes through mobile, identity, consents and card, up to the decision."""
        self.type("#mobile", person.mobile)
        self.click(".with-button .small")
        self.see("#code")
        self.type("#code", self.code(person.mobile))
        self.click(".go")
        self.type("#name", person.name)
        self.type("#identity_no", person.identity_no)
        self.tick_each(".consent input")
        self.click(".go")
        self.click("#no-face")
        self.type("#card_number", person.card_no)
        self.click(".go")

    def shoot(self) -> None:
        """Keeps what is to be seen in the folder `CF_SCREENSHOTS`, if there is one."""
        if self.shots:
            self._shot += 1
            self.browser.save_screenshot(f"{self.shots}/{self._shot:02d}.png")

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


def _is_of_a_page_that_went(fault: WebDriverException) -> bool:
    """Whether nothing was done, because the element is not there yet or not any more."""
    passing = (
        NoSuchElementException,
        StaleElementReferenceException,
        ElementNotInteractableException,
        ElementClickInterceptedException,
    )
    return isinstance(fault, passing) or "does not belong to the document" in str(fault)
