"""`python -m examples.funder.check careful|generous [DATE]`: the book against lender and bank.

Says every difference between this funder's book, the lender's files of a date, and what the bank
has sent and got for its account; without any it says so and exits with 0.
"""

import json
import sys
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import requests
from cf_partner_sdk import Client, StatementKind

from examples.funder.__main__ import config_of
from examples.funder.app import client_of
from examples.funder.book import Book

FILES = (
    StatementKind.SHARE_MOVEMENTS,
    StatementKind.SHARE_POSITIONS,
    StatementKind.SHARE_FORECAST,
)


def differences(
    client: Client, book: Book, bank: requests.Session, config: dict[str, Any], day: date
) -> list[str]:
    """All that three books say differently at the end of a date; the lender has to be at rest."""
    return [*with_files(client, book, day), *with_bank(book, bank, config)]


def with_files(client: Client, book: Book, day: date) -> list[str]:
    """The lender's files of a date against the events of this book.

    There is no file where nothing moved and nothing is owed, and none of positions without loans.
    """
    events, closing = book.events(), dict.fromkeys(FILES, 0)
    found: list[str] = []
    for kind in FILES:
        for statement in client.share_files.list(kind=kind.value, period=day.isoformat()):
            closing[kind] = statement.closing_balance_fen
            wrong = client.share_files.verify(statement.id, events=events)
            found += [f"{kind.value}: {each}" for each in wrong]
    return [
        *found,
        *_between("owed", closing[StatementKind.SHARE_MOVEMENTS], book.owed_fen()),
        *_between("open", closing[StatementKind.SHARE_POSITIONS], book.open_fen()),
    ]


def with_bank(book: Book, bank: requests.Session, config: dict[str, Any]) -> list[str]:
    """What the bank has moved for this funder's account against this book."""
    url = f"{config['bank_url']}/interbank/accounts/{config['account_no']}"
    answer = bank.get(url, timeout=10)
    answer.raise_for_status()
    told = answer.json()
    return [
        *_between("sent", told["sent_fen"], book.sent_fen()),
        *_between("got", told["got_fen"], book.got_fen()),
    ]


def _between(what: str, theirs: int, ours: int) -> list[str]:
    return [] if theirs == ours else [f"{what}: they say {theirs} fen, this book {ours} fen"]


def main(temper: str, day: date) -> int:
    """Checks the book of one; 1 when something differs."""
    file = config_of(temper)
    config = json.loads(file.read_text())
    book = Book(file.with_suffix(".sqlite"))
    with client_of(config) as client, requests.Session() as bank:
        found = differences(client, book, bank, config, day)
    print("\n".join(found) or f"{config['name']}: book, lender and bank agree")
    return int(bool(found))


if __name__ == "__main__":
    yesterday = datetime.now(ZoneInfo("Asia/Shanghai")).date() - timedelta(days=1)
    named = date.fromisoformat(sys.argv[2]) if sys.argv[2:] else yesterday
    sys.exit(main(sys.argv[1], named))
