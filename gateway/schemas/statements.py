"""What goes over the wire for statements."""

from marshmallow import fields

from gateway import shown
from gateway.fields import said
from gateway.shown import Answer
from lending.finance.differences import OPEN, SETTLED
from lending.finance.model import DifferenceKind
from lending.finance.statement_kinds import KINDS as KINDS_MADE
from lending.finance.statement_kinds import SETTLEMENT, schema

KINDS = {
    "settlement": "A merchant's account with us: what it was owed, and what was paid.",
    "share_movements": "A funder's account with us: what it was owed, and what was cleared.",
    "share_positions": "A funder's part of each open loan at the end of a date, with its grade.",
    "share_forecast": "What falls due to a funder by date.",
    "commission": "What a platform earned and was paid, loan by loan.",
    "guarantee": "A guarantor's claims, fees and recoveries.",
}
assert set(KINDS) == set(KINDS_MADE)
SPANS = {"day": "One business date.", "month": "One calendar month."}
TYPES = {
    name: f"{says[0].upper()}{says[1:]}."
    for kind in KINDS_MADE.values()
    for name, says in kind.types.items()
}


class SumSchema(Answer):
    """Movements of one type together."""

    type = shown.one_of(TYPES, "What moved.")
    rows = shown.whole("How many rows.", 1)
    amount_fen = shown.fen("Their sum; below 0 is taken or paid.", 599_900, least=-(2**63))


class StoreSumSchema(SumSchema):
    """Movements of one type in one store together."""

    store_no = shown.text("Your number of the store.", "S-001")


class StatementSchema(Answer):
    """A statement: what its file holds, and by what the file is known."""

    id = shown.id_("stm", "The statement.")
    kind = shown.one_of(KINDS, "What it tells of.")
    span = shown.one_of(SPANS, "What it covers.")
    period = shown.text(
        "A date, or a month such as `2026-11`.", "2026-11-27", pattern=r"^\d{4}-\d{2}(-\d{2})?$"
    )
    period_start = shown.day("The first that it covers.")
    period_end = shown.day("The last that it covers.")
    version = shown.whole("1, or higher for a correction.", 1, least=1)
    corrects = shown.id_("stm", "The statement that this one replaces; or null.", nullable=True)
    corrected_by = shown.id_("stm", "The statement that replaces this one; or null.", nullable=True)
    because = shown.text("Why it was corrected; empty if it is none.", "")
    rows = shown.whole("Rows of the file, without its header.", 1)
    sums = shown.many(SumSchema, "The rows summed by type.")
    store_sums = shown.many(
        StoreSumSchema, "The rows of payments in stores, summed by store and type."
    )
    opening_balance_fen = shown.fen(
        "Owed to you when the period began; below 0 you owed.", 0, least=-(2**63)
    )
    closing_balance_fen = shown.fen(
        "The opening balance and the sum of all rows.", 599_900, least=-(2**63)
    )
    currency = shown.text("Always CNY.", "CNY", pattern="^CNY$")
    content_type = shown.text("Of the file.", "text/csv")
    size_bytes = shown.whole("Of the file.", 181)
    sha256 = shown.text(
        "Of the file, in hexadecimal.",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        pattern="^[0-9a-f]{64}$",
    )
    made_at = shown.instant("When it was made.")
    schema = fields.Dict(
        required=True,
        metadata=said(
            "Columns and dialect of the file, as Frictionless Table Schema has them.",
            schema(SETTLEMENT),
        ),
    )


class StatementList(Answer):
    """A page of statements."""

    data = shown.many(StatementSchema, "The rows of the page, newest first.")
    next_cursor = shown.next_cursor()


DIFFERENCES = {
    "missing_in_bank": "We say paid; the bank's file has no such payment.",
    "missing_here": "The bank's file has a payment that we do not know.",
    "twice_in_bank": "The bank's file has one payment more than once.",
    "amount_differs": "Both have the payment, with another amount.",
    "state_differs": "One says paid and the other failed, or we still wait for what the bank said.",
    "ledger_differs": "Our own books do not say what the payment was.",
    "ledger_alone": "Our own books have an entry without a payment.",
}
assert set(DIFFERENCES) == {kind.value for kind in DifferenceKind}
STATES = {
    OPEN: "The books do not agree yet.",
    SETTLED: "They agree by now.",
}


class DifferenceSchema(Answer):
    """A payout to you on which the bank's file of a date and our books did not agree."""

    id = shown.id_("dif", "The difference.")
    state = shown.one_of(STATES, "Whether it is settled.")
    kind = shown.one_of(DIFFERENCES, "How they disagreed.")
    business_date = shown.day("The date of the bank's file.")
    order_id = shown.text("The order that was paid out.", shown.example_id("ord"))
    order_no = shown.text("Your own number of it; or null.", "A-77", nullable=True)
    loan_id = shown.id_("loan", "The loan.")
    bank_fen = shown.whole("What the bank paid; or null. In fen.", 596_301, nullable=True)
    lender_fen = shown.whole("What we say was paid; or null. In fen.", 596_301, nullable=True)
    age_days = shown.whole("Days that it has been open, or was.", 1)
    found_at = shown.instant("When it was found.")
    settled_at = shown.instant("When it was settled; or null.", nullable=True)


class DifferenceList(Answer):
    """A page of differences."""

    data = shown.many(DifferenceSchema, "The rows of the page, newest first.")
    next_cursor = shown.next_cursor()
