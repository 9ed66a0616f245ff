"""Claims: a guarantor is asked to pay for a loan, pays, and is repaid by what borrowers pay later.

ASSIST-6, P17. A claim that is paid is an event of its loan: what the guarantor paid closes the
lenders' part, and the borrower owes it to the guarantor.
"""

from datetime import date

from lending.claims import rules, store
from lending.claims.errors import (
    ArrivalTaken,
    ArrivalWrong,
    ClaimEnded,
    NoSuchClaim,
    PaymentAnnounced,
)
from lending.claims.model import Arrival, Claim, ClaimState, Outstanding
from lending.engine.events import Claimed
from lending.engine.position import Position
from lending.foundation import audit, business_day, events, ids, jobs
from lending.foundation.audit import Actor
from lending.foundation.clock import rfc3339
from lending.foundation.database import Tx
from lending.foundation.places import Place
from lending.foundation.spans import Span
from lending.funding import money_in
from lending.guarantees import service as guarantees
from lending.ledger import guarantors
from lending.ledger import service as ledger
from lending.ledger.chart import Code
from lending.ledger.model import Account, Entry, Leg
from lending.loans import life, life_rules
from lending.loans.model import Loan
from lending.remittances import service as remittances
from lending.remittances.errors import NoSettlementAccount
from lending.remittances.model import Payment, Purpose

POOL, TRANSFER = "pool", "transfer"
TOLD = {
    ClaimState.FILED: "claim.filed",
    ClaimState.PAID: "claim.paid",
    ClaimState.WITHDRAWN: "claim.withdrawn",
    ClaimState.TAKEN_BACK: "claim.taken_back",
}


def file(tx: Tx, span: Span, following: date) -> int:
    """Asks guarantors to pay for the loans that have come to the agreed age; how many.

    What they are asked for is what is owed at the beginning of the date, within what they cover and
    what is left of their cap.
    """
    filed = 0
    for loan_id in store.triggered(tx, span):
        loan = life.locked(tx, loan_id)
        guarantee = loan.terms.guarantee
        assert guarantee is not None
        agreement = guarantees.get(tx, guarantee.agreement_id)
        guarantees.lock(tx)
        left = (
            agreement.claims_cap_fen - guarantees.standing(tx, agreement.guarantor_id).claimed_fen
        )
        position = life.position(tx, loan, following)
        asked = rules.asked(guarantee, _owed(tx, loan, position), max(0, left))
        if asked == Outstanding(0, 0, 0):
            continue
        claim = Claim(
            id=ids.new("clm"),
            loan_id=loan.id,
            guarantor_id=agreement.guarantor_id,
            agreement_id=agreement.id,
            state=ClaimState.FILED,
            filed_on=following,
            days_past_due=position.days_past_due,
            principal_fen=asked.principal_fen,
            interest_fen=asked.interest_fen,
            penalty_fen=asked.penalty_fen,
            amount_fen=asked.principal_fen + asked.interest_fen + asked.penalty_fen,
            announced_reference="",
            announced_at=None,
            paid_by="",
            paid_on=None,
            paid_fen=0,
            money_entry_id=None,
            filed_at=tx.now,
            because="",
        )
        store.insert(tx, claim)
        _tell(tx, claim.id)
        jobs.enqueue(
            tx, "claims.collect", queue=jobs.POSTLOAN, lock=claim.loan_id, claim_id=claim.id
        )
        filed += 1
    return filed


def withdraw_cured(tx: Tx) -> int:
    """Takes back the claims on loans whose borrowers have paid what was overdue; how many."""
    cured = store.cured(tx)
    for claim_id in cured:
        _withdraw(tx, claim_id, "the borrower has paid")
    return len(cured)


def collect(tx: Tx, claim_id: str) -> None:
    """Pays a claim out of the guarantor's deposit, if that is enough; otherwise it waits.

    Whatever the borrower has paid since it was filed is not asked for any more. Safe to run again.

    Raises NoSuchClaim.
    """
    found = get(tx, claim_id)
    loan = life.locked(tx, found.loan_id)
    found = get(tx, claim_id, lock=True)
    if found.state is not ClaimState.FILED:
        return
    today = business_day.today(tx)
    owed = _owed(tx, loan, life.position(tx, loan, today))
    asked = rules.still_asked(_parts(found), owed)
    amount_fen = asked.principal_fen + asked.interest_fen + asked.penalty_fen
    if not amount_fen:
        _withdraw(tx, claim_id, "nothing is owed any more")
        return
    pool = guarantors.pool(found.guarantor_id)
    if (ledger.available(tx, pool) or 0) >= amount_fen:
        legs = guarantors.claim_from_pool_legs(found.guarantor_id, amount_fen)
        _pay(tx, loan, found, asked, legs, by=POOL, on=today)


def receive(
    tx: Tx,
    claim_id: str,
    arrival: Arrival,
    actor: Actor,
    *,
    at: Account = guarantors.AT_THE_BANK,
) -> Claim:
    """The guarantor's transfer for a claim is on our account: the loan moves on as of its day.

    What the borrower has paid meanwhile is owed back to the guarantor.

    Raises NoSuchClaim, ClaimEnded, ArrivalWrong, ArrivalTaken, and what `life.record` does.
    """
    found = get(tx, claim_id)
    loan = life.locked(tx, found.loan_id)
    found = get(tx, claim_id, lock=True)
    if found.state is not ClaimState.FILED:
        raise ClaimEnded
    if arrival.amount_fen != found.amount_fen:
        raise ArrivalWrong(field="/amount_fen", mend=f"代偿金额应为 {found.amount_fen} 分。")
    _require_date(tx, arrival, since=found.filed_on)
    legs = guarantors.claim_arrived_legs(found.guarantor_id, arrival.amount_fen, at)
    entry_id = _pay(tx, loan, found, _parts(found), legs, by=TRANSFER, on=arrival.arrived_on)
    _enter(tx, found.guarantor_id, arrival, entry_id, claim_id)
    audit.record(tx, actor, "claim.receive", claim_id, {"reference": arrival.reference})
    return get(tx, claim_id)


def top_up(
    tx: Tx,
    guarantor_id: str,
    arrival: Arrival,
    actor: Actor,
    *,
    at: Account = guarantors.AT_THE_BANK,
) -> int:
    """A guarantor's money for its deposit is on our account; what stands there now, fen.

    Claims that wait for money are paid out of it.

    Raises ArrivalWrong, ArrivalTaken.
    """
    if arrival.amount_fen <= 0:
        raise ArrivalWrong(field="/amount_fen", mend="请填写大于 0 的金额。")
    _require_date(tx, arrival, since=None)
    entry_id = ledger.post(
        tx,
        Entry(
            kind="pool.topped_up",
            subject=guarantor_id,
            memo=arrival.reference,
            legs=guarantors.pool_legs(guarantor_id, arrival.amount_fen, at),
            key=f"pool:{arrival.reference}",
        ),
    )
    _enter(tx, guarantor_id, arrival, entry_id, None)
    audit.record(tx, actor, "pool.top_up", guarantor_id, {"reference": arrival.reference})
    waiting = store.page(tx, guarantor_id, state=ClaimState.FILED.value, before=None, limit=1_000)
    for each in waiting:
        jobs.enqueue(tx, "claims.collect", queue=jobs.POSTLOAN, lock=each.loan_id, claim_id=each.id)
    return -ledger.balance(tx, guarantors.pool(guarantor_id))


def take_back(tx: Tx, claim_id: str, because: str, actor: Actor) -> Claim:
    """A claim's money went back to the guarantor: the loan is as if it had never paid (P10).

    What the bank's feed had brought is sent back; of other money people have seen that it went.

    Raises NoSuchClaim, ClaimEnded.
    """
    found = get(tx, claim_id)
    loan = life.locked(tx, found.loan_id)
    found = get(tx, claim_id, lock=True)
    if found.state is not ClaimState.PAID or found.money_entry_id is None:
        raise ClaimEnded
    life.take_back(tx, loan, found.id, because)
    ledger.reverse(tx, found.money_entry_id, because)
    if came := money_in.held(tx, store.reference_of(tx, claim_id)):
        money_in.send_back(tx, came, "claim.taken_back")
    store.end(tx, claim_id, ClaimState.TAKEN_BACK, because)
    audit.record(tx, actor, "claim.take_back", claim_id, {"because": because})
    _tell(tx, claim_id)
    return get(tx, claim_id)


def announce(tx: Tx, guarantor_id: str, claim_id: str, reference: str) -> Claim:
    """A guarantor says that it has sent the money of a claim, under this number of its bank.

    The claim is paid when the money is on our account. The same word again changes nothing.

    Raises NoSuchClaim, ClaimEnded, PaymentAnnounced.
    """
    found = of_guarantor(tx, guarantor_id, claim_id, lock=True)
    if found.announced_reference == reference:
        return found
    if found.announced_reference:
        raise PaymentAnnounced
    if found.state is not ClaimState.FILED:
        raise ClaimEnded
    store.announce(tx, claim_id, reference)
    return get(tx, claim_id)


def remit(tx: Tx, closing: date) -> int:
    """Begins to pay guarantors what borrowers have repaid and their fees; how many.

    One that has named no account, or is still being paid, gets it the next day.
    """
    begun = 0
    for guarantor_id in store.owed(tx, Code.GUARANTOR_PAYABLE.value):
        if remittances.is_under_way(tx, guarantor_id, Purpose.RECOURSE):
            continue
        # Read once nothing is under way: a payment that has ended since it was looked at is off.
        fen = -ledger.balance(tx, guarantors.payable(guarantor_id))
        if fen <= 0:
            continue
        payment = Payment(
            partner_id=guarantor_id,
            purpose=Purpose.RECOURSE,
            subject=f"{guarantor_id}:{closing}",
            amount_fen=fen,
            debit=guarantors.payable(guarantor_id),
            legs=guarantors.remitted_legs(guarantor_id, fen),
        )
        try:
            remittances.begin(tx, payment)
        except NoSettlementAccount:
            continue
        begun += 1
    return begun


def get(tx: Tx, claim_id: str, *, lock: bool = False) -> Claim:
    """One claim.

    Raises NoSuchClaim.
    """
    found = store.claim(tx, claim_id, lock=lock)
    if found is None:
        raise NoSuchClaim
    return found


def of_guarantor(tx: Tx, guarantor_id: str, claim_id: str, *, lock: bool = False) -> Claim:
    """One claim on the guarantor.

    Raises NoSuchClaim.
    """
    found = get(tx, claim_id, lock=lock)
    if found.guarantor_id != guarantor_id:
        raise NoSuchClaim
    return found


def page(
    tx: Tx, guarantor_id: str | None, *, state: str | None, before: Place | None, limit: int
) -> tuple[list[Claim], Place | None]:
    """Claims on a guarantor, or on all, newest first, and where the next page begins."""
    found = store.page(tx, guarantor_id, state=state, before=before, limit=limit + 1)
    shown = found[:limit]
    following = (shown[-1].filed_at, shown[-1].id) if len(found) > limit else None
    return shown, following


def view(claim: Claim) -> dict[str, object]:
    """A claim as its guarantor sees it."""
    return {
        "id": claim.id,
        "loan_id": claim.loan_id,
        "state": claim.state.value,
        "filed_on": claim.filed_on.isoformat(),
        "days_past_due": claim.days_past_due,
        "principal_fen": claim.principal_fen,
        "interest_fen": claim.interest_fen,
        "penalty_fen": claim.penalty_fen,
        "amount_fen": claim.amount_fen,
        "payment_reference": claim.announced_reference or None,
        "payment_confirmed_at": rfc3339(claim.announced_at) if claim.announced_at else None,
        "paid_by": claim.paid_by or None,
        "paid_on": claim.paid_on.isoformat() if claim.paid_on else None,
        "paid_fen": claim.paid_fen,
        "because": claim.because,
        "filed_at": rfc3339(claim.filed_at),
    }


def _owed(tx: Tx, loan: Loan, position: Position) -> Outstanding:
    held = life_rules.sums(loan, life.course(tx, loan), position)
    penalty = sum(row.open().penalty_fen for row in position.rows) - held.guarantor_penalty_fen
    return Outstanding(held.principal_open_fen, held.interest_receivable_fen, penalty)


def _parts(claim: Claim) -> Outstanding:
    return Outstanding(claim.principal_fen, claim.interest_fen, claim.penalty_fen)


def _pay(
    tx: Tx,
    loan: Loan,
    claim: Claim,
    paid: Outstanding,
    legs: tuple[Leg, ...],
    *,
    by: str,
    on: date,
) -> str:
    event = Claimed(on, paid.principal_fen, paid.interest_fen, paid.penalty_fen)
    life.record(tx, loan, event, source_id=claim.id, kind="loan.claimed")
    entry = Entry(
        kind="claim.paid",
        subject=loan.id,
        memo=claim.id,
        legs=legs,
        key=f"claim-money:{claim.id}",
        effective_date=None if on == business_day.today(tx) else on,
    )
    entry_id = ledger.post(tx, entry)
    store.set_paid(tx, claim.id, by=by, on=on, paid=paid, money_entry_id=entry_id)
    _tell(tx, claim.id)
    return entry_id


def _withdraw(tx: Tx, claim_id: str, because: str) -> None:
    store.end(tx, claim_id, ClaimState.WITHDRAWN, because)
    _tell(tx, claim_id)


def _tell(tx: Tx, claim_id: str) -> None:
    claim = get(tx, claim_id)
    events.publish(
        tx,
        partner_id=claim.guarantor_id,
        kind=TOLD[claim.state],
        subject=claim.id,
        data={"object": view(claim)},
    )


def _require_date(tx: Tx, arrival: Arrival, *, since: date | None) -> None:
    today = business_day.today(tx)
    if arrival.arrived_on > today or (since is not None and arrival.arrived_on < since):
        raise ArrivalWrong(field="/arrived_on", mend=f"请填写不晚于 {today} 的到账日期。")
    if store.reference_known(tx, arrival.reference):
        raise ArrivalTaken


def _enter(
    tx: Tx, guarantor_id: str, arrival: Arrival, entry_id: str, claim_id: str | None
) -> None:
    if not store.insert_receipt(tx, guarantor_id, arrival, entry_id=entry_id, claim_id=claim_id):
        raise ArrivalTaken
