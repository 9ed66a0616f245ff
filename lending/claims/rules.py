"""Pure rules of claims: what may be asked for."""

from lending.claims.model import Outstanding
from lending.loans.partner_terms import Guarantee


def asked(guarantee: Guarantee, owed: Outstanding, left_fen: int) -> Outstanding:
    """What a guarantor is asked for: what it covers of what is owed, principal first (P17).

    Never more than is left of the agreed cap on all its claims.
    """
    principal = min(owed.principal_fen, left_fen)
    interest = min(owed.interest_fen if guarantee.covers_interest else 0, left_fen - principal)
    penalty = min(
        owed.penalty_fen if guarantee.covers_penalty else 0, left_fen - principal - interest
    )
    return Outstanding(principal, interest, penalty)


def still_asked(claimed: Outstanding, owed: Outstanding) -> Outstanding:
    """What is left of a claim when the borrower has paid since it was filed."""
    return Outstanding(
        min(claimed.principal_fen, owed.principal_fen),
        min(claimed.interest_fen, owed.interest_fen),
        min(claimed.penalty_fen, owed.penalty_fen),
    )
