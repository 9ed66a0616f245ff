"""Bank transfers: money that came without our asking, entered by one person, checked by another.

The money is here when it is entered; the loan moves on as of the day on which it arrived (P10).
"""

from dataclasses import dataclass
from datetime import date

from lending.engine import life as engine_life
from lending.foundation import audit, business_day, ids
from lending.foundation.audit import Actor
from lending.foundation.database import Tx
from lending.loans import life
from lending.loans.model import Loan
from lending.repayments import results, rules, service, transfers_store
from lending.repayments.errors import DateWrong, ReferenceTaken, RepaymentUnderWay
from lending.repayments.model import Repayment, RepaymentState, Source, What
from lending.repayments.results import Arrived


@dataclass(frozen=True, slots=True)
class Transfer:
    """One arrival on our account."""

    amount_fen: int
    arrived_on: date
    reference: str
    """The bank's own number of it."""
    what: What


def enter(tx: Tx, loan_id: str, transfer: Transfer, actor: Actor) -> Repayment:
    """Puts an arrival on the loan; what its debts do not take is the borrower's credit (T20).

    While a debit of the same amount has no result, an arrival may be that debit: it waits until the
    bank has said, and the reference then tells the two apart.

    Raises NoSuchLoan, WrongState, DateWrong, ReferenceTaken, RepaymentUnderWay, EventImpossible.
    """
    loan = life.locked(tx, loan_id)
    _require_date(tx, loan, transfer.arrived_on)
    if transfers_store.reference_known(tx, transfer.reference):
        raise ReferenceTaken
    if transfers_store.debit_under_way(tx, loan_id, transfer.amount_fen):
        raise RepaymentUnderWay
    made = Repayment(
        id=ids.new("rep"),
        loan_id=loan.id,
        source=Source.TRANSFER,
        what=transfer.what,
        until_number=_until(tx, loan, transfer),
        channel_order_no="",
        bank_card_id="",
        amount_fen=transfer.amount_fen,
        state=RepaymentState.RECEIVED,
        queries=0,
        code="",
        message="",
        business_date=transfer.arrived_on,
        created_at=tx.now,
        ended_at=tx.now,
    )
    wanted = rules.event(
        made.what, made.amount_fen, until_number=made.until_number, on=made.business_date
    )
    position = life.position(tx, loan, made.business_date)
    engine_life.require_possible(life.course(tx, loan), position, wanted)
    if not transfers_store.insert(tx, made, transfer.reference):
        raise ReferenceTaken
    results.receive(tx, [Arrived(loan, made, transfer.reference)])
    audit.record(tx, actor, "repayment.enter_transfer", loan_id, {"repayment": made.id})
    return service.get(tx, made.id)


def _require_date(tx: Tx, loan: Loan, on: date) -> None:
    today = business_day.today(tx)
    if loan.start_date is None or not loan.start_date <= on <= today:
        raise DateWrong(
            field="/arrived_on", mend=f"请填写 {loan.start_date} 至 {today} 之间的日期。"
        )


def _until(tx: Tx, loan: Loan, transfer: Transfer) -> int:
    """The last instalment that is paid ahead of its time, as of the day of the arrival."""
    if transfer.what is not What.NEXT:
        return 0
    position = life.position(tx, loan, transfer.arrived_on)
    if engine_life.following(position) is None:
        return 0
    return rules.quote(life.course(tx, loan), position, What.NEXT).number
