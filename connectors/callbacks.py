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
    """A payment that the bank says has ended."""

    kind: str
    channel_order_no: str


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
        body = json.loads(message.body)
        return ChannelCallback(str(body["kind"]), str(body["channel_order_no"]))
    except (SignatureRefused, ValueError, KeyError, TypeError) as problem:
        raise CallbackRefused(type(problem).__name__) from problem
