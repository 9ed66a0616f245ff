"""The docs in a real Chromium: on a desk and on a phone, under their own content policy."""

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Blueprint, Flask, Response, jsonify
from flask_bootstrap import Bootstrap5
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait
from werkzeug.serving import make_server

from gateway import docs
from tests.browser.phone import CHROMIUM, DRIVER, FLAGS, PATIENCE_S
from tests.gateway.described import document

pytestmark = pytest.mark.browser
PAGES = ("/", "/signing", "/errors", "/events", *(f"/api-{t['name']}" for t in document()["tags"]))


def site() -> Flask:
    """The docs alone: they need no database."""
    app = Flask(__name__, static_folder=None)
    app.config.update(BOOTSTRAP_SERVE_LOCAL=True)
    Bootstrap5(app)
    blueprint = Blueprint(
        "gateway",
        docs.__name__,
        template_folder="templates",
        static_folder="static",
        static_url_path="/gateway/static",
    )
    docs.add(blueprint, document(), "https://api.lender.example")

    @blueprint.get("/openapi.json", endpoint="openapi")
    def openapi() -> Response:
        return jsonify(document())

    @blueprint.get("/favicon.ico")
    def icon() -> tuple[str, int]:
        return "", 204

    @blueprint.after_request
    def harden(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = docs.CSP
        return response

    app.register_blueprint(blueprint)
    return app


def until(browser: Chrome, true: Callable[[Chrome], object]) -> None:
    WebDriverWait(browser, PATIENCE_S).until(true)


@pytest.fixture(scope="module")
def at() -> Iterator[str]:
    server = make_server("127.0.0.1", 0, site(), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Chrome]:
    folder = tempfile.mkdtemp(prefix="cf-docs-")
    options = ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={folder}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    opened = Chrome(options=options, service=Service(DRIVER))
    yield opened
    opened.quit()
    shutil.rmtree(folder, ignore_errors=True)


class TestPages:
    @pytest.mark.parametrize("width", [390, 1400])
    def test_fit_and_are_let_by_their_policy(self, browser, at, width):
        browser.set_window_size(width, 900)
        for page in PAGES:
            browser.get(f"{at}/docs{page}")
            wide, there = browser.execute_script(
                "return [document.documentElement.scrollWidth, window.innerWidth]"
            )
            assert wide <= there, page
            assert browser.get_log("browser") == [], page

    def test_show_their_contents_where_there_is_room(self, browser, at):
        for width, is_open in ((1400, True), (390, False)):
            browser.set_window_size(width, 900)
            browser.get(f"{at}/docs/signing")
            contents = browser.find_element(By.CSS_SELECTOR, "#side nav")
            assert contents.is_displayed() is is_open
        browser.find_element(By.CSS_SELECTOR, "#side summary").click()
        assert contents.is_displayed()


class TestTheSearch:
    def test_leads_to_a_code_by_the_keyboard(self, browser, at):
        browser.set_window_size(1400, 900)
        browser.get(f"{at}/docs")
        browser.find_element(By.TAG_NAME, "body").send_keys("/")
        box = browser.switch_to.active_element
        assert box.get_attribute("id") == "search"
        box.send_keys("order.item_twice")
        until(browser, lambda b: b.find_elements(By.CSS_SELECTOR, "#found a"))
        box.send_keys(Keys.ARROW_DOWN, Keys.ENTER)
        until(browser, lambda b: "/docs/errors#" in b.current_url)
        assert browser.current_url == f"{at}/docs/errors#order.item_twice"

    def test_says_so_when_it_finds_nothing(self, browser, at):
        browser.get(f"{at}/docs")
        browser.find_element(By.ID, "search").send_keys("zzzz")
        found = browser.find_element(By.ID, "found")
        until(browser, lambda _: found.text == "Nothing found.")
