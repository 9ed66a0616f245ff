"""Merchants that sell and take goods back, and dates that end."""

import csv
import io
from datetime import timedelta
from itertools import count
from typing import Any

from lending.batch import end_of_day
from lending.foundation.files import StoredFile
from scenarios.mall_installment import checkout, servicing
from scenarios.mall_installment.orders import Item
from scenarios.mall_installment.servicing import RefundGoods
from tests.loans.world import World
from tests.risk.people import card, person

_buyers = count(1)


def goods(amount_fen: int) -> tuple[Item, ...]:
    """One piece of that price."""
    return (Item("sku-1", "手机", 1, amount_fen, "electronics"),)


def buy(world: World, order_no: str, amount_fen: int = 599_900, periods: int = 12) -> str:
    """Somebody new buys and the merchant is paid; the order's id."""
    serial = next(_buyers)
    customer = person(world.database, world.keys, sequence=500 + serial, mobile=f"139{serial:08d}")
    bank_card = card(world.database, world.keys, customer, f"62305800001{serial:08d}")
    order_id = world.order(order_no, items=goods(amount_fen))
    world.consent(order_id, customer)
    with world.database.unit_of_work() as tx:
        checkout.submit(
            tx,
            order_id,
            customer_id=customer,
            bank_card_id=bank_card,
            device={
                "fingerprint": f"fp-{order_id}",
                "ip": f"198.51.{serial // 250}.{serial % 250 + 1}",
                "user_agent": "x",
            },
        )
    world.work()
    world.sign(order_id, periods)
    world.work()
    assert world.state(order_id) == "paid", world.state(order_id)
    return order_id


def take_back(world: World, order_id: str, amount_fen: int, refund_no: str) -> dict[str, Any]:
    """Goods come back to the merchant."""
    with world.database.unit_of_work() as tx:
        return servicing.refund(tx, world.partner_id, RefundGoods(refund_no, order_id, amount_fen))


def days_end(world: World, days: int = 1) -> None:
    """So many dates end."""
    world.clock.advance(timedelta(days=days))
    end_of_day.catch_up(world.context)


def statements(world: World, span: str = "day") -> list[dict[str, Any]]:
    """The statements of the merchant, in their order."""
    return world.rows(
        "SELECT * FROM statement WHERE partner_id = :id AND span = :span"
        " ORDER BY period_start, version",
        id=world.partner_id,
        span=span,
    )


def lines(world: World, statement: dict[str, Any]) -> list[dict[str, str]]:
    """The rows of a statement's file."""
    content = world.files.get(StoredFile(statement["file_name"], statement["sha256"]))
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))
