"""Test tenants of one installation, through the SDK and real processes."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest
import requests
from cf_partner_sdk import (
    Client,
    NotAuthenticated,
    NotFound,
    OrderState,
    PrivateKey,
    SandboxClockState,
    SandboxStopped,
)

from gateway.docs import FOLDER
from lending.finance import reconciliation
from lending.foundation.context import Context
from lending.loans import statements
from processes import installation
from processes.sandbox.tenants import Tenants
from simulators.magic import MAGIC_AMOUNTS
from tests.processes.system import System, client, place

pytestmark = pytest.mark.processes


SANDBOX_DOCS = FOLDER / "sandbox.md"


@dataclass
class Pair:
    """Two tenants and the register that they are in."""

    acme: Client
    beta: Client
    tenants: Tenants

    def context(self, name: str) -> Context:
        """A tenant's inside."""
        return self.tenants.context(self.tenants.get(name))


@pytest.fixture(scope="module")
def pair(system: System) -> Iterator[Pair]:
    var = system.settings.var
    for name in ("acme", "beta"):
        made = system.command("tenant", "add", name)
        assert made.returncode == 0, made.stderr
    settings = replace(system.settings, database_url=system.context.database.url)
    main = installation.open_database(settings, settings.database_url, 2)
    found = [client(var / "tenants" / f"{name}.json") for name in ("acme", "beta")]
    yield Pair(*found, Tenants(main, settings))
    for each in found:
        each.close()
    main.close()


class TestTwoTenants:
    def test_have_orders_of_the_same_number_and_see_only_their_own(
        self, system: System, pair: Pair
    ):
        mine, other = place(pair.acme, "same-1", 599_900), place(pair.beta, "same-1", 199_900)
        assert [order.id for order in pair.acme.mall.orders.list()] == [mine.id]
        assert [order.id for order in pair.beta.mall.orders.list()] == [other.id]
        for who in (pair.beta, system.cf):
            with pytest.raises(NotFound):
                who.mall.orders.get(mine.id)
        assert mine.checkout_url is not None
        assert mine.checkout_url.startswith(f"{system.settings.public_url}/t/acme/checkout/")
        foreign = mine.checkout_url.replace("/t/acme/", "/t/beta/")
        assert requests.get(foreign, timeout=10).status_code == 404

    def test_refuse_each_others_keys(self, system: System, pair: Pair):
        pem = system.settings.var / "tenants/acme/keys/app_acme.pem"
        stranger = Client(
            app_id="app_acme",
            key=PrivateKey.from_pem(pem.read_text()),
            base_url=f"{system.settings.public_url}/t/beta",
            root_keyid=pair.beta.directory.root_keyid,
        )
        with pytest.raises(NotAuthenticated, match="key-unknown"):
            stranger.sandbox.get()

    def test_keep_their_cookies_apart(self, system: System, pair: Pair):
        at = system.settings.public_url
        browser = requests.Session()
        for path in ("/t/acme/me", "/t/beta/me", "/me"):
            browser.get(at + path, timeout=10)
        kept = {(cookie.name, cookie.path) for cookie in browser.cookies}
        assert kept == {("cf_me-t-acme", "/t/acme/"), ("cf_me-t-beta", "/t/beta/"), ("cf_me", "/")}

    def test_that_are_not_there_are_404(self, system: System):
        for path in ("/t/nobody/docs", "/t/", "/t/ACME/docs", "/t/acme.1/docs"):
            answer = requests.get(system.settings.public_url + path, timeout=10)
            assert answer.status_code == 404, path

    def test_are_not_made_twice(self, system: System, pair: Pair):
        again = system.command("tenant", "add", "acme")
        assert (again.returncode, "There is a tenant" in again.stderr) == (1, True)


class TestAnAdvancedClock:
    def test_lets_an_instalment_fall_due_and_be_debited(self, pair: Pair):
        acme = pair.acme
        prompt, short = place(acme, "due-1"), place(acme, "due-2", 122_200)
        acme.sandbox.orders.pay(prompt.id)
        acme.sandbox.orders.pay(short.id, card="insufficient_1")
        begun = acme.sandbox.clock.get().business_date
        found = acme.sandbox.clock.advance(days=35)
        assert (found.state, found.days_ahead) == (SandboxClockState.READY, 35)
        assert found.business_date == begun + timedelta(days=35)
        repaid = {e.subject: e.created_at for e in acme.events.list() if e.type == "loan.repaid"}
        assert set(repaid) == {prompt.id, short.id}
        assert repaid[short.id].date() == repaid[prompt.id].date() + timedelta(days=1)
        self._agrees(pair, acme.mall.orders.get(prompt.id).loan_id or "", found.business_date)
        assert pair.beta.sandbox.clock.get().days_ahead == 0

    def test_goes_on_when_its_worker_was_killed(self, system: System, pair: Pair):
        beta = pair.beta
        begun = beta.sandbox.clock.advance(days=8, wait_s=0)
        system.supervisor.kill("sandbox")
        system.supervisor.start(system.parts["sandbox"])
        for _ in range(300):
            found = beta.sandbox.clock.get()
            if found.state is not SandboxClockState.ADVANCING:
                break
            time.sleep(0.2)
        assert (found.state, found.days_ahead) == (SandboxClockState.READY, begun.days_ahead + 8)
        assert found.business_date == begun.business_date + timedelta(days=8)

    def _agrees(self, pair: Pair, loan_id: str, today: date) -> None:
        """The loan shows the payment; bank, payments, ledger and loans agree to the fen."""
        context = pair.context("acme")
        bank = reconciliation.bank_file(context.database, context.channel)
        with context.database.unit_of_work() as tx:
            shown = statements.statement(tx, loan_id)
            assert [bool(row.open().total_fen) for row in shown.rows[:2]] == [False, True]
            assert shown.rows[1].due_date > today
            assert reconciliation.three_way(tx, bank).agree
            assert reconciliation.sub_ledger_check(tx) == []
            assert tx.scalar("SELECT count(*) FROM bank_difference") == 0
        context.database.close()


class TestAPlayedBuyer:
    def test_who_is_declined_gets_no_further(self, pair: Pair):
        order = place(pair.beta, "play-1")
        assert pair.beta.sandbox.orders.decide(order.id, applicant="declined").step == "declined"
        with pytest.raises(SandboxStopped, match="declined"):
            pair.beta.sandbox.orders.pay(order.id)

    @pytest.mark.parametrize(
        ("fates", "page"),
        [
            ({"applicant": "referred"}, "referred"),
            ({"applicant": "slow_bureau"}, "referred"),
            ({"applicant": "bureaus_down"}, "referred"),
            ({"applicant": "one_bureau_down"}, "choose"),
            ({"applicant": "face_mismatch"}, "choose"),
            ({"card": "slow"}, "choose"),
        ],
    )
    def test_comes_as_far_as_its_fate_lets_it(self, pair: Pair, fates: dict[str, str], page: str):
        order = place(pair.beta, "fate-" + "-".join(fates.values()))
        assert pair.beta.sandbox.orders.decide(order.id, **fates).step == page

    @pytest.mark.parametrize(
        ("fates", "page"),
        [
            ({"applicant": "identity_mismatch"}, "identity"),
            ({"card": "not_yours"}, "card"),
            ({"card": "other_mobile"}, "card"),
            ({"card": "other_identity"}, "card"),
        ],
    )
    def test_is_stopped_where_its_fate_has_it(self, pair: Pair, fates: dict[str, str], page: str):
        order = place(pair.beta, "stop-" + "-".join(fates.values()))
        with pytest.raises(SandboxStopped, match=page):
            pair.beta.sandbox.orders.decide(order.id, **fates)
        assert pair.beta.mall.orders.get(order.id).state is OrderState.CREATED

    def test_goes_on_where_it_stood(self, pair: Pair):
        order = place(pair.beta, "play-2", MAGIC_AMOUNTS["payout_unknown"])
        pair.beta.sandbox.orders.decide(order.id)
        assert pair.beta.mall.orders.get(order.id).state is OrderState.APPROVED
        pair.beta.sandbox.orders.pay(order.id, periods=6)
        pair.beta.sandbox.orders.repay(order.id)
        assert pair.beta.mall.orders.get(order.id).periods == 6

    def test_learns_that_a_payout_failed(self, pair: Pair):
        order = place(pair.beta, "play-3", MAGIC_AMOUNTS["payout_failed"])
        with pytest.raises(SandboxStopped, match="payout failed"):
            pair.beta.sandbox.orders.pay(order.id)
        assert pair.beta.mall.orders.get(order.id).state is OrderState.PAYOUT_FAILED


class TestAReset:
    def test_leaves_the_partner_its_keys_and_endpoints_and_nothing_else(self, pair: Pair):
        beta = pair.beta
        place(beta, "gone-1")
        beta.sandbox.clock.advance(days=1)
        url = "http://127.0.0.1:9/hooks"
        endpoint = beta.webhook_endpoints.create(url=url, event_types=["order.paid"])
        fresh = beta.sandbox.reset(idempotency_key="afresh")
        assert (fresh.generation, fresh.state) == (2, "ready")
        assert list(beta.mall.orders.list()) == []
        assert beta.sandbox.clock.get().days_ahead == 0
        assert [each.id for each in beta.webhook_endpoints.list()] == [endpoint.id]
        beta.sandbox.orders.pay(place(beta, "gone-1").id)

    def test_is_done_once_for_its_key(self, pair: Pair):
        pair.beta.sandbox.reset(idempotency_key="afresh", wait_s=0)
        assert pair.beta.sandbox.get().generation == 2


class TestTheDocs:
    def test_tell_a_story_that_happens(self, pair: Pair, capsys: pytest.CaptureFixture[str]):
        story = re.findall(
            r"```python no-worker\n(.*?)```", SANDBOX_DOCS.read_text("utf-8"), re.DOTALL
        )
        assert story
        names = {"cf": pair.beta, "order": place(pair.beta, "story-1")}
        for source in story:
            exec(source, names)
        assert capsys.readouterr().out == "paid\n"
