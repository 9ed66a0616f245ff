"""Every line of code in the docs runs, against a real front over real HTTP; every byte is right."""

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from cf_partner_sdk import Client, PrivateKey, ProblemError
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from werkzeug.serving import make_server

from gateway.docs import FOLDER, GUIDES
from gateway.docs_snippets import CREATED, example_key, raw_request
from processes.sandbox.tenants import MainSandbox
from scenarios.mall_installment import news
from tests.gateway.described import document
from tests.gateway.things import MAKERS, OPERATIONS
from tests.gateway.world import World

FENCE = re.compile(r"^```(\S+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = ["README", *(name for _, names in GUIDES for name in names)]
SHOWN_ONLY = {"text", "json", "http", "pem", "jwk", "body", "digest", "base", "signature"}
"""Blocks that are data: the worked example's are recomputed below, JSON is parsed."""
ORDER_IDS = re.compile(r"(ord|rfd|whe|evt|stm|wlk)_gezdgnbvgy3tqojqgezdgnbvgy")
OF_PREFIX = {
    "ord": "order_id",
    "rfd": "refund_id",
    "whe": "endpoint_id",
    "evt": "event_id",
    "stm": "statement_id",
    "wlk": "walk_id",
}
NEEDS_A_WORKER = {
    "sandbox_advance",
    "sandbox_decide",
    "sandbox_sign",
    "sandbox_pay",
    "sandbox_repay",
}
"""They wait for the sandbox's own process, which is not here: sent, and not waited for."""
REFUSED_HERE = {"sandbox_reset", "contract", "refund"}
"""Nothing is paid out in this world: refused, in the way that the reference says."""


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


@dataclass
class Site:
    """The front behind a real port."""

    url: str
    world: World

    def client(self, app_id: str, key: PrivateKey) -> Client:
        return Client(
            app_id=app_id, key=key, base_url=self.url, root_keyid=self.world.platform.root_keyid
        )

    def real(self, source: str, app_id: str) -> str:
        """A snippet with the addresses that a reader puts in."""
        return (
            source.replace("https://api.lender.example", self.url)
            .replace("app_yours", app_id)
            .replace("the-thumbprint-you-were-given", self.world.platform.root_keyid)
        )


@pytest.fixture(scope="module")
def site(shared_world: World) -> Iterator[Site]:
    server = make_server("127.0.0.1", 0, lambda *_: [], threaded=True)
    url = f"http://127.0.0.1:{server.server_port}"
    settings = replace(shared_world.settings, front_url=url, front_port=server.server_port)
    server.app = shared_world.front(settings, MainSandbox())[0]
    ahead_s = int(time.time()) - shared_world.now
    shared_world.clock.advance(timedelta(seconds=max(0, ahead_s)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Site(url, shared_world)
    server.shutdown()
    thread.join()


class TestGuides:
    @pytest.mark.parametrize("name", PAGES)
    def test_run_as_they_are_printed(self, site, name, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        app_id = f"app_{name}".replace("-", "_")
        partner = site.world.partner(app_id)
        Path("partner.pem").write_text(partner.key.to_pem())
        MAKERS["statement_id"](site.world, partner)
        with site.client(app_id, partner.key) as cf:
            old, leaked = PrivateKey.generate(), PrivateKey.generate()
            for key in (old, leaked) if name == "keys" else ():
                site.world.add_key(partner.id, key)
            order = site.world.order("G-1", by=partner)["id"]
            news.relay(site.world.context.lending)
            names = {
                "__name__": __name__,
                "cf": cf,
                "cf_live": cf,
                "key": partner.key,
                "old_keyid": old.keyid,
                "leaked_keyid": leaked.keyid,
                "order": cf.mall.orders.get(order),
                "endpoint": cf.webhook_endpoints.create(url="https://hooks.shop.example/cf"),
            }
            for language, how, source in blocks(name):
                if name == "oauth" and language == "python":
                    assert "orders:read 900 True\nG-1 created\n" in in_a_process(
                        site.real(source, app_id)
                    )
                elif language == "python" and "no-worker" not in how:
                    exec(compile(site.real(source, app_id), f"{name}.md", "exec"), names)
                    made = names["key"]
                    if isinstance(made, PrivateKey) and made is not partner.key and name != "keys":
                        site.world.add_key(partner.id, made)
                        partner.key = made
                elif language == "json":
                    json.loads(source)
                else:
                    assert language in SHOWN_ONLY | {"python"}, f"{name}: nothing runs {language}"

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
        world = site.world
        partner = world.partner(f"app_s_{name}")
        world.add_key(partner.id, spare := PrivateKey.generate())
        source = (FOLDER / "snippets" / f"{name}.py").read_text("utf-8")
        source = ORDER_IDS.sub(lambda found: MAKERS[OF_PREFIX[found[1]]](world, partner), source)
        source = source.replace(example_key().keyid, spare.keyid)
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


class TestRawCalls:
    @pytest.mark.parametrize("name", OPERATIONS)
    def test_of_the_reference_are_signed_right(self, world, name):
        """At their instant, with the example's key: everything but the thing itself is there."""
        operation = OPERATIONS[name]
        world.clock.advance(timedelta(seconds=CREATED - world.now))
        world.add_key(world.shop.id, example_key())
        text = raw_request(
            operation.method,
            operation.path,
            operation.about,
            document(),
            "http://lender.example:8080",
        )
        head, _, body = text.partition("\n\n")
        first, *lines = head.split("\n")
        headers = dict(line.split(": ", 1) for line in lines)
        method, path, _ = first.split(" ")
        sent = world.request(method, path, body.encode() or None, headers=headers)
        answer = world.send(sent)
        assert answer.status_code not in (401, 400, 415), answer.text
        assert answer.status_code < 500


class TestTheWorkedExample:
    @pytest.fixture(scope="class")
    def shown(self) -> dict[str, str]:
        return {language: text.rstrip("\n") for language, _, text in blocks("signing")}

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
