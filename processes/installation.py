"""One installation: its database, its keys, its files, and the outside world plugged in."""

import argparse
from pathlib import Path

import psycopg

from connectors import plug
from gateway.platform_keys import PlatformKeys
from lending.foundation import crypto, sandbox_clock
from lending.foundation.context import Context
from lending.foundation.database import Database
from lending.foundation.files import FileStore
from lending.foundation.settings import Settings
from processes.migrate import migrate
from processes.outside import exchange_keys
from processes.postgres import EmbeddedPostgres
from processes.seed import seed

DATABASE_NAME = "cf"


class DatabaseUnreachable(RuntimeError):
    """The database does not answer."""

    mend = "Start it, or correct DATABASE_URL; leave it unset to use the embedded PostgreSQL."


def database_url(settings: Settings) -> str:
    """Where the database is: the one that is configured, or the embedded one, which is started.

    Raises DatabaseUnreachable.
    """
    if settings.database_url:
        try:
            psycopg.connect(settings.database_url, connect_timeout=5).close()
        except psycopg.OperationalError as error:
            raise DatabaseUnreachable(
                f"the database does not answer: {str(error).strip().splitlines()[-1]}."
            ) from None
        return settings.database_url
    server = EmbeddedPostgres(settings.var / "postgres")
    server.start()
    return server.ensure_database(DATABASE_NAME)


def context(settings: Settings, *, pool_size: int = 8) -> Context:
    """What this process hands to use cases and jobs."""
    database = open_database(settings, database_url(settings), pool_size)
    return assemble(settings, database, outside=settings, files=settings.files)


def open_database(settings: Settings, url: str, pool_size: int) -> Database:
    """The database at an address, with a clock that may run ahead where this is a sandbox."""
    return Database(url, sandbox_clock=settings.environment == "test", pool_size=pool_size)


def assemble(
    settings: Settings, database: Database, *, outside: Settings, files: Path, name: str = "main"
) -> Context:
    """A context of its own database and files; the institutions are those of `outside`.

    In a sandbox they are told under which name it calls, and what its date is.
    """

    def sandbox() -> str:
        with database.unit_of_work() as tx:
            return f"{name};days={sandbox_clock.days(tx)}"

    plugged = plug.outside(outside, sandbox=sandbox if settings.environment == "test" else None)
    return Context(
        database=database,
        keys=crypto.load_or_make(settings.keys / "fields.json"),
        files=FileStore(files),
        settings=settings,
        channel=plugged.channel,
        bureaus=plugged.bureaus,
        identity=plugged.identity,
        sms=plugged.sms,
    )


def prepare(settings: Settings) -> Context:
    """Migrates and seeds, so that the parts can start."""
    exchange_keys(settings)
    migrate(database_url(settings))
    made = context(settings)
    seed(made, PlatformKeys.load_or_make(settings.keys))
    return made


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `cf seed`."""
    commands.add_parser(
        "seed", help="open the business day; in the sandbox, make product, partners and keys"
    ).set_defaults(func=_seed)


def _seed(args: argparse.Namespace) -> int:
    prepare(args.settings)
    print(f"seeded; partners' keys and addresses are in {args.settings.var}/*.json")
    return 0
