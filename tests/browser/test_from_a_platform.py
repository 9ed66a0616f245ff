"""A phone on a platform's site: one hop to the lender, and money on the person's own card."""

import threading
from collections.abc import Iterator

import pytest
from werkzeug.serving import make_server

from examples.platform.app import create_app
from simulators.magic import Somebody, somebody
from tests.browser.phone import Phone

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(phone: Phone) -> Iterator[str]:
    """The example's site."""
    server = make_server("127.0.0.1", 0, lambda _environ, _start: [], threaded=True)
    url = f"http://127.0.0.1:{server.server_port}"
    server.app = create_app(phone.var / "demo_platform.json", url)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield url
    server.shutdown()
    serving.join()


def wish(phone: Phone, site: str, person: Somebody) -> None:
    phone.browser.get(site)
    for name in ("name", "identity_no", "mobile"):
        phone.type(f"#{name}", getattr(person, name))
    phone.type("#income", "12000")
    phone.tick_each(".consent")
    phone.click("#go")


def apply(phone: Phone, person: Somebody) -> None:
    assert "安心消费金融" in phone.see("h1").text
    assert phone.browser.current_url.startswith(f"{phone.front}/lead/"), "one hop"
    phone.click(".go")
    phone.click(".small.wide")
    phone.see("#code")
    phone.type("#code", phone.code(person.mobile))
    phone.click(".go")
    phone.tick_each(".consent input")
    phone.click(".go")
    phone.click("#no-face")
    phone.type("#income", "12000")
    phone.type("#elsewhere", "0")
    for chosen in (
        "[name=student][value=no]",
        "[name=purpose_confirmed]",
        "[name=risk_understood]",
    ):
        phone.click(chosen)
    phone.click(".go")
    phone.type("#card_number", person.card_no)
    phone.click(".go")


def sign(phone: Phone, person: Somebody) -> None:
    phone.click(".offer input[value='12']")
    phone.click(".go")
    phone.see(".scroll")
    phone.browser.execute_script("document.querySelector('.scroll').scrollTo(0, 99999)")
    phone.click("input[name=understood]")
    phone.click("[data-countdown]:enabled")
    phone.click("input[name=agreed]")
    phone.click(".go")
    phone.click(".small.wide")
    phone.see("#code")
    phone.type("#code", phone.code(person.mobile))
    phone.click(".go")


def test_a_person_comes_from_a_platform_and_gets_the_money_on_their_own_card(
    phone: Phone, site: str
):
    person = somebody()
    phone.reset()
    wish(phone, site, person)
    apply(phone, person)
    sign(phone, person)
    assert person.card_no[-4:] in phone.see(".approved").text
    phone.shoot()
    phone.click("#return")
    assert phone.see("#state").get_attribute("data-state") == "paid"
    assert phone.browser.current_url.startswith(site)

    def heard() -> bool:
        phone.browser.refresh()
        return "lead.paid" in phone.see("#heard").text

    phone.until(heard)
    phone.browser.get(f"{site}/bills")
    assert "暂无结算单" in phone.see("main").text, "the month has not ended"
    assert phone.complaints() == []
