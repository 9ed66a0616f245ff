"""Pure rules between a loan's contract, its position and the rows kept of it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from lending.engine import life
from lending.engine.ageing import Grade, grade
from lending.engine.events import Event
from lending.engine.position import Course, Position, Sums
from lending.engine.prepayment import OpenInstalment, interest_earned_fen
from lending.foundation.money import HALF_EVEN, portion
from lending.ledger.model import Account, Leg, signed
from lending.loans import partner_rules, rules, share_rules
from lending.loans.errors import BeforeThePayout, NotYet
from lending.loans.model import Loan, LoanState, Standing


@dataclass(frozen=True, slots=True)
class Kept:
    """All that is kept of a loan, which is locked."""

    loan: Loan
    course: Course
    rows: Sequence[OpenInstalment]
    """Of the plan that holds."""
    events: Sequence[Event]
    last: Position
    """After all of them, on the day of the last."""
    standing: Standing | None
    """None where nothing is open."""

    def position(self, on: date) -> Position:
        """How the loan stands, or will stand if nothing more happens, on a day."""
        if self.last.on <= on:
            return life.advance(self.course, self.last, on)
        return life.replay(self.course, self.events, on)


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that happened to a loan."""

    kept: Kept
    event: Event
    source_id: str
    """The id of what it comes from, and the key of its entry."""
    kind: str
    """Of the entry, such as `loan.repaid`."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What something did to a loan and to the books of it."""

    kept: Kept
    was: Sums
    now: Sums
    """As the borrower stood, and stands."""
    before: Sums
    after: Sums
    """As the lenders' books had it, and have it."""
    position: Position
    state: LoanState
    """What the loan is now."""
    each: Sequence[share_rules.Moved]
    """What it did to each funder."""
    kind: str
    source_id: str
    on: date

    @property
    def loan(self) -> Loan:
        """As it was."""
        return self.kept.loan

    def legs(self) -> tuple[Leg, ...]:
        """The entry of it."""
        return rules.life_legs(self.loan, self.before, self.after, self.each)


def happen(one: Happened, today: date) -> Moved:
    """What something that happened up to today makes of a loan.

    Books are as of the day that the end of day has brought the loan to; should that be behind
    today, the loan is taken to today with it.

    Raises NotYet, BeforeThePayout, EventImpossible, RefundTooLarge.
    """
    kept, event = one.kept, one.event
    if event.on > today:
        raise NotYet
    if event.on < kept.course.start:
        raise BeforeThePayout(f"the loan began on {kept.course.start}")
    as_of = kept.standing.as_of if kept.standing else today
    stood, position = life.replay_with(
        kept.course,
        kept.events,
        event,
        last=kept.last,
        without_on=as_of,
        with_on=max(as_of, today),
    )
    return moved(kept, stood, position, kind=one.kind, source_id=one.source_id, on=event.on)


def moved(
    kept: Kept, stood: Position, position: Position, *, kind: str, source_id: str, on: date
) -> Moved:
    """What takes a loan from where it stood, as its books have it, to a position."""
    was, now = stood.sums(), position.sums()
    before = sums(kept.loan, kept.course, stood, was)
    if kept.standing:
        assert before.interest_accrued_fen == kept.standing.interest_accrued_fen, (before, kept)
        assert before.subsidy_earned_fen == kept.standing.subsidy_earned_fen, (before, kept)
    after = sums(kept.loan, kept.course, position, now)
    return Moved(
        kept=kept,
        was=was,
        now=now,
        before=before,
        after=after,
        position=position,
        state=_state(position),
        each=share_rules.moved(kept.loan.terms, before, after),
        kind=kind,
        source_id=source_id,
        on=on,
    )


def _state(position: Position) -> LoanState:
    if position.is_closed:
        return LoanState.SETTLED
    return LoanState.WRITTEN_OFF if position.written_off_on else LoanState.ACTIVE


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
    if not subsidy or position.is_closed:
        return subsidy
    until = terms.rows[-1].due_date
    on = min(position.written_off_on or position.on, until)
    return portion(subsidy, (on - terms.start).days, (until - terms.start).days, terms.rounding)


def sums(loan: Loan, terms: Course, position: Position, borrower: Sums | None = None) -> Sums:
    """What the lenders' books are to hold of a loan (see `Sums.of_lender`).

    `borrower` is how the borrower stands, where it is known.
    """
    borrower = borrower or position.sums()
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


def standing(loan: Loan, terms: Course, position: Position, held: Sums | None = None) -> Standing:
    """What the end of day moves on from here; `held` is what the books hold, where it is known."""
    held = held or sums(loan, terms, position)
    at = None if position.written_off_on else _running(position)
    running = None if at is None else position.rows[at]
    due = life.following(position)
    earned = held.interest_accrued_fen
    course_from = None
    if running:
        begin = position.rows[at - 1].due_date if at else position.start
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
        interest_accrued_fen=held.interest_accrued_fen,
        interest_paid_fen=held.interest_paid_fen,
        settled_interest_fen=earned,
        first_due=position.rows[0].due_date,
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


def _running(position: Position) -> int | None:
    """The place of the instalment whose period the day is in."""
    return next((at for at, row in enumerate(position.rows) if row.due_date > position.on), None)


def netted(legs: Iterable[Leg]) -> tuple[Leg, ...]:
    """One line for each account, those that cancel out left away."""
    balances: defaultdict[Account, int] = defaultdict(int)
    for leg in legs:
        balances[leg.account] += leg.debit_fen - leg.credit_fen
    return tuple(signed(account, fen) for account, fen in balances.items() if fen)
