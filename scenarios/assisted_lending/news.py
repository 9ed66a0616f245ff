"""News on its way to platforms: what loans tell of becomes an event with the lead as it stands."""

from lending.customers import service as customers
from lending.customers.model import ConsentScope
from lending.foundation import events
from lending.foundation.context import Context
from lending.foundation.database import Row, Tx
from lending.loans import service as loans
from lending.loans import store as loan_store
from scenarios.assisted_lending import leads
from scenarios.assisted_lending import leads_store as store
from scenarios.assisted_lending.model import SCENARIO, Lead

AT_ONCE = 200
KINDS = {
    "received": "lead.received",
    "handed_over": "lead.handed_over",
    "approved": "lead.approved",
    "referred": "lead.referred",
    "declined": "lead.refused",
    "signed": "lead.signed",
    "paid": "lead.paid",
    "payout_failed": "lead.payout_failed",
    "cancelled": "lead.cancelled",
    "expired": "lead.expired",
    "repaid": "lead.repaid",
    "overdue": "lead.overdue",
    "cured": "lead.cured",
    "settled": "lead.settled",
    "reopened": "lead.reopened",
}
"""News of loans, and the event that a platform hears."""
AFTERWARDS = ("repaid", "overdue", "cured", "settled", "reopened")
"""How a loan is repaid: told only as long as the borrower's consent to it lives (PIPL 23)."""


def relay(context: Context) -> bool:
    """Turns waiting news into events, in order; whether there may be more."""
    with context.database.unit_of_work() as tx:
        waiting = loan_store.take_news(tx, SCENARIO, AT_ONCE)
        for row in waiting:
            _publish(tx, context, row)
    return len(waiting) == AT_ONCE


def _publish(tx: Tx, context: Context, row: Row) -> None:
    found = store.lead_by_id(tx, row["subject"])
    assert found is not None, row["subject"]
    kind = row["kind"]
    if kind in AFTERWARDS:
        if not _may_be_told(tx, found):
            return
        shown = {**row["detail"], "lead_id": found.id, "lead_no": found.lead_no}
    else:
        state = KINDS[kind].removeprefix("lead.")
        shown = leads.view(found, context.keys, context.settings.public_url, state=state)
    events.publish(
        tx,
        partner_id=found.partner_id,
        kind=KINDS[kind],
        subject=found.id,
        data={"object": shown},
    )


def _may_be_told(tx: Tx, lead: Lead) -> bool:
    customer_id = loans.application(tx, lead.application_id).customer_id
    assert customer_id is not None, lead.id
    return not customers.missing_consents(
        tx, customer_id, [ConsentScope.SHARING], lead.application_id
    )
