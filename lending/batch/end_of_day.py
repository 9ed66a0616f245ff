"""The end of day: named steps on spans of loans, then the proof; the last thing moves the date.

Any number of processes may run it at once, and any of them may die: a part of a step is done by
whoever has locked its row, and its mark commits together with what it did.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date

from lending.batch import store
from lending.batch.errors import BooksDoNotAgree, DayNotOver, LoansFailed
from lending.batch.model import ClosedDay, Day, Progress, Rehearsal, Step, Timings
from lending.batch.steps import AFTER_CLOSE, END_OF_DAY
from lending.finance import day as finance
from lending.foundation import audit, business_day
from lending.foundation.clock import shanghai_date
from lending.foundation.context import Context
from lending.foundation.database import Database, Row, Tx
from lending.foundation.spans import Span
from lending.ledger import proof
from lending.ledger import service as ledger
from lending.loans import day_store

PART_SIZE = 10_000
"""Open loans in one part of a step."""
FAILURES_TOLD = 20
WAIT_S = 0.05
Told = Callable[[Progress], None]


def run(
    context: Context, closing: date, *, workers: int = 1, told: Told = lambda _: None
) -> ClosedDay | None:
    """Ends one business date; None when it is closed already, by whomever.

    A crash anywhere is made good by running it again: what is marked is not done twice. A loan that
    a step fails on is left, with its reason; all others are done, and the date stays open. Running
    it again tries those that failed.

    Raises DayNotOver, LoansFailed, and BooksDoNotAgree with every finding.
    """
    day = Day(closing, context)
    if not _lay_out(day):
        return None
    timings: Timings = {}
    touched: dict[str, int] = {}
    while True:
        for step in END_OF_DAY:
            begun = time.monotonic()
            touched[step.name] = _all_parts(step, day, workers, told)
            timings[step.name] = timings.get(step.name, 0) + _ms_since(begun)
        begun = time.monotonic()
        _seal(context.database)
        timings["seal"] = timings.get("seal", 0) + _ms_since(begun)
        begun = time.monotonic()
        with context.database.unit_of_work() as tx:
            store.lock(tx)
            if business_day.today(tx) != closing:
                return None
            ledger.hold_postings(tx)
            if not _late_comers(tx, day):
                _take_in(tx, day)
                business_day.close(tx)
                _prove(tx, day)
                timings["prove"] = _ms_since(begun)
                store.insert_closed(tx, closing, timings)
                audit.record(tx, audit.SYSTEM, "batch.close_day", closing.isoformat())
                return ClosedDay(closing, timings, touched)


def catch_up(
    context: Context,
    *,
    workers: int = 1,
    told: Told = lambda _: None,
    closed: Callable[[ClosedDay], None] = lambda _: None,
) -> list[ClosedDay]:
    """Ends every date that is over, in order and without a gap (P14), and does what follows.

    Raises what `run` raises, at the first date that cannot be closed.
    """
    done: list[ClosedDay] = []
    while True:
        follow(context)
        with context.database.unit_of_work() as tx:
            day = business_day.today(tx)
            over = day < shanghai_date(tx.now)
        if not over:
            return done
        ended = run(context, day, workers=workers, told=told)
        if ended:
            done.append(ended)
            closed(ended)


def follow(context: Context) -> None:
    """Does what waits for closed dates, the oldest first; a crash leaves it for the next time."""
    while True:
        with context.database.unit_of_work() as tx:
            closed = store.claim_closed(tx)
            if closed is None:
                return
            timings: Timings = {}
            for step in AFTER_CLOSE:
                begun = time.monotonic()
                step.run(tx, Day(closed, context), Span(0, 0), None)
                timings[step.name] = _ms_since(begun)
            store.mark_followed(tx, closed, timings)


def dry_run(context: Context, told: Told = lambda _: None) -> Rehearsal:
    """What the end of the open date would touch, by step; all of it is undone.

    Nothing is asked of the outside, and the date need not be over.
    """
    touched: dict[str, int] = {}
    with context.database.rehearsal() as tx:
        day = Day(business_day.today(tx), context)
        open_loans = day_store.spans(tx, PART_SIZE)
        for step in END_OF_DAY:
            spans = _spans(step, open_loans)
            touched[step.name] = sum(step.run(tx, day, span, {}) for span in spans)
            told(Progress(day.closing, step.name, len(spans), len(spans), touched[step.name]))
    return Rehearsal(day.closing, touched)


def _lay_out(day: Day) -> bool:
    """Lays the work out where nobody has, and what failed for another try; whether it is open.

    Raises DayNotOver.
    """
    with day.context.database.unit_of_work() as tx:
        store.lock(tx)
        if business_day.today(tx) != day.closing:
            return False
        if shanghai_date(tx.now) <= day.closing:
            raise DayNotOver(f"{day.closing} is not over in Shanghai")
        if not store.has_work(tx, day.closing):
            open_loans = day_store.spans(tx, PART_SIZE)
            for step in END_OF_DAY:
                store.insert_work(tx, day.closing, step.name, _spans(step, open_loans))
        if failed := store.take_failures(tx, day.closing):
            _try_again(tx, day, failed)
        return True


def _try_again(tx: Tx, day: Day, failed: list[Row]) -> None:
    """Lays out the step that failed on a loan and all after it, and what is said of the date."""
    names = [step.name for step in END_OF_DAY if step.by_loan]
    first: dict[int, int] = {}
    for row in failed:
        step = names.index(row["step"])
        first[row["number"]] = min(first.get(row["number"], step), step)
    for at, name in enumerate(names):
        spans = [Span(number, number) for number in sorted(first) if first[number] <= at]
        store.insert_work(tx, day.closing, name, spans)
    _say_again(tx, day)


def _say_again(tx: Tx, day: Day) -> None:
    for step in END_OF_DAY:
        if step.of_date:
            store.insert_again(tx, day.closing, step.name)


def _spans(step: Step, open_loans: list[Span]) -> list[Span]:
    return open_loans if step.by_loan else [Span(0, 0)]


def _all_parts(step: Step, day: Day, workers: int, told: Told) -> int:
    """Does a step to its end, together with whoever else is at it; what it touched."""
    outside = step.fetch(day)
    while True:
        if workers == 1 or not step.by_loan:
            _parts(step, day, outside, told)
        else:
            with ThreadPoolExecutor(workers) as hands:
                done = [hands.submit(_parts, step, day, outside, told) for _ in range(workers)]
            for each in done:
                each.result()
        with day.context.database.unit_of_work() as tx:
            row = store.progress(tx, day.closing, step.name)
        if row["done"] == row["parts"]:
            return int(row["touched"])
        time.sleep(WAIT_S)


def _parts(step: Step, day: Day, outside: object, told: Told) -> None:
    while True:
        with day.context.database.unit_of_work() as tx:
            claimed = store.claim(tx, day.closing, step.name)
            if claimed is None:
                return
            part, span = claimed
            touched = _on_span(tx, step, day, span, outside)
            store.mark(tx, day.closing, step.name, part, touched)
            row = store.progress(tx, day.closing, step.name)
        told(Progress(day.closing, step.name, row["done"], row["parts"], row["touched"]))


def _on_span(tx: Tx, step: Step, day: Day, span: Span, outside: object) -> int:
    """Does a step on a span; where that fails, on its halves, down to the loans that fail.

    A step that is not by loan fails as a whole.
    """
    if not step.by_loan:
        return step.run(tx, day, span, outside)
    try:
        with tx.savepoint():
            return step.run(tx, day, span, outside)
    except Exception as fault:
        if tx.is_broken:
            raise
        loans = day_store.numbers_of(tx, span)
        if len(loans) == 1:
            store.insert_failure(tx, day.closing, step.name, loans[0], _reason(fault))
        if len(loans) <= 1:
            return 0
        middle = loans[len(loans) // 2]["number"]
        return _on_span(tx, step, day, Span(span.first, middle - 1), outside) + _on_span(
            tx, step, day, Span(middle, span.last), outside
        )


def _reason(fault: Exception) -> str:
    told = str(getattr(fault, "orig", fault)).strip() or type(fault).__name__
    return told.splitlines()[0]


def _late_comers(tx: Tx, day: Day) -> bool:
    """Lays out work for loans that began while the steps ran; whether there are any.

    Raises LoansFailed where loans are behind because a step failed on them.
    """
    failed = store.failures(tx, day.closing)
    if failed:
        told = [
            f"{one.step} failed on {one.loan_id}: {one.reason}" for one in failed[:FAILURES_TOLD]
        ]
        if more := len(failed) - len(told):
            told.append(f"and {more} more, which the console lists")
        raise LoansFailed("; ".join(told))
    behind = day_store.behind(tx, day.following)
    if behind is None:
        return False
    for step in END_OF_DAY:
        if step.by_loan:
            store.insert_work(tx, day.closing, step.name, [behind])
    _say_again(tx, day)
    return True


def _take_in(tx: Tx, day: Day) -> None:
    """Says of the date once more what is said of it, where something was booked since it was."""
    if not finance.is_reported(tx, day.closing):
        for step in END_OF_DAY:
            if step.of_date:
                step.run(tx, day, Span(0, 0), None)


def _seal(database: Database) -> None:
    """Chains the entries of the day (L9)."""
    while True:
        with database.unit_of_work() as tx:
            if proof.seal(tx) < proof.SEAL_AT_ONCE:
                return


def _prove(tx: Tx, day: Day) -> None:
    """The date's entries are whole, the trial balance is 0, sub-ledgers equal accounts (L2, L11).

    Raises BooksDoNotAgree.
    """
    findings = [
        *ledger.verify_day(tx, day.closing),
        *ledger.close_day(tx, day.closing),
        *finance.prove(tx, day.closing),
    ]
    if findings:
        raise BooksDoNotAgree("; ".join(findings))


def _ms_since(begun: float) -> int:
    return int((time.monotonic() - begun) * 1000)
