"""What goes over the wire for statements."""

from marshmallow import fields

from gateway.fields import Strict
from lending.finance.statement_kinds import KINDS


class SumSchema(Strict):
    """Movements of one type together."""

    type = fields.String()
    rows = fields.Integer()
    amount_fen = fields.Integer()


class StatementSchema(Strict):
    """A statement: what its file holds, and by what the file is known."""

    id = fields.String()
    kind = fields.String(metadata={"enum": list(KINDS)})
    span = fields.String(metadata={"enum": ["day", "month"]})
    period = fields.String(metadata={"description": "a date, or a month such as 2026-11"})
    period_start = fields.Date()
    period_end = fields.Date()
    version = fields.Integer()
    corrects = fields.String(
        allow_none=True, metadata={"description": "the statement that this one replaces"}
    )
    corrected_by = fields.String(
        allow_none=True, metadata={"description": "the statement that replaces this one"}
    )
    because = fields.String(metadata={"description": "why it was corrected"})
    rows = fields.Integer()
    sums = fields.List(fields.Nested(SumSchema))
    opening_balance_fen = fields.Integer(
        metadata={"description": "owed to you when the period began; below 0 you owed"}
    )
    closing_balance_fen = fields.Integer(
        metadata={"description": "opening balance and the sum of all rows"}
    )
    currency = fields.String()
    content_type = fields.String()
    size_bytes = fields.Integer()
    sha256 = fields.String(metadata={"description": "of the file, hexadecimal"})
    made_at = fields.String()
    schema = fields.Dict(metadata={"description": "columns and dialect, as Table Schema has them"})


class StatementList(Strict):
    """A page of statements."""

    data = fields.List(fields.Nested(StatementSchema))
    next_cursor = fields.String(allow_none=True)
