"""`cf-partner listen`: events reach a server on this machine, signed for it, once and in order."""

import json
import threading
from collections.abc import Iterator
from functools import partial

import pytest
from cf_partner_sdk import MemorySeenStore
from cf_partner_sdk.cli import main
from cf_partner_sdk.integrations import WebhookReceiver
from cf_partner_sdk.integrations.flask import blueprint
from flask import Flask
from werkzeug.serving import make_server

from tests.sdk import test_cli
from tests.sdk.test_fake_gateway_contract import place

gateway, home, settings = test_cli.gateway, test_cli.home, test_cli.settings


class Shop:
    """A server on this machine that verifies events for real."""

    def __init__(self, fake, port: int = 0) -> None:
        self.handled: list[str] = []
        self.fails = 0
        self.app = Flask(__name__)
        self.server = make_server("127.0.0.1", port, self.app)
        self.url = f"http://127.0.0.1:{self.server.server_port}/cf/webhooks"
        receiver = WebhookReceiver(fake.verifier(self.url), self._handle, seen=MemorySeenStore())
        self.app.register_blueprint(blueprint(receiver))
        self.thread = threading.Thread(target=partial(self.server.serve_forever, 0.01), daemon=True)

    def _handle(self, event, _) -> None:
        if self.fails:
            self.fails -= 1
            raise RuntimeError("a bug of the developer's")
        self.handled.append(event.type)


@pytest.fixture
def shop(gateway) -> Iterator[Shop]:
    made = Shop(gateway)
    made.thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.mark.usefixtures("settings")
class TestListening:
    def start(self, shop, *more: str) -> threading.Thread:
        arguments = ["--json", "listen", shop.url, "--poll-seconds", "0.02", *more]
        thread = threading.Thread(target=main, args=(arguments,))
        thread.start()
        return thread

    def wait_until_ready(self, gateway) -> None:
        for _ in range(500):
            if sum(call.path == "/v1/events" for call in gateway.calls) >= 3:
                return  # what there was is known, and news are asked for
            threading.Event().wait(0.01)
        raise AssertionError("it does not listen")

    def test_hands_on_what_happens_from_now_on_in_order(self, gateway, shop, capsys):
        with gateway.client() as cf:
            place(cf, "A-0")
            listening = self.start(shop, "--count", "3")
            self.wait_until_ready(gateway)
            place(cf, "A-1")
        gateway.advance(seconds=1)
        gateway.approve("A-1")
        gateway.advance(seconds=1)
        gateway.sign("A-1")
        listening.join(10)
        assert shop.handled == ["order.created", "order.approved", "order.signed"]
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [(line["type"], line["status"]) for line in lines] == [
            ("order.created", 204),
            ("order.approved", 204),
            ("order.signed", 204),
        ]

    def test_hands_on_the_types_asked_for(self, gateway, shop):
        listening = self.start(shop, "--count", "1", "--type", "order.paid")
        self.wait_until_ready(gateway)
        with gateway.client() as cf:
            gateway.sell(place(cf, "A-1"))
        listening.join(10)
        assert shop.handled == ["order.paid"]

    def test_hands_on_one_event_again(self, gateway, shop, capsys):
        with gateway.client() as cf:
            place(cf, "A-1")
        shop.fails = 1
        event_id = gateway.events[0].id
        again = ["listen", shop.url, "--event", event_id]
        assert main(again) == 0
        assert f"again: cf-partner {' '.join(again)}" in capsys.readouterr().out
        assert main(again) == 0
        assert shop.handled == ["order.created"]

    def test_waits_for_a_server_that_is_not_there_yet(self, gateway, capsys):
        gone = Shop(gateway)
        gone.server.server_close()
        listening = self.start(gone, "--count", "1")
        self.wait_until_ready(gateway)
        with gateway.client() as cf:
            place(cf, "A-1")
        for _ in range(500):
            if sum(call.path.endswith("/sign") for call in gateway.calls) >= 2:
                break
            threading.Event().wait(0.01)
        late = Shop(gateway, gone.server.server_port)
        late.thread.start()
        listening.join(10)
        late.server.shutdown()
        late.server.server_close()
        assert late.handled == ["order.created"]
        said = capsys.readouterr()
        assert said.out.count("order.created") == 1
        assert said.err.count("nobody answers") == 1

    @pytest.mark.parametrize("url", ["https://shop.example/cf", "http://10.0.0.1/", "localhost"])
    def test_goes_nowhere_but_to_this_machine(self, url):
        assert main(["listen", url]) == 2


@pytest.mark.usefixtures("settings")
class TestEvents:
    def test_are_listed_newest_first(self, gateway, capsys):
        with gateway.client() as cf:
            gateway.sell(place(cf, "A-1"))
        assert main(["events", "--limit", "2"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert [line.split()[1] for line in lines[1:]] == ["order.paid", "order.signed"]


@pytest.mark.usefixtures("settings")
class TestWebhooks:
    def test_are_registered_listed_tried_and_removed(self, capsys):
        url = "https://shop.example/cf"
        for arguments, shown in (
            (("create", url, "--type", "order.paid"), "is enabled."),
            (("list",), url),
            (("test", url), "endpoint.test"),
            (("delete", url), "is removed."),
        ):
            assert main(["webhooks", *arguments]) == 0
            assert shown in capsys.readouterr().out
        assert main(["webhooks", "delete", url]) == 2
