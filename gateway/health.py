"""Whether this process can do its work at this moment, for a load balancer or an orchestrator."""

import logging

from sqlalchemy.exc import SQLAlchemyError

from lending.foundation import business_day
from lending.foundation.business_day import BusinessDayNotOpen
from lending.foundation.database import Database, Tx

log = logging.getLogger(__name__)


def ready(database: Database, schemas: tuple[str, ...]) -> dict[str, str]:
    """Each check with `ok` or what is wrong; in words that anybody may read.

    `schemas` are the revisions of the schema that this program knows, newest last; none where they
    are not to be checked. A newer one is taken as good, so that the old program goes on while a
    new one is brought in.
    """
    found = {"database": "away", "schema": "unknown", "business_day": "unknown"}
    try:
        with database.unit_of_work() as tx:
            found["database"] = "ok"
            found["schema"] = _schema(tx, schemas)
            if found["schema"] == "ok":
                found["business_day"] = _business_day(tx)
    except SQLAlchemyError as fault:
        log.warning("not ready: %s", type(fault).__name__)
    return found


def _schema(tx: Tx, schemas: tuple[str, ...]) -> str:
    if not schemas:
        return "ok"
    if tx.scalar("SELECT to_regclass('alembic_version')") is None:
        return "missing"
    there = tx.scalar("SELECT version_num FROM alembic_version")
    return "behind" if there is None or there in schemas[:-1] else "ok"


def _business_day(tx: Tx) -> str:
    try:
        business_day.today(tx)
    except BusinessDayNotOpen:
        return "not open"
    return "ok"
