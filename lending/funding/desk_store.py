"""The SQL of what operators see of funders."""

from collections.abc import Sequence

from lending.foundation.database import Row, Tx


def positions(tx: Tx) -> Sequence[Row]:
    """By funder: how many shares it was asked for, has, and declined; what it lends."""
    return tx.all(
        "SELECT funder_id, count(*) AS asked,"
        " count(*) FILTER (WHERE state = 'active') AS active,"
        " count(*) FILTER (WHERE state = 'declined') AS declined,"
        " count(*) FILTER (WHERE state = 'expired') AS expired,"
        " coalesce(sum(amount_fen) FILTER (WHERE state = 'active'), 0)::bigint AS lent_fen,"
        " coalesce(sum(amount_fen) FILTER (WHERE state IN ('invited', 'accepted', 'called',"
        " 'funded')), 0)::bigint AS waiting_fen FROM funding_share GROUP BY funder_id"
    )
