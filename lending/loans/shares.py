"""What happens to a loan, told to each of its other funders in rows that commit with it."""

from collections.abc import Sequence
from typing import Any

from lending.engine.position import Position, Sums
from lending.foundation.database import Tx
from lending.funding import service as funding
from lending.ledger.model import OWN
from lending.loans import share_plans, share_rules, share_store, store
from lending.loans.life_rules import Moved
from lending.loans.model import Loan, LoanState, ShareMovement

SCENARIO = share_store.SCENARIO


def record(tx: Tx, moved: Sequence[Moved]) -> None:
    """Puts on record what each thing that happened means for each other funder of its loan.

    What moves no money, such as a new due date, is on record, too: they are to hear of it.
    """
    joint = [one for one in moved if one.loan.terms.is_joint]
    told = [share_plans.told(one.loan, one.position, one.after, one.kept.rows) for one in joint]
    _keep(
        tx,
        [
            (
                one.loan.id,
                {"happened_on": one.on.isoformat(), "place": place, **runs},
                ShareMovement(
                    funder=its.party.share.funder,
                    kind=one.kind,
                    source_id=one.source_id,
                    principal_fen=its.principal_fen,
                    interest_fen=its.interest_fen,
                    fee_fen=its.fee_fen,
                    penalty_fen=its.penalty_fen,
                    service_fee_fen=-its.service_fee_fen,
                    funded_fen=0,
                    principal_open_fen=its.after.principal_open_fen,
                ),
            )
            for one, runs in zip(joint, told, strict=True)
            for place, its in enumerate(one.each, 1)
            if not its.party.share.is_own
        ],
    )


def record_payout(tx: Tx, loan: Loan, payout_id: str, begun: Position) -> None:
    """Puts on record what each other funder lent as a loan was paid out, and how it is to run."""
    if not loan.terms.is_joint:
        return
    lent = share_rules.lent(loan.terms, loan.principal_fen)
    runs = share_plans.told(loan, begun, begun.sums().of_lender())
    moved = [
        (
            loan.id,
            {"happened_on": begun.on.isoformat(), "place": place, **runs},
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
            ),
        )
        for place, (party, fen) in enumerate(
            zip(share_rules.parties(loan.terms), lent, strict=True), 1
        )
        if party.book != OWN
    ]
    _keep(tx, moved)


def follow(tx: Tx, moved: Sequence[Moved]) -> None:
    """The shares of a joint loan are closed with it, and open again when a payment is taken back.

    Comes after what moved them.
    """
    joint = [one for one in moved if one.loan.terms.is_joint and one.state is not one.loan.state]
    over = [one for one in joint if one.state is LoanState.SETTLED]
    again = [one for one in joint if one.loan.state is LoanState.SETTLED]
    funding.set_closed(tx, [one.loan.id for one in over], is_closed=True)
    funding.set_closed(tx, [one.loan.id for one in again], is_closed=False)
    store.insert_news(
        tx,
        [
            (
                SCENARIO,
                one.loan.id,
                "share_closed",
                {"funder": share.funder, "happened_on": one.on.isoformat()},
            )
            for one in over
            for share in one.loan.terms.shares
            if not share.is_own
        ],
    )


def _keep(tx: Tx, moved: list[tuple[str, dict[str, Any], ShareMovement]]) -> None:
    if moved:
        share_store.insert_movements(tx, moved, scenario=SCENARIO)
