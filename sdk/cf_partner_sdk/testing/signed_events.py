"""Events as the lender posts them, for the tests of a webhook endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cf_partner_sdk import Event, PrivateKey
from cf_partner_sdk.http_signatures import TAG_EVENT, Message, new_nonce, sign_request

from .wire import dumps

EVENT_TYPES = (
    "order.created",
    "order.approved",
    "order.referred",
    "order.declined",
    "order.signed",
    "order.paid",
    "order.payout_failed",
    "order.cancelled",
    "order.expired",
    "order.refunded",
    "loan.repaid",
    "endpoint.test",
    "endpoint.disabled",
    "statement.ready",
    "sandbox.clock_ready",
    "payment.created",
    "payment.confirming",
    "payment.declined",
    "payment.signed",
    "payment.paid",
    "payment.payout_failed",
    "payment.cancelled",
    "payment.expired",
    "payment.refunded",
    "payment.repaid",
    "release.paid",
    "release.failed",
    "release.stopped",
    "credit_line.opened",
    "lead.received",
    "lead.handed_over",
    "lead.referred",
    "lead.approved",
    "lead.refused",
    "lead.signed",
    "lead.paid",
    "lead.payout_failed",
    "lead.cancelled",
    "lead.expired",
    "lead.repaid",
    "lead.overdue",
    "lead.cured",
    "lead.settled",
    "lead.reopened",
    *("share.invited", "share.expired", "share.withdrawn", "share.funding_called", "share.funded"),
    *("share.money_returned", "share.active", "share.repaid", "share.changed"),
    *("share.written_off", "share.recovered"),
    *("share.closed", "share.overdue", "share.stage_changed", "share.fraud_flagged"),
    *("clearing.made", "clearing.expected", "clearing.paid", "clearing.failed"),
    *("clearing.received", "portfolio.warning"),
    "commission.accrued",
    "commission.bill_ready",
    "commission.paid",
    "commission.payment_failed",
    "claim.filed",
    "claim.paid",
    "claim.withdrawn",
    "claim.taken_back",
    "credit_line.raised",
    "credit_line.frozen",
    "credit_line.unfrozen",
    "credit_line.closed",
    "payment.disputed",
    "payment.dispute_decided",
)
"""Every type of event that this version knows."""


@dataclass(frozen=True)
class SignedEvent:
    """A POST of the lender: post `body` with `headers` to your endpoint at `url`."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    event: Event


def sign_event(event: Event, url: str, key: PrivateKey, *, at: int) -> SignedEvent:
    """Sign an event for an endpoint, as sent at `at`, in seconds since 1970."""
    body = dumps(event)
    headers = {
        "content-type": "application/json",
        "webhook-id": event.id,
        "webhook-timestamp": str(at),
    }
    message = Message.of_url("POST", url, headers, body)
    added = sign_request(message, key, created=at, nonce=new_nonce(), tag=TAG_EVENT)
    return SignedEvent(url, {**headers, **added}, body, event)


def require_type(kind: str) -> None:
    """Refuse a type that there is not. Raises ValueError."""
    if kind not in EVENT_TYPES:
        raise ValueError(f"{kind} is none of {', '.join(EVENT_TYPES)}")
