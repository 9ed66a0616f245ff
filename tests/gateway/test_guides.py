"""Every line of code in the docs runs, against a real front over real HTTP; every byte is right."""

import base64
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cf_partner_sdk import Client, PrivateKey, ProblemError
from cf_partner_sdk.cli.main import main as cf_partner
from cf_partner_sdk.http_signatures import new_nonce
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from gateway.docs import FOLDER, GUIDES
from gateway.docs_snippets import CREATED, example_key, raw_request
from gateway.routes.leads import PDF
from gateway.webhook_checks import Checks
from gateway.webhooks import Deliveries
from lending.channels.model import PartnerKind
from processes.sandbox.tenants import MainSandbox
from scenarios.mall_installment import news
from tests.gateway.described import document
from tests.gateway.things import MAKERS, OPERATIONS, lead, things_of
from tests.gateway.world import Partner, World

FENCE = re.compile(r"^```(\S+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = ["README", *(name for _, names in GUIDES for name in names)]
AHEAD_S = 60
"""What is signed may lie 300 seconds behind the front and only 30 before it."""
SHOWN_ONLY = {"text", "http", "pem", "jwk", "body", "digest", "base", "signature"} | {
    *("rsa", "content-key", "associated", "sealed", "nginx", "caddy"),
}
"""Blocks that are data: the worked example's are recomputed below, JSON is parsed."""
EXAMPLE_IDS = re.compile(
    r"(ord|rfd|whe|whc|evt|stm|wlk|sto|stf|line|til|spy|srf|led|shr|cbl|clm)_gezdgnbvgy3tqojqgezdgnbvgy"
)
OF_PREFIX = {
    "ord": "order_id",
    "led": "lead_id",
    "rfd": "refund_id",
    "whe": "endpoint_id",
    "evt": "event_id",
    "stm": "statement_id",
    "cbl": "bill_id",
    "clm": "claim_id",
    "wlk": "walk_id",
    "whc": "check_id",
    "sto": "store_id",
    "stf": "staff_id",
    "line": "line_id",
    "til": "till_id",
    "spy": "payment_id",
    "srf": "payment_refund_id",
    "shr": "share_id",
}
NEEDS_A_WORKER = {
    "sandbox_advance",
    "sandbox_decide",
    "sandbox_sign",
    "sandbox_pay",
    "sandbox_repay",
}
"""They wait for the sandbox's own process, which is not here: sent, and not waited for."""
REFUSED_HERE = {
    *("sandbox_reset", "contract", "refund", "confirm_commission"),
    *("accept_share", "confirm_funding"),
    *("precheck", "precheck_batch", "attach", "hand_in"),
    *("take_payment", "confirm_service", "stop_service", "refund_payment"),
}
"""Nothing is paid out in this world, and the example's key is nobody's: refused, in the way that
the reference says."""


def blocks(name: str) -> list[tuple[str, str, str]]:
    """Language, what follows it, and text of every block of a page."""
    return FENCE.findall((FOLDER / f"{name}.md").read_text("utf-8"))


def in_a_process(source: str) -> str:
    """What a program prints that is run by itself, in the present folder."""
    Path("tool.py").write_text(source, "utf-8")
    environment = {**os.environ, "AUTHLIB_INSECURE_TRANSPORT": "1"}
    done = subprocess.run(
        [sys.executable, "tool.py"], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class Site:
    """A front behind a real port, what works behind it, and a partner's own server."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.receiver: Callable[..., Any] = Response(status=204)
        self._servers = [make_server("127.0.0.1", 0, Response(), threaded=True) for _ in range(2)]
        front, theirs = self._servers
        self.url = f"http://127.0.0.1:{front.server_port}"
        self.theirs = f"http://127.0.0.1:{theirs.server_port}"
        settings = replace(world.settings, front_url=self.url, front_port=front.server_port)
        front.app, self.context = world.front(settings, MainSandbox())
        theirs.app = self._receive
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=each)
            for each in (front.serve_forever, theirs.serve_forever, self._work)
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._stop.set()
        for server in self._servers:
            server.shutdown()
        for thread in self._threads:
            thread.join()

    def _receive(self, environ: dict[str, Any], start: Any) -> Any:
        """By whatever stands there now: guides write a receiver and put it in."""
        return self.receiver(environ, start)

    def _work(self) -> None:
        """What core and postloan do for webhooks."""
        works = (Deliveries(self.context).run_once, Checks(self.context).run_once)
        while not self._stop.wait(0.1):
            news.relay(self.context.lending)
            for work in works:
                work()

    def client(self, app_id: str, key: PrivateKey) -> Client:
        return Client(
            app_id=app_id, key=key, base_url=self.url, root_keyid=self.world.platform.root_keyid
        )

    def real(self, source: str, app_id: str) -> str:
        """A snippet with the addresses that a reader puts in."""
        return (
            source.replace("https://api.lender.example", self.url)
            .replace("https://hooks.shop.example", self.theirs)
            .replace("app_yours", app_id)
            .replace("the-thumbprint-you-were-given", self.world.platform.root_keyid)
        )


def run_shell(source: str, _names: dict) -> None:
    for line in source.splitlines():
        command, *words = shlex.split(line)
        assert (command, cf_partner(words)) == ("cf-partner", 0), line


GROUPS = {"keys", "webhooks", "clock", "statement", "verify"}
"""Commands that have commands."""
RUNNERS: dict[str, Callable[[str, dict], Any]] = {
    "python": lambda source, names: exec(compile(source, "guide", "exec"), names),
    "sh": run_shell,
    "ini": lambda source, _names: Path("cf-partner.ini").write_text(source, "utf-8"),
    "json": lambda source, _names: json.loads(source),
}


def catch_up(world: World) -> None:
    """Sets the front's clock, which stands still, as the readers' will be: some take their time."""
    world.clock.advance(timedelta(seconds=max(0, int(time.time()) + AHEAD_S - world.now)))


@pytest.fixture(scope="module")
def site(shared_world: World) -> Iterator[Site]:
    catch_up(shared_world)
    opened = Site(shared_world)
    yield opened
    opened.close()


class TestGuides:
    @pytest.fixture
    def reader(self, site, request, tmp_path, monkeypatch) -> Iterator[tuple[Partner, dict]]:
        """Who follows a guide, in a folder of their own, with what the guide takes as given."""
        monkeypatch.chdir(tmp_path)
        catch_up(site.world)
        name = request.node.callspec.params["name"]
        sends = name == "for-platforms"
        kind = PartnerKind.PLATFORM if sends else PartnerKind.MERCHANT
        partner = site.world.partner(f"app_{name}".replace("-", "_"), kind=kind)
        Path("payslip.pdf").write_text(PDF)
        Path("partner.pem").write_text(partner.key.to_pem())
        Path("partner.pem").chmod(0o600)
        if not sends:
            MAKERS["statement_id"](site.world, partner)
        old, leaked = PrivateKey.generate(), PrivateKey.generate()
        for key in (old, leaked) if name == "keys" else ():
            site.world.add_key(partner.id, key)
        with site.client(partner.app_id, partner.key) as cf:
            names = {
                "__name__": __name__,
                "cf": cf,
                "cf_live": cf,
                "key": partner.key,
                "old_keyid": old.keyid,
                "leaked_keyid": leaked.keyid,
                "order": None
                if sends
                else cf.mall.orders.get(site.world.order("G-1", by=partner)["id"]),
                "endpoint": cf.webhook_endpoints.create(url=f"{site.theirs}/cf/webhooks"),
            }
            news.relay(site.context.lending)
            yield partner, names
        site.receiver = Response(status=204)  # the folder of the guide's own is left now

    @pytest.mark.parametrize("name", PAGES)
    def test_run_as_they_are_printed(self, site, name, reader, capsys):
        partner, names = reader
        for language, how, source in blocks(name):
            real = site.real(source, partner.app_id)
            if "no-worker" in how or language in SHOWN_ONLY:
                continue
            if name == "oauth":
                assert in_a_process(real) == "orders:read 900 True\nG-1 created\n"
            else:
                RUNNERS[language](real, names)
            site.receiver = names.get("app", site.receiver)
            if name == "quickstart-merchant" and names["key"] is not partner.key:
                site.world.add_key(partner.id, names["key"])
                partner.key = names["key"]
        if name == "webhooks":
            assert names["report"].safe, names["report"]

    def test_name_commands_that_there_are(self):
        for name in PAGES:
            text = (FOLDER / f"{name}.md").read_text("utf-8")
            for group, word in re.findall(r"(?m)(?:^|`)cf-partner ([a-z]+)(?: ([a-z]+))?", text):
                with pytest.raises(SystemExit) as ended:
                    cf_partner([group, *([word] if group in GROUPS else []), "--help"])
                assert ended.value.code == 0, f"{name}: {group} {word}"

    def test_say_no_code_that_there_is_not(self):
        codes = {each["code"] for each in document()["x-problems"]}
        for name in PAGES:
            text = (FOLDER / f"{name}.md").read_text("utf-8")
            for code in re.findall(r"`\d{3} ([a-z][a-z_.-]+)`", text):
                assert code in codes, f"{name}: {code}"
            for kind in re.findall(r"`((?:order|loan|statement|endpoint)\.[a-z_]+)`", text):
                known = set(document()["webhooks"]) | codes
                assert kind in known or kind == "order.id", f"{name}: {kind}"


class TestSnippets:
    @pytest.mark.parametrize("name", sorted(path.stem for path in (FOLDER / "snippets").glob("*")))
    def test_of_the_reference_run(self, site, name, tmp_path, monkeypatch):
        assert name in OPERATIONS, "no such call"
        monkeypatch.chdir(tmp_path)
        Path("payslip.pdf").write_text(PDF)
        world = site.world
        sends = OPERATIONS[name].function == "leads"
        kind = PartnerKind.PLATFORM if sends else PartnerKind.MERCHANT
        partner = world.partner(f"app_s_{name}", kind=kind)
        world.add_key(partner.id, spare := PrivateKey.generate())
        source = (FOLDER / "snippets" / f"{name}.py").read_text("utf-8")
        made = {"lead_id": lead(world, partner)} if sends else things_of(world, partner)
        source = EXAMPLE_IDS.sub(lambda found: made[OF_PREFIX[found[1]]], source)
        source = site.real(source.replace(example_key().keyid, spare.keyid), partner.app_id)
        with site.client(partner.app_id, partner.key) as cf:
            if name in NEEDS_A_WORKER:
                source = re.sub(r"\)\n", ", wait_s=0)\n", source, count=1)
            code = compile(source, f"{name}.py", "exec")
            if name in REFUSED_HERE:
                with pytest.raises(ProblemError) as refused:
                    exec(code, {"cf": cf})
                told = OPERATIONS[name].about["responses"][str(refused.value.status)]
                codes = told["content"]["application/problem+json"]["examples"]
                assert refused.value.code in codes
            else:
                exec(code, {"cf": cf})


def test_calls_of_the_reference_are_signed_right(world):
    """At their instant, with the example's key: what is missing is the thing itself only."""
    world.clock.advance(timedelta(seconds=CREATED - world.now))
    world.add_key(world.shop.id, example_key())
    server = "http://lender.example:8080"
    key_goes_last = sorted(OPERATIONS.values(), key=lambda each: each.id == "revoke_key")
    for operation in key_goes_last:
        text = raw_request(
            operation.method, operation.path, operation.about, document(), server, nonce=new_nonce()
        )
        head, _, body = text.partition("\n\n")
        first, *lines = head.split("\n")
        headers = dict(line.split(": ", 1) for line in lines)
        method, path, _ = first.split(" ")
        answer = world.send(world.request(method, path, body.encode() or None, headers=headers))
        assert answer.status_code not in (400, 401, 415), (operation.id, answer.text)


@pytest.fixture(scope="module")
def shown() -> dict[str, str]:
    """The blocks of the worked example by what they are."""
    return {language: text.rstrip("\n") for language, _, text in blocks("signing")}


class TestTheWorkedExample:
    def test_has_the_digest_of_its_body(self, shown):
        digest = base64.b64encode(hashlib.sha256(shown["body"].encode()).digest()).decode()
        assert shown["digest"] == f"sha-256=:{digest}:"
        assert len(shown["body"]) == 36

    def test_has_the_thumbprint_of_its_key(self, shown):
        key = load_pem_private_key(shown["pem"].encode(), None)
        x = base64.urlsafe_b64encode(key.public_key().public_bytes_raw()).rstrip(b"=").decode()
        assert shown["jwk"] == f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'
        made = base64.urlsafe_b64encode(hashlib.sha256(shown["jwk"].encode()).digest())
        assert f'keyid="{made.rstrip(b"=").decode()}"' in shown["base"]

    def test_has_the_signature_of_its_base(self, shown):
        signed = load_pem_private_key(shown["pem"].encode(), None).sign(shown["base"].encode())
        assert shown["signature"] == base64.b64encode(signed).decode()

    def test_has_it_all_in_its_message(self, shown):
        head, _, body = shown["http"].partition("\n\n")
        lines = dict(line.split(": ", 1) for line in head.split("\n")[1:])
        params = shown["base"].rpartition('"@signature-params": ')[2]
        assert body == shown["body"]
        assert lines["content-digest"] == shown["digest"]
        assert lines["signature"] == f"cf=:{shown['signature']}:"
        assert lines["signature-input"] == f"cf={params}"

    def test_is_what_its_own_program_makes(self, shown):
        names: dict = {}
        exec(next(text for language, _, text in blocks("signing") if language == "python"), names)
        made = names["signed_headers"](
            shown["pem"].encode(),
            example_key().keyid,
            "POST",
            "https://api.lender.example/v1/mall/quotes",
            shown["body"].encode(),
            now=CREATED,
            nonce="b3k2uvF9Qw1sZr8x",
        )
        head = shown["http"].partition("\n\n")[0]
        lines = dict(line.split(": ", 1) for line in head.split("\n")[2:])
        assert made == lines

    def test_is_let_in_by_a_real_front(self, world):
        world.clock.advance(timedelta(seconds=CREATED - world.now))
        world.add_key(world.shop.id, example_key())
        names: dict = {}
        exec(next(text for language, _, text in blocks("signing") if language == "python"), names)
        url = "http://lender.example:8080/v1/mall/orders?limit=2"
        headers = names["signed_headers"](
            example_key().to_pem().encode(), example_key().keyid, "GET", url, now=CREATED
        )
        assert (
            world.send(
                world.request("GET", "/v1/mall/orders", query="limit=2", headers=headers)
            ).status_code
            == 200
        )
