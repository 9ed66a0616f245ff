"""The SQL of figures that are bounded."""

from collections.abc import Sequence
from datetime import date

from lending.foundation.database import Row, Tx
from lending.statistics.model import Measured

_COLUMNS = "code, measured, most, partner_id, product_code, business_date"


def save(tx: Tx, day: date, found: Sequence[Measured]) -> None:
    """Writes the figures of a date; what it had already is written anew."""
    tx.run_many(
        "INSERT INTO threshold_day (business_date, code, partner_id, product_code, measured, most)"
        " VALUES (:day, :code, :partner_id, :product_code, :measured, :most)"
        " ON CONFLICT (business_date, code, partner_id, product_code) DO UPDATE"
        " SET measured = excluded.measured, most = excluded.most",
        [
            {
                "day": day,
                "code": each.code,
                "partner_id": each.partner_id,
                "product_code": each.product_code,
                "measured": each.measured,
                "most": each.most,
            }
            for each in found
        ],
    )


def newest(tx: Tx) -> Sequence[Row]:
    return tx.all(
        f"SELECT {_COLUMNS} FROM threshold_day"  # noqa: S608  a constant
        " WHERE business_date = (SELECT max(business_date) FROM threshold_day)"
        " ORDER BY is_over DESC, partner_id, product_code, code"
    )


def over(tx: Tx, days: int) -> Sequence[Row]:
    return tx.all(
        f"SELECT {_COLUMNS} FROM threshold_day"  # noqa: S608  a constant
        " WHERE is_over AND business_date > (SELECT max(business_date) FROM threshold_day)"
        " - CAST(:days AS integer) ORDER BY business_date DESC, partner_id, product_code, code",
        days=days,
    )
