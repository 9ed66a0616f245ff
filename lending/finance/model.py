"""What is compared, and what may come of it. Amounts are signed as we see them: + in, - out."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class OrderState(StrEnum):
    """What our own rows say of a payment."""

    IN_FLIGHT = "in_flight"
    """Sent or about to be; the channel has not said yet."""
    PAID = "paid"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Order:
    """A payout or debit as our rows and our ledger have it."""

    channel_order_no: str
    kind: str
    """`payout` or `debit`, as the bank calls it."""
    amount_fen: int
    state: OrderState
    entry_id: str | None
    ledger_fen: int
    """What its entry, reversals counted, moved on our bank account."""


@dataclass(frozen=True, slots=True)
class LoneEntry:
    """An entry that moves our bank account without an order that says why."""

    entry_id: str
    kind: str
    subject: str
    ledger_fen: int


@dataclass(frozen=True, slots=True)
class Span:
    """From one instant up to another, which is not part of it."""

    start: datetime
    end: datetime


class DifferenceKind(StrEnum):
    """How bank, rows and ledger can disagree."""

    MISSING_IN_BANK = "missing_in_bank"
    """We hold it to be paid; the bank has no such order."""
    MISSING_HERE = "missing_here"
    """The bank has an order under a number that we never gave."""
    TWICE_IN_BANK = "twice_in_bank"
    """The bank lists one order number more than once (X1)."""
    AMOUNT_DIFFERS = "amount_differs"
    STATE_DIFFERS = "state_differs"
    """One says paid and the other failed, or the bank has said what we still wait for."""
    LEDGER_DIFFERS = "ledger_differs"
    """The entry is missing, is there without a payment, or moves another amount (X2)."""
    LEDGER_ALONE = "ledger_alone"
    """An entry moves our bank account and belongs to no order."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One disagreement. An amount of None: that book does not have it."""

    kind: DifferenceKind
    channel_order_no: str
    """Or the entry's id, for an entry without an order."""
    bank_fen: int | None
    rows_fen: int | None
    ledger_fen: int | None
    detail: str


@dataclass(frozen=True, slots=True)
class Differences:
    """The outcome of a three-way comparison (X3)."""

    items: tuple[Difference, ...]
    in_flight: tuple[str, ...]
    """Order numbers that the channel has not decided: no differences yet, but no rest either."""
    bank_fen: int
    rows_fen: int
    ledger_fen: int

    @property
    def agree(self) -> bool:
        """Whether all three books say the same, to the fen."""
        return not self.items


class CheckKind(StrEnum):
    """Which two books a sub-ledger check compares."""

    LOAN_PRINCIPAL = "loan_principal"
    """By loan: the control account's detail and the plan's open principal (L11)."""
    EXPOSURE = "exposure"
    """By customer: the exposure account and, together, open loans and credit lines (P12)."""
    EXPOSURE_HELD = "exposure_held"
    """By customer: what is held on the exposure account and the loans not paid out yet (P12)."""
    MERCHANT_RETAINED = "merchant_retained"
    """By loan: the account and the parts that the merchant does not have yet (STORE-6)."""
    FUNDER_PAYABLE = "funder_payable"
    """By funder: the account and what moved for it and is not cleared (L11)."""
    CREDIT_LINE = "credit_line"
    """By line, and by line and scene: the account and the open principal drawn on it (P12)."""
    CREDIT_LINE_HELD = "credit_line_held"
    """The same for what is held there, and the loans drawn on it and not paid out yet (P12)."""
    SUSPENSE = "suspense"
    """By order: what stands in suspense, where nothing should at rest (L12)."""
    INTEREST_RECEIVABLE = "interest_receivable"
    """By product: the account and what open loans have earned and not been paid (L11)."""
    DEFERRED_SUBSIDY = "deferred_subsidy"
    """By product: the account and what is not earned of open loans' subsidies (L11)."""
    WRITTEN_OFF = "written_off"
    """By loan: the account off balance and what the loan still owes (L11)."""


@dataclass(frozen=True, slots=True)
class SubLedgerDifference:
    """A loan, customer or order of which the ledger says something else than the loans do."""

    kind: CheckKind
    owner: str
    ledger_fen: int
    expected_fen: int


@dataclass(frozen=True, slots=True)
class ClaimPosition:
    """What a merchant owes us for returned goods (MALL-5)."""

    open_fen: int
    on_the_way_fen: int
    """Of this, what payouts that are sent and not decided will take back."""


class ClearingMode(StrEnum):
    """When we clear with a funder."""

    DAY = "day"
    """Once for every working day, net."""
    EVENT = "event"
    """As soon as something has moved."""


class ClearingState(StrEnum):
    """Where a clearing with a funder is."""

    HELD = "held"
    """To be paid to it: reserved and on record; it may or may not have been sent."""
    UNKNOWN = "unknown"
    """The channel did not answer. Neither pay again nor void: ask until it says."""
    PAID = "paid"
    """The funder has it. Final."""
    FAILED = "failed"
    """No money has moved and none will; it goes into the next clearing."""
    EXPECTED = "expected"
    """The funder owes it to us; what it has not paid goes into the next clearing."""
    RECEIVED = "received"
    """The funder has paid it. Final."""
    CARRIED = "carried"
    """It went into a later clearing. Final."""
    EVEN = "even"
    """What moved comes to nothing. Final."""


@dataclass(frozen=True, slots=True)
class Clearing:
    """What is settled with a funder at one time; amounts as it sees them: above 0 for it."""

    id: str
    funder: str
    business_date: date
    """The date that it settles."""
    mode: ClearingMode
    channel_order_no: str
    created_at: datetime
    seq: int = 0
    movements: int = 0
    principal_fen: int = 0
    interest_fen: int = 0
    fee_fen: int = 0
    penalty_fen: int = 0
    service_fee_fen: int = 0
    funded_fen: int = 0
    carried_fen: int = 0
    """From earlier clearings that no money has moved for."""
    amount_fen: int = 0
    """All of these together: to be paid to the funder; below 0 by it."""
    state: ClearingState = ClearingState.EVEN
    carried_into: str | None = None
    account_id: str | None = None
    hold_id: str | None = None
    entry_id: str | None = None
    queries: int = 0
    code: str = ""
    message: str = ""
    reference: str = ""
    ended_at: datetime | None = None
