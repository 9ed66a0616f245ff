"""The fake lender's commissions: what a platform earns, its monthly bills, and their payment."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Optional, Union

from cf_partner_sdk import (
    BillPayment,
    BillState,
    CommissionAccrual,
    CommissionBasis,
    CommissionBill,
    Lead,
    MovementType,
    StatementKind,
)
from cf_partner_sdk._rounding import half_up
from cf_partner_sdk.recompute_commissions import earned_fen

from . import bodies
from .asking import PAGE, Asked, answered, one_of, page_of, route
from .statement_book import Movement, part_of
from .wire import Answer, Problem, to_json

if TYPE_CHECKING:
    from .book import Book
    from .clock import FakeClock

BillRef = Union[CommissionBill, str]
"""A bill, its id, or its month, such as `2027-03`."""
COLUMNS = (
    "movement_id",
    "loan_id",
    "lead_id",
    "lead_no",
    "received_before_fen",
    "received_fen",
    "earned_before_fen",
    "earned_fen",
    "bill_id",
    "bank_reference",
)


@dataclass(frozen=True)
class CommissionTerms:
    """What a platform earns on each loan that begins from now on."""

    basis: CommissionBasis = CommissionBasis.INTEREST
    rate: Decimal = Decimal("0.2")
    per_loan_fen: int = 0
    cap_rate: Decimal = Decimal("0.05")
    """The most that a loan earns, as a part of what was lent."""
    clawback_rate: Decimal = Decimal(1)


class Commissions:
    """What a platform earns; each loan moves it when it is repaid.

    What moves a bill raises ValueError where the lender could not.
    """

    def __init__(self, clock: FakeClock, book: Book) -> None:
        self._clock, self._book = clock, book
        self._terms: dict[str, CommissionTerms] = {}
        self._last: dict[str, CommissionAccrual] = {}
        self._received_fen: Counter[str] = Counter()
        self._moved: list[Movement] = []
        self.accruals: list[CommissionAccrual] = []
        self.bills: dict[str, CommissionBill] = {}
        self.documents: dict[str, bytes] = {}
        self.terms = CommissionTerms()

    # What a test has happen.

    def bill(self) -> CommissionBill:
        """Let the month end: time passes to its end, and its bill is made."""
        first = self._clock.business_date().replace(day=1)
        month = f"{first:%Y-%m}"
        following = (first + timedelta(days=32)).replace(day=1)
        self._clock.advance(following - self._clock.business_date())
        statement = self._book.statements.month(
            StatementKind.COMMISSION, first, self._moved, columns=COLUMNS
        )
        mine = [one for one in self.accruals if f"{one.business_date:%Y-%m}" == month]
        owed = [one for one in self.bills.values() if self._is_to_carry(one)]
        carried_fen = sum(one.payable_fen for one in owed)
        made = CommissionBill(
            id=self._book.new_id("cbl"),
            month=month,
            state=BillState.OPEN,
            payment=BillPayment.NONE,
            loans=len({one.loan_id for one in mine}),
            rows=len(mine),
            accrued_fen=sum(one.amount_fen for one in mine if one.amount_fen > 0),
            clawback_fen=sum(one.amount_fen for one in mine if one.amount_fen < 0),
            tier_fen=0,
            carried_fen=carried_fen,
            adjustment_fen=0,
            payable_fen=sum(one.amount_fen for one in mine) + carried_fen,
            pdf_sha256="",
            pdf_size_bytes=0,
            overdue_rate=Decimal(0),
            statement_id=statement.id,
            statement_sha256=statement.sha256,
            made_at=self._clock.now(),
        )
        for one in owed:
            self.bills[one.id] = replace(one, payment=BillPayment.CARRIED)
        return self._ready(made)

    def answer(self, which: BillRef, text: str, *, adjustment_fen: int = 0) -> CommissionBill:
        """Answer a dispute, with a correction where something was wrong."""
        bill = self._one(which, BillState.DISPUTED)
        if adjustment_fen:
            self._move(MovementType.ADJUSTMENT, adjustment_fen, {"bill_id": bill.id})
        return self._ready(
            replace(
                bill,
                state=BillState.OPEN,
                answer=text,
                adjustment_fen=bill.adjustment_fen + adjustment_fen,
                payable_fen=bill.payable_fen + adjustment_fen,
            )
        )

    def pay(self, which: BillRef) -> CommissionBill:
        """Let the money of a confirmed bill arrive."""
        bill = self._to_pay(which)
        reference = self._book.new_id("ch")
        cells = {"bill_id": bill.id, "bank_reference": reference}
        self._move(MovementType.PAID, -bill.payable_fen, cells)
        now = self._clock.now()
        paid = replace(bill, payment=BillPayment.PAID, paid_at=now, bank_reference=reference)
        return self._told("commission.paid", paid)

    def fail_payment(self, which: BillRef) -> CommissionBill:
        """Let every account of the platform refuse the money; `pay` then pays all the same."""
        failed = replace(self._to_pay(which), payment=BillPayment.FAILED)
        return self._told("commission.payment_failed", failed)

    def claw_back(self, lead: Lead) -> Optional[CommissionAccrual]:
        """Let the loan of a lead go bad: the agreed part of what it earned is given back."""
        last = self._last.get(lead.id)
        if last is None or last.is_bad:
            raise ValueError(f"{lead.lead_no} has earned nothing that could be given back")
        return self._accrue(lead, self._received_fen[lead.id], is_bad=True)

    # What loans do to it.

    def lent(self, lead: Lead) -> None:
        """Keep what was agreed as the money of a lead arrived."""
        self._terms[lead.id] = self.terms
        if self.terms.basis == CommissionBasis.LOAN:
            self._receive(lead, lead.amount_fen)

    def repaid(self, lead: Lead, principal_fen: int, interest_fen: int) -> None:
        """Earn the agreed part of a repayment."""
        basis = self._terms.get(lead.id, self.terms).basis
        received = {
            CommissionBasis.PRINCIPAL: principal_fen,
            CommissionBasis.INTEREST: interest_fen,
        }
        self._receive(lead, received.get(basis, 0))

    # What the platform asks for.

    def confirm(self, bill_id: str, payable_fen: int) -> CommissionBill:
        """Take the platform's word that it agrees. Raises Problem."""
        bill: CommissionBill = one_of(self.bills, bill_id)
        self._require_open(bill)
        if payable_fen != bill.payable_fen:
            raise Problem(
                409,
                "commission.bill_changed",
                "The bill has changed",
                field="/payable_fen",
                mend="Fetch the bill again and compare it before you confirm.",
            )
        self._book.platform.require()
        payment = BillPayment.PAYING if bill.payable_fen > 0 else BillPayment.NONE
        confirmed = replace(
            bill, state=BillState.CONFIRMED, payment=payment, confirmed_at=self._clock.now()
        )
        self.bills[bill.id] = confirmed
        return confirmed

    def dispute(self, bill_id: str, reason: str) -> CommissionBill:
        """Take the platform's word that something is wrong. Raises Problem."""
        bill: CommissionBill = one_of(self.bills, bill_id)
        self._require_open(bill)
        now = self._clock.now()
        disputed = replace(
            bill, state=BillState.DISPUTED, disputed_at=now, dispute=reason, answer=""
        )
        self.bills[bill.id] = disputed
        return disputed

    @staticmethod
    def _require_open(bill: CommissionBill) -> None:
        if bill.state == BillState.CONFIRMED:
            raise Problem(
                409,
                "commission.confirmed",
                "The bill was confirmed before",
                mend="Look at the bill as it is; what changes later is in the next month's.",
            )
        if bill.state == BillState.DISPUTED:
            raise Problem(
                409,
                "commission.disputed",
                "The bill is disputed",
                mend="Wait for the lender's answer, then confirm the bill.",
            )

    @staticmethod
    def _is_to_carry(bill: CommissionBill) -> bool:
        is_confirmed = bill.state == BillState.CONFIRMED
        return is_confirmed and bill.payable_fen < 0 and bill.payment == BillPayment.NONE

    def _one(self, which: BillRef, state: BillState) -> CommissionBill:
        wanted = which.id if isinstance(which, CommissionBill) else which
        for bill in self.bills.values():
            if wanted in (bill.id, bill.month):
                if bill.state != state:
                    raise ValueError(f"the bill of {bill.month} is {bill.state}")
                return bill
        raise LookupError(f"there is no bill {wanted}")

    def _to_pay(self, which: BillRef) -> CommissionBill:
        bill = self._one(which, BillState.CONFIRMED)
        if bill.payment not in (BillPayment.PAYING, BillPayment.FAILED):
            raise ValueError(f"the bill of {bill.month} has nothing to pay")
        return bill

    def _receive(self, lead: Lead, received_fen: int) -> None:
        before = self._received_fen[lead.id]
        self._received_fen[lead.id] += received_fen
        last = self._last.get(lead.id)
        self._accrue(lead, before, is_bad=last is not None and last.is_bad)

    def _accrue(
        self, lead: Lead, received_before_fen: int, *, is_bad: bool
    ) -> Optional[CommissionAccrual]:
        terms = self._terms.get(lead.id, self.terms)
        last = self._last.get(lead.id)
        earned_before = last.earned_fen if last else 0
        draft = CommissionAccrual(
            id=self._book.new_id("com"),
            type="accrued",
            loan_id=str(lead.loan_id),
            lead_id=lead.id,
            lead_no=lead.lead_no,
            amount_fen=0,
            received_before_fen=received_before_fen,
            received_fen=self._received_fen[lead.id],
            earned_before_fen=earned_before,
            earned_fen=0,
            is_bad=is_bad,
            basis=terms.basis,
            rate=terms.rate,
            per_loan_fen=terms.per_loan_fen,
            cap_fen=half_up(lead.amount_fen * terms.cap_rate),
            clawback_rate=terms.clawback_rate,
            business_date=self._clock.business_date(),
            booked_at=self._clock.now(),
        )
        earned = earned_fen(draft)
        amount = earned - earned_before
        if not amount:
            return None
        kind = MovementType.ACCRUED if amount > 0 else MovementType.CLAWBACK
        made = replace(draft, type=kind.value, earned_fen=earned, amount_fen=amount)
        self._last[lead.id] = made
        self.accruals.append(made)
        self._move(kind, amount, {**to_json(made), "movement_id": made.id})
        self._book.tell("commission.accrued", made, made.loan_id)
        return made

    def _move(self, kind: MovementType, amount_fen: int, cells: Mapping[str, Any]) -> None:
        today, now = self._clock.business_date(), self._clock.now()
        self._moved.append(Movement(today, now, kind, amount_fen, cells))

    def _ready(self, bill: CommissionBill) -> CommissionBill:
        text = f"%PDF-1.4\n% bill {bill.id} of {bill.month}: {bill.payable_fen} fen\n%%EOF\n"
        document = text.encode("ascii")
        self.documents[bill.id] = document
        digest = hashlib.sha256(document).hexdigest()
        made = replace(bill, pdf_sha256=digest, pdf_size_bytes=len(document))
        return self._told("commission.bill_ready", made)

    def _told(self, kind: str, bill: CommissionBill) -> CommissionBill:
        self.bills[bill.id] = bill
        self._book.tell(kind, bill, bill.id)
        return bill


def _bills(asked: Asked) -> Answer:
    wanted = {name: asked.query[name] for name in ("state", "month") if name in asked.query}
    found = [
        each
        for each in asked.book.commissions.bills.values()
        if all(to_json(each)[name] == value for name, value in wanted.items())
    ]
    return page_of(asked, found)


def _bill(asked: Asked) -> Answer:
    return answered(one_of(asked.book.commissions.bills, asked.ids[0]))


def _pdf(asked: Asked) -> Answer:
    document = one_of(asked.book.commissions.documents, asked.ids[0])
    return part_of(asked, document, "application/pdf")


def _confirm(asked: Asked) -> Answer:
    return answered(asked.book.commissions.confirm(asked.ids[0], asked.body["payable_fen"]))


def _dispute(asked: Asked) -> Answer:
    return answered(asked.book.commissions.dispute(asked.ids[0], asked.body["reason"]))


_MOST = 2**63 - 1
ROUTES = (
    route("GET", "/v1/commissions", _bills, query=("state", "month", *PAGE)),
    route("GET", "/v1/commissions/<id>", _bill),
    route("GET", "/v1/commissions/<id>/pdf", _pdf),
    route(
        "POST",
        "/v1/commissions/<id>/confirm",
        _confirm,
        checks={"payable_fen": bodies.whole(_MOST, -_MOST)},
        writes=True,
    ),
    route(
        "POST",
        "/v1/commissions/<id>/dispute",
        _dispute,
        checks={"reason": bodies.text(500)},
        writes=True,
    ),
)
