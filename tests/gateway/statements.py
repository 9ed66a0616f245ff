"""Statements of any length, as the end of day keeps them."""

from datetime import timedelta
from typing import Any

from lending.finance import statement_store
from lending.finance.statement_file import StatementWriter
from lending.finance.statement_kinds import SETTLEMENT
from lending.foundation import ids
from tests.gateway.world import Partner, World
from tests.today import NOW, TODAY

OWN = dict.fromkeys((column.name for column in SETTLEMENT.own), "")


def statement_of(world: World, partner: Partner, *, orders: int = 1) -> str:
    """A statement of a partner with so many orders; its id. Each is of a day before the last."""
    with world.database.unit_of_work() as tx:
        there = tx.scalar("SELECT count(*) FROM statement WHERE partner_id = :id", id=partner.id)
    day = TODAY - timedelta(days=int(there))
    writer = StatementWriter(world.context.lending.files, SETTLEMENT, 0)
    for number in range(orders):
        for kind, amount in (("order_paid", 599_900), ("fee", -3_599), ("payout", -596_301)):
            moved: dict[str, Any] = {"type": kind, "amount_fen": amount, "booked_at": NOW, **OWN}
            writer.add(day, moved | {"order_id": f"ord_{number}", "order_no": f"A-{number}"})
    file, size = writer.done()
    statement_id = ids.new("stm")
    with world.database.unit_of_work() as tx:
        statement_store.insert(
            tx,
            {
                "id": statement_id,
                "partner_id": partner.id,
                "kind": SETTLEMENT.name,
                "span": "day",
                "period_start": day,
                "period_end": day,
                "version": 1,
                "corrects": None,
                "because": "",
                "rows": writer.rows,
                "sums": writer.sums,
                "store_sums": {},
                "opening_fen": 0,
                "closing_fen": writer.balance_fen,
                "file_name": file.name,
                "sha256": file.sha256,
                "size_bytes": size,
            },
        )
    return statement_id
