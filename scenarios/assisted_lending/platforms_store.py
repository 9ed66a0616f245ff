"""The SQL of platforms."""

from datetime import date, datetime, time

from lending.foundation.clock import SHANGHAI
from lending.foundation.database import Row, Tx
from scenarios.assisted_lending.model import NewPlatform, Platform

PLATFORM = """
    SELECT f.partner_id, p.name, f.tier, f.sites, f.mandate_no, f.prechecks_per_day, f.leads_per_day
    FROM platform f JOIN partner p ON p.id = f.partner_id WHERE f.partner_id = :id"""
PLATFORMS = """
    SELECT f.partner_id, p.name, f.tier, f.sites, f.mandate_no, f.prechecks_per_day, f.leads_per_day
    FROM platform f JOIN partner p ON p.id = f.partner_id ORDER BY p.name, p.id"""


def _platform(row: Row) -> Platform:
    return Platform(**{**row, "sites": tuple(row["sites"])})


def platform(tx: Tx, partner_id: str) -> Platform | None:
    row = tx.maybe(PLATFORM, id=partner_id)
    return _platform(row) if row else None


def platforms(tx: Tx) -> list[Platform]:
    return [_platform(row) for row in tx.all(PLATFORMS)]


def upsert(tx: Tx, partner_id: str, new: NewPlatform) -> None:
    tx.run(
        "INSERT INTO platform (partner_id, tier, sites, mandate_no, prechecks_per_day,"
        " leads_per_day, changed_at) VALUES (:id, :tier, :sites, :mandate, :prechecks, :leads,"
        " :now)"
        " ON CONFLICT (partner_id) DO UPDATE SET tier = :tier, sites = :sites,"
        " mandate_no = :mandate, prechecks_per_day = :prechecks, leads_per_day = :leads,"
        " changed_at = :now",
        id=partner_id,
        tier=new.tier,
        sites=list(new.sites),
        mandate=new.mandate_no,
        prechecks=new.prechecks_per_day,
        leads=new.leads_per_day,
        now=tx.now,
    )


def prechecks_used(tx: Tx, partner_id: str, day: date) -> int:
    value = tx.scalar(
        "SELECT used FROM precheck_day WHERE partner_id = :id AND day = :day",
        id=partner_id,
        day=day,
    )
    return int(value or 0)


def leads_used(tx: Tx, partner_id: str, day: date) -> int:
    """How many leads were taken since the day began in Shanghai."""
    begin = datetime.combine(day, time(), SHANGHAI)
    return int(
        tx.scalar(
            "SELECT count(*) FROM lead WHERE partner_id = :id AND created_at >= :begin",
            id=partner_id,
            begin=begin,
        )
    )


def lock(tx: Tx, partner_id: str) -> None:
    """Makes others who count against the platform's quota of leads wait."""
    tx.scalar("SELECT partner_id FROM platform WHERE partner_id = :id FOR UPDATE", id=partner_id)
