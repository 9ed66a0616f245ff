"""Databases for tests, each as the migrations leave it."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import psycopg
from psycopg.errors import ObjectInUse
from psycopg.sql import SQL, Composed, Identifier

from processes.migrate import migrate
from processes.postgres import EmbeddedPostgres

_SHAPE = """
SELECT md5(string_agg(one::text, '|' ORDER BY one::text)) FROM (
    SELECT 'relation', relname::text, relkind::text, reloptions::text FROM pg_class
    WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT 'column', c.relname, a.attname, concat(a.atttypid, a.attnotnull, a.attidentity)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0
    UNION ALL SELECT 'constraint', conname, conrelid::text, convalidated::text FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT 'trigger', tgname, tgrelid::text, tgenabled::text FROM pg_trigger
    UNION ALL SELECT 'function', proname, proargtypes::text, md5(prosrc) FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT 'setting', setconfig::text, '', '' FROM pg_db_role_setting
    WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
    {seeded}
) one
"""
"""Of all that is there before the first test writes: tables, triggers, functions, seeded rows."""

_OTHERS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
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
        self._admin("CREATE DATABASE template_cf")
        migrate(server.url_of("template_cf"))
        with psycopg.connect(server.url_of("template_cf")) as connection:
            tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            names = [name for (name,) in connection.execute(tables)]
            seeded = [name for name, _ in connection.execute(_filled(names))]
            self._shape_asked = _shape(seeded)
            self._shape = connection.execute(self._shape_asked).fetchone()
            self._filled_asked = _filled([name for name in names if name not in seeded])

    @contextmanager
    def lent(self) -> Iterator[str]:
        """The address of a database as the migrations leave it, until it is given back."""
        name = self._free.pop() if self._free else self._copied()
        url = self._server.url_of(name)
        yield url
        if self._emptied(url):
            self._renamed(name)
        else:
            self._admin(f"DROP DATABASE {name} WITH (FORCE)")

    def _copied(self) -> str:
        name = next(self._names)
        self._admin(f"CREATE DATABASE {name} TEMPLATE template_cf STRATEGY FILE_COPY")
        return name

    def _renamed(self, name: str) -> None:
        """Under a new name nobody finds it who still has the address from before."""
        new = next(self._names)
        try:
            self._admin(f"ALTER DATABASE {name} RENAME TO {new}")
        except ObjectInUse:
            self._admin(f"DROP DATABASE {name} WITH (FORCE)")
        else:
            self._free.append(new)

    def _emptied(self, url: str) -> bool:
        """Whether it is as the migrations leave it once its rows are gone."""
        with psycopg.connect(url) as connection:
            connection.execute(_OTHERS)
            filled = connection.execute(self._filled_asked).fetchall()
            small = [Identifier(name) for name, size in filled if size < _LARGE]
            large = [Identifier(name) for name, size in filled if size >= _LARGE]
            connection.execute("SET LOCAL session_replication_role = replica")
            for each in small:
                connection.execute(SQL("DELETE FROM {}").format(each))
            if large:
                connection.execute(SQL("TRUNCATE {} CASCADE").format(SQL(", ").join(large)))
            connection.execute(_RESTARTED)
            return connection.execute(self._shape_asked).fetchone() == self._shape

    def close(self) -> None:
        """Lends no more."""
        self._connection.close()

    def _admin(self, statement: str) -> None:
        self._connection.execute(statement)


def _filled(tables: list[str]) -> Composed:
    """Which of the tables have rows, and how many bytes they take."""
    return SQL(" UNION ALL ").join(
        SQL("SELECT {0}, pg_relation_size({0}::regclass) WHERE EXISTS (SELECT FROM {1})").format(
            name, Identifier(name)
        )
        for name in tables
    )


def _shape(seeded: list[str]) -> Composed:
    rows = (
        SQL("UNION ALL SELECT {}, t::text, '', '' FROM {} t").format(name, Identifier(name))
        for name in seeded
    )
    return SQL(_SHAPE).format(seeded=SQL(" ").join(rows))
