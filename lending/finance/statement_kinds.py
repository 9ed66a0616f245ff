"""What kinds of statements there are: whom each is for, what it lists, how it is written.

A new kind is one more `Kind`: its movements as one set out of the books, the balance they lead
from and to, and the columns that it has beside the common ones.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from lending.finance import statement_store as store
from lending.foundation.database import Row, Tx


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file."""

    name: str
    type: str
    """`integer`, `string`, `date` or `datetime`, as Table Schema calls them."""
    says: str
    required: bool = True
    """Whether every row has it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of statement."""

    name: str
    movements: Callable[[Tx, date, str | None], Iterator[Row]]
    """What was booked on a date, by partner and then in the file's order; of one partner or all.

    Each row has `partner_id`, `booked_at`, `type`, `amount_fen` and the kind's own columns.
    """
    balances: Callable[[Tx, date], Mapping[str, int]]
    """Each partner's balance at the end of a date, as the books have it."""
    types: Mapping[str, str]
    """Every type of movement and what it means."""
    own: tuple[Column, ...] = field(default=())
    """Its columns behind the common ones."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns in their order."""
        return (*COMMON, *self.own)


COMMON = (
    Column("line", "integer", "number of the row, from 1"),
    Column("business_date", "date", "date it is booked on"),
    Column("booked_at", "datetime", "instant it was booked, RFC 3339, UTC, milliseconds"),
    Column("type", "string", "what moved, see the enum"),
    Column("amount_fen", "integer", "fen; above 0 is owed to you, below 0 is taken or paid"),
    Column("balance_fen", "integer", "fen owed to you after this row; below 0 you owe"),
)

SETTLEMENT = Kind(
    name="settlement",
    movements=store.merchant_movements,
    balances=store.merchant_balances,
    types=store.MERCHANT_TYPES,
    own=(
        Column("order_id", "string", "our id of the order or payment", required=False),
        Column("order_no", "string", "your order_no or payment_no", required=False),
        Column("loan_id", "string", "our id of the loan", required=False),
        Column("refund_id", "string", "our id of the refund", required=False),
        Column("refund_no", "string", "your number of the refund", required=False),
        Column("bank_reference", "string", "the bank's number of the payment", required=False),
        Column("account_last4", "string", "end of the account that was paid", required=False),
        Column("store_no", "string", "your number of the store, of a payment", required=False),
        Column("till_no", "string", "your number of the till, of a payment", required=False),
        Column("release_part", "integer", "which later part of a service", required=False),
    ),
)
"""A merchant's account with us (MALL-6): its balance is what it is owed, less what it owes."""

KINDS = {kind.name: kind for kind in (SETTLEMENT,)}


def schema(kind: Kind) -> dict[str, Any]:
    """A file's columns and dialect for machines, in the words of Frictionless Table Schema."""
    return {
        "fields": [_field(kind, column) for column in kind.columns],
        "missingValues": [""],
        "dialect": {"delimiter": ",", "lineTerminator": "\r\n", "quoteChar": '"', "header": True},
        "encoding": "utf-8",
        "escape": "a text that begins with = + - @ ' tab or return has one ' put before it",
    }


def _field(kind: Kind, column: Column) -> dict[str, Any]:
    constraints: dict[str, Any] = {"required": column.required}
    if column.name == "type":
        constraints["enum"] = list(kind.types)
    return {
        "name": column.name,
        "type": column.type,
        "description": column.says,
        "constraints": constraints,
    }
