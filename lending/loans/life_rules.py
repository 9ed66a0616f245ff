"""Pure rules between a loan's contract, its position and the rows kept of it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from lending.engine import life
from lending.engine.ageing import Grade, grade
from lending.engine.position import Course, Position, Sums
from lending.engine.prepayment import OpenInstalment, interest_earned_fen, period_starts
from lending.foundation.money import portion
from lending.ledger.model import Account, Leg, signed
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
    )


def subsidy_earned_fen(loan: Loan, terms: Course, position: Position) -> int:
    """What is earned of a merchant's subsidy: evenly by days, all of it when the loan closes."""
    subsidy = loan.terms.subsidy.merchant_fen
    if position.is_closed:
        return subsidy
    until = terms.rows[-1].due_date
    on = min(position.written_off_on or position.on, until)
    return portion(subsidy, (on - terms.start).days, (until - terms.start).days)


def sums(loan: Loan, terms: Course, position: Position) -> Sums:
    """What the books are to hold of a loan."""
    return replace(position.sums(), subsidy_earned_fen=subsidy_earned_fen(loan, terms, position))


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
        earned -= max(interest_earned_fen(running, begin, position.on), running.interest_paid_fen)
    days = position.days_past_due
    return Standing(
        loan_id=loan.id,
        product_code=loan.product_code,
        as_of=position.on,
        principal_fen=held.principal_fen,
        principal_open_fen=position.principal_open_fen,
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
        written_off=position.written_off_on is not None,
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
