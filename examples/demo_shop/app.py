"""The shop's pages."""

import json
import secrets
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cf_partner_sdk import (
    CfError,
    Client,
    Event,
    KeyDirectory,
    Order,
    PrivateKey,
    WebhookVerifier,
)
from cf_partner_sdk.integrations import WebhookReceiver
from cf_partner_sdk.integrations.flask import blueprint as webhooks
from flask import Flask, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from examples.demo_shop.__main__ import CONFIG
from examples.demo_shop.books import ShopBooks
from examples.demo_shop.goods import GOODS, Good


def application() -> Flask:
    """The WSGI application of the demo shop."""
    return create_app(CONFIG)


def create_app(config_file: Path) -> Flask:
    """A shop with the key and addresses of a merchant."""
    config = json.loads(config_file.read_text())
    cf = Client(
        app_id=config["app_id"],
        key=PrivateKey.from_pem(Path(config["private_key"]).read_text()),
        base_url=config["base_url"],
        root_keyid=config["root_keyid"],
    )
    shop_url = f"http://127.0.0.1:{config['port']}"
    books = ShopBooks(config_file.with_suffix(".sqlite"))
    app = Flask(__name__)
    app.secret_key = _secret(config_file.with_suffix(".secret"))

    def keep(order: Order) -> None:
        books.update(order.order_no, order.id, str(order.state.value), order.refunded_fen)

    def on_event(event: Event, connection: sqlite3.Connection) -> None:
        """An event is news, not the latest state: note it, and ask when the note is kept."""
        books.hear(connection, event.type, event.subject or "")

    verifier = WebhookVerifier(
        url=f"{shop_url}/cf/webhooks",
        directory=KeyDirectory(base_url=config["base_url"], root_keyid=config["root_keyid"]),
    )
    app.register_blueprint(webhooks(WebhookReceiver(verifier, on_event, seen=books.seen)))
    threading.Thread(target=_keep_up, args=(cf, verifier.url, books, keep), daemon=True).start()

    @app.context_processor
    def lender() -> dict[str, Any]:
        return {"lender": config["base_url"], "app_id": config["app_id"], "yuan": yuan}

    @app.get("/")
    def home() -> ResponseReturnValue:
        return render_template("home.html", goods=GOODS.values(), basket=_basket())

    @app.get("/goods/<sku>")
    def good(sku: str) -> ResponseReturnValue:
        return render_template("good.html", good=GOODS.get(sku) or abort(404))

    @app.post("/basket/<sku>")
    def put(sku: str) -> ResponseReturnValue:
        if sku not in GOODS:
            abort(404)
        session["basket"] = [*session.get("basket", []), sku]
        return redirect(url_for("basket"), 303)

    @app.get("/basket")
    def basket() -> ResponseReturnValue:
        chosen = _basket()
        return render_template(
            "basket.html", chosen=chosen, total=sum(good.price_fen for good in chosen)
        )

    @app.post("/basket/empty")
    def empty() -> ResponseReturnValue:
        session.pop("basket", None)
        return redirect(url_for("home"), 303)

    @app.post("/pay")
    def pay() -> ResponseReturnValue:
        chosen = _basket()
        if not chosen:
            return redirect(url_for("basket"), 303)
        order_no = f"XM{secrets.token_hex(6).upper()}"
        items = _items(chosen)
        total = sum(good.price_fen for good in chosen)
        books.add(order_no, json.dumps(items, ensure_ascii=False), total)
        try:
            order = cf.mall.orders.create(
                order_no=order_no,
                amount_fen=total,
                items=items,
                return_url=f"{shop_url}/return",
                cancel_url=f"{shop_url}/basket",
                idempotency_key=order_no,
            )
        except CfError as problem:
            return render_template("problem.html", problem=problem), 502
        keep(order)
        session.pop("basket", None)
        return redirect(order.checkout_url or "", 303)

    @app.get("/return")
    def back() -> ResponseReturnValue:
        """The buyer is back: what the address says is no proof, the lender is asked."""
        known = books.order(request.args.get("order_no", "")) or abort(404)
        order = cf.mall.orders.get(known["order_id"])
        keep(order)
        return render_template("return.html", order=order)

    @app.get("/orders")
    def orders() -> ResponseReturnValue:
        shown = [{**order, "items": json.loads(order["items"])} for order in books.orders()]
        return render_template("orders.html", orders=shown, heard=books.heard())

    @app.post("/orders/<order_no>/refund/<sku>")
    def refund(order_no: str, sku: str) -> ResponseReturnValue:
        known = books.order(order_no) or abort(404)
        item = next((i for i in json.loads(known["items"]) if i["sku"] == sku), None) or abort(404)
        refund_no = f"{order_no}-{sku}"
        try:
            cf.mall.refunds.create(
                refund_no=refund_no,
                order_id=known["order_id"],
                amount_fen=item["unit_price_fen"],
                items=[{"sku": sku, "quantity": 1}],
                reason="七天无理由退货",
                idempotency_key=refund_no,
            )
        except CfError as problem:
            return render_template("problem.html", problem=problem), 409
        keep(cf.mall.orders.get(known["order_id"]))
        return redirect(url_for("orders"), 303)

    return app


def yuan(fen: int) -> str:
    """An amount as people read it."""
    return f"¥{fen // 100:,}.{fen % 100:02d}"


def _basket() -> list[Good]:
    return [GOODS[sku] for sku in session.get("basket", []) if sku in GOODS]


def _items(chosen: list[Good]) -> list[dict[str, Any]]:
    counted: dict[str, int] = {}
    for good in chosen:
        counted[good.sku] = counted.get(good.sku, 0) + 1
    return [
        {
            "sku": sku,
            "name": GOODS[sku].name,
            "quantity": quantity,
            "unit_price_fen": GOODS[sku].price_fen,
            "category": GOODS[sku].category,
        }
        for sku, quantity in counted.items()
    ]


def _keep_up(cf: Client, url: str, books: ShopBooks, keep: Callable[[Order], None]) -> None:
    """Has events sent here; asks the lender for each order of which there is news."""
    registered = False
    while True:
        try:
            registered = registered or _register(cf, url)
            for row in books.with_news():
                keep(cf.mall.orders.get(row["order_id"]))
                books.caught_up(row["order_id"], row["news"])
        except CfError:
            threading.Event().wait(2)
        threading.Event().wait(0.2)


def _register(cf: Client, url: str) -> bool:
    if url not in [endpoint.url for endpoint in cf.webhook_endpoints.list()]:
        cf.webhook_endpoints.create(url=url, event_types=["*"], idempotency_key=url)
    return True


def _secret(path: Path) -> str:
    """The key of the shop's own cookies."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32))
    return path.read_text()
