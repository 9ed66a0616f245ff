"""The SQL of funders' portfolios as a whole."""

from collections.abc import Sequence
from datetime import date

from lending.engine.ageing import BUCKET_DAYS
from lending.foundation.database import Row, Tx
from lending.ledger.model import OWN

_PORTFOLIOS = """
WITH part AS (
    SELECT p.funder, l.partner_id, t.days_past_due, t.first_due AS due_date,
        share_part(t.principal_fen, p.weight_cuts, p.place)
            - share_part(t.principal_fen - t.principal_open_fen, p.weight_cuts, p.place) AS fen,
        t.oldest_due = t.first_due AND t.days_past_due > 0 AS first_missed
    FROM loan_standing t JOIN share_party p ON p.split_id = t.split_id AND p.book <> :own
    JOIN loan l ON l.id = t.loan_id
    WHERE NOT t.written_off
), by_partner AS (
    SELECT funder, partner_id, sum(fen) AS fen FROM part GROUP BY funder, partner_id
)
SELECT p.funder, count(*)::integer AS loans, sum(p.fen)::bigint AS open_fen,
    coalesce(sum(p.fen) FILTER (WHERE p.days_past_due BETWEEN 1 AND :days), 0)::bigint AS m1_fen,
    (count(*) FILTER (WHERE p.due_date <= :closing))::integer AS first_due,
    (count(*) FILTER (WHERE p.first_missed))::integer AS first_missed,
    (SELECT max(b.fen) FROM by_partner b WHERE b.funder = p.funder)::bigint AS largest_fen
FROM part p GROUP BY p.funder ORDER BY p.funder COLLATE "C"
"""


def portfolios(tx: Tx, closing: date) -> Sequence[Row]:
    """Each funder's part of all open loans, and how much of it is late or of one partner."""
    return tx.all(_PORTFOLIOS, own=OWN, days=BUCKET_DAYS, closing=closing)


def warn_first(tx: Tx, funder: str, kind: str) -> bool:
    """Whether the funder has not been warned of it already."""
    return bool(
        tx.touched(
            "INSERT INTO portfolio_warned (funder, kind) VALUES (:funder, :kind)"
            " ON CONFLICT DO NOTHING",
            funder=funder,
            kind=kind,
        )
    )


def calm(tx: Tx, funder: str, kind: str) -> None:
    sql = "DELETE FROM portfolio_warned WHERE funder = :funder AND kind = :kind"
    tx.run(sql, funder=funder, kind=kind)
