"""What can happen to a running loan."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Paid:
    """Money for what is due, and for the instalments up to `until`; what is over is credit."""

    on: date
    amount_fen: int
    until: int = 0
    """The number of the last instalment that is paid ahead of its time; its interest in full."""


@dataclass(frozen=True, slots=True)
class PaidOff:
    """Money to close the loan. What falls short leaves principal open, the last of the plan."""

    on: date
    amount_fen: int


@dataclass(frozen=True, slots=True)
class PartPrepaid:
    """Money for all that is due, interest to the day, then principal ahead of its time."""

    on: date
    amount_fen: int
    shorter: bool
    """True: the last instalments go (缩期). False: all that are left shrink alike (减额)."""


@dataclass(frozen=True, slots=True)
class GoodsReturned:
    """The price of returned goods leaves the loan (MALL-5); `refundable_fen` bounds it."""

    on: date
    amount_fen: int
    refundable_fen: int


@dataclass(frozen=True, slots=True)
class DueDatesMoved:
    """The next instalment falls due on another date, and those after it follow."""

    on: date
    first_due: date


@dataclass(frozen=True, slots=True)
class Waived:
    """Debts that are no longer asked for, the oldest first; at most what is open."""

    on: date
    fee_fen: int = 0
    penalty_fen: int = 0
    interest_fen: int = 0


@dataclass(frozen=True, slots=True)
class FeeCharged:
    """A fee that the cost table named as contingent, due with the oldest open instalment."""

    on: date
    amount_fen: int


@dataclass(frozen=True, slots=True)
class WrittenOff:
    """The loan is given up in our books, not towards the borrower; it earns nothing any more."""

    on: date


@dataclass(frozen=True, slots=True)
class Claimed:
    """A guarantor paid the lender; what it paid the borrower owes to it from now on (代偿).

    The plan ends: what is not due earns nothing more, and penalty stops. Of what the guarantor paid
    beyond what was owed that day nothing is owed to it by the borrower.
    """

    on: date
    principal_fen: int
    interest_fen: int = 0
    penalty_fen: int = 0


Event = (
    Paid
    | PaidOff
    | PartPrepaid
    | GoodsReturned
    | DueDatesMoved
    | Waived
    | FeeCharged
    | WrittenOff
    | Claimed
)
"""What can happen to a running loan. Taking one back is leaving it out."""
