"""What operators see of running loans (M6). Personal data come masked (R-MASK)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from lending.channels import service as channels
from lending.customers import service as customers
from lending.customers.errors import MobileInvalid
from lending.foundation import business_day
from lending.foundation.crypto import FieldKeys, mask_mobile, mask_name
from lending.foundation.database import Tx
from lending.ledger.chart import TITLES, Code
from lending.loans import statements
from lending.loans.statements import Statement
from lending.repayments import changes, desk_store, service
from lending.repayments import credits as credit_balances
from lending.repayments.credits import Credit
from lending.repayments.model import Repayment


@dataclass(frozen=True, slots=True)
class FoundLoan:
    """One line of a search."""

    id: str
    subject: str
    merchant: str
    borrower: str
    mobile: str
    principal_fen: int
    state: str
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class ShownEvent:
    """What has happened to a loan."""

    kind: str
    happened_on: date
    detail: dict[str, Any]
    source_id: str
    at: datetime
    taken_back_at: datetime | None
    taken_back_because: str


@dataclass(frozen=True, slots=True)
class ShownLine:
    """One line of an entry, in one legal book."""

    book: str
    code: str
    title: str
    debit_fen: int
    credit_fen: int


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """One entry about the loan."""

    id: str
    kind: str
    booked_on: date
    effective_on: date
    memo: str
    lines: tuple[ShownLine, ...]


@dataclass(frozen=True, slots=True)
class LoanCase:
    """A loan with everything that is known of it."""

    statement: Statement
    today: date
    merchant: str
    borrower: str
    mobile: str
    repayments: tuple[Repayment, ...]
    events: tuple[ShownEvent, ...]
    entries: tuple[ShownEntry, ...]
    credit: Credit
    """Of the borrower, over all their loans."""
    charges: tuple[dict[str, Any], ...]
    """What the signed cost table lets one charge by hand."""


def search(tx: Tx, keys: FieldKeys, text: str, *, subjects: Sequence[str] = ()) -> list[FoundLoan]:
    """Loans by their id, by what they are for, or by the borrower's mobile; without, the newest.

    `subjects` are the ids of what the scenarios know under the text, such as an order number.
    """
    text = text.strip()
    try:
        persons = customers.by_mobile(tx, keys, text) if text else []
    except MobileInvalid:
        persons = []
    rows = desk_store.loans(tx, text=text or None, subjects=[*subjects, text], customer_ids=persons)
    found = []
    for row in rows:
        person = customers.profile(tx, keys, row["customer_id"])
        found.append(
            FoundLoan(
                id=row["id"],
                subject=row["subject"],
                merchant=row["merchant"],
                borrower=mask_name(person.name),
                mobile=mask_mobile(person.mobile),
                principal_fen=row["principal_fen"],
                state=row["state"],
                signed_at=row["signed_at"],
            )
        )
    return found


def case(tx: Tx, keys: FieldKeys, loan_id: str) -> LoanCase:
    """One loan.

    Raises NoSuchLoan.
    """
    statement = statements.statement(tx, loan_id)
    loan = statement.loan
    person = customers.profile(tx, keys, loan.customer_id)
    return LoanCase(
        statement=statement,
        today=business_day.today(tx),
        merchant=channels.partner(tx, loan.partner_id).name,
        borrower=mask_name(person.name),
        mobile=mask_mobile(person.mobile),
        repayments=tuple(service.of_loan(tx, loan_id)),
        events=tuple(ShownEvent(**row) for row in desk_store.events(tx, loan_id)),
        entries=_entries(tx, loan_id),
        credit=credit_balances.credit(tx, loan.customer_id),
        charges=tuple(changes.contingent(tx, loan)),
    )


def _entries(tx: Tx, loan_id: str) -> tuple[ShownEntry, ...]:
    lines: dict[str, list[ShownLine]] = {}
    heads = {}
    for row in desk_store.lines(tx, loan_id):
        heads[row["id"]] = row
        title = TITLES[Code(row["code"])]
        line = ShownLine(row["book"], row["code"], title, row["debit_fen"], row["credit_fen"])
        lines.setdefault(row["id"], []).append(line)
    return tuple(
        ShownEntry(
            id=head["id"],
            kind=head["kind"],
            booked_on=head["booked_date"],
            effective_on=head["effective_date"] or head["booked_date"],
            memo=head["memo"],
            lines=tuple(lines[head["id"]]),
        )
        for head in heads.values()
    )
