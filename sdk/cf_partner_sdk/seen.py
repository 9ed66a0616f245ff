"""Which events were dealt with, kept together with the work that they caused."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Callable, Protocol, TypeVar

from ._errors import WebhookDuplicate

REMEMBER_S = 4 * 24 * 3600
"""How long a webhook-id must be remembered: longer than the lender goes on trying."""

T_co = TypeVar("T_co", covariant=True)

_MARKS = {"qmark": ("?", "?"), "format": ("%s", "%s"), "numeric": (":1", ":2")}
_MARKS["pyformat"] = _MARKS["format"]


class SeenStore(Protocol[T_co]):
    """Remembers which events were dealt with.

    The lender delivers an event at least once. It has its effect exactly once only if its id is
    written in the transaction of that effect; so a store opens that transaction.
    """

    def once(self, webhook_id: str, *, until: int) -> AbstractContextManager[T_co]:
        """Open a transaction with the id in it; give what the work is to be done with.

        Entering raises WebhookDuplicate if the event was dealt with. Leaving commits id and work
        together; an exception rolls both back, so that the lender's next try is not a duplicate.
        `until`, in seconds since 1970, is how long the id must be kept.
        """


class MemorySeenStore:
    """A `SeenStore` for one process, for trying things out: a restart forgets."""

    def __init__(self, *, size_max: int = 100_000) -> None:
        self._until: OrderedDict[str, int] = OrderedDict()
        self._busy: set[str] = set()
        self._size_max = size_max
        self._changed = threading.Condition()

    @contextmanager
    def once(self, webhook_id: str, *, until: int) -> Iterator[None]:
        """Remember the id once the work is done; beyond `size_max` the oldest go."""
        with self._changed:
            self._changed.wait_for(lambda: webhook_id not in self._busy)
            if webhook_id in self._until:
                raise WebhookDuplicate(webhook_id)
            self._busy.add(webhook_id)
        try:
            yield
            with self._changed:
                self._until[webhook_id] = until
                while len(self._until) > self._size_max:
                    self._until.popitem(last=False)
        finally:
            with self._changed:
                self._busy.discard(webhook_id)
                self._changed.notify_all()


class SqlSeenStore:
    """A `SeenStore` in a table of your own database, through any DB-API driver (PEP 249).

    `connect` gives a connection that is not in autocommit mode, such as `sqlite3.connect` bound to
    a file or `engine.raw_connection` of SQLAlchemy; each event gets one, and its handler works with
    it. `paramstyle` is the driver's, `sqlite3.paramstyle` for example. `table` may name a schema.
    """

    def __init__(
        self, connect: Callable[[], Any], *, paramstyle: str, table: str = "cf_event_seen"
    ) -> None:
        if paramstyle not in _MARKS:
            raise ValueError(f"paramstyle is one of {', '.join(sorted(_MARKS))}")
        if not all(part.isidentifier() for part in table.split(".")):
            raise ValueError("table is a plain name")
        self._connect = connect
        self._table = table
        self._id, self._until = _MARKS[paramstyle]

    @property
    def schema(self) -> str:
        """The statement that makes the table, for your migrations."""
        return (
            f"CREATE TABLE IF NOT EXISTS {self._table}"
            " (webhook_id VARCHAR(255) PRIMARY KEY, keep_until BIGINT NOT NULL)"
        )

    @contextmanager
    def once(self, webhook_id: str, *, until: int) -> Iterator[Any]:
        """Give the connection in whose transaction the id was written.

        A second delivery of the same event at the same time waits for the first, or fails, as the
        database has it. Raises ValueError for a connection in autocommit mode.
        """
        connection = self._connect()
        try:
            self._insert(connection, webhook_id, until)
            _check_transaction(connection)
            yield connection
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        finally:
            connection.close()

    def forget(self, *, before: int) -> None:
        """Delete the ids that had to be kept until `before`, in seconds since 1970."""
        connection = self._connect()
        try:
            mark = self._id
            sql = f"DELETE FROM {self._table} WHERE keep_until < {mark}"  # noqa: S608 - a plain name
            connection.cursor().execute(sql, (before,))
            connection.commit()
        finally:
            connection.close()

    def _insert(self, connection: Any, webhook_id: str, until: int) -> None:
        sql = f"INSERT INTO {self._table} VALUES ({self._id}, {self._until})"  # noqa: S608 - a plain name
        try:
            connection.cursor().execute(sql, (webhook_id, until))
        except connection.IntegrityError:
            raise WebhookDuplicate(webhook_id) from None


def _check_transaction(connection: Any) -> None:
    """Raise ValueError if the driver says that what was just written is committed already."""
    of_sqlite = getattr(connection, "in_transaction", True)
    if getattr(connection, "autocommit", False) is True or of_sqlite is False:
        raise ValueError("in autocommit mode id and work would not commit together")
