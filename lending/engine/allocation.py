"""Which debts one payment settles."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Due:
    """What is open on one instalment."""

    number: int
    fee_fen: int
    penalty_fen: int
    interest_fen: int
    principal_fen: int

    @property
    def total_fen(self) -> int:
        """All that is open."""
        return self.fee_fen + self.penalty_fen + self.interest_fen + self.principal_fen


@dataclass(frozen=True, slots=True)
class Allocation:
    """How a payment was divided; `parts` has a row for each instalment that got something."""

    parts: tuple[Due, ...]
    left_over_fen: int

    @property
    def principal_fen(self) -> int:
        """Principal settled."""
        return sum(part.principal_fen for part in self.parts)

    @property
    def interest_fen(self) -> int:
        """Interest settled."""
        return sum(part.interest_fen for part in self.parts)

    @property
    def fee_fen(self) -> int:
        """Fees settled."""
        return sum(part.fee_fen for part in self.parts)

    @property
    def penalty_fen(self) -> int:
        """Penalty interest settled."""
        return sum(part.penalty_fen for part in self.parts)


def allocate(dues: Sequence[Due], amount_fen: int) -> Allocation:
    """Divides a payment: oldest instalment first, in it fee, penalty, interest, principal.

    R-ALLOC; Civil Code 561 puts interest before principal. A later debt gets nothing while an
    earlier one is open, and paying x then y equals paying x + y (P6, P7).
    """
    assert amount_fen >= 0, amount_fen
    left, parts = amount_fen, []
    for due in sorted(dues, key=lambda one: one.number):
        cut = []
        for open_fen in (due.fee_fen, due.penalty_fen, due.interest_fen, due.principal_fen):
            cut.append(min(left, open_fen))
            left -= cut[-1]
        if any(cut):
            parts.append(Due(due.number, *cut))
    return Allocation(tuple(parts), left)
