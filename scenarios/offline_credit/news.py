"""News on its way to stores: what loans tell of becomes an event with the payment as it stands."""

from typing import Any

from lending.foundation import events
from lending.foundation.context import Context
from lending.foundation.database import Row, Tx
from lending.loans import releases
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
    "repaid": "loan.repaid",
    "release_paid": "release.paid",
    "release_failed": "release.failed",
    "release_stopped": "release.stopped",
}
"""News of loans, and the event that a store hears."""


def relay(context: Context) -> bool:
    """Turns waiting news into events, in order; whether there may be more."""
    with context.database.unit_of_work() as tx:
        waiting = loan_store.take_news(tx, SCENARIO, AT_ONCE)
        for row in waiting:
            _publish(tx, context, row)
    return len(waiting) == AT_ONCE


def _publish(tx: Tx, context: Context, row: Row) -> None:
    found = payments_store.payment_by_id(tx, row["subject"])
    if found is None or row["kind"] not in KINDS:
        return
    events.publish(
        tx,
        partner_id=found.partner_id,
        kind=KINDS[row["kind"]],
        subject=found.id,
        data={"object": _object(tx, context, found, row)},
    )


def _object(tx: Tx, context: Context, payment: Payment, row: Row) -> dict[str, Any]:
    detail = row["detail"]
    if row["kind"] == "refunded":
        return servicing.refund_of(tx, payment.partner_id, detail["refund_id"])
    named = {"payment_id": payment.id, "payment_no": payment.payment_no}
    if row["kind"] == "repaid":
        return {**detail, **named}
    if row["kind"] in ("release_paid", "release_failed"):
        parts = releases.of_loan(tx, payment.loan_id or "")
        part = next(each for each in parts if each.part == detail["part"])
        return {**named, **payments.part_view(part)}
    return payments.view(tx, context.keys, payment, context.settings.public_url)
