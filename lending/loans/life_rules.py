"""Pure rules between a loan's contract, its position and the rows kept of it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from lending.engine import life
from lending.engine.ageing import Grade, grade
from lending.engine.position import Course, Position, Sums
from lending.engine.prepayment import OpenInstalment, interest_earned_fen, period_starts
from lending.foundation.money import HALF_EVEN, portion
from lending.ledger.model import Account, Leg, signed
from lending.loans import partner_rules
from lending.loans.model import Loan, Standing


def course(loan: Loan, rows: Sequence[OpenInstalment]) -> Course:
    """A loan's course from the contract's version of its plan, whatever was paid on it since."""
    assert loan.start_date is not None
    pricing = loan.terms.pricing
    return Course(
        start=loan.start_date,
        rows=tuple(
            OpenInstalment(
                row.number,
                row.due_date,
                row.principal_fen,
                row.interest_fen,
                row.fee_fen,
                guarantee_fee_fen=row.guarantee_fee_fen,
            )
            for row in rows
        ),
        penalty_rate_annual=pricing.penalty_rate_annual,
        grace_days=pricing.grace_days,
        prepayment_fee_rate=pricing.prepayment_fee_rate,
        every=pricing.every,
        unit=pricing.unit,
        rounding=pricing.rounding,
    )


def subsidy_earned_fen(loan: Loan, terms: Course, position: Position) -> int:
    """What is earned of a merchant's subsidy: evenly by days, all of it when the loan closes."""
    subsidy = loan.terms.subsidy.merchant_fen
    if position.is_closed:
        return subsidy
    until = terms.rows[-1].due_date
    on = min(position.written_off_on or position.on, until)
    return portion(subsidy, (on - terms.start).days, (until - terms.start).days, terms.rounding)


def sums(loan: Loan, terms: Course, position: Position) -> Sums:
    """What the lenders' books are to hold of a loan (see `Sums.of_lender`)."""
    borrower = position.sums()
    commission = loan.terms.commission
    return replace(
        borrower.of_lender(),
        subsidy_earned_fen=subsidy_earned_fen(loan, terms, position),
        commission_received_fen=partner_rules.received_fen(commission, borrower)
        if commission
        else 0,
        commission_fen=partner_rules.commission_fen(loan.terms, position, borrower),
        commission_is_bad=bool(commission and partner_rules.is_bad(commission, position)),
        guarantee_cost_fen=partner_rules.guarantee_cost_fen(loan.terms, borrower),
    )


def standing(loan: Loan, terms: Course, position: Position) -> Standing:
    """What the end of day moves on from here."""
    held = sums(loan, terms, position)
    running = None if position.written_off_on else _running(position)
    due = life.following(position)
    earned = position.interest_accrued_fen
    course_from = None
    if running:
        begin = period_starts(position.rows, position.start)[position.rows.index(running)]
        course_from = running.earns_from or begin
        earned -= max(
            interest_earned_fen(running, begin, position.on, terms.rounding),
            running.interest_paid_fen,
        )
    days = position.days_past_due
    return Standing(
        loan_id=loan.id,
        product_code=loan.product_code,
        as_of=position.on,
        principal_fen=held.principal_fen,
        principal_open_fen=held.principal_open_fen,
        interest_accrued_fen=position.interest_accrued_fen,
        interest_paid_fen=held.interest_paid_fen,
        settled_interest_fen=earned,
        course_from=course_from,
        course_until=running.due_date if running else None,
        course_before_fen=running.earned_before_fen if running else 0,
        course_rest_fen=running.interest_fen - running.earned_before_fen if running else 0,
        course_paid_fen=running.interest_paid_fen if running else 0,
        subsidy_fen=loan.terms.subsidy.merchant_fen,
        subsidy_earned_fen=held.subsidy_earned_fen,
        subsidy_from=terms.start,
        subsidy_until=terms.rows[-1].due_date,
        oldest_due=due.due_date if due else None,
        days_past_due=days,
        grade=(Grade.LOSS if position.written_off_on else grade(days)).value,
        penalty_as_of=position.on,
        penalty_rate_annual=terms.penalty_rate_annual,
        grace_days=terms.grace_days,
        half_even=terms.rounding == HALF_EVEN,
        written_off=position.written_off_on is not None,
        claimed=position.claim is not None,
        guarantor_principal_fen=held.guarantor_principal_fen,
        claim_after_days=loan.terms.guarantee.trigger_days if loan.terms.guarantee else None,
        split_id=loan.split_id,
    )


def _running(position: Position) -> OpenInstalment | None:
    """The instalment whose period the day is in."""
    return next((row for row in position.rows if row.due_date > position.on), None)


def netted(legs: Iterable[Leg]) -> tuple[Leg, ...]:
    """One line for each account, those that cancel out left away."""
    balances: defaultdict[Account, int] = defaultdict(int)
    for leg in legs:
        balances[leg.account] += leg.debit_fen - leg.credit_fen
    return tuple(signed(account, fen) for account, fen in balances.items() if fen)
