"""What operators see of credit lines (M7). Personal data come masked (R-MASK)."""

from dataclasses import dataclass

from lending.credit_lines import securities, service, store
from lending.credit_lines.model import Line, LineStanding, Security
from lending.customers import service as customers
from lending.customers.errors import MobileInvalid
from lending.foundation.crypto import FieldKeys, mask_mobile, mask_name
from lending.foundation.database import Tx


@dataclass(frozen=True, slots=True)
class FoundLine:
    """One line of a search."""

    line: Line
    borrower: str
    mobile: str


@dataclass(frozen=True, slots=True)
class LineCase:
    """A line with its standing and all that was ever offered to back it."""

    standing: LineStanding
    borrower: str
    mobile: str
    securities: tuple[Security, ...]
    security_fen: int
    """What is registered is worth."""


def search(tx: Tx, keys: FieldKeys, text: str) -> list[FoundLine]:
    """Lines by their id or the customer's, or by the customer's mobile; without, the newest."""
    text = text.strip()
    try:
        persons = customers.by_mobile(tx, keys, text) if text else []
    except MobileInvalid:
        persons = []
    found = store.find(tx, text=text or None, customer_ids=[*persons, text])
    return [FoundLine(each, *_masked(tx, keys, each.customer_id)) for each in found]


def case(tx: Tx, keys: FieldKeys, line_id: str) -> LineCase:
    """One line.

    Raises NoSuchLine.
    """
    standing = service.standing(tx, line_id)
    borrower, mobile = _masked(tx, keys, standing.line.customer_id)
    return LineCase(
        standing=standing,
        borrower=borrower,
        mobile=mobile,
        securities=tuple(securities.of_line(tx, line_id)),
        security_fen=securities.value_fen(tx, line_id),
    )


def _masked(tx: Tx, keys: FieldKeys, customer_id: str) -> tuple[str, str]:
    person = customers.profile(tx, keys, customer_id)
    return mask_name(person.name), mask_mobile(person.mobile)
