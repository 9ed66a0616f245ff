"""What the channel says of debits, put on record: of one, or of many in a set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lending.engine.position import Sums
from lending.foundation import jobs, paying
from lending.foundation.database import Tx
from lending.foundation.ports import ChannelResult, ChannelState
from lending.loans import life
from lending.loans import store as loan_store
from lending.loans.life import Recorded
from lending.loans.life_rules import Happened, Kept
from lending.loans.model import Loan
from lending.repayments import rules, store
from lending.repayments.errors import NoSuchRepayment
from lending.repayments.model import Repayment, RepaymentState

FINAL = (RepaymentState.RECEIVED, RepaymentState.FAILED, RepaymentState.REVERSED)


@dataclass(frozen=True, slots=True)
class Arrived:
    """The money of a repayment on record is here; its loan is locked."""

    loan: Loan
    repayment: Repayment
    reference: str
    """The bank's."""


def record(tx: Tx, repayment_id: str, result: ChannelResult) -> None:
    """Records what the channel said; what is final already stays as it is.

    Raises NoSuchRepayment, and what `receive` does.
    """
    known = store.repayment(tx, repayment_id)
    if known is None:
        raise NoSuchRepayment
    loan = loan_store.loan(tx, known.loan_id, lock=True)
    assert loan is not None
    _record(tx, {loan.id: loan}, {repayment_id: result})


def record_free(tx: Tx, said: Mapping[str, ChannelResult]) -> list[str]:
    """Records what the channel said of many debits at once, as `record` of one after the other.

    `said` is by the id of the repayment. Loans that somebody else holds are not waited for: the ids
    that are left are given back.

    Raises what `receive` does; then nothing is recorded.
    """
    by_loan = {one.loan_id: one.id for one in store.many(tx, list(said)) if one.state not in FINAL}
    free = {loan.id: loan for loan in life.locked_free(tx, list(by_loan))}
    _record(tx, free, {by_loan[loan_id]: said[by_loan[loan_id]] for loan_id in free})
    return [repayment_id for loan_id, repayment_id in by_loan.items() if loan_id not in free]


def receive(tx: Tx, arrived: Sequence[Arrived]) -> None:
    """Money is here: each loan moves on as of the date of its repayment.

    Between asking and receiving a loan may have changed (goods returned): whatever its debts no
    longer take is the borrower's credit, never lost.

    Raises what `life.record_many` does.
    """
    kept = life.kept(tx, [one.loan for one in arrived])
    done = life.record_many(
        tx,
        [
            Happened(its, _event(its, one.repayment), one.repayment.id, "loan.repaid")
            for one, its in zip(arrived, kept, strict=True)
        ],
    )
    parts = [_allocation(one.before, one.now) for one in done]
    store.set_received(
        tx,
        [
            {
                "id": one.repayment.id,
                "allocation": part,
                "excess_fen": one.repayment.amount_fen - sum(part.values()),
                "entry_id": its.entry_id,
                "channel_reference": one.reference,
            }
            for one, its, part in zip(arrived, done, parts, strict=True)
        ],
    )
    loan_store.insert_news(
        tx,
        [
            (one.loan.scenario, one.loan.subject, "repaid", _told(one, its, part))
            for one, its, part in zip(arrived, done, parts, strict=True)
        ],
    )


def enqueue(tx: Tx, found: Repayment, *, at: datetime | None = None) -> None:
    """Has a job send or ask about a repayment."""
    jobs.enqueue(
        tx,
        "repayments.send",
        queue=jobs.POSTLOAN,
        lock=found.loan_id,
        at=at,
        repayment_id=found.id,
        queries=found.queries,
    )


def _record(tx: Tx, loans: Mapping[str, Loan], said: Mapping[str, ChannelResult]) -> None:
    arrived: list[Arrived] = []
    failed: dict[str, ChannelResult] = {}
    for found in store.many(tx, list(said), lock=True):
        result = said[found.id]
        if found.state in FINAL:
            continue
        if result.state is ChannelState.PAID and result.amount_fen == found.amount_fen:
            arrived.append(Arrived(loans[found.loan_id], found, result.reference))
        elif result.state is ChannelState.FAILED:
            failed[found.id] = result
        else:
            store.set_unknown(tx, found.id)
            at = paying.query_at(tx.now, found.queries)
            enqueue(tx, replace(found, queries=found.queries + 1), at=at)
    store.set_failed(tx, failed)
    if arrived:
        receive(tx, arrived)


def _event(kept: Kept, found: Repayment) -> rules.PaidEvent:
    on = found.business_date
    wanted = rules.event(found.what, found.amount_fen, until_number=found.until_number, on=on)
    return rules.possible(kept.course, kept.position(on), wanted)


def _allocation(before: Sums, after: Sums) -> dict[str, int]:
    return {
        name: getattr(after, paid) - getattr(before, paid)
        for name, paid in (
            ("principal_fen", "principal_paid_fen"),
            ("interest_fen", "interest_paid_fen"),
            ("fee_fen", "fee_paid_fen"),
            ("penalty_fen", "penalty_paid_fen"),
        )
    }


def _told(one: Arrived, done: Recorded, part: Mapping[str, int]) -> dict[str, object]:
    return {
        "loan_id": one.loan.id,
        "repayment_id": one.repayment.id,
        "amount_fen": one.repayment.amount_fen,
        "principal_fen": part["principal_fen"],
        "interest_fen": part["interest_fen"],
        "outstanding_principal_fen": done.now.principal_open_fen,
    }
