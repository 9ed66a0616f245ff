"""A running loan and what happens to it: every event goes through here, into rows and books."""

from collections.abc import Sequence
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
from lending.ledger.model import Entry
from lending.loans import commissions, lateness, life_rules, life_store, rules, shares, store
from lending.loans.errors import (
    EventTakenBack,
    NoSuchEvent,
    NoSuchLoan,
    WrongState,
)
from lending.loans.life_rules import Happened, Kept, Moved
from lending.loans.model import Loan, LoanState

RUNNING = (LoanState.ACTIVE, LoanState.WRITTEN_OFF, LoanState.SETTLED)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What an event did."""

    before: Sums
    now: Sums
    """As the borrower stood, and stands."""
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


def locked_free(tx: Tx, loan_ids: Sequence[str]) -> list[Loan]:
    """Those of the loans that nobody else holds, locked in one order with all that is kept of them.

    It waits for nobody: whoever holds one of them may wait for another, such as the end of day.
    """
    free = store.lock_free(tx, loan_ids)
    held = life_store.held_by_others(tx, [loan.id for loan in free])
    return [loan for loan in free if loan.id not in held]


def course(tx: Tx, loan: Loan) -> Course:
    """The contract's plan and rules."""
    return life_rules.course(loan, store.instalments(tx, loan.id, loan.contract_version))


def position(tx: Tx, loan: Loan, on: date) -> Position:
    """How a loan stands, or will stand if nothing more happens, on a day."""
    return life.replay(course(tx, loan), life_store.events(tx, loan.id), on)


def begin(tx: Tx, loan: Loan, payout_id: str) -> None:
    """Puts a loan that has just been paid out under the care of the end of day.

    Its other funders hear of what they lent.
    """
    terms = course(tx, loan)
    begun = life.begun(terms)
    life_store.save_standing(tx, life_rules.standing(loan, terms, begun))
    shares.record_payout(tx, loan, payout_id, begun)


def kept(tx: Tx, loans: Sequence[Loan]) -> list[Kept]:
    """All that is kept of loans that are locked; their standings are locked with it."""
    ids = [loan.id for loan in loans]
    standings = life_store.lock_standings(tx, ids)
    versions = {
        (loan.id, version)
        for loan in loans
        for version in (loan.contract_version, loan.plan_version)
    }
    plans, events = store.plans(tx, versions), life_store.events_of(tx, ids)
    found = []
    for loan in loans:
        terms = life_rules.course(loan, plans[loan.id, loan.contract_version])
        known = events.get(loan.id, [])
        found.append(
            Kept(
                loan=loan,
                course=terms,
                rows=plans[loan.id, loan.plan_version],
                events=known,
                last=life.fold(terms, known),
                standing=standings.get(loan.id),
            )
        )
    return found


def record(tx: Tx, loan: Loan, event: Event, *, source_id: str, kind: str) -> Recorded:
    """Records an event of a loan that is locked, and what it changes, in rows and in one entry.

    An event of an earlier date gives the loan that it would have given in its time, in every
    component. `source_id` is the id of what it comes from, and the key of the entry.

    Raises NotYet for a date to come, BeforeThePayout, EventImpossible, RefundTooLarge, and what
    `ledger.post` does.
    """
    (found,) = kept(tx, [loan])
    return record_many(tx, [Happened(found, event, source_id, kind)])[0]


def record_many(tx: Tx, happened: Sequence[Happened]) -> list[Recorded]:
    """Records an event of each of many loans, all or none: as `record` of one after the other.

    Each loan is decided by itself; all are read and written in a few statements.

    Raises what `record` does, for the first that is refused.
    """
    assert len({one.kept.loan.id for one in happened}) == len(happened), "one event of each loan"
    today = business_day.today(tx)
    moved = [life_rules.happen(one, today) for one in happened]
    _keep(tx, moved)
    entries = _post(tx, [_entry(one, today) for one in moved])
    life_store.insert_events(
        tx,
        [
            (one.kept.loan.id, one.event, one.source_id, entry_id)
            for one, entry_id in zip(happened, entries, strict=True)
        ],
    )
    for one in moved:
        commissions.record(tx, one.loan, one.before, one.after, source_id=one.source_id)
        lateness.follow(tx, one.loan, one.position)
    return [
        Recorded(one.was, one.now, one.position, entry_id)
        for one, entry_id in zip(moved, entries, strict=True)
    ]


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
    (found,) = kept(tx, [loan])
    today = business_day.today(tx)
    as_of = found.standing.as_of if found.standing else today
    stood = found.position(as_of)
    life_store.take_back(tx, source_id, because)
    after = life.replay(found.course, life_store.events(tx, loan.id), max(as_of, today))
    moved = life_rules.moved(
        found,
        stood,
        after,
        kind="loan.reallocated",
        source_id=source_id,
        on=row["happened_on"],
    )
    _keep(tx, [moved])
    legs = list(moved.legs())
    weighed_on = [limited for limited, _ in rules.exposures(loan.customer_id, loan.terms)]
    with ledger.without_limits(tx, weighed_on):
        if row["entry_id"]:
            written = ledger_store.lock_entry(tx, row["entry_id"])
            assert written is not None
            ledger.reverse(tx, row["entry_id"], because)
            legs += written.legs
        entry = Entry(
            kind=moved.kind,
            subject=loan.id,
            memo=f"{source_id} taken back",
            legs=life_rules.netted(legs),
            key=f"without:{source_id}",
        )
        (entry_id,) = _post(tx, [entry])
    commissions.record(tx, loan, moved.before, moved.after, source_id=source_id)
    lateness.follow(tx, loan, after)
    return Recorded(moved.was, moved.now, after, entry_id)


def _keep(tx: Tx, moved: Sequence[Moved]) -> None:
    """Writes plans, standings and states of loans as they are now, and what their funders hear."""
    _keep_plans(tx, moved)
    over = [one for one in moved if one.state is LoanState.SETTLED]
    life_store.delete_standings(tx, [one.loan.id for one in over])
    life_store.save_standings(
        tx,
        [
            life_rules.standing(one.loan, one.kept.course, one.position, one.after)
            for one in moved
            if one.state is not LoanState.SETTLED
        ],
    )
    store.set_loan_states(
        tx, {one.loan.id: one.state for one in moved if one.state is not one.loan.state}
    )
    shares.record(tx, moved)
    shares.follow(tx, moved)


def _keep_plans(tx: Tx, moved: Sequence[Moved]) -> None:
    changed = []
    for one in moved:
        loan, rows = one.loan, one.position.rows
        pairs = list(zip(one.kept.rows, rows, strict=True))
        if any(_planned(was) != _planned(now) for was, now in pairs):
            version = store.plan_versions(tx, loan.id) + 1
            store.insert_instalments(tx, loan.id, version, rows)
            store.set_plan_version(tx, loan.id, version)
        else:
            changed += [(loan.id, loan.plan_version, now) for was, now in pairs if was != now]
    store.update_instalments(tx, changed)


def _planned(row: OpenInstalment) -> tuple[object, ...]:
    return row.due_date, row.principal_fen, row.interest_fen, row.fee_fen, row.guarantee_fee_fen


def _entry(moved: Moved, today: date) -> Entry:
    return Entry(
        kind=moved.kind,
        subject=moved.loan.id,
        memo=moved.source_id,
        legs=moved.legs(),
        key=moved.source_id,
        effective_date=None if moved.on == today else moved.on,
    )


def _post(tx: Tx, entries: Sequence[Entry]) -> list[str | None]:
    """Writes those entries that concern any money; the id of each, None for the others."""
    told = [
        entry for entry in entries if any(leg.debit_fen or leg.credit_fen for leg in entry.legs)
    ]
    ids = [ledger.write(tx, told[0])] if len(told) == 1 else _post_many(tx, told)
    by_key = dict(zip((entry.key for entry in told), ids, strict=True))
    return [by_key.get(entry.key) for entry in entries]


def _post_many(tx: Tx, entries: Sequence[Entry]) -> list[str]:
    """Locks what has a limit for all of them, in one order, before the first is written."""
    ledger_store.lock_limited(tx, {leg.account for entry in entries for leg in entry.legs})
    return ledger.post_many(tx, entries)
