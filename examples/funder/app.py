"""The funder's web server: takes events, shows its book; a thread does what shares wait for."""

import json
import os
import sqlite3
import threading
from pathlib import Path
from typing import Any

import requests
from cf_partner_sdk import CfError, Client, Event, KeyDirectory, PrivateKey, WebhookVerifier
from cf_partner_sdk.integrations import WebhookReceiver
from cf_partner_sdk.integrations.flask import blueprint as webhooks
from flask import Flask, jsonify
from flask.typing import ResponseReturnValue

from examples.funder.__main__ import TEMPER, config_of
from examples.funder.book import Book
from examples.funder.desk import Desk

PAUSE_S = 0.2
LOOK_EVERY = 25
"""How many pauses between two looks at the whole list: for what no webhook told of."""


def application() -> Flask:
    """The WSGI application of the funder that the environment names."""
    return create_app(config_of(os.environ[TEMPER]))


def create_app(config_file: Path) -> Flask:
    """A funder with the key and addresses of a partner, its desk at work in a thread."""
    config = json.loads(config_file.read_text())
    client = client_of(config)
    book = Book(config_file.with_suffix(".sqlite"))
    verifier = WebhookVerifier(
        url=f"http://127.0.0.1:{config['port']}/cf/webhooks",
        directory=KeyDirectory(base_url=config["base_url"], root_keyid=config["root_keyid"]),
    )
    desk = Desk(config, client, book, requests.Session())
    threading.Thread(target=_work, args=(client, verifier.url, book, desk), daemon=True).start()
    return web(config["name"], book, verifier)


def web(name: str, book: Book, verifier: WebhookVerifier) -> Flask:
    """Where events come in and the book is shown."""
    app = Flask(__name__)
    app.register_blueprint(webhooks(WebhookReceiver(verifier, booking(book), seen=book.seen)))

    @app.get("/")
    def home() -> ResponseReturnValue:
        rows = [dict(row) for row in book.positions()]
        decisions = [dict(row) for row in book.run("SELECT * FROM decision")]
        return jsonify(name=name, owed_fen=book.owed_fen(), positions=rows, decisions=decisions)

    return app


def client_of(config: dict[str, Any]) -> Client:
    """The SDK with a configuration's key and addresses."""
    return Client(
        app_id=config["app_id"],
        key=PrivateKey.from_pem(Path(config["private_key"]).read_text()),
        base_url=config["base_url"],
        root_keyid=config["root_keyid"],
    )


def booking(book: Book) -> Any:
    """What is done with an event, in the transaction that remembers its id."""

    def on_event(event: Event, connection: sqlite3.Connection) -> None:
        if not event.test:
            book.hear(connection, event)

    return on_event


def _work(client: Client, url: str, book: Book, desk: Desk) -> None:
    """Has events sent here, and deals with each share of which there is news, or that waits."""
    registered, pauses = False, 0
    while True:
        try:
            registered = registered or _register(client, url)
            for share_id in book.news():
                desk.deal_with(share_id)
            if pauses % LOOK_EVERY == 0:
                desk.catch_up()
        except (CfError, requests.RequestException):
            threading.Event().wait(2)
        pauses += 1
        threading.Event().wait(PAUSE_S)


def _register(client: Client, url: str) -> bool:
    if url not in [endpoint.url for endpoint in client.webhook_endpoints.list()]:
        client.webhook_endpoints.create(url=url, event_types=["*"], idempotency_key=url)
    return True
