"""A running loan and what happens to it: every event goes through here, into rows and books."""

from dataclasses import dataclass
from datetime import date

from lending.engine import life
from lending.engine.events import Event
from lending.engine.position import Course, Position, Sums
from lending.engine.prepayment import OpenInstalment
from lending.foundation import business_day
from lending.foundation.database import Tx
from lending.ledger import service as ledger
from lending.ledger import store as ledger_store
from lending.ledger.model import Entry, Leg
from lending.loans import commissions, lateness, life_rules, life_store, rules, shares, store
from lending.loans.errors import (
    BeforeThePayout,
    EventTakenBack,
    NoSuchEvent,
    NoSuchLoan,
    NotYet,
    WrongState,
)
from lending.loans.model import Loan, LoanState

RUNNING = (LoanState.ACTIVE, LoanState.WRITTEN_OFF, LoanState.SETTLED)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What an event did."""

    before: Sums
    """As the borrower stood."""
    after: Position
    entry_id: str | None
    """None where no money is concerned."""


def locked(tx: Tx, loan_id: str) -> Loan:
    """The loan under its lock, when its plan runs or has run.

    Raises NoSuchLoan, WrongState.
    """
    loan = store.loan(tx, loan_id, lock=True)
    if loan is None:
        raise NoSuchLoan
    if loan.state not in RUNNING:
        raise WrongState(f"the loan is {loan.state.value}", mend="Wait until it is paid out.")
    return loan


def course(tx: Tx, loan: Loan) -> Course:
    """The contract's plan and rules."""
    return life_rules.course(loan, store.instalments(tx, loan.id, loan.contract_version))


def position(tx: Tx, loan: Loan, on: date) -> Position:
    """How a loan stands, or will stand if nothing more happens, on a day."""
    return life.replay(course(tx, loan), life_store.events(tx, loan.id), on)


def begin(tx: Tx, loan: Loan) -> None:
    """Puts a loan that has just been paid out under the care of the end of day."""
    terms = course(tx, loan)
    life_store.save_standing(tx, life_rules.standing(loan, terms, life.begun(terms)))


def record(tx: Tx, loan: Loan, event: Event, *, source_id: str, kind: str) -> Recorded:
    """Records an event of a loan that is locked, and what it changes, in rows and in one entry.

    An event of an earlier date gives the loan that it would have given in its time, in every
    component. `source_id` is the id of what it comes from, and the key of the entry.

    Raises NotYet for a date to come, EventImpossible, RefundTooLarge, and what `ledger.post` does.
    """
    if event.on > business_day.today(tx):
        raise NotYet
    terms, events = course(tx, loan), life_store.events(tx, loan.id)
    if event.on < terms.start:
        raise BeforeThePayout(f"the loan began on {terms.start}")
    life.require_possible(terms, life.replay(terms, events, event.on), event)
    stood, as_of = _held(tx, loan, terms, events)
    before = life_rules.sums(loan, terms, stood)
    life_store.insert_event(tx, loan.id, event, source_id)
    after = _move(tx, loan, life.replay(terms, [*events, event], as_of), terms)
    now = life_rules.sums(loan, terms, after)
    legs = rules.life_legs(loan, before, now)
    shares.record(tx, loan, before, now, kind=kind, source_id=source_id, on=event.on)
    shares.follow(tx, loan, _state(after), event.on)
    entry_id = _post(tx, loan, legs, kind=kind, memo=source_id, key=source_id, on=event.on)
    life_store.set_event_entry(tx, source_id, entry_id)
    commissions.record(tx, loan, before, now, source_id=source_id)
    lateness.follow(tx, loan, after)
    return Recorded(stood.sums(), after, entry_id)


def take_back(tx: Tx, loan: Loan, source_id: str, because: str) -> Recorded:
    """Takes an event of a loan that is locked back: as if it had never been (P10).

    Its entry is reversed by its mirror image; what later events have become without it is a second
    entry. The borrower then owes again what they owe, also beyond the limit that new lending obeys.

    Raises NoSuchEvent, EventTakenBack.
    """
    row = life_store.event_row(tx, loan.id, source_id)
    if row is None:
        raise NoSuchEvent
    if row["taken_back_at"]:
        raise EventTakenBack
    terms = course(tx, loan)
    stood, as_of = _held(tx, loan, terms, life_store.events(tx, loan.id))
    before = life_rules.sums(loan, terms, stood)
    life_store.take_back(tx, source_id, because)
    after = _move(tx, loan, life.replay(terms, life_store.events(tx, loan.id), as_of), terms)
    now = life_rules.sums(loan, terms, after)
    legs = list(rules.life_legs(loan, before, now))
    shares.record(
        tx, loan, before, now, kind="loan.reallocated", source_id=source_id, on=row["happened_on"]
    )
    shares.follow(tx, loan, _state(after), row["happened_on"])
    weighed_on = [limited for limited, _ in rules.exposures(loan.customer_id, loan.terms)]
    with ledger.without_limits(tx, weighed_on):
        if row["entry_id"]:
            written = ledger_store.lock_entry(tx, row["entry_id"])
            assert written is not None
            ledger.reverse(tx, row["entry_id"], because)
            legs += written.legs
        entry_id = _post(
            tx,
            loan,
            life_rules.netted(legs),
            kind="loan.reallocated",
            memo=f"{source_id} taken back",
            key=f"without:{source_id}",
        )
    commissions.record(tx, loan, before, now, source_id=source_id)
    lateness.follow(tx, loan, after)
    return Recorded(stood.sums(), after, entry_id)


def _held(tx: Tx, loan: Loan, terms: Course, events: list[Event]) -> tuple[Position, date]:
    """The loan as the books hold it, its standing locked, and the day to take it to.

    Books are as of the day that the end of day has brought the loan to; should that be behind the
    business date, the entry that follows takes it there.
    """
    standing = life_store.lock_standing(tx, loan.id)
    today = business_day.today(tx)
    as_of = standing.as_of if standing else today
    stood = life.replay(terms, events, as_of)
    if standing:
        held = life_rules.sums(loan, terms, stood)
        assert held.interest_accrued_fen == standing.interest_accrued_fen, (held, standing)
        assert held.subsidy_earned_fen == standing.subsidy_earned_fen, (held, standing)
    return stood, max(as_of, today)


def _move(tx: Tx, loan: Loan, after: Position, terms: Course) -> Position:
    """Writes the plan, the standing and the state of a loan as they are now."""
    version = loan.plan_version
    old = store.instalments(tx, loan.id, version)
    if any(_planned(was) != _planned(now) for was, now in zip(old, after.rows, strict=True)):
        version = store.plan_versions(tx, loan.id) + 1
        store.insert_instalments(tx, loan.id, version, after.rows)
        store.set_plan_version(tx, loan.id, version)
    else:
        changed = [now for was, now in zip(old, after.rows, strict=True) if was != now]
        store.update_instalments(tx, loan.id, version, changed)
    if after.is_closed:
        life_store.delete_standing(tx, loan.id)
    else:
        life_store.save_standing(tx, life_rules.standing(loan, terms, after))
    state = _state(after)
    if state is not loan.state:
        store.set_loan_state(tx, loan.id, state)
    return after


def _state(position: Position) -> LoanState:
    if position.is_closed:
        return LoanState.SETTLED
    return LoanState.WRITTEN_OFF if position.written_off_on else LoanState.ACTIVE


def _planned(row: OpenInstalment) -> tuple[object, ...]:
    return row.due_date, row.principal_fen, row.interest_fen, row.fee_fen, row.guarantee_fee_fen


def _post(
    tx: Tx,
    loan: Loan,
    legs: tuple[Leg, ...],
    *,
    kind: str,
    memo: str,
    key: str,
    on: date | None = None,
) -> str | None:
    if not any(leg.debit_fen or leg.credit_fen for leg in legs):
        return None
    if on == business_day.today(tx):
        on = None
    return ledger.post(
        tx,
        Entry(kind=kind, subject=loan.id, memo=memo, legs=legs, key=key, effective_date=on),
    )
