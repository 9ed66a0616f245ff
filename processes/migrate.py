"""Brings a database to the newest schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from lending.foundation.database import driver_url

MIGRATIONS = Path(__file__).parents[1] / "migrations"


def revisions() -> tuple[str, ...]:
    """The revisions of the schema that this program knows, newest last."""
    found = ScriptDirectory(str(MIGRATIONS)).walk_revisions()
    return tuple(reversed([each.revision for each in found]))


def migrate(database_url: str) -> None:
    """Runs what has not been run yet; safe to call from several processes at once."""
    engine = create_engine(driver_url(database_url))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(71120240318)"))
        connection.commit()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
        connection.execute(text("SELECT pg_advisory_unlock(71120240318)"))
    engine.dispose()
