"""What the daily comparison with the bank's file found, kept until the books agree again (X3)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from lending.finance import difference_store as store
from lending.finance import reconciliation
from lending.finance.model import DifferenceKind
from lending.foundation.clock import rfc3339
from lending.foundation.database import Row, Tx
from lending.foundation.places import Place
from lending.foundation.ports import ChannelTransaction

BY_LINE = (
    DifferenceKind.MISSING_IN_BANK,
    DifferenceKind.MISSING_HERE,
    DifferenceKind.AMOUNT_DIFFERS,
    DifferenceKind.STATE_DIFFERS,
    DifferenceKind.LEDGER_DIFFERS,
)
"""What one line of the bank and one order of ours say of one another."""
OPEN, SETTLED = "open", "settled"


def find(tx: Tx, day: date, lines: Sequence[ChannelTransaction]) -> int:
    """Compares the bank's file of a date with our books and keeps what differs; how many do."""
    by_number = {line.channel_order_no: line for line in lines}
    found = reconciliation.three_way(tx, lines, on=day).items
    for one in found:
        store.insert(tx, day, one, by_number.get(one.channel_order_no))
    return len(found)


def settle_agreed(tx: Tx, day: date, newer: Mapping[str, ChannelTransaction]) -> int:
    """Settles what is no difference any more by the bank's newest line of each; how many.

    So an order that the bank booked on the other side of midnight is settled by the next file, and
    one that we still waited for by our own row.
    """
    rows = store.unsettled(tx, [kind.value for kind in BY_LINE])
    lines: dict[str, ChannelTransaction] = {}
    for row in rows:
        if row["bank_line"]:
            lines[row["channel_order_no"]] = ChannelTransaction(**row["bank_line"])
    numbers = {row["channel_order_no"] for row in rows}
    lines |= {number: line for number, line in newer.items() if number in numbers}
    if not numbers:
        return 0
    still = {
        (one.channel_order_no, one.kind.value)
        for one in reconciliation.of_numbers(tx, lines, numbers)
    }
    agreed = [row["id"] for row in rows if (row["channel_order_no"], row["kind"]) not in still]
    return store.settle(tx, agreed, day)


def newest(tx: Tx) -> list[Row]:
    """For operators: the open ones first, each with amounts and age in days."""
    return store.newest(tx)


def page(
    tx: Tx, partner_id: str, *, state: str | None, before: Place | None, limit: int
) -> tuple[list[dict[str, Any]], Place | None]:
    """What concerns payouts to a partner, newest first, and where the next page begins."""
    settled = None if state is None else state == SETTLED
    rows = store.page(tx, partner_id, settled=settled, before=before, limit=limit + 1)
    found = rows[:limit]
    following = (found[-1]["found_at"], found[-1]["id"]) if len(rows) > limit else None
    return [_view(row) for row in found], following


def _view(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "state": SETTLED if row["settled_at"] else OPEN,
        "kind": row["kind"],
        "business_date": row["business_date"].isoformat(),
        "order_id": row["order_id"],
        "order_no": row["order_no"],
        "loan_id": row["loan_id"],
        "bank_fen": _paid(row["bank_fen"]),
        "lender_fen": _paid(row["rows_fen"]),
        "age_days": row["age_days"],
        "found_at": rfc3339(row["found_at"]),
        "settled_at": rfc3339(row["settled_at"]) if row["settled_at"] else None,
    }


def _paid(fen: int | None) -> int | None:
    """What was paid out, as its receiver sees it."""
    return None if fen is None else -fen
