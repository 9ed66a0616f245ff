"""The funder's own book: SQLite, kept from webhooks alone, every movement once."""

import json
import sqlite3
import threading
from functools import partial
from pathlib import Path

from cf_partner_sdk import (
    ClearingPaid,
    ClearingReceived,
    Event,
    ShareMoneyReturned,
    ShareMoved,
    ShareMovement,
    SqlSeenStore,
)

SCHEMA = """
CREATE TABLE IF NOT EXISTS decision (
    share_id TEXT PRIMARY KEY, reference TEXT NOT NULL, takes INTEGER NOT NULL,
    share_rate TEXT NOT NULL, reason TEXT NOT NULL, decided_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS transfer (
    share_id TEXT PRIMARY KEY, reference TEXT NOT NULL, amount_fen INTEGER NOT NULL,
    sent INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS movement (
    share_id TEXT NOT NULL, loan_id TEXT NOT NULL, kind TEXT NOT NULL, source_id TEXT NOT NULL,
    happened_on TEXT NOT NULL, principal_fen INTEGER NOT NULL, interest_fen INTEGER NOT NULL,
    fee_fen INTEGER NOT NULL, penalty_fen INTEGER NOT NULL, service_fee_fen INTEGER NOT NULL,
    funded_fen INTEGER NOT NULL, principal_open_fen INTEGER NOT NULL,
    PRIMARY KEY (share_id, kind, source_id));
CREATE TABLE IF NOT EXISTS cleared (clearing_id TEXT PRIMARY KEY, amount_fen INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS returned (reference TEXT PRIMARY KEY, amount_fen INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS news (share_id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS heard (
    id TEXT PRIMARY KEY, type TEXT NOT NULL, subject TEXT NOT NULL, event TEXT NOT NULL);
"""
PARTS = ("principal_fen", "interest_fen", "fee_fen", "penalty_fen", "service_fee_fen", "funded_fen")


class Book:
    """Decisions, transfers and positions of one funder."""

    def __init__(self, path: Path) -> None:
        self._connect = partial(sqlite3.connect, path, timeout=10)
        self.seen = SqlSeenStore(self._connect, paramstyle=sqlite3.paramstyle)
        self._local = threading.local()
        connection = self._connection()
        with connection:
            connection.executescript(f"{SCHEMA};{self.seen.schema}")

    def hear(self, connection: sqlite3.Connection, event: Event) -> None:
        """Keeps an event, and books what it says, in the transaction of its id."""
        told = {
            "id": event.id,
            "type": event.type,
            "created_at": event.created_at.isoformat(),
            "subject": event.subject,
            "data": event.data,
        }
        connection.execute(
            "INSERT INTO heard VALUES (?, ?, ?, ?)",
            (event.id, event.type, event.subject or "", json.dumps(told)),
        )
        if event.type.startswith("share."):
            connection.execute("INSERT OR IGNORE INTO news VALUES (?)", (event.subject,))
        if isinstance(event, ShareMoved):
            self.move(connection, event.movement)
        elif isinstance(event, (ClearingPaid, ClearingReceived)):
            clearing = event.clearing
            connection.execute(
                "INSERT OR IGNORE INTO cleared VALUES (?, ?)", (clearing.id, clearing.amount_fen)
            )
        elif isinstance(event, ShareMoneyReturned):
            back = event.returned
            connection.execute(
                "INSERT OR IGNORE INTO returned VALUES (?, ?)", (back.reference, back.amount_fen)
            )

    def events(self) -> list[Event]:
        """All that was heard."""
        rows = self.run("SELECT event FROM heard")
        return [Event.from_json(json.loads(row["event"])) for row in rows]

    def move(self, connection: sqlite3.Connection, movement: ShareMovement) -> None:
        """Books what moved, once, in the transaction of the event's id."""
        values = (
            movement.share_id,
            movement.loan_id,
            movement.kind,
            movement.source_id,
            movement.happened_on.isoformat(),
            *(getattr(movement, part) for part in PARTS),
            movement.principal_open_fen,
        )
        marks = ", ".join("?" * len(values))
        connection.execute(f"INSERT OR IGNORE INTO movement VALUES ({marks})", values)

    def news(self) -> list[str]:
        """Shares of which something was told."""
        return [row["share_id"] for row in self.run("SELECT share_id FROM news")]

    def caught_up(self, share_id: str) -> None:
        """The lender was asked about a share."""
        self.run("DELETE FROM news WHERE share_id = ?", share_id)

    def positions(self) -> list[sqlite3.Row]:
        """What stands by share: principal lent and not repaid, and what came of it."""
        return self.run(
            "SELECT share_id, loan_id, -sum(principal_fen) AS principal_open_fen,"
            " sum(interest_fen) AS interest_fen, sum(service_fee_fen) AS service_fee_fen,"
            " count(*) AS movements FROM movement GROUP BY share_id ORDER BY share_id"
        )

    def owed_fen(self) -> int:
        """What the lender owes by all movements, less what was cleared."""
        moved = self._sum(f"SELECT sum({' + '.join(PARTS)}) FROM movement")
        return moved - self._sum("SELECT sum(amount_fen) FROM cleared")

    def open_fen(self) -> int:
        """Principal that stands in this book: not that of loans given up."""
        return self._sum(
            "SELECT -sum(principal_fen) FROM movement WHERE share_id NOT IN"
            " (SELECT share_id FROM movement WHERE kind = 'loan.written_off')"
        )

    def sent_fen(self) -> int:
        """What left this funder's account for shares and for what it owed."""
        owed = self._sum("SELECT -sum(amount_fen) FROM cleared WHERE amount_fen < 0")
        return self._sum("SELECT sum(amount_fen) FROM transfer WHERE sent") + owed

    def got_fen(self) -> int:
        """What came to it: cleared, or sent back."""
        cleared = self._sum("SELECT sum(amount_fen) FROM cleared WHERE amount_fen > 0")
        return cleared + self._sum("SELECT sum(amount_fen) FROM returned")

    def _sum(self, sql: str) -> int:
        return int(self.run(sql)[0][0] or 0)

    def run(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """Runs one statement by itself."""
        connection = self._connection()
        with connection:
            return connection.execute(sql, values).fetchall()

    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = self._connect()
            found.row_factory = sqlite3.Row
        return found
