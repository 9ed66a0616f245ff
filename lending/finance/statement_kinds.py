"""What kinds of statements there are: whom each is for, what it lists, how it is written.

A new kind is one more `Kind`: its movements as one set out of the books, the accounts whose balance
they lead from and to, and the columns that it has beside the common ones.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from lending.engine.ageing import Grade
from lending.finance import partner_statements, share_files
from lending.finance import statement_store as store
from lending.finance.share_file_store import MOVEMENT_TYPES, write_positions
from lending.foundation.database import Tx
from lending.ledger.chart import Code


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file."""

    name: str
    type: str
    """`integer`, `string`, `date` or `datetime`, as Table Schema calls them."""
    says: str
    required: bool = True
    """Whether every row has it."""


COMMON = (
    Column("line", "integer", "number of the row, from 1"),
    Column("business_date", "date", "date it is booked on"),
    Column("booked_at", "datetime", "instant it was booked, RFC 3339, UTC, milliseconds"),
    Column("type", "string", "what moved, see the enum"),
    Column("amount_fen", "integer", "fen; above 0 is owed to you, below 0 is taken or paid"),
    Column("balance_fen", "integer", "fen owed to you after this row; below 0 you owe"),
)


Movements = Callable[[Tx, date, str | None], Iterator[Mapping[str, Any]]]
"""What was booked on a date, by partner and then in the file's order; of one partner or all.

Each row has `partner_id`, `type`, `amount_fen` and what its columns ask for besides.
"""


@dataclass(frozen=True, slots=True)
class Written:
    """Rows so many that the database writes them itself: all columns, in their order, as CSV."""

    lay_out: Callable[[Tx, date], Sequence[Mapping[str, Any]]]
    """Makes those of a date; by partner and type, how many `rows` and `amount_fen`."""
    rows: Callable[[Tx, date, str, str], Iterator[bytes]]
    """Those of a date and a partner; a text that matches the pattern has an apostrophe before."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of statement."""

    name: str
    movements: Movements | Written
    types: Mapping[str, str]
    """Every type of movement and what it means."""
    codes: tuple[Code, ...] = ()
    """The accounts in our book whose balance it is, of each partner."""
    kept: Callable[[Tx, date], Mapping[str, int]] | None = None
    """Each partner's balance at the end of a date, where it is not that of `codes`."""
    own: tuple[Column, ...] = ()
    """Its columns behind the common ones."""
    common: tuple[Column, ...] = COMMON
    is_picture: bool = False
    """Whether it shows how things stand at the end of a date, not what moved: its balance begins
    at 0, there is none of a month, and it cannot be made again later."""
    counted: frozenset[str] | None = None
    """The types that count in its balance; None: all."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns in their order."""
        return (*self.common, *self.own)

    def balances(self, tx: Tx, on: date) -> Mapping[str, int]:
        """Each partner's balance at the end of a date, summed anew out of the books."""
        return self.kept(tx, on) if self.kept else store.balances(tx, on, self.codes)

    def around(self, tx: Tx, day: date) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """Each partner's balance as a date begins and as it ends."""
        if self.is_picture:
            return {}, self.balances(tx, day)
        if self.kept:
            return self.kept(tx, day - timedelta(days=1)), self.kept(tx, day)
        return store.around(tx, self.name, day, self.codes)


SETTLEMENT = Kind(
    name="settlement",
    movements=store.merchant_movements,
    codes=(Code.MERCHANT_CLAIM,),
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

SHARE_MOVEMENTS = Kind(
    name="share_movements",
    movements=share_files.movements,
    kept=share_files.claims,
    types=MOVEMENT_TYPES,
    own=(
        Column("loan_id", "string", "our id of the loan", required=False),
        Column("movement", "string", "what happened, such as loan.repaid"),
        Column("source_id", "string", "our id of what happened"),
        Column("happened_on", "date", "when it happened, where entered later"),
        Column("clearing_id", "string", "the clearing that it went into", required=False),
    ),
)
"""A funder's account with us (JOINT-7): its balance is what we owe it, less what it owes us."""

SHARE_POSITIONS = Kind(
    name="share_positions",
    movements=Written(share_files.lay_out_positions, write_positions),
    kept=share_files.principal,
    types={
        **{each.value: f"open, graded {each.value.replace('_', ' ')}" for each in Grade},
        "written_off": "given up in the books, still owed",
    },
    common=(
        Column("line", "integer", "number of the row, from 1"),
        Column("business_date", "date", "date at whose end it stood so"),
        Column("type", "string", "grade of the loan, see the enum"),
        Column("amount_fen", "integer", "fen of principal in your book"),
        Column("balance_fen", "integer", "fen of principal in your book up to this row"),
    ),
    own=(
        Column("loan_id", "string", "our id of the loan"),
        Column("contract_no", "string", "number of the contract", required=False),
        Column("product_code", "string", "code of the product"),
        Column("start_date", "date", "date of the payout"),
        Column("share_bp", "integer", "your share in basis points"),
        Column("principal_fen", "integer", "fen that you lent, less goods returned"),
        Column("principal_paid_fen", "integer", "fen of it repaid"),
        Column("interest_accrued_fen", "integer", "fen of interest earned since the payout"),
        Column("interest_paid_fen", "integer", "fen of it paid"),
        Column("days_past_due", "integer", "days since the oldest unpaid due date"),
        Column("bucket", "string", "M0 current, M1 1 to 30 days late, then on to M6+"),
        Column("due_date", "date", "of the oldest instalment that is open", required=False),
    ),
    is_picture=True,
)
"""A funder's part of every open loan at the end of a date, with its grade."""

SHARE_FORECAST = Kind(
    name="share_forecast",
    movements=share_files.forecast,
    kept=share_files.principal,
    types={
        "principal_due": "principal of yours that falls due",
        "interest_due": "interest of yours that falls due",
    },
    common=(
        Column("line", "integer", "number of the row, from 1"),
        Column("business_date", "date", "date at whose end it stood so"),
        Column("type", "string", "what falls due, see the enum"),
        Column("amount_fen", "integer", "fen that falls due to you"),
        Column("balance_fen", "integer", "fen of principal up to this row"),
    ),
    own=(Column("due_date", "date", "when it falls due, or fell due and is open"),),
    is_picture=True,
    counted=frozenset({"principal_due"}),
)
"""What falls due to a funder by date, if borrowers pay by plan."""

COMMISSION = Kind(
    name="commission",
    movements=partner_statements.commission_movements,
    codes=(Code.COMMISSION_PAYABLE,),
    types=partner_statements.COMMISSION_TYPES,
    own=(
        Column("movement_id", "string", "our id of the movement"),
        Column("loan_id", "string", "our id of the loan", required=False),
        Column("lead_id", "string", "our id of the lead", required=False),
        Column("lead_no", "string", "your number of the lead", required=False),
        Column("received_before_fen", "integer", "what it is a part of, before", required=False),
        Column("received_fen", "integer", "what it is a part of, afterwards", required=False),
        Column("earned_before_fen", "integer", "earned on the loan before", required=False),
        Column("earned_fen", "integer", "earned on the loan afterwards", required=False),
        Column("bill_id", "string", "the bill that it belongs to", required=False),
        Column("bank_reference", "string", "the bank's number of the payment", required=False),
    ),
)
"""What a platform earns and was paid (ASSIST-8): its balance is what it is owed. Before VAT."""

GUARANTEE = Kind(
    name="guarantee",
    movements=partner_statements.guarantor_movements,
    codes=(Code.GUARANTOR_PAYABLE, Code.CLAIM_RECEIVABLE),
    types=partner_statements.GUARANTOR_TYPES,
    own=(
        Column("loan_id", "string", "our id of the loan", required=False),
        Column("claim_id", "string", "the claim", required=False),
        Column("bank_reference", "string", "the bank's number of the payment", required=False),
    ),
)
"""A guarantor's claims, fees and recoveries (ASSIST-6): its balance is what we hold for it."""

KINDS = {
    kind.name: kind
    for kind in (
        SHARE_POSITIONS,
        SHARE_FORECAST,
        SETTLEMENT,
        COMMISSION,
        GUARANTEE,
        SHARE_MOVEMENTS,
    )
}
"""In the order in which they are made: pictures first, for each thing that has happened since the
date was closed is to be thought away."""


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
