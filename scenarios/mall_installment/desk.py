"""What operators find by a shop's own words."""

from lending.foundation.database import Tx
from scenarios.mall_installment import desk_store


def order_ids(tx: Tx, order_no: str) -> list[str]:
    """The orders with this number, of whichever shop."""
    return desk_store.order_ids(tx, order_no)
