"""The shop's own order book: a SQLite file. It learns from webhooks, and by asking."""

import sqlite3
import threading
import time
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS shop_order (
    order_no TEXT PRIMARY KEY, order_id TEXT, items TEXT NOT NULL, amount_fen INTEGER NOT NULL,
    state TEXT NOT NULL, refunded_fen INTEGER NOT NULL DEFAULT 0, made_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS seen_event (id TEXT PRIMARY KEY, until INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS heard (at REAL NOT NULL, type TEXT NOT NULL, subject TEXT NOT NULL);
"""


class ShopBooks:
    """Orders, and which events were dealt with (the SDK's `SeenStore`)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._run(SCHEMA, script=True)

    def add(self, order_no: str, items: str, amount_fen: int) -> None:
        """Keeps a new order, before the lender is asked."""
        self._run(
            "INSERT INTO shop_order (order_no, items, amount_fen, state, made_at)"
            " VALUES (?, ?, ?, 'new', ?)",
            order_no,
            items,
            amount_fen,
            time.time(),
        )

    def update(self, order_no: str, order_id: str, state: str, refunded_fen: int) -> None:
        """Keeps what the lender says of an order."""
        self._run(
            "UPDATE shop_order SET order_id = ?, state = ?, refunded_fen = ? WHERE order_no = ?",
            order_id,
            state,
            refunded_fen,
            order_no,
        )

    def order(self, order_no: str) -> sqlite3.Row | None:
        """One order."""
        rows = self._run("SELECT * FROM shop_order WHERE order_no = ?", order_no)
        return rows[0] if rows else None

    def orders(self) -> list[sqlite3.Row]:
        """All orders, newest first."""
        return self._run("SELECT * FROM shop_order ORDER BY made_at DESC LIMIT 50")

    def hear(self, kind: str, subject: str) -> None:
        """Notes an event."""
        self._run("INSERT INTO heard VALUES (?, ?, ?)", time.time(), kind, subject)

    def heard(self) -> list[sqlite3.Row]:
        """The newest events."""
        return self._run("SELECT * FROM heard ORDER BY at DESC LIMIT 20")

    def seen(self, webhook_id: str) -> bool:
        """Whether an event was dealt with."""
        return bool(self._run("SELECT 1 FROM seen_event WHERE id = ?", webhook_id))

    def remember(self, webhook_id: str, *, until: int) -> None:
        """Notes that an event was dealt with."""
        self._run("INSERT OR IGNORE INTO seen_event VALUES (?, ?)", webhook_id, until)

    def _run(self, sql: str, *values: object, script: bool = False) -> list[sqlite3.Row]:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, timeout=10)
            connection.row_factory = sqlite3.Row
            self._local.connection = connection
        with connection:
            if script:
                connection.executescript(sql)
                return []
            return connection.execute(sql, values).fetchall()
