"""The shop's own order book: a SQLite file. It learns from webhooks, and by asking."""

import sqlite3
import threading
import time
from functools import partial
from pathlib import Path

from cf_partner_sdk import SqlSeenStore

SCHEMA = """
CREATE TABLE IF NOT EXISTS shop_order (
    order_no TEXT PRIMARY KEY, order_id TEXT, items TEXT NOT NULL, amount_fen INTEGER NOT NULL,
    state TEXT NOT NULL, refunded_fen INTEGER NOT NULL DEFAULT 0, made_at REAL NOT NULL,
    news INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS heard (at REAL NOT NULL, type TEXT NOT NULL, subject TEXT NOT NULL);
"""


class ShopBooks:
    """Orders, and which events were dealt with."""

    def __init__(self, path: Path) -> None:
        self._connect = partial(sqlite3.connect, path, timeout=10)
        self.seen = SqlSeenStore(self._connect, paramstyle=sqlite3.paramstyle)
        self._local = threading.local()
        self._run(f"{SCHEMA};{self.seen.schema}", script=True)

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

    def hear(self, connection: sqlite3.Connection, kind: str, order_id: str) -> None:
        """Notes an event, and that there is news of its order, in the transaction of its id."""
        connection.execute("INSERT INTO heard VALUES (?, ?, ?)", (time.time(), kind, order_id))
        connection.execute("UPDATE shop_order SET news = news + 1 WHERE order_id = ?", (order_id,))

    def with_news(self) -> list[sqlite3.Row]:
        """Orders of which there is news, and how much."""
        return self._run("SELECT order_id, news FROM shop_order WHERE news > 0")

    def caught_up(self, order_id: str, news: int) -> None:
        """The lender was asked after so much news of an order."""
        self._run("UPDATE shop_order SET news = news - ? WHERE order_id = ?", news, order_id)

    def heard(self) -> list[sqlite3.Row]:
        """The newest events."""
        return self._run("SELECT * FROM heard ORDER BY at DESC LIMIT 20")

    def _run(self, sql: str, *values: object, script: bool = False) -> list[sqlite3.Row]:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._connect()
            connection.row_factory = sqlite3.Row
            self._local.connection = connection
        with connection:
            if script:
                connection.executescript(sql)
                return []
            return connection.execute(sql, values).fetchall()
