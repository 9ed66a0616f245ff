"""News on its way to stores: what loans tell of becomes an event with the payment as it stands."""

from typing import Any

from lending.foundation import events
from lending.foundation.context import Context
from lending.foundation.database import Row, Tx
from lending.loans import store as loan_store
from scenarios.offline_credit import payments, payments_store, servicing
from scenarios.offline_credit.model import SCENARIO, Payment

AT_ONCE = 200
KINDS = {
    "created": "payment.created",
    "approved": "payment.confirming",
    "declined": "payment.declined",
    "signed": "payment.signed",
    "paid": "payment.paid",
    "payout_failed": "payment.payout_failed",
    "cancelled": "payment.cancelled",
    "expired": "payment.expired",
    "refunded": "payment.refunded",
    "repaid": "payment.repaid",
    "release_paid": "release.paid",
    "release_failed": "release.failed",
    "release_stopped": "release.stopped",
    "disputed": "payment.disputed",
    "dispute_decided": "payment.dispute_decided",
}
"""News of loans, and the event that a store hears."""
STATES = {"approved": "confirming", "payout_failed": "payout_failed"} | {
    each: each for each in ("declined", "signed", "paid", "cancelled", "expired")
}
"""The state that a payment was in when news came of it, where that is one."""


def relay(context: Context) -> bool:
    """Turns waiting news into events, in order; whether there may be more."""
    with context.database.unit_of_work() as tx:
        waiting = loan_store.take_news(tx, SCENARIO, AT_ONCE)
        found = payments_store.payments_by_ids(tx, {row["subject"] for row in waiting})
        for row in waiting:
            if row["subject"] in found and row["kind"] in KINDS:
                _publish(tx, context, found[row["subject"]], row)
    return len(waiting) == AT_ONCE


def _publish(tx: Tx, context: Context, found: Payment, row: Row) -> None:
    events.publish(
        tx,
        partner_id=found.partner_id,
        kind=KINDS[row["kind"]],
        subject=found.id,
        data={"object": _object(tx, context, found, row)},
    )


def _object(tx: Tx, context: Context, payment: Payment, row: Row) -> dict[str, Any]:
    kind, detail = row["kind"], row["detail"]
    if kind == "refunded":
        return servicing.refund_of(tx, payment.partner_id, detail["refund_id"])
    named = {
        "payment_id": payment.id,
        "payment_no": payment.payment_no,
        "store_id": payment.store_id,
        "store_no": payment.store_no,
        "till_no": payment.till_no,
        "loan_id": payment.loan_id,
    }
    if kind in ("repaid", "release_stopped", "disputed", "dispute_decided"):
        return {**named, **detail}
    if kind in ("release_paid", "release_failed"):
        shown = payments.parts_view(tx, payment)
        return {**named, **next(each for each in shown if each["part"] == detail["part"])}
    url = context.settings.public_url
    return payments.view(tx, context.keys, payment, url, state=STATES.get(kind))
