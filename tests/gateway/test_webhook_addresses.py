"""Where webhooks may go: no spelling of an address leads inside (T12), then nor now."""

import os
import socket
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace

import pytest

from gateway import webhook_store
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
    "mixed spellings": (
        *("0x7f.0.1", "0177.1", "127.0x0.1", "0x7F.0.0.0x1", "0x7f.0000.000.01", "127.0.0.01"),
        *("0300.0250.0.1", "0xc0.0xa8.0.1", "192.168.257", "172.0x10.0.1", "0254.020.0.1"),
        *("10.0.256", "0xa.1", "0x0a000001", "167772161", "2886729729", "0xac100001"),
        *("[0000:0000:0000:0000:0000:0000:0000:0001]", "[::FFFF:127.0.0.1]", "[::ffff:a9fe:a9fe]"),
        *("[0:0:0:0:0:FFFF:7F00:0001]", "[64:ff9b::7f00:1]", "[64:ff9b::169.254.169.254]"),
        *("[64:ff9b::c0a8:1]", "[2002:c0a8:1::1]", "[2002:a9fe:a9fe::]", "[::169.254.169.254]"),
        *("[::10.0.0.1]", "[fe80::7f00:1]", "[fd00::1]", "[fcff::]", "[2001::1]", "[ff05::1:3]"),
        *("[5f00::1]", "[::ffff:0:169.254.169.254]", "[100:0:0:1::1]", "127.0.0.1..", "0.0.0.1"),
        *("0.1", "255.255.255.254", "169.254.1", "100.64.1", "198.19.255.255", "224.1"),
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


class Canaries:
    """Listeners on loopback, at the ports that a webhook may have; they count who calls.

    One address is this process's own, the others are shared with other runs of the tests.
    """

    def __init__(self) -> None:
        self.address = f"127.41.{os.getpid() >> 8 & 255}.{os.getpid() & 255}"
        self._listening = []
        for place in ("127.0.0.1", self.address, "::1"):
            for port in (443, 8443, 80):
                family = socket.AF_INET6 if ":" in place else socket.AF_INET
                line = socket.socket(family)
                line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                line.setblocking(False)
                try:
                    line.bind((place, port))
                except OSError:
                    line.close()
                    continue
                line.listen()
                self._listening.append(line)

    def seen(self) -> int:
        """How many have called."""
        count = 0
        for line in self._listening:
            while True:
                try:
                    line.accept()[0].close()
                except BlockingIOError:
                    break
                count += 1
        return count

    def stop(self) -> None:
        for line in self._listening:
            line.close()


@pytest.fixture
def canaries():
    listening = Canaries()
    with socket.create_connection((listening.address, 8443), timeout=1):
        assert listening.seen() == 1, "a canary that does not sing shows nothing"
    yield listening
    listening.stop()


class TestRegistering:
    def test_was_tried_with_at_least_150_forms(self):
        assert len(set(REFUSED)) >= 150

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

    def test_refuses_a_name_that_leads_inside_now_and_takes_one_that_leads_nowhere_yet(
        self, outdoors
    ):
        outdoors.names["hooks.shop.example"] = [["10.0.0.1"]]
        url = {"url": "https://hooks.shop.example/cf"}
        answer = outdoors.write("/v1/webhook_endpoints", url, key="u")
        assert code_of(answer) == "webhook.url_refused"
        assert answer.json["detail"] == "the host leads to an address that is not public"
        del outdoors.names["hooks.shop.example"]
        made = outdoors.write("/v1/webhook_endpoints", url, key="v")
        assert made.status_code == 201
        outdoors.names["hooks.shop.example"] = [["1.1.1.1", "fd00::1"]]
        path = f"/v1/webhook_endpoints/{made.json['id']}"
        moved = outdoors.write(path, url, key="w", method="PATCH")
        assert code_of(moved) == "webhook.url_refused"

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
    def test_refuses_a_name_that_has_moved_inside(self, outdoors, answers):
        event_id = self.event(outdoors, "https://hooks.shop.example/cf")
        outdoors.names["hooks.shop.example"] = [answers]
        Deliveries(outdoors.context).run_once()
        refused = "the host leads to an address that is not public"
        assert self.outcome(outdoors, event_id) == refused

    def test_by_any_of_150_forms_reaches_nobody_inside(self, outdoors, canaries):
        """Also where registering had let them pass."""
        with outdoors.database.unit_of_work() as tx:
            for url in REFUSED:
                webhook_store.insert_endpoint(
                    tx,
                    outdoors.shop.id,
                    url=url.replace("\0", ""),
                    event_types=["*"],
                    description="",
                )
            events.publish(
                tx, partner_id=outdoors.shop.id, kind="order.paid", subject="s", data={"object": {}}
            )
        deliveries = Deliveries(outdoors.context)
        while deliveries.run_once():
            pass
        with outdoors.database.unit_of_work() as tx:
            found = tx.all("SELECT status, outcome FROM webhook_attempt")
        assert len(found) == len(REFUSED)
        assert {row["status"] for row in found} == {None}
        assert canaries.seen() == 0

    def test_of_a_name_that_changes_between_look_and_call_goes_where_was_looked(
        self, outdoors, canaries
    ):
        """A rebinding resolver: public at each look, inside at each second one."""
        self.event(outdoors, "https://hooks.shop.example:8443/cf")
        moving = [["127.0.0.1"], ["192.0.2.1"], ["127.0.0.1"]]
        outdoors.names["hooks.shop.example"] = moving
        deliveries = Deliveries(outdoors.context)
        deliveries.run_once()
        assert len(moving) == 2, "one look for one try"
        assert canaries.seen() == 0

    def test_calls_the_address_that_was_looked_at_and_no_other(self, world, canaries):
        """In the sandbox loopback may be called, so that the call itself can be seen."""
        self.event(world, "https://hooks.shop.example:8443/cf")
        world.names["hooks.shop.example"] = [[canaries.address], ["127.0.0.1"]]
        seen = 0
        with ThreadPoolExecutor(1) as hands:
            sent = hands.submit(Deliveries(world.context).run_once)
            while not wait([sent], timeout=0.05).done:
                seen += canaries.seen()
        assert seen + canaries.seen() == 1
        assert [len(each) for each in world.names["hooks.shop.example"]] == [1]

    def test_of_a_name_without_an_address_is_tried_again(self, outdoors):
        event_id = self.event(outdoors, "https://hooks.shop.invalid/cf")
        Deliveries(outdoors.context).run_once()
        assert self.outcome(outdoors, event_id) == "the host has no address"
