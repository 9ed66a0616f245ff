"""What the gateway of one process is made of."""

from collections.abc import Callable
from dataclasses import dataclass, field

from cf_partner_sdk.http_signatures import Message

from gateway.addresses import Resolver, ask_the_system
from gateway.platform_keys import PlatformKeys
from gateway.quotables import Quotables
from gateway.rate_limits import STRANGER_QUOTA, STRANGER_WINDOW_S, Addresses
from gateway.sandbox import Sandbox
from gateway.versions import VERSIONS, Versions
from lending.foundation.context import Context


@dataclass(frozen=True, slots=True)
class GatewayContext:
    """The lending context, our keys, and whom a bank's callback is handed to."""

    lending: Context
    keys: PlatformKeys
    heard_from_bank: Callable[[Message], None]
    """Verifies a callback of the payment channel and has us ask; raises CallbackNotBelieved."""
    schemas: tuple[str, ...] = ()
    """Revisions of the schema that this program knows, newest last; none: not checked."""
    versions: Versions = VERSIONS
    resolver: Resolver = ask_the_system
    """Finds the addresses that webhooks go to."""
    quotables: Quotables = field(default_factory=Quotables)
    strangers: Addresses = field(
        default_factory=lambda: Addresses("strangers", STRANGER_QUOTA, STRANGER_WINDOW_S)
    )
    """Limits whoever is not known by a signature, by address."""
    sandbox: Sandbox | None = None
    """The sandbox that is served; None in `live`."""


class CallbackNotBelieved(Exception):
    """A callback is not the bank's, or not readable."""
