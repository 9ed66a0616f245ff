"""One unit of work: the only place that commits.

    with database.unit_of_work() as tx:     # commits on leaving, rolls back on any exception
        loans.sign(tx, application_id, ...)

Statements are SQL text with named parameters, written in each module's `store.py` and nowhere else.
"""

import json as _json
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import psycopg
from psycopg import Connection as PsycopgConnection
from psycopg import Cursor
from psycopg.rows import dict_row, tuple_row
from psycopg.types.json import Jsonb
from sqlalchemy import Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError

from lending.foundation.clock import Clock, SystemClock
from lending.foundation.libpq import PREPARED_MAX, Libpq

STREAMED_AT_ONCE = 5_000
REFUSED = "CF001"
"""The SQLSTATE with which a statement of our own refuses what it was asked (`refuse` in SQL)."""
_CHANGES_TABLES = ("ALTER", "DROP")
_OF_CONNECTION = "cursor and libpq"
Row = dict[str, Any]
"""A row by column name."""

_DRIVER = make_url("postgresql+psycopg://").get_dialect()
_DIALECT = _DRIVER()
_NUMBERED = _DRIVER(paramstyle="numeric_dollar")  # type: ignore[call-arg]


@lru_cache(maxsize=2048)
def _statement(sql: str) -> str:
    """The statement as the driver writes it: `%(name)s` for `:name`."""
    return str(text(sql).compile(dialect=_DIALECT))


@lru_cache(maxsize=2048)
def _numbered(sql: str) -> tuple[str, Sequence[str]]:
    """The statement as the server has it, `$1` for `:name`, and the names in their order."""
    compiled = text(sql).compile(dialect=_NUMBERED)
    return str(compiled), compiled.positiontup or ()


def _single(libpq: Libpq, sql: str, values: Mapping[str, Any]) -> tuple[Any, ...]:
    statement, names = _numbered(sql)
    return libpq.row(statement, [values[name] for name in names])


def json(value: Any) -> Jsonb:
    """A value for a `jsonb` column."""
    return Jsonb(value)


class Tx:
    """An open unit of work: run statements in it; `now` is its one instant."""

    def __init__(
        self,
        driver: "PsycopgConnection[Any]",
        cursor: "Cursor[tuple[Any, ...]]",
        libpq: Libpq,
        machine_now: datetime,
        *,
        sandbox_clock: bool = False,
        kept: dict[Hashable, Any] | None = None,
    ) -> None:
        self._driver = driver
        self._cursor = cursor
        """The connection's own for single rows: to make one takes a third of a short statement."""
        self._libpq = libpq
        self._parts = self._streams = 0
        self.kept = {} if kept is None else kept
        """What this process has read that never changes once it is committed, by a name of it.

        What this very unit of work has written may be undone and does not belong here.
        """
        self.machine_now = machine_now
        """The machine's instant, UTC: for signatures, tokens, limits, retries over the wire."""
        self._now = None if sandbox_clock else machine_now
        self.business_date: date | None = None
        """Once it was asked for: one unit of work lives on one date (see `business_day`)."""

    @property
    def driver(self) -> "PsycopgConnection[Any]":
        """The psycopg connection of this unit of work, for what must commit with it (jobs)."""
        with self._sending("BEGIN") as driver:
            return driver

    @property
    def now(self) -> datetime:
        """The instant of this unit of work, UTC: every row of business it writes bears the same.

        In a sandbox it is on the sandbox's clock, which does not move before this commits.
        """
        if self._now is None:
            ahead = timedelta(days=int(self.scalar("SELECT sandbox_clock_days()")))
            self._now = self.machine_now + ahead
        return self._now

    def by_machine(self, at: datetime) -> datetime:
        """When an instant of business comes on the machine's clock."""
        return at - (self.now - self.machine_now)

    def one(self, sql: str, **values: Any) -> Row:
        """The single row that must be there."""
        row = self.maybe(sql, **values)
        assert row is not None, sql
        return row

    def maybe(self, sql: str, **values: Any) -> Row | None:
        """The single row, or None."""
        rows = self.all(sql, **values)
        assert len(rows) <= 1, sql
        return rows[0] if rows else None

    def all(self, sql: str, **values: Any) -> Sequence[Row]:
        """All rows."""
        with self._sending(sql) as driver, driver.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(_statement(sql), values).fetchall()

    def stream(self, sql: str, **values: Any) -> Iterator[Row]:
        """All rows, read bit by bit by a cursor on the server: for sets too large to hold."""
        self._streams += 1
        name = f"stream_{self._streams}"
        with self._sending(sql) as driver, driver.cursor(name, row_factory=dict_row) as cursor:
            cursor.itersize = STREAMED_AT_ONCE
            yield from cursor.execute(_statement(sql), values)

    def copy(self, sql: str, **values: Any) -> Iterator[bytes]:
        """What a `COPY ... TO STDOUT` gives, bit by bit: rows that the server writes as text."""
        with (
            self._sending(sql) as driver,
            driver.cursor() as cursor,
            cursor.copy(_statement(sql), values) as rows,
        ):
            for row in rows:
                yield bytes(row)

    def scalar(self, sql: str, **values: Any) -> Any:
        """The first column of the first row, or None."""
        with self._sending(sql):
            row = self._cursor.execute(_statement(sql), values).fetchone()
        return row[0] if row else None

    def run(
        self, sql: str, refused: Callable[[Any], Exception] | None = None, /, **values: Any
    ) -> None:
        """Runs a statement that nobody waits for: it goes out with what comes next, or with COMMIT.

        What it raises is raised there. One that calls `refuse` in SQL says by it why it refuses,
        and `refused` what is raised for that reason.
        """

        def told(fault: psycopg.Error) -> Exception:
            if refused and fault.sqlstate == REFUSED:
                return refused(_json.loads(fault.diag.message_detail or ""))
            return _told_of(self._driver, sql, fault)

        statement, names = _numbered(sql)
        with _told(self._driver, sql):
            self._libpq.later(statement, [values[name] for name in names], told)

    def run_many(self, sql: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Runs one statement for many rows, as `run` of each."""
        for row in rows:
            self.run(sql, **row)

    def touched(self, sql: str, **values: Any) -> int:
        """Runs a statement, which may change tables; the number of rows it touched."""
        with self._sending(sql):
            done = self._cursor.execute(_statement(sql), values)
            if (done.statusmessage or "").startswith(_CHANGES_TABLES):
                self._libpq.forget()
            return done.rowcount

    def quick(self, sql: str, **values: Any) -> tuple[Any, ...]:
        """The single row of a statement that runs thousands of times a second.

        The connection keeps it prepared.
        """
        with _told(self._driver, sql):
            return _single(self._libpq, sql, values)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of the unit of work that is undone by itself when it raises."""
        self._parts += 1
        part = f"part_{self._parts}"
        self._command(f"SAVEPOINT {part}")
        try:
            yield
            self._command(f"RELEASE SAVEPOINT {part}")
        except BaseException:
            self._libpq.drop()
            if not self.is_broken:
                self._command(f"ROLLBACK TO SAVEPOINT {part}; RELEASE SAVEPOINT {part}")
            raise
        finally:
            self._parts -= 1

    @contextmanager
    def _sending(self, sql: str) -> Iterator["PsycopgConnection[Any]"]:
        """The driver for a statement, after those kept for later."""
        with _told(self._driver, sql):
            self._libpq.send()
            yield self._driver

    def _command(self, sql: str) -> None:
        with _told(self._driver, sql):
            self._libpq.command(sql)

    @property
    def is_broken(self) -> bool:
        """Whether the connection is gone, so that nothing more can be done in this unit of work."""
        return self._driver.closed


def is_lost(fault: Exception) -> bool:
    """Whether it is not the statement that is at fault: the connection is gone."""
    return isinstance(fault, DBAPIError) and fault.connection_invalidated


@contextmanager
def _told(driver: "PsycopgConnection[Any] | None", sql: str) -> Iterator[None]:
    """What the driver raises inside is told in SQLAlchemy's words.

    Statements and transactions go straight to the driver: SQLAlchemy keeps the connections, and
    would take as long again as the driver and the server do to hand a statement through.
    """
    try:
        yield
    except psycopg.Error as fault:
        raise _told_of(driver, sql, fault) from fault


def _told_of(driver: "PsycopgConnection[Any] | None", sql: str, fault: psycopg.Error) -> Exception:
    return DBAPIError.instance(
        sql,
        None,
        fault,
        psycopg.Error,
        connection_invalidated=driver is None or driver.closed,
        dialect=_DIALECT,
    )


class Database:
    """A PostgreSQL database and the machine's clock.

    With `sandbox_clock`, business runs ahead of the machine by the days that are stored in the
    database (see `sandbox_clock`).
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Clock | None = None,
        sandbox_clock: bool = False,
        pool_size: int = 8,
        **options: Any,
    ) -> None:
        self.url = url
        self.clock: Clock = clock or SystemClock()
        """The machine's: business asks `Tx.now` instead."""
        self._sandbox_clock = sandbox_clock
        self._local = threading.local()
        self._lock = threading.Lock()
        self._at_once: list[PsycopgConnection[Any]] = []
        self._kept: dict[Hashable, Any] = {}
        self._engine: Engine = create_engine(
            driver_url(url),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_pre_ping=False,
            # The connection used last has its statements prepared and planned.
            pool_use_lifo=True,
            pool_recycle=1800,
            pool_reset_on_return=None,  # each unit of work ends its own transaction
            connect_args={"application_name": "cf", "prepare_threshold": 3},
            **options,
        )
        event.listen(self._engine, "connect", _made)

    @contextmanager
    def unit_of_work(self) -> Iterator[Tx]:
        """One transaction: commits on leaving, rolls back on any exception.

        Units of work do not nest: an inner one would commit apart from the outer.
        """
        assert not getattr(self._local, "open", False), "units of work do not nest"
        self._local.open = True
        try:
            with self._transaction() as (tx, driver, libpq):
                yield tx
                with _told(driver, "COMMIT"):
                    libpq.commit()
        finally:
            self._local.open = False

    @contextmanager
    def _transaction(self) -> Iterator[tuple[Tx, "PsycopgConnection[Any]", Libpq]]:
        """On a connection out of the pool, rolled back unless what is inside has committed."""
        with _told(None, "CONNECT"):
            pooled = self._engine.raw_connection()
            driver: PsycopgConnection[Any] = pooled.driver_connection  # type: ignore[assignment]
            if _OF_CONNECTION not in pooled.info:
                pooled.info[_OF_CONNECTION] = driver.cursor(row_factory=tuple_row), Libpq(driver)
            cursor, libpq = pooled.info[_OF_CONNECTION]
        try:
            yield (
                Tx(
                    driver,
                    cursor,
                    libpq,
                    self.clock.now(),
                    sandbox_clock=self._sandbox_clock,
                    kept=self._kept,
                ),
                driver,
                libpq,
            )
        finally:
            libpq.drop()
            if libpq.in_transaction:
                _roll_back(driver, libpq)
            if driver.closed:
                pooled.invalidate()
                self._engine.dispose()  # the server went away from the others, too
            pooled.close()

    def at_once(self, sql: str, **values: Any) -> tuple[Any, ...]:
        """The single row of one statement that is a unit of work by itself: one trip, no more.

        It commits before the disk has it: should the machine lose power, the last ones may be lost.
        As `Tx.quick`. Each thread has a connection of its own for it; one that was lost is opened
        anew at the next statement.

        Raises OperationalError as a unit of work does.
        """
        own: tuple[PsycopgConnection[Any], Libpq] | None = getattr(self._local, "at_once", None)
        try:
            if own is None or own[0].closed:
                connection = self._connect()
                own = self._local.at_once = connection, Libpq(connection)
            return _single(own[1], sql, values)
        except psycopg.OperationalError as fault:
            raise OperationalError(sql, None, fault) from fault

    def _connect(self) -> "PsycopgConnection[Any]":
        made: PsycopgConnection[Any] = psycopg.connect(
            self.url,
            autocommit=True,
            application_name="cf",
            options="-c synchronous_commit=off",
        )
        with self._lock:
            self._at_once.append(made)
        return made

    @contextmanager
    def rehearsal(self) -> Iterator[Tx]:
        """A transaction that is always undone: what would happen."""
        with self._transaction() as (tx, _, libpq):
            yield tx
            libpq.send()

    def close(self) -> None:
        """Gives all connections back to the server."""
        self._engine.dispose()
        with self._lock:
            for connection in self._at_once:
                connection.close()
            self._at_once.clear()


def _roll_back(driver: "PsycopgConnection[Any]", libpq: Libpq) -> None:
    try:
        libpq.command("ROLLBACK")
    except psycopg.Error:  # whatever state it is in, nobody shall meet it
        driver.close()


def _made(connection: Any, _record: Any) -> None:
    connection.prepared_max = PREPARED_MAX


def driver_url(url: str) -> str:
    """The URL as SQLAlchemy wants it: with the psycopg driver named."""
    for plain in ("postgresql://", "postgres://"):
        if url.startswith(plain):
            return "postgresql+psycopg://" + url.removeprefix(plain)
    return url
