"""Where webhooks may go: no spelling of an address leads inside (T12), then nor now."""

import socket
from dataclasses import replace

import pytest

from gateway.webhooks import Deliveries
from lending.foundation import events
from tests.gateway.receiver import Receiver
from tests.gateway.world import World, code_of

SPELLINGS = {
    "loopback": (
        *("127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "127.0.0.1.", "0177.0.0.1"),
        *("017700000001", "0x7f.0.0.1", "0x7f000001", "0x7f.1", "2130706433", "0", "0.0.0.0"),
        *("00000177.0.0.01", "0X7F.0x0.0x0.0x1", "[::1]", "[0:0:0:0:0:0:0:1]", "[::]"),
        *("localhost", "LOCALHOST", "localhost.", "a.localhost", "ip6-localhost"),
    ),
    "mapped and translated": (
        *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:10.0.0.1]"),
        *("[::127.0.0.1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b::a00:1]"),
        *("[64:ff9b:1::1]", "[2002:7f00:1::]", "[2002:a00:1::1]", "[2001:0:7f00:1::]"),
    ),
    "private": (
        *("10.0.0.1", "10.1", "012.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1"),
        *("192.168.0.1", "0xc0a80001", "3232235521", "[fc00::1]", "[fd12:3456::1]"),
        *("[fe80::1]", "[fec0::1]"),
    ),
    "metadata": (
        *("169.254.169.254", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "169.254.43518"),
        *("[::ffff:169.254.169.254]", "[fd00:ec2::254]", "metadata", "metadata.google.internal"),
        *("metadata.google.internal.", "100.100.100.200", "instance-data.ec2.internal"),
    ),
    "carrier NAT, tests, multicast, reserved": (
        *("100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1"),
        *("203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
        *("192.88.99.1", "[ff02::1]", "[100::1]", "[2001:db8::1]", "[3fff::1]", "[4000::1]"),
    ),
    "no public name": (
        *("shop", "printer.local", "db.intranet", "nas.lan", "router.home.arpa", "x.onion"),
        *("ｅxample.com", "１２７.0.0.1", "127。0。0。1", "..", "[fe80::1%25eth0]"),
    ),
}
FORMS = (
    *("http://shop.example/cf", "http://127.0.0.1:8080/", "ftp://shop.example/", "//shop.example"),
    *("gopher://127.0.0.1/", "file:///etc/passwd", "shop.example/cf", "https:///cf", "https://"),
    *("https://u@shop.example/", "https://u:p@shop.example/", "https://@shop.example/"),
    *("https://shop.example@127.0.0.1/", "https://127.0.0.1#@shop.example/"),
    *("https://127.0.0.1\\@shop.example/", "https://127.0.0.1?@shop.example/"),
    *("https://shop.example:22/", "https://shop.example:80/", "https://shop.example:0/"),
    *("https://shop.example:5432/", "https://shop.example:65536/", "https://shop.example:-443/"),
    *("https://shop.example:443:80/", "https://shop.example:x/", "https://127.0.0.1:443/"),
    *("https://shop.example\r\nhost: inside/", "https://shop.example\t/", "https://[::1/", ""),
    *("https://shop.example/\x00", "https://shop.example /", "javascript:alert(1)"),
)
REFUSED = tuple(f"https://{host}/cf" for hosts in SPELLINGS.values() for host in hosts) + FORMS


@pytest.fixture
def outdoors(world: World) -> World:
    """The world without the sandbox's leave to send to this machine."""
    world.app, world.context = world.front(replace(world.settings, webhook_loopback=False))
    return world


@pytest.fixture
def canary():
    """A listener inside, that nobody may reach."""
    listening = Receiver()
    yield listening
    listening.stop()


class TestRegistering:
    def test_was_tried_with_at_least_60_forms(self):
        assert len(set(REFUSED)) >= 60

    def test_refuses_every_form_that_leads_inside(self, outdoors):
        for number, url in enumerate(REFUSED):
            answer = outdoors.write("/v1/webhook_endpoints", {"url": url}, key=f"u-{number}")
            assert answer.status_code in (400, 422), (url, answer.text)
            assert answer.json["field"] == "/url", url
            assert answer.json["mend"], url
        assert outdoors.count("webhook_endpoint") == 0

    @pytest.mark.parametrize(
        "url",
        [
            "https://hooks.shop.example",
            "https://hooks.shop.example/cf?x=1",
            "https://HOOKS.shop.example:8443/cf",
            "https://xn--fiq228c.example:443/",
            "https://1.1.1.1/cf",
            "https://[2606:4700:4700::1111]/cf",
        ],
    )
    def test_takes_what_is_public(self, outdoors, url):
        answer = outdoors.write("/v1/webhook_endpoints", {"url": url}, key="u")
        assert (answer.status_code, answer.json.get("url")) == (201, url)

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
    def test_takes_this_machine_in_the_sandbox_only(self, world, host):
        url = {"url": f"http://{host}:8100/cf"}
        assert world.write("/v1/webhook_endpoints", url, key="u").status_code == 201
        closed, _ = world.front(replace(world.settings, webhook_loopback=False))
        sent = world.request("POST", "/v1/webhook_endpoints", url, headers={"idempotency-key": "v"})
        assert code_of(world.send(world.signed(sent), closed)) == "webhook.url_refused"

    @pytest.mark.parametrize(
        "url", ["http://127.1/", "http://10.0.0.1/", "http://169.254.169.254/"]
    )
    def test_takes_nothing_else_inside_even_in_the_sandbox(self, world, url):
        answer = world.write("/v1/webhook_endpoints", {"url": url}, key="u")
        assert code_of(answer) == "webhook.url_refused"


class TestDelivering:
    def event(self, world: World, url: str) -> str:
        """An event on its way to a URL, which was good when it was registered."""
        made = world.write("/v1/webhook_endpoints", {"url": url}, key=url)
        assert made.status_code == 201, made.text
        with world.database.unit_of_work() as tx:
            return events.publish(
                tx, partner_id=world.shop.id, kind="order.paid", subject="s", data={"object": {}}
            )

    def outcome(self, world: World, event_id: str) -> str:
        (attempt,) = world.call("GET", f"/v1/events/{event_id}/attempts").json["data"]
        assert attempt["status"] is None
        return str(attempt["outcome"])

    def test_looks_again_and_reaches_nobody_inside(self, world, canary):
        event_id = self.event(world, canary.url)
        _, outdoors = world.front(replace(world.settings, webhook_loopback=False))
        Deliveries(outdoors).run_once()
        assert canary.arrived == []
        assert self.outcome(world, event_id) == "This URL cannot receive webhooks"

    @pytest.mark.parametrize(
        "answers",
        [["127.0.0.1"], ["1.1.1.1", "10.0.0.1"], ["::ffff:169.254.169.254"], ["::ffff:0:7f00:1"]],
        ids=["moved inside", "one of two inside", "mapped", "translated"],
    )
    def test_refuses_a_name_that_has_moved_inside(self, outdoors, monkeypatch, answers):
        event_id = self.event(outdoors, "https://hooks.shop.example/cf")
        dialled = []
        real = socket.getaddrinfo

        def moved(host, port, *rest, **more):
            if host != "hooks.shop.example":
                return real(host, port, *rest, **more)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in answers]

        monkeypatch.setattr(socket, "getaddrinfo", moved)
        monkeypatch.setattr(socket.socket, "connect", lambda _, to: dialled.append(to))
        Deliveries(outdoors.context).run_once()
        refused = "the host leads to an address that is not public"
        assert self.outcome(outdoors, event_id) == refused
        assert dialled == []

    def test_of_a_name_without_an_address_is_tried_again(self, outdoors):
        event_id = self.event(outdoors, "https://hooks.shop.invalid/cf")
        Deliveries(outdoors.context).run_once()
        assert self.outcome(outdoors, event_id) == "the host has no address"
