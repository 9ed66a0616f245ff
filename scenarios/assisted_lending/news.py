"""News on its way to platforms: what loans tell of becomes an event with the lead as it stands."""

from lending.foundation import events
from lending.foundation.context import Context
from lending.foundation.database import Row, Tx
from lending.loans import store as loan_store
from scenarios.assisted_lending import leads
from scenarios.assisted_lending import leads_store as store
from scenarios.assisted_lending.model import SCENARIO

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
}
"""News of loans, and the event that a platform hears."""


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
    if kind == "repaid":
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
