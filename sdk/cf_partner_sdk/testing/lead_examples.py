"""Leads that an event of each type could be about."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Union

from cf_partner_sdk import Lead, LeadRepayment, LeadStanding, LeadState

STANDINGS = {
    "overdue": (1, "M1", 922_000),
    "cured": (0, "M0", 922_000),
    "settled": (0, "M0", 0),
    "reopened": (0, "M0", 78_000),
}
"""Days late, the stage, and the principal that is owed."""


def about(name: str, now: datetime, day: date) -> Union[Lead, LeadRepayment, LeadStanding]:
    """Return what an event `lead.<name>` could be about at a moment."""
    if name in STANDINGS:
        days, stage, owed_fen = STANDINGS[name]
        return LeadStanding("led_example", "L-1", "loan_example", day, days, stage, owed_fen)
    if name == "repaid":
        return LeadRepayment(
            lead_id="led_example",
            lead_no="L-1",
            loan_id="loan_example",
            repayment_id="rep_example",
            amount_fen=92_000,
            principal_fen=78_000,
            interest_fen=14_000,
            outstanding_principal_fen=922_000,
        )
    lead = Lead("led_example", "L-1", 1_000_000, LeadState(name), created_at=now)
    if lead.state is LeadState.RECEIVED:
        return replace(lead, handover_url="https://api.lender.example/handover/example")
    if lead.state is LeadState.REFUSED:
        return replace(lead, refuse_reason="refused_by_lender")
    if lead.state is LeadState.PAID:
        return replace(lead, loan_id="loan_example", periods=12, paid_fen=1_000_000, paid_at=now)
    return lead
