"""What goes into a funder's daily files: its account with us, its positions, what falls due to it.

Positions are those of the end of a closed date. They are read when the next one is running already;
loans to which something has happened since are taken from the engine, as they were.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from lending.engine import life as engine
from lending.engine.ageing import bucket
from lending.engine.position import Position
from lending.finance import share_file_store as store
from lending.foundation.database import Tx
from lending.ledger.chart import Code
from lending.loans import life, life_rules, life_store, share_plans, share_rules
from lending.loans import store as loan_store
from lending.loans.model import Loan, Standing

Line = Mapping[str, Any]


def movements(tx: Tx, day: date, partner_id: str | None) -> Iterator[Line]:
    """What moved a funder's account with us on a date."""
    return store.movements(tx, day, partner_id)


def claims(tx: Tx, on: date) -> Mapping[str, int]:
    """What each funder's book has as owed by us at the end of a closed date."""
    return store.balances(tx, on, Code.LEAD_RECEIVABLE)


def principal(tx: Tx, on: date) -> Mapping[str, int]:
    """The principal in each funder's book at the end of a closed date."""
    return store.balances(tx, on, Code.LOAN_PRINCIPAL)


def lay_out_positions(tx: Tx, day: date) -> Sequence[Line]:
    """Lays out how each loan stood for each of its other funders at the end of a date.

    By partner and type, how many rows and fen.
    """
    apart = store.lay_out_positions(tx, day)
    again = [
        line for loan, position in _as_of(tx, apart, day) for line in _lines(tx, loan, position)
    ]
    return store.add_positions(tx, again)


def forecast(tx: Tx, day: date, partner_id: str | None) -> Iterator[Line]:
    """What fell due to each funder by date, as it stood at the end of a date.

    It is kept from one date to the next: only loans that moved are counted anew.
    """
    before = store.due_day(tx)
    assert before is None or before <= day, "what was due at the end of an earlier date is gone"
    moved = store.moved_between(tx, before, day)
    store.take_off(tx, moved)
    apart = store.put_on(tx, day, moved)
    store.count_on(
        tx,
        moved,
        [
            _due(tx, loan, position)
            for loan, position in _as_of(tx, apart, day)
            if position.written_off_on is None
        ],
    )
    store.set_due_day(tx, day)
    for row in store.due_totals(tx):
        for kind, fen in (
            ("principal_due", row["principal_fen"]),
            ("interest_due", row["interest_fen"]),
        ):
            if fen and partner_id in (None, row["funder"]):
                yield {
                    "partner_id": row["funder"],
                    "type": kind,
                    "amount_fen": fen,
                    "due_date": row["due_date"],
                }


def _as_of(tx: Tx, loan_ids: list[str], day: date) -> Iterator[tuple[Loan, Position]]:
    """Loans that were running at the end of a date, as they were then."""
    for loan_id in loan_ids:
        loan = loan_store.loan(tx, loan_id)
        if loan is None or loan.start_date is None or loan.start_date > day:
            continue
        events = life_store.events_known(tx, loan_id, day)
        position = engine.replay(life.course(tx, loan), events, day + timedelta(days=1))
        if not position.is_closed:
            yield loan, position


def _lines(tx: Tx, loan: Loan, position: Position) -> Iterator[Line]:
    course = life.course(tx, loan)
    standing = life_rules.standing(loan, course, position)
    sums = life_rules.sums(loan, course, position)
    contract_no = store.contract_number(tx, loan.id)
    for party, part in zip(
        share_rules.parties(loan.terms), share_rules.parts(loan.terms, sums), strict=True
    ):
        if not party.share.is_own:
            yield {
                "partner_id": party.share.funder,
                "type": "written_off" if standing.written_off else standing.grade,
                "amount_fen": 0 if standing.written_off else part.principal_open_fen,
                "contract_no": contract_no,
                "start_date": loan.start_date,
                "share_bp": party.share.weight,
                "principal_fen": part.principal_fen,
                "principal_paid_fen": part.principal_paid_fen,
                "interest_accrued_fen": part.interest_accrued_fen,
                "interest_paid_fen": part.interest_paid_fen,
                **_lateness(standing),
            }


def _lateness(standing: Standing) -> dict[str, Any]:
    return {
        "loan_id": standing.loan_id,
        "product_code": standing.product_code,
        "days_past_due": standing.days_past_due,
        "bucket": bucket(standing.days_past_due),
        "due_date": standing.oldest_due,
    }


def _due(tx: Tx, loan: Loan, position: Position) -> Line:
    """What was still to fall due of a loan, by instalment, and what had been paid before."""
    course = life.course(tx, loan)
    sums = life_rules.sums(loan, course, position)
    rows = [row for row, _ in share_plans.open_rows(position, sums)]
    return {
        "loan_id": loan.id,
        "split_id": loan.split_id,
        "due_dates": [row.due_date.isoformat() for row in rows],
        "principal_fen": [row.principal_fen - row.principal_paid_fen for row in rows],
        "interest_fen": [row.interest_fen - row.interest_paid_fen for row in rows],
        "principal_paid_fen": sums.principal_paid_fen,
        "interest_paid_fen": sums.interest_paid_fen,
    }
