"""All institutions as one web application: a process of its own, a book each, faults on demand."""

from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue

from simulators import bank, bank_pages, people_pages, sms, sms_pages, visits
from simulators.book import Book
from simulators.door import Door
from simulators.faults import Faults, blueprint
from simulators.installations import MAIN
from simulators.magic import MAGIC, MAGIC_AMOUNTS, MAGIC_CARDS, MAGIC_WALLETS, fate_of_wallet
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
    """Where the bank tells of finished payments; empty for nobody. `{mount}` in it stands for the
    path of the installation that made the payment."""


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

    @cache
    def bank_of(installation: str) -> bank.Bank:
        suffix = "" if installation == MAIN else f"-{installation}"
        tell = partial(teller.tell, installation=installation)
        return bank.Bank(book(f"bank{suffix}", bank.SCHEMA), settled=tell)

    @cache
    def wallets_of(installation: str) -> bank.Bank:
        suffix = "" if installation == MAIN else f"-{installation}"
        tell = partial(teller.tell, installation=installation)
        return bank.Bank(book(f"wallet{suffix}", bank.SCHEMA), tell, fate_of_wallet)

    @cache
    def outbox_of(installation: str) -> sms.Outbox:
        suffix = "" if installation == MAIN else f"-{installation}"
        return sms.Outbox(book(f"sms{suffix}", sms.SCHEMA))

    bank_of(MAIN)
    people = {
        name: visits.Visits(book(name, visits.SCHEMA))
        for name in ("bureau-a", "bureau-b", "identity")
    }
    bank_pages.add(app, door, bank_of, teller)
    bank_pages.add_wallets(door, wallets_of, teller)
    people_pages.add_bureaus(door, people)
    people_pages.add_identity(door, people["identity"])
    sms_pages.add(app, door, outbox_of)

    @app.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return "ok"

    @app.get("/magic")
    def magic() -> ResponseReturnValue:
        return jsonify(
            persons=MAGIC, cards=MAGIC_CARDS, wallets=MAGIC_WALLETS, amounts=MAGIC_AMOUNTS
        )

    return app
