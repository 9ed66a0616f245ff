"""The business date: a stored value that only the end of day moves."""

from datetime import date

from lending.foundation.database import Tx


class BusinessDayNotOpen(RuntimeError):
    """No business date has been opened: the database is migrated but not seeded."""

    def __init__(self) -> None:
        super().__init__("no business date is open: run `cf seed` once")


def today(tx: Tx) -> date:
    """The open business date."""
    if tx.business_date is None:
        tx.business_date = tx.scalar("SELECT business_date FROM business_day")
    if tx.business_date is None:
        raise BusinessDayNotOpen
    return tx.business_date


def open_first(tx: Tx, business_date: date) -> None:
    """Opens the first business date of a new installation; does nothing when one is open."""
    tx.run(
        "INSERT INTO business_day (business_date, opened_at) VALUES (:day, :now)"
        " ON CONFLICT (is_open) DO NOTHING",
        day=business_date,
        now=tx.now,
    )


def close(tx: Tx) -> date:
    """Closes the open date and opens the next; gives the one now open."""
    tx.business_date = tx.scalar(
        "UPDATE business_day SET business_date = business_date + 1, opened_at = :now"
        " RETURNING business_date",
        now=tx.now,
    )
    return today(tx)
