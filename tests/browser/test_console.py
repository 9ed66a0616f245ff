"""The console's forms in a real Chromium: what is refused, and what is pressed twice."""

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from werkzeug.serving import make_server

from lending.foundation import audit
from lending.system import service as system
from lending.system.model import Role
from tests.browser.phone import CHROMIUM, DRIVER, FLAGS, PATIENCE_S
from tests.console.test_loans_and_approvals import PASSWORD, URL
from tests.console.test_sign_in import composed
from tests.loans.world import World

pytestmark = pytest.mark.browser
TRANSFER = "#form-repayment-transfer"


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    folder = tempfile.mkdtemp(prefix="cf-console-")
    options = ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={folder}"):
        options.add_argument(flag)
    opened = Chrome(options=options, service=Service(DRIVER))
    opened.set_window_size(1280, 900)
    yield opened
    opened.quit()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def at(world: World, tmp_path: Path) -> Iterator[str]:
    """Where the console is, for who comes by the host that it knows."""
    app = composed(world, tmp_path)

    def behind_a_proxy(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        return app(environ | {"HTTP_HOST": urlsplit(URL).netloc}, start)

    server = make_server("127.0.0.1", 0, behind_a_proxy, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/console"
    server.shutdown()
    thread.join()


@pytest.fixture
def form(browser: Chrome, world: World, at: str) -> str:
    """The page of a loan, opened by somebody who may propose a transfer; its address."""
    _, loan_id = world.paid()
    with world.database.unit_of_work() as tx:
        system.add_operator(
            tx,
            login="zhou",
            name="周经办",
            role=Role.FINANCE,
            password=PASSWORD,
            actor=audit.SYSTEM,
        )
    browser.get(f"{at}/sign-in")
    for name, value in (("login", "zhou"), ("password", PASSWORD)):
        browser.find_element(By.NAME, name).send_keys(value)
    browser.find_element(By.CSS_SELECTOR, "main button").click()
    until(browser, lambda b: "sign-in" not in b.current_url)
    browser.get(f"{at}/loans/{loan_id}")
    browser.execute_script("document.querySelectorAll('details').forEach((one) => one.open = true)")
    return browser.current_url


def until(browser: Chrome, true: Callable[[Chrome], object]) -> None:
    WebDriverWait(browser, PATIENCE_S).until(true)


def fill_in(browser: Chrome, amount: str) -> None:
    for name, value in (("amount", amount), ("reference", "ICBC-1"), ("reason", "到账补录")):
        field = browser.find_element(By.CSS_SELECTOR, f"{TRANSFER} [name={name}]")
        field.clear()
        field.send_keys(value)


def press(browser: Chrome, times: int = 1) -> None:
    browser.execute_script(
        f"for (let n = 0; n < {times}; n++) document.querySelector('{TRANSFER}').requestSubmit()"
    )


class TestAForm:
    def test_that_is_refused_keeps_what_was_typed_and_is_mended_in_its_place(
        self, browser, world, form
    ):
        fill_in(browser, "9999999999999")
        press(browser)
        until(browser, lambda b: b.find_elements(By.CSS_SELECTOR, f"{TRANSFER} .refusal"))
        amount = browser.switch_to.active_element
        says = browser.find_element(By.ID, amount.get_attribute("aria-describedby"))
        assert "最多两位小数" in says.text
        assert (amount.get_attribute("name"), amount.get_attribute("value")) == (
            "amount",
            "9999999999999",
        )
        reason = browser.find_element(By.CSS_SELECTOR, f"{TRANSFER} [name=reason]")
        assert reason.get_attribute("value") == "到账补录"
        assert browser.current_url == form

        fill_in(browser, "100.00")
        press(browser, times=3)
        until(browser, lambda b: "/approvals/" in b.current_url)
        assert world.count("SELECT count(*) FROM proposal") == 1
