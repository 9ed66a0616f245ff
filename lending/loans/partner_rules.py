"""What a loan's platform and guarantor have earned: functions of its running totals (ASSIST-8).

An accrual is what is earned after something happened less what was before. So a payment taken back
takes its commission with it, and a loan that goes bad gives back what was agreed, without a rule of
its own for either.
"""

from decimal import Decimal

from lending.engine.position import Position, Sums
from lending.foundation.money import half_up
from lending.loans.partner_terms import Basis, Commission
from lending.loans.terms import Terms


def received_fen(commission: Commission, sums: Sums) -> int:
    """What the commission is a part of, so far.

    What a guarantor paid was not received from the borrower; what the borrower repays of it is the
    guarantor's. Neither earns a platform anything (R-FEE-CAP: tied to recovery by the lender).
    """
    match commission.basis:
        case Basis.INTEREST:
            return sums.interest_paid_fen - sums.interest_recovered_fen
        case Basis.PRINCIPAL:
            return sums.principal_paid_fen - sums.principal_recovered_fen
        case Basis.LOAN:
            return sums.principal_fen


def earned_fen(commission: Commission, received: int, *, is_bad: bool) -> int:
    """What a platform has earned in all, fen; never below 0, never above the cap.

    Of a bad loan it is what is left when the agreed part was given back. A clawback is therefore
    never more than was earned before (P18). Half up, whatever the loan's terms round by: the
    platform's agreement is one for loans of all terms, and its bill is recomputed by it (P18).
    """
    if commission.basis is Basis.LOAN:
        full = commission.per_loan_fen if received else 0
    else:
        full = half_up(received * commission.rate)
    capped = min(full, commission.cap_fen)
    return capped - (half_up(capped * commission.clawback_rate) if is_bad else 0)


def is_bad(commission: Commission, position: Position) -> bool:
    """Whether the loan was given up or claimed within the agreed time."""
    ends = [position.written_off_on, position.claim.on if position.claim else None]
    return any(
        on is not None and (on - position.start).days <= commission.clawback_days for on in ends
    )


def commission_fen(terms: Terms, position: Position, sums: Sums) -> int:
    """What the loan's platform has earned on it so far; 0 where there is none."""
    commission = terms.commission
    if commission is None:
        return 0
    bad = is_bad(commission, position)
    return earned_fen(commission, received_fen(commission, sums), is_bad=bad)


def at_payout_fen(terms: Terms, principal_fen: int) -> int:
    """What the platform has earned once the loan is paid out."""
    commission = terms.commission
    if commission is None:
        return 0
    begun = Sums(principal_fen)
    return earned_fen(commission, received_fen(commission, begun), is_bad=False)


def guarantee_cost_fen(terms: Terms, sums: Sums) -> int:
    """What the lender owes the loan's guarantor for its guarantee so far; 0 where there is none.

    Half up, as their agreement is, whatever the loan's terms round by.
    """
    rate = terms.guarantee.lender_fee_rate if terms.guarantee else Decimal(0)
    return half_up((sums.interest_paid_fen - sums.interest_recovered_fen) * rate)
