"""The first schema: one SQL file per module, in the order of their ranks."""

from pathlib import Path

from alembic import op
from procrastinate import App, SyncPsycopgConnector

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Makes every table, and those of the job queue."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    for file in sorted((Path(__file__).parents[1] / "0001_first").glob("*.sql")):
        driver.execute(file.read_text())
    driver.execute(App(connector=SyncPsycopgConnector()).schema_manager.get_schema())
