"""All institutions as one web application: a process of its own, a book each, faults on demand."""

from dataclasses import dataclass
from pathlib import Path

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue

from simulators import bank, bank_pages, people_pages, sms, sms_pages, visits
from simulators.book import Book
from simulators.door import Door
from simulators.faults import Faults, blueprint
from simulators.magic import MAGIC, MAGIC_CARDS
from simulators.signing import NONCES, Institution, load_or_make_key
from simulators.telling import Teller


@dataclass(frozen=True)
class Outside:
    """What the institutions need to know of the company."""

    folder: Path
    """Where their books and key are kept."""
    company_keys: dict[str, bytes]
    """The company's public keys (PEM) by keyid."""
    keyid: str
    """Of the institutions' own key, as the company computes it."""
    callback_url: str = ""
    """Where the bank tells of finished payments; empty for nobody."""


def create_app(outside: Outside) -> Flask:
    """The outside world as one WSGI application."""
    app = Flask("simulators")
    app.json.ensure_ascii = False  # type: ignore[attr-defined]

    def book(name: str, schema: str) -> Book:
        return Book(outside.folder / f"{name}.sqlite", schema)

    key = load_or_make_key(outside.folder / "key.pem")
    institution = Institution(key, outside.keyid, outside.company_keys, book("nonces", NONCES))
    faults = Faults()
    app.register_blueprint(blueprint(faults))
    door = Door(app, institution, faults)
    teller = Teller(institution, outside.callback_url)
    people = {
        name: visits.Visits(book(name, visits.SCHEMA))
        for name in ("bureau-a", "bureau-b", "identity")
    }
    bank_pages.add(door, bank.Bank(book("bank", bank.SCHEMA), settled=teller.tell), teller)
    people_pages.add_bureaus(door, people)
    people_pages.add_identity(door, people["identity"])
    sms_pages.add(app, door, sms.Outbox(book("sms", sms.SCHEMA)))

    @app.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return "ok"

    @app.get("/magic")
    def magic() -> ResponseReturnValue:
        return jsonify(persons=MAGIC, cards=MAGIC_CARDS)

    return app
