"""What happens to a loan, told to the platform that brought it as far as it is paid for it.

The rows commit with the entries that they explain; a statement is made of them, and whoever has the
events can make the same (P18).
"""

from typing import Any

from lending.engine.position import Sums
from lending.foundation import events, ids
from lending.foundation.clock import rfc3339
from lending.foundation.database import Tx
from lending.loans import commission_store as store
from lending.loans import partner_rules
from lending.loans.model import Loan
from lending.loans.partner_terms import Commission

ACCRUED, CLAWBACK = "accrued", "clawback"
"""What a movement is: earned, or given back because less was received or the loan went bad."""


def record(tx: Tx, loan: Loan, before: Sums, after: Sums, *, source_id: str) -> None:
    """Puts on record how far something that happened has moved the platform's commission."""
    commission = loan.terms.commission
    if commission and before.commission_fen != after.commission_fen:
        _keep(tx, loan, commission, (before, after), source_id)


def record_payout(tx: Tx, loan: Loan, payout_id: str) -> None:
    """Puts on record what a platform earns by the payout itself."""
    commission = loan.terms.commission
    earned = partner_rules.at_payout_fen(loan.terms, loan.principal_fen)
    if commission and earned:
        begun = Sums(
            loan.principal_fen, commission_received_fen=loan.principal_fen, commission_fen=earned
        )
        _keep(tx, loan, commission, (Sums(0), begun), payout_id)


def _keep(
    tx: Tx, loan: Loan, commission: Commission, moved: tuple[Sums, Sums], source_id: str
) -> None:
    before, after = moved
    amount_fen = after.commission_fen - before.commission_fen
    row = store.insert(
        tx,
        {
            "id": ids.new("com"),
            "platform_id": commission.platform_id,
            "loan_id": loan.id,
            "kind": ACCRUED if amount_fen > 0 else CLAWBACK,
            "amount_fen": amount_fen,
            "received_before_fen": before.commission_received_fen,
            "received_fen": after.commission_received_fen,
            "earned_before_fen": before.commission_fen,
            "earned_fen": after.commission_fen,
            "is_bad": after.commission_is_bad,
            "source_id": source_id,
        },
    )
    events.publish(
        tx,
        partner_id=commission.platform_id,
        kind="commission.accrued",
        subject=loan.id,
        data={"object": _view(loan, commission, row)},
    )


def _view(loan: Loan, commission: Commission, row: Any) -> dict[str, Any]:
    return {
        "id": row["id"],
        "type": row["kind"],
        "loan_id": loan.id,
        "lead_id": loan.subject,
        "lead_no": row["lead_no"],
        "amount_fen": row["amount_fen"],
        "received_before_fen": row["received_before_fen"],
        "received_fen": row["received_fen"],
        "earned_before_fen": row["earned_before_fen"],
        "earned_fen": row["earned_fen"],
        "is_bad": row["is_bad"],
        "basis": commission.basis.value,
        "rate": f"{commission.rate:f}",
        "per_loan_fen": commission.per_loan_fen,
        "cap_fen": commission.cap_fen,
        "clawback_rate": f"{commission.clawback_rate:f}",
        "business_date": row["business_date"].isoformat(),
        "booked_at": rfc3339(row["at"]),
    }
