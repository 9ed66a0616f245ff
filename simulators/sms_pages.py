"""The SMS company's calls, and its outbox as a page and as JSON for whoever tries the sandbox."""

from collections.abc import Callable
from functools import partial
from html import escape

from flask import Flask, abort, jsonify, request
from flask.typing import ResponseReturnValue

from simulators.door import Door, suffers
from simulators.fields import body, text
from simulators.installations import MAIN, NAME, here
from simulators.sms import Outbox

PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>模拟短信</title>
<meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="3">
<style>body{font:16px sans-serif;margin:2rem}td{padding:.4rem .8rem;border-bottom:1px solid #ddd}
</style><h1>模拟短信发送箱</h1><p>沙箱不会发送真实短信，验证码请在此查看。页面每三秒刷新。</p>
<table>ROWS</table>"""

SHOWN = ("sent_at", "mobile", "text")


Outboxes = Callable[[str], Outbox]
"""Gives the outbox of an installation."""


def add(app: Flask, door: Door, outbox: Outboxes) -> None:
    """Adds `POST /sms/messages` (signed), `GET /sms/outbox` and `GET /sms/` (for anybody here)."""
    door.add("POST /sms/messages", "send", partial(_send, outbox))
    app.add_url_rule("/sms/outbox", "outbox", partial(_listed, outbox))
    app.add_url_rule("/sms/", "outbox_page", partial(_page, outbox))


def _send(outbox: Outboxes) -> ResponseReturnValue:
    given = body()
    mobile, message = text(given, "mobile"), text(given, "text")
    if suffers("declined"):
        return jsonify(error="the mobile cannot be reached"), 422
    return jsonify(id=outbox(here().name).send(mobile, message))


def _listed(outbox: Outboxes) -> ResponseReturnValue:
    return jsonify(outbox(_named()).newest(request.args.get("mobile")))


def _page(outbox: Outboxes) -> ResponseReturnValue:
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(str(row[name]))}</td>" for name in SHOWN) + "</tr>"
        for row in outbox(_named()).newest(None)
    )
    return PAGE.replace("ROWS", rows or "<tr><td>暂无短信</td></tr>")


def _named() -> str:
    """Whose outbox is asked for: `?sandbox=acme.2`, or that of the main installation."""
    name = request.args.get("sandbox", MAIN)
    if not NAME.fullmatch(name):
        abort(400)
    return name
