"""What each funder of a loan has of it: its position, what moved, and what it is owed of that.

Every part is that of a running total, never that of a single payment (JOINT-3, P15). Principal goes
by the weights of the shares, income by those that were agreed for it (JOINT-4).
"""

from collections.abc import Callable
from dataclasses import dataclass

from lending.engine.position import Sums
from lending.engine.shares import divided
from lending.foundation.money import half_up
from lending.ledger.model import OWN, funder_book
from lending.loans.terms import Share, Terms

PRINCIPAL = ("principal_fen", "principal_paid_fen")
INCOME = (
    "interest_paid_fen",
    "fee_paid_fen",
    "penalty_paid_fen",
    "interest_accrued_fen",
    "subsidy_earned_fen",
)


@dataclass(frozen=True, slots=True)
class Party:
    """One funder of a loan, ours or another, and its place among them."""

    share: Share
    subsidy_fen: int
    """Its part of what the merchant pays in the borrower's place, given to it at the payout."""

    @property
    def book(self) -> str:
        """The legal book that its part is kept in."""
        return OWN if self.share.is_own else funder_book(self.share.funder)

    def service_fee_fen(self, sums: Sums) -> int:
        """What it has to pay the leader so far: of all interest it got, half up among lenders."""
        rate = self.share.service_fee_rate
        return half_up((sums.interest_paid_fen + self.subsidy_fen) * rate) if rate else 0


@dataclass(frozen=True, slots=True)
class Moved:
    """A funder's position before and after something happened."""

    party: Party
    before: Sums
    after: Sums

    def by(self, total: Callable[[Sums], int]) -> int:
        """How far a running total has moved."""
        return total(self.after) - total(self.before)

    @property
    def principal_fen(self) -> int:
        """Principal that came back to it: repaid by the borrower, or for returned goods."""
        return -self.by(lambda sums: sums.principal_open_fen)

    @property
    def interest_fen(self) -> int:
        """Interest paid to it."""
        return self.by(lambda sums: sums.interest_paid_fen)

    @property
    def fee_fen(self) -> int:
        """Fees paid to it."""
        return self.by(lambda sums: sums.fee_paid_fen)

    @property
    def penalty_fen(self) -> int:
        """Penalty paid to it."""
        return self.by(lambda sums: sums.penalty_paid_fen)

    @property
    def service_fee_fen(self) -> int:
        """What it has to pay the leader of that."""
        return self.by(self.party.service_fee_fen)

    @property
    def due_fen(self) -> int:
        """What the leader owes it more; below 0 less. The leader holds all money that came in."""
        return (
            self.principal_fen
            + self.interest_fen
            + self.fee_fen
            + self.penalty_fen
            - self.service_fee_fen
        )


def parties(terms: Terms) -> list[Party]:
    """The funders in the order of the shares."""
    subsidies = divided(terms.subsidy.merchant_fen, [share.income for share in terms.shares])
    return [Party(*pair) for pair in zip(terms.shares, subsidies, strict=True)]


def parts(terms: Terms, sums: Sums) -> list[Sums]:
    """Each funder's part of a position. The borrower's credit is the leader's to keep."""
    by_principal = [share.weight for share in terms.shares]
    by_income = [share.income for share in terms.shares]
    columns = {name: divided(getattr(sums, name), by_principal) for name in PRINCIPAL}
    columns |= {name: divided(getattr(sums, name), by_income) for name in INCOME}
    return [
        Sums(
            **{name: column[place] for name, column in columns.items()},
            written_off=sums.written_off,
            commission_is_bad=sums.commission_is_bad,
        )
        for place in range(len(terms.shares))
    ]


def moved(terms: Terms, before: Sums, after: Sums) -> list[Moved]:
    """What something that happened did to each funder."""
    return [
        Moved(*each)
        for each in zip(parties(terms), parts(terms, before), parts(terms, after), strict=True)
    ]


def lent(terms: Terms, principal_fen: int) -> list[int]:
    """What each funder lends."""
    return divided(principal_fen, [share.weight for share in terms.shares])
