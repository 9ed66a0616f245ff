"""What the gateway of one process is made of."""

from collections.abc import Callable
from dataclasses import dataclass

from cf_partner_sdk.http_signatures import Message

from gateway.platform_keys import PlatformKeys
from lending.foundation.context import Context


@dataclass(frozen=True, slots=True)
class GatewayContext:
    """The lending context, our keys, and whom a bank's callback is handed to."""

    lending: Context
    keys: PlatformKeys
    heard_from_bank: Callable[[Message], None]
    """Verifies a callback of the payment channel and has us ask; raises CallbackNotBelieved."""


class CallbackNotBelieved(Exception):
    """A callback is not the bank's, or not readable."""
