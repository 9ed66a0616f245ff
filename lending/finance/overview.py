"""What finance keeps of closed dates, to be looked at."""

from datetime import date

from lending.finance import day_store, differences
from lending.foundation.database import Row, Tx


def portfolio(tx: Tx, day: date) -> list[Row]:
    """The portfolio of a closed date by product, grade and bucket."""
    return day_store.portfolio(tx, day)


def bank_differences(tx: Tx) -> list[Row]:
    """What the bank's files and our books disagreed on, the open ones first."""
    return differences.newest(tx)


def document_differences(tx: Tx) -> list[Row]:
    """Contracts that were missing or altered, the newest first."""
    return day_store.document_differences(tx)
