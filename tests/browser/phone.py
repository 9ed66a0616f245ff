"""A real Chromium the size of a phone, and the running system that it looks at."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import requests
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support import expected_conditions as wanted
from selenium.webdriver.support.ui import WebDriverWait

from simulators.magic import Somebody
from tests.processes.system import free_port

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

    def reset(self) -> None:
        """From now on it is somebody else's phone: nobody is signed in."""
        self.browser.execute_cdp_cmd("Network.clearBrowserCookies", {})

    def see(self, selector: str) -> WebElement:
        return WebDriverWait(self.browser, 20).until(
            wanted.visibility_of_element_located((By.CSS_SELECTOR, selector))
        )

    def until(self, true: Callable[[], bool]) -> None:
        """Waits for something, over a page that is loaded meanwhile.

        Long enough for an event's second attempt, when a busy machine lost the first.
        """
        WebDriverWait(self.browser, 90, ignored_exceptions=[StaleElementReferenceException]).until(
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

    def apply(self, person: Somebody) -> None:
        """Goes through mobile, identity, consents and card, up to the decision."""
        self.type("#mobile", person.mobile)
        self.click(".with-button .small")
        self.see("#code")
        self.type("#code", self.code(person.mobile))
        self.click(".go")
        self.type("#name", person.name)
        self.type("#identity_no", person.identity_no)
        for box in self.browser.find_elements(By.CSS_SELECTOR, ".consent input"):
            assert not box.is_selected(), "nothing may be ticked beforehand"
            box.click()
        self.click(".go")
        self.click("#no-face")
        self.type("#card_number", person.card_no)
        self.click(".go")

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
