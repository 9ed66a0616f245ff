"""What goes into a funder's daily files: its account with us, its positions, what falls due to it.

Positions are those of the end of a closed date. They are read when the next one is running already;
loans to which something has happened since are taken from the engine, as they were.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from heapq import merge
from typing import Any

from lending.engine import life as engine
from lending.engine.ageing import bucket
from lending.engine.position import Position
from lending.engine.shares import divided
from lending.finance import share_file_store as store
from lending.foundation.database import Tx
from lending.ledger.chart import Code
from lending.loans import life, life_rules, life_store, share_rules
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


def positions(tx: Tx, day: date, partner_id: str | None) -> Iterator[Line]:
    """How each loan stood for each of its other funders at the end of a date."""
    apart = store.moved_since(tx, day)
    again = (
        line
        for loan, position in _as_of(tx, apart, day)
        for line in _lines(tx, loan, position)
        if partner_id in (None, line["partner_id"])
    )
    return merge(store.positions(tx, apart, partner_id), sorted(again, key=_place), key=_place)


def forecast(tx: Tx, day: date, partner_id: str | None) -> Iterator[Line]:
    """What fell due to each funder by date, as it stood at the end of a date."""
    sums: defaultdict[tuple[str, date], dict[str, int]] = defaultdict(
        lambda: {"principal_due": 0, "interest_due": 0}
    )
    apart = store.moved_since(tx, day)
    for row in store.forecast(tx, apart, partner_id):
        sums[row["partner_id"], row["due_date"]]["principal_due"] += row["principal_fen"]
        sums[row["partner_id"], row["due_date"]]["interest_due"] += row["interest_fen"]
    for loan, position in _as_of(tx, apart, day):
        if position.written_off_on is None:
            for funder, due, kind, fen in _due(tx, loan, position):
                if partner_id in (None, funder):
                    sums[funder, due][kind] += fen
    for (funder, due), amounts in sorted(sums.items()):
        for kind, fen in amounts.items():
            if fen:
                yield {"partner_id": funder, "type": kind, "amount_fen": fen, "due_date": due}


def _place(line: Line) -> tuple[str, str]:
    return line["partner_id"], line["loan_id"]


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


def _due(tx: Tx, loan: Loan, position: Position) -> Iterator[tuple[str, date, str, int]]:
    """By funder, due date and type: the parts of what is open, cut from the running totals."""
    course = life.course(tx, loan)
    sums, shares = life_rules.sums(loan, course, position), loan.terms.shares
    principal_open = [(row.due_date, row.principal_fen - row.principal_paid_fen)
                      for row in position.rows]  # fmt: skip
    interest_open = [(row.due_date, row.interest_fen - row.interest_paid_fen)
                     for row in position.rows]  # fmt: skip
    oldest = life_rules.standing(loan, course, position).oldest_due
    if position.claim is not None and oldest is not None:
        principal_open = [(oldest, sums.principal_open_fen)]
        interest_open = [(oldest, sums.interest_receivable_fen)]
    for kind, weights, total, owed in (
        ("principal_due", [s.weight for s in shares], sums.principal_paid_fen, principal_open),
        ("interest_due", [s.income for s in shares], sums.interest_paid_fen, interest_open),
    ):
        before = total
        for due, fen in owed:
            parts = zip(divided(before + fen, weights), divided(before, weights), strict=True)
            for share, (after, then) in zip(shares, parts, strict=True):
                if not share.is_own:
                    yield share.funder, due, kind, after - then
            before += fen
