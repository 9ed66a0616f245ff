"""npm's http-message-signatures calls the running lender and proves its answers and events."""

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cf_partner_sdk.http_signatures import ALGORITHMS, TARGET_PARTS, TARGET_URI
from werkzeug.serving import make_server

from gateway.webhooks import Deliveries
from lending.foundation import events
from tests.gateway.receiver import Receiver
from tests.gateway.world import ORDER, PUBLIC_URL, World

CLIENT = Path(__file__).parent / "node_client"
BOTH = (TARGET_PARTS, TARGET_URI, TARGET_PARTS, TARGET_URI)
ABSENT = "NODE IS ABSENT: nobody proves that npm's http-message-signatures can call the lender"

pytestmark = [
    pytest.mark.skipif(not (shutil.which("node") and shutil.which("npm")), reason=ABSENT),
    pytest.mark.processes,
]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the library as the lock file names it."""
    folder = tmp_path_factory.mktemp("node_client")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(CLIENT / name, folder)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def running(world: World) -> Iterator[World]:
    """The front behind a real socket; npm's library knows no clock but the machine's."""
    world.clock.advance(datetime.now(UTC) - world.clock.now())
    server = make_server("127.0.0.1", 0, world.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    world.port = server.server_port  # type: ignore[attr-defined]
    yield world
    server.shutdown()
    thread.join()
    server.server_close()


def asked(world: World, installed: Path, **job: Any) -> dict[str, Any]:
    """What the other client found."""
    known = {
        "base_url": PUBLIC_URL,
        "port": world.port,  # type: ignore[attr-defined]
        "root_keyid": world.platform.root_keyid,
    }
    done = subprocess.run(
        ["node", str(CLIENT / "client.mjs")],
        cwd=installed,
        input=json.dumps(known | job),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def order(partner: Any, number: str, target: tuple[str, ...], **more: Any) -> dict[str, Any]:
    return {
        "path": "/v1/mall/orders",
        "body": json.dumps(ORDER | {"order_no": number}),
        "idempotency_key": number,
        "pem": partner.key.to_pem(),
        "keyid": partner.key.keyid,
        "algorithm": partner.key.algorithm,
        "target": target,
        **more,
    }


class TestCalls:
    def test_in_every_algorithm_and_form_are_taken_and_their_answers_proved(
        self, running, installed
    ):
        calls = [
            order(running.partner(f"app_{number}", algorithm=algorithm), f"N-{number}", target)
            for number, (algorithm, target) in enumerate(zip(sorted(ALGORITHMS), BOTH, strict=True))
        ]
        found = asked(running, installed, calls=calls)["calls"]
        assert [each["status"] for each in found] == [201] * 4, found
        assert [each["body"]["order_no"] for each in found] == ["N-0", "N-1", "N-2", "N-3"]
        for each in found:
            assert each["answer"] == "proved"
            for altered in ("altered", "other_status", "other_request"):
                assert each[altered] != "proved"

    def test_that_were_tampered_with_are_refused_and_the_refusal_is_proved(
        self, running, installed
    ):
        other = json.dumps(ORDER | {"order_no": "N-2", "amount_fen": 1})
        call = order(running.shop, "N-1", TARGET_PARTS, sent_body=other)
        (found,) = asked(running, installed, calls=[call])["calls"]
        assert (found["status"], found["body"]["code"]) == (401, "digest-mismatch")
        assert found["answer"] == "proved"
        assert running.count("mall_order") == 0


class TestEvents:
    def test_are_proved_and_refused_under_another_id(self, running, installed):
        receiver = Receiver()
        body = {"url": receiver.url}
        assert running.write("/v1/webhook_endpoints", body, key="e").status_code == 201
        with running.database.unit_of_work() as tx:
            events.publish(
                tx, partner_id=running.shop.id, kind="order.paid", subject="s", data={"object": {}}
            )
        deliveries = Deliveries(running.context)
        deliveries.run_once()
        for _ in range(100):
            if receiver.arrived:
                break
            threading.Event().wait(0.05)
        receiver.stop()
        (came,) = receiver.arrived
        headers = {name.lower(): value for name, value in came.headers.items()}
        event = {"url": receiver.url, "headers": headers, "body": came.body.decode()}
        found = asked(running, installed, event=event)
        assert found["event"] == "proved"
        assert found["other_id"] != "proved"
