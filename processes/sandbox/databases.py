"""Databases of test tenants: copied from one that is migrated, kept apart, thrown away."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from processes.migrate import MIGRATIONS, migrate
from processes.postgres import CREATE

KEPT = (
    ("partner", "true"),
    ("partner_key", "true"),
    ("partner_agreement", "true"),
    ("settlement_account", "true"),
    ("rate_limit", "true"),
    ("pinned_version", "true"),
    ("webhook_endpoint", "true"),
    ("spent_nonce", "true"),
    ("oauth_assertion", "true"),
    ("stored_reply", "path = '/v1/sandbox/reset'"),
)
"""What a reset takes over, and of it which rows: who the partner is, how it calls and is told.

The nonces too, so that no call can be replayed; and the replies to resets, so that none is done
twice.
"""


def name_of(main_url: str, tenant: str, generation: int) -> str:
    """What the database of a tenant's generation is called."""
    return f"{_main(main_url)}_t_{tenant.replace('-', '_')}_{generation}"


def url_of(main_url: str, name: str) -> str:
    """Where a database on the main one's server is."""
    return make_url(main_url).set(database=name).render_as_string(hide_password=False)


def create(main_url: str, name: str) -> str:
    """Makes an empty, migrated database, over one that was left half made; its address."""
    with _server(main_url) as server:
        template = _template(server, main_url)
        _drop(server, name)
        server.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    return url_of(main_url, name)


def drop(main_url: str, name: str) -> None:
    """Throws a database away, whoever is connected to it."""
    with _server(main_url) as server:
        _drop(server, name)


def take_over(old_url: str, new_url: str) -> None:
    """Copies what a reset keeps; agreements hold from the new database's date on."""
    with psycopg.connect(old_url) as old, psycopg.connect(new_url) as new:
        for table, rows in KEPT:
            _copy(old, new, table, rows)
        for table, column in (("partner_agreement", "valid_from"), ("partner", "listed_from")):
            new.execute(
                sql.SQL(
                    "UPDATE {} SET {c} = least({c}, (SELECT business_date FROM business_day))"
                ).format(sql.Identifier(table), c=sql.Identifier(column))
            )


def _copy(
    old: psycopg.Connection[object], new: psycopg.Connection[object], table: str, rows: str
) -> None:
    out = sql.SQL("COPY (SELECT * FROM {} WHERE {}) TO STDOUT (FORMAT BINARY)").format(
        sql.Identifier(table), sql.SQL(rows)
    )
    into = sql.SQL("COPY {} FROM STDIN (FORMAT BINARY)").format(sql.Identifier(table))
    with old.cursor().copy(out) as source, new.cursor().copy(into) as target:
        for block in source:
            target.write(block)


def _template(server: "psycopg.Connection[tuple[object, ...]]", main_url: str) -> str:
    """The migrated database to copy from, made by whoever needs it first."""
    name = f"cf_template_{_schema_digest()}"
    there = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
    if there is None:
        making = f"{name}_{secrets.token_hex(4)}"
        server.execute(sql.SQL(CREATE).format(sql.Identifier(making)))
        migrate(url_of(main_url, making))
        try:
            server.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                    sql.Identifier(making), sql.Identifier(name)
                )
            )
        except psycopg.errors.DuplicateDatabase:
            _drop(server, making)  # somebody was quicker
    return name


def _drop(server: "psycopg.Connection[tuple[object, ...]]", name: str) -> None:
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def _server(main_url: str) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    with psycopg.connect(main_url, autocommit=True) as connection:
        yield connection


def _main(main_url: str) -> str:
    name = make_url(main_url).database
    assert name, "the database's address names it"
    return name


def _schema_digest() -> str:
    """Of every migration: another schema needs another template."""
    files = sorted(path for path in MIGRATIONS.rglob("*") if path.suffix in (".sql", ".py"))
    return sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:10]
