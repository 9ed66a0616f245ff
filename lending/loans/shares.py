"""What happens to a loan, told to each of its other funders in rows that commit with it."""

from datetime import date

from lending.engine.position import Sums
from lending.foundation.database import Tx
from lending.funding import service as funding
from lending.ledger.model import OWN
from lending.loans import share_rules, share_store
from lending.loans.model import Loan, LoanState, ShareMovement
from lending.loans.service import tell

SCENARIO = share_store.SCENARIO


def record(
    tx: Tx, loan: Loan, before: Sums, after: Sums, *, kind: str, source_id: str, on: date
) -> None:
    """Puts on record what something that happened means for each other funder.

    What moves no money, such as a new due date, is on record, too: they are to hear of it.
    """
    moved = [
        ShareMovement(
            funder=one.party.share.funder,
            kind=kind,
            source_id=source_id,
            principal_fen=one.principal_fen,
            interest_fen=one.interest_fen,
            fee_fen=one.fee_fen,
            penalty_fen=one.penalty_fen,
            service_fee_fen=-one.service_fee_fen,
            funded_fen=0,
            principal_open_fen=one.after.principal_open_fen,
        )
        for one in share_rules.moved(loan.terms, before, after)
        if not one.party.share.is_own
    ]
    _keep(tx, loan, on, moved)


def record_payout(tx: Tx, loan: Loan, payout_id: str, on: date) -> None:
    """Puts on record what each other funder lent as a loan was paid out."""
    lent = share_rules.lent(loan.terms, loan.principal_fen)
    moved = [
        ShareMovement(
            funder=party.share.funder,
            kind="loan.paid_out",
            source_id=payout_id,
            principal_fen=-fen,
            interest_fen=party.subsidy_fen,
            fee_fen=0,
            penalty_fen=0,
            service_fee_fen=-party.service_fee_fen(Sums(0)),
            funded_fen=0 if party.share.prefunded else fen,
            principal_open_fen=fen,
        )
        for party, fen in zip(share_rules.parties(loan.terms), lent, strict=True)
        if party.book != OWN
    ]
    _keep(tx, loan, on, moved)


def follow(tx: Tx, loan: Loan, now: LoanState, on: date) -> None:
    """The shares of a joint loan are closed with it, and open again when a payment is taken back.

    Comes after what moved them.
    """
    if not loan.terms.is_joint or now is loan.state:
        return
    is_over = now is LoanState.SETTLED
    if not is_over and loan.state is not LoanState.SETTLED:
        return
    funding.set_closed(tx, loan.id, is_closed=is_over)
    for share in loan.terms.shares:
        if is_over and not share.is_own:
            detail: dict[str, object] = {"funder": share.funder, "happened_on": on.isoformat()}
            tell(tx, SCENARIO, loan.id, "share_closed", detail)


def _keep(tx: Tx, loan: Loan, on: date, moved: list[ShareMovement]) -> None:
    if moved:
        share_store.insert_movements(tx, loan.id, on, moved, scenario=SCENARIO)
