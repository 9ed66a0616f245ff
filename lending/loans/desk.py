"""What operators see of applications, and what they may decide. Personal data come masked."""

from dataclasses import dataclass
from datetime import datetime

from lending.customers import service as customers
from lending.foundation.crypto import FieldKeys, mask_identity_no, mask_mobile, mask_name
from lending.foundation.database import Row, Tx
from lending.foundation.errors import BadInput
from lending.loans import desk_store, service
from lending.loans.errors import NoSuchLoan
from lending.risk import service as risk
from lending.risk.model import Decision, Outcome


class NoteMissing(BadInput):
    """A decision by a person needs a reason in words."""

    code, title, field = "desk.note_missing", "请填写审核意见", "/note"
    mend = "用一句话说明依据。"


@dataclass(frozen=True, slots=True)
class ShownApplication:
    """One line of the desk."""

    id: str
    subject: str
    partner: str
    borrower: str
    amount_fen: int
    purpose: str
    state: str
    loan_id: str | None
    loan_state: str | None
    created_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Case:
    """An application with everything that its decisions were made of."""

    shown: ShownApplication
    identity_no: str
    mobile: str
    decisions: tuple[Decision, ...]


def applications(tx: Tx, keys: FieldKeys, *, state: str | None = None) -> list[ShownApplication]:
    """The newest applications, of one state or of all."""
    return [_shown(tx, keys, row) for row in desk_store.applications(tx, state=state)]


def case(tx: Tx, keys: FieldKeys, application_id: str) -> Case:
    """One application.

    Raises NoSuchLoan.
    """
    rows = desk_store.applications(tx, application_id=application_id)
    if not rows:
        raise NoSuchLoan
    row = rows[0]
    person = customers.profile(tx, keys, row["customer_id"]) if row["customer_id"] else None
    return Case(
        shown=_shown(tx, keys, row),
        identity_no=mask_identity_no(person.identity_no) if person else "",
        mobile=mask_mobile(person.mobile) if person else "",
        decisions=tuple(risk.decisions(tx, application_id)),
    )


def decide(
    tx: Tx, application_id: str, outcome: Outcome, *, operator_id: str, note: str
) -> Decision:
    """An operator's decision on a referred application.

    Raises NoteMissing, NoSuchLoan, WrongState, NothingToDecide.
    """
    if not note:
        raise NoteMissing
    return service.decide_by_person(tx, application_id, outcome, operator_id=operator_id, note=note)


def _shown(tx: Tx, keys: FieldKeys, row: Row) -> ShownApplication:
    person = customers.profile(tx, keys, row["customer_id"]) if row["customer_id"] else None
    return ShownApplication(
        id=row["id"],
        subject=row["subject"],
        partner=row["partner"],
        borrower=mask_name(person.name) if person else "",
        amount_fen=row["amount_fen"],
        purpose=row["purpose"],
        state=row["state"],
        loan_id=row["loan_id"],
        loan_state=row["loan_state"],
        created_at=row["created_at"],
        decided_at=row["decided_at"],
    )
