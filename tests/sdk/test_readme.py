"""The quick start works as it is printed."""

import functools
import json
import re
from pathlib import Path

import anyio
import cf_partner_sdk

from tests.sdk.platform import BASE, EVENT, NOW, PARTNER, ROOT, problem, reply
from tests.sdk.test_async_client import Line
from tests.sdk.test_client import EVENT as PAID
from tests.sdk.test_client import ORDER

README = Path(cf_partner_sdk.__file__).parents[1] / "README.md"


def blocks() -> list[str]:
    text = README.read_text("utf-8")
    text = text.replace("http://127.0.0.1:8080", BASE).replace(
        'root_keyid="…"', f'root_keyid="{ROOT.keyid}"'
    )
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


class TestTheQuickStart:
    def test_makes_a_key(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        exec(blocks()[0], {})
        assert "PRIVATE KEY" in (tmp_path / "partner.pem").read_text()

    def test_sells(self, platform, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr("time.time", lambda: float(NOW))
        (tmp_path / "partner.pem").write_text(PARTNER.to_pem())
        quote = {"amount_fen": 599900, "offers": [], "message": "¥540.00/月起"}
        platform.answers = [reply(200, quote), reply(201, ORDER)]
        exec(blocks()[1], {})
        assert capsys.readouterr().out == f"¥540.00/月起\n{ORDER['checkout_url']}\n"

    def test_listens(self, platform, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        names: dict = {"__name__": __name__}
        exec(blocks()[2], names)
        names["verifier"]._now = lambda: NOW
        names["verifier"]._key_of = {EVENT.keyid: EVENT.public}.get
        body = json.dumps(PAID).encode()
        url = "https://shop.example/cf/webhooks"
        headers = dict(platform.event(body, url=url, webhook_id="evt_1"))
        answer = names["app"].test_client().post("/cf/webhooks", data=body, headers=headers)
        assert (answer.status_code, capsys.readouterr().out) == (204, "deliver A-77\n")

    def test_reads_in_an_event_loop(self, platform):
        names: dict = {}
        exec(blocks()[3], names)
        names["AsyncClient"] = functools.partial(
            names["AsyncClient"], transport=Line(platform), clock=platform.clock.for_sdk()
        )
        platform.answers = [reply(200, {"data": [ORDER], "next_cursor": None})]
        assert anyio.run(names["paid_orders"], PARTNER) == [ORDER["order_no"]]

    def test_tells_what_went_wrong(self, cf, platform, capsys):
        platform.answers = [problem(409, "order.paid_already", mend="Refund it.")]
        exec(blocks()[4], {"cf": cf, "order": type("Order", (), {"id": "ord_1"})})
        assert capsys.readouterr().out == "order.paid_already None Refund it. req_1 False\n"

    def test_tries_a_shop_out(self, capsys):
        exec(blocks()[5], {})
        assert capsys.readouterr().out == "paid\nA-77\n"
