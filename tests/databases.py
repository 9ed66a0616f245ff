"""Databases for tests, each as the migrations leave it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count

import psycopg
from psycopg.errors import ObjectInUse
from psycopg.sql import SQL, Identifier

from processes.migrate import migrate
from processes.postgres import EmbeddedPostgres

_SHAPE = """
SELECT (SELECT md5(string_agg(concat(relname, relkind, reloptions), '|' ORDER BY relname))
        FROM pg_class WHERE relnamespace = 'public'::regnamespace),
    (SELECT string_agg(setconfig::text, '|') FROM pg_db_role_setting
        WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())),
    {versions}
"""
"""Of all that is there before the first test writes: tables, triggers, functions, seeded rows."""
_VERSIONS = "(SELECT ROW(count(*), max(xmin::text::bigint))::text FROM {})"
"""How many rows a table has, and which transaction wrote the last of them."""
_CATALOGUES = ("pg_attribute", "pg_constraint", "pg_trigger", "pg_proc")
_FILLED = """
SELECT relname, pg_relation_size(oid) FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0
"""

_OTHERS = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s"
_LARGE = 128 * 1024
"""Bytes from which on a table is emptied quicker by new files than row by row."""
_RESTARTED = """
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
FROM pg_sequences WHERE last_value IS NOT NULL
"""


class Databases:
    """Lends databases; one that comes back is emptied, which is quicker than another copy.

    Where a test has changed more than rows, its database is not used again.
    """

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._server = server
        self._names = (f"test_{number}" for number in count())
        self._free: list[str] = []
        self._connection = psycopg.connect(server.url, autocommit=True)
        migrate(server.ensure_database("template_cf"))
        with psycopg.connect(server.url_of("template_cf")) as connection:
            self._seeded = [name for name, _ in connection.execute(_FILLED)]
            versions = [SQL(_VERSIONS).format(Identifier(t)) for t in (*_CATALOGUES, *self._seeded)]
            self._shape_asked = SQL(_SHAPE).format(versions=SQL(", ").join(versions))
            self._shape = connection.execute(self._shape_asked).fetchone()

    @contextmanager
    def lent(self) -> Iterator[str]:
        """The address of a database as the migrations leave it, until it is given back."""
        name = self._free.pop() if self._free else self._copied()
        yield self._server.url_of(name)
        renamed = self._renamed(name)
        if self._emptied(self._server.url_of(renamed)):
            self._free.append(renamed)
        else:
            self._admin(f"DROP DATABASE {renamed} WITH (FORCE)")

    def _copied(self) -> str:
        name = next(self._names)
        self._admin(f"CREATE DATABASE {name} TEMPLATE template_cf STRATEGY FILE_COPY")
        return name

    def _renamed(self, name: str) -> str:
        """Under a new name nobody finds it who still has the address from before."""
        new = next(self._names)
        while True:
            while self._connection.execute(_OTHERS, (name,)).fetchone() != (0,):
                time.sleep(0.002)
            with suppress(ObjectInUse):
                self._admin(f"ALTER DATABASE {name} RENAME TO {new}")
                return new

    def _emptied(self, url: str) -> bool:
        """Whether it is as the migrations leave it once its rows are gone."""
        with psycopg.connect(url) as connection:
            filled = connection.execute(_FILLED).fetchall()
            filled = [(Identifier(name), size) for name, size in filled if name not in self._seeded]
            large = [name for name, size in filled if size >= _LARGE]
            done = [SQL("SET LOCAL session_replication_role = replica")]
            done += [SQL("DELETE FROM {}").format(name) for name, size in filled if size < _LARGE]
            if large:
                done.append(SQL("TRUNCATE {} CASCADE").format(SQL(", ").join(large)))
            connection.execute(SQL("; ").join(done))
            connection.execute(_RESTARTED)
            return connection.execute(self._shape_asked).fetchone() == self._shape

    def close(self) -> None:
        """Lends no more."""
        self._connection.close()

    def _admin(self, statement: str) -> None:
        self._connection.execute(statement)
