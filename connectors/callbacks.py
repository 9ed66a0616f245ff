"""What the bank tells us unasked: verified, and even then only a hint to ask (T13)."""

import json
import time
from dataclasses import dataclass

from cf_partner_sdk.http_signatures import Message, SignatureRefused, Verifier, verify_request

TAG_EVENT = "cf-channel-1-event"


class CallbackRefused(Exception):
    """The callback is not the bank's, not fresh, or not readable."""


@dataclass(frozen=True, slots=True)
class ChannelCallback:
    """A payment that the bank says has ended. Only the question that follows moves money."""

    kind: str
    """`payout` or `debit`."""
    channel_order_no: str
    status: str
    """`paid` or `failed`."""
    amount_fen: int
    reference: str


def read(message: Message, bank_key: Verifier) -> ChannelCallback:
    """Verifies the bytes, then parses them.

    Raises CallbackRefused.
    """
    try:
        verify_request(
            message,
            key_of=lambda keyid: bank_key if keyid == bank_key.keyid else None,
            now=int(time.time()),
            tag=TAG_EVENT,
        )
    except SignatureRefused as refused:
        raise CallbackRefused(refused.code) from refused
    try:
        body = json.loads(message.body)
        found = ChannelCallback(
            kind=body["kind"],
            channel_order_no=body["channel_order_no"],
            status=body["status"],
            amount_fen=body["amount_fen"],
            reference=body["reference"],
        )
    except (ValueError, KeyError, TypeError) as problem:
        raise CallbackRefused("the body cannot be read") from problem
    texts = (found.kind, found.channel_order_no, found.status, found.reference)
    if not all(isinstance(text, str) for text in texts) or type(found.amount_fen) is not int:
        raise CallbackRefused("a field is of another type")
    if found.kind not in ("payout", "debit") or found.status not in ("paid", "failed"):
        raise CallbackRefused("it does not tell of a payment that has ended")
    return found
