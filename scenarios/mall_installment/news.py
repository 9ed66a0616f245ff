"""News on its way to shops: what loans tell of becomes an event with the order as it stands."""

from lending.foundation import events
from lending.foundation.context import Context
from lending.foundation.database import Row, Tx
from lending.loans import store as loan_store
from scenarios.mall_installment import orders, servicing, store
from scenarios.mall_installment.intake import SCENARIO

AT_ONCE = 200
KINDS = {
    "created": "order.created",
    "approved": "order.approved",
    "referred": "order.referred",
    "declined": "order.declined",
    "signed": "order.signed",
    "paid": "order.paid",
    "payout_failed": "order.payout_failed",
    "cancelled": "order.cancelled",
    "expired": "order.expired",
    "refunded": "order.refunded",
    "repaid": "loan.repaid",
}
"""News of loans, and the event that a shop hears."""


def relay(context: Context) -> bool:
    """Turns waiting news into events, in order; whether there may be more."""
    with context.database.unit_of_work() as tx:
        waiting = loan_store.take_news(tx, SCENARIO, AT_ONCE)
        for row in waiting:
            _publish(tx, context, row)
    return len(waiting) == AT_ONCE


def _publish(tx: Tx, context: Context, row: Row) -> None:
    found = store.order_by_id(tx, row["subject"])
    assert found is not None, row["subject"]
    detail = row["detail"]
    if row["kind"] == "refunded":
        shown = servicing.refund_of(tx, found.partner_id, detail["refund_id"])
    elif row["kind"] == "repaid":
        shown = {**detail, "order_id": found.id, "order_no": found.order_no}
    else:
        shown = orders.order_view(
            found, context.keys, context.settings.public_url, state=row["kind"]
        )
    events.publish(
        tx,
        partner_id=found.partner_id,
        kind=KINDS[row["kind"]],
        subject=found.id,
        data={"object": shown},
    )
