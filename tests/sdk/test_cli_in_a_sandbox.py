"""The commands that make things happen in a sandbox: a real gateway, buyer, bank and end of day."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import responses
from cf_partner_sdk import Client, WebhookRefused
from cf_partner_sdk.cli import main

from gateway.webhook_checks import Checks
from gateway.webhooks import Deliveries
from lending.foundation import business_day, crypto
from lending.foundation.clock import FixedClock
from lending.foundation.database import Database
from lending.loans import jobs as loans_jobs
from processes.sandbox import jobs as sandbox_jobs
from scenarios.mall_installment import jobs as mall_jobs
from scenarios.mall_installment import news
from tests.databases import Databases
from tests.gateway.receiver import Arrived, Receiver
from tests.gateway.statements import statement_of
from tests.gateway.world import PUBLIC_URL, World
from tests.outside import WsgiTransport
from tests.today import NOW, TODAY


class Careful(Receiver):
    """Takes what the package proves, and nothing else."""

    def __init__(self, client: Client) -> None:
        super().__init__()
        self._client = client

    def _take(self, arrived: Arrived) -> int:
        try:
            self._client.webhooks.verify(headers=arrived.headers, body=arrived.body, url=self.url)
        except WebhookRefused:
            return 401
        return 200


class Running:
    """A front behind `requests`, and what the workers of a sandbox do meanwhile."""

    def __init__(self, world: World) -> None:
        self.world = world
        lending = world.context.lending
        self._core = {**loans_jobs.handlers(lending), **mall_jobs.handlers(lending)}
        self._sandbox = sandbox_jobs.handlers(lending, "main")
        self._checks, self._deliveries = Checks(world.context), Deliveries(world.context)
        self._fronts = {PUBLIC_URL: WsgiTransport(world.app)}
        self._fronts[lending.settings.institutions_url] = world.outside.transport
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._go_on, args=(work,))
            for work in (self._work_core, lambda: self._work_jobs("sandbox", self._sandbox))
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def mount(self, mock: responses.RequestsMock) -> None:
        """Stands where the network was."""
        for url in self._fronts:
            for method in ("GET", "POST", "PATCH", "DELETE"):
                mock.add_callback(method, re.compile(f"{url}/.*"), self._answer)

    def _answer(self, sent: Any) -> tuple[int, dict[str, str], bytes]:
        front = next(front for url, front in self._fronts.items() if sent.url.startswith(url))
        answer = front.send(sent)
        return answer.status_code, dict(answer.headers), answer.raw.data

    def _go_on(self, work: Callable[[], None]) -> None:
        while not self._stop.wait(0.05):
            work()

    def _work_core(self) -> None:
        self._work_jobs("core", self._core)
        news.relay(self.world.context.lending)
        self._checks.run_once()
        self._deliveries.step()

    def _work_jobs(self, queue: str, handlers: dict[str, Callable[..., Any]]) -> None:
        while job := self._taken(queue):
            handlers[job["task_name"]](**job["args"])

    def _taken(self, queue: str) -> Any:
        with self.world.database.unit_of_work() as tx:
            job = tx.maybe(
                "SELECT id, task_name, args FROM procrastinate_jobs WHERE status = 'todo'"
                " AND queue_name = :queue AND coalesce(scheduled_at, :now) <= :now"
                " ORDER BY id LIMIT 1",
                queue=queue,
                now=tx.now,
            )
            if job is not None:
                tx.run("DELETE FROM procrastinate_jobs WHERE id = :id", id=job["id"])
            return job


@pytest.fixture(scope="module")
def running(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("sandbox")
    with databases.lent() as url:
        database = Database(url, clock=FixedClock(NOW), sandbox_clock=True)
        with database.unit_of_work() as tx:
            business_day.open_first(tx, TODAY)
        keys = crypto.load_or_make(folder / "field_keys.json")
        found = Running(World(folder, database, keys))
        yield found
        found.close()
        database.close()


@pytest.fixture
def world(running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The lender, and a folder of a partner's with settings that are in order."""
    monkeypatch.chdir(tmp_path)
    Path("partner.pem").touch(mode=0o600)
    Path("partner.pem").write_text(running.world.shop.key.to_pem())
    for name, value in {
        "APP_ID": running.world.shop.app_id,
        "BASE_URL": PUBLIC_URL,
        "ROOT_KEYID": running.world.platform.root_keyid,
        "KEY_FILE": "partner.pem",
    }.items():
        monkeypatch.setenv(f"CF_PARTNER_{name}", value)
    running.world.clock.advance(timedelta(minutes=1))  # past what limits count
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        running.mount(mock)
        yield running.world


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.stop()


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict]:
    """Exit code and JSON of a command."""
    code = main(["--json", *arguments])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.usefixtures("world")
class TestTrigger:
    def test_places_an_order_and_tells_the_event(self, capsys):
        assert main(["trigger", "order.created"]) == 0
        said = capsys.readouterr()
        assert re.match(r"order.created  evt_[a-z0-9]{26}\n", said.out)
        assert re.match(r"order       ord_[a-z0-9]{26} CLI-[A-F0-9]{12}\n", said.err)

    def test_goes_on_with_an_order_that_there_is(self, world, capsys):
        order = world.order("T-1")["id"]
        code, event = told(capsys, "trigger", "order.cancelled", "--order", order)
        assert (code, event["subject"]) == (0, order)

    def test_names_the_types_that_it_can_cause(self, capsys):
        with pytest.raises(SystemExit) as ended:
            main(["trigger", "order.eaten"])
        assert ended.value.code == 2
        assert "order.refunded" in capsys.readouterr().err

    def test_tells_what_a_sandbox_refuses(self, capsys):
        code, said = told(capsys, "trigger", "order.approved", "--applicant", "nobody")
        assert (code, said["error"]["code"]) == (1, "sandbox.fate_unknown")
        assert "applicants" in said["error"]["mend"]


@pytest.mark.usefixtures("world")
class TestClock:
    def test_is_shown_and_advanced_by_days_that_really_end(self, world, capsys):
        began = date.fromisoformat(told(capsys, "clock", "show")[1]["business_date"])
        code, moved = told(capsys, "clock", "advance", "2")
        assert (code, moved["state"], moved["days_ahead"]) == (0, "ready", 2), moved
        assert date.fromisoformat(moved["business_date"]) == began + timedelta(days=2)
        with world.database.unit_of_work() as tx:
            assert business_day.today(tx) == began + timedelta(days=2)
        assert main(["clock", "show"]) == 0
        assert f"business date {moved['business_date']}, 2 days ahead, ready" in (
            capsys.readouterr().out
        )

    def test_goes_no_day_back(self, capsys):
        code, said = told(capsys, "clock", "advance", "0")
        assert (code, said["error"].get("field")) == (1, "/days"), said


@pytest.mark.usefixtures("world")
class TestStatements:
    def test_are_listed_and_downloaded_with_their_proof(self, world, capsys):
        made = statement_of(world, world.shop, orders=2)
        code, rows = told(capsys, "statement", "list", "--span", "day", "--limit", "1")
        assert code == 0
        (row,) = rows["data"]
        assert (row["id"], row["rows"]) == (made, 6)
        assert main(["statement", "get", made, "day.csv"]) == 0
        assert "day.csv: 6 rows, proved (SHA-256 " in capsys.readouterr().out
        assert Path("day.csv").read_text("utf-8").count("\n") >= 7

    def test_that_there_are_not_leave_no_file(self, capsys):
        code, said = told(capsys, "statement", "get", "stm_" + "a" * 26, "day.csv")
        assert (code, said["error"]["code"]) == (1, "not_found")
        assert not Path("day.csv").exists()


class TestWebhooksCheck:
    @pytest.mark.usefixtures("world")
    def test_says_that_a_receiver_which_takes_all_is_not_safe(self, receiver, capsys):
        made = told(capsys, "webhooks", "create", receiver.url)[1]
        assert main(["webhooks", "check", receiver.url]) == 1
        said = capsys.readouterr().out
        assert said.endswith("The receiver is NOT safe.\n")
        assert re.search(r"^unsafe +stale: ", said, re.MULTILINE)
        assert told(capsys, "webhooks", "delete", made["id"]) == (
            0,
            {"id": made["id"], "deleted": True},
        )

    def test_says_that_one_built_on_the_package_is_safe(self, world, capsys):
        with world.client() as cf:
            careful = Careful(cf)
            made = told(capsys, "webhooks", "create", careful.url, "--type", "order.paid")[1]
            code, report = told(capsys, "webhooks", "check", made["id"])
            careful.stop()
        assert (code, report["safe"], report["state"]) == (0, True, "done")
        assert {each["verdict"] for each in report["results"]} == {"safe"}

    @pytest.mark.usefixtures("world")
    def test_tells_when_there_is_no_such_endpoint(self, capsys):
        assert main(["webhooks", "check", "https://nobody.example/cf"]) != 0
        assert "nobody.example" in capsys.readouterr().err
