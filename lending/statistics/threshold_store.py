"""The SQL of figures that are bounded."""

from collections.abc import Sequence
from datetime import date, timedelta

from lending.foundation.database import Row, Tx
from lending.statistics.model import Measured

_COLUMNS = "code, measured, most, partner_id, product_code, business_date"


_PLATFORMS = """
WITH lent AS (
    SELECT partner_id, product_code, count(*) AS loans, sum(principal_fen) AS in_all_fen,
        coalesce(sum(principal_fen) FILTER (WHERE start_date BETWEEN :first AND :day), 0)
            AS month_fen,
        coalesce(sum(principal_fen) FILTER (WHERE start_date BETWEEN :before AND :before_last), 0)
            AS before_fen
    FROM loan WHERE partner_id = ANY (CAST(:platforms AS text[])) AND start_date <= :day
    GROUP BY partner_id, product_code
), stands AS (
    SELECT l.partner_id, l.product_code, sum(s.principal_open_fen) AS open_fen,
        sum(s.principal_open_fen) FILTER (WHERE s.days_past_due > :bad_days OR s.written_off)
            AS bad_fen
    FROM loan_standing s JOIN loan l ON l.id = s.loan_id
    WHERE l.partner_id = ANY (CAST(:platforms AS text[])) GROUP BY l.partner_id, l.product_code
), claimed AS (
    SELECT l.partner_id, l.product_code, sum(c.paid_fen) AS claimed_fen
    FROM guarantee_claim c JOIN loan l ON l.id = c.loan_id
    WHERE c.state = 'paid' AND l.partner_id = ANY (CAST(:platforms AS text[]))
    GROUP BY l.partner_id, l.product_code
)
SELECT partner_id, product_code, loans, in_all_fen::bigint, month_fen::bigint, before_fen::bigint,
    coalesce(open_fen, 0)::bigint AS open_fen, coalesce(bad_fen, 0)::bigint AS bad_fen,
    coalesce(claimed_fen, 0)::bigint AS claimed_fen
FROM lent LEFT JOIN stands USING (partner_id, product_code)
LEFT JOIN claimed USING (partner_id, product_code) ORDER BY partner_id, product_code
"""


def platforms(tx: Tx, platform_ids: Sequence[str], day: date, *, bad_days: int) -> Sequence[Row]:
    """What these platforms' loans of each product came to on a date, by set."""
    first = day.replace(day=1)
    before_last = first - timedelta(days=1)
    return tx.all(
        _PLATFORMS,
        platforms=list(platform_ids),
        first=first,
        day=day,
        before=before_last.replace(day=1),
        before_last=before_last,
        bad_days=bad_days,
    )


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
