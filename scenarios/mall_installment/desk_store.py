"""The SQL of what operators find."""

from lending.foundation.database import Tx


def order_ids(tx: Tx, order_no: str, *, limit: int = 50) -> list[str]:
    rows = tx.all(
        "SELECT id FROM mall_order WHERE order_no = :no ORDER BY created_at DESC LIMIT :limit",
        no=order_no,
        limit=limit,
    )
    return [row["id"] for row in rows]
