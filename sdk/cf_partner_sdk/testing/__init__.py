"""A lender for a partner's own tests: real signatures both ways, kept orders, no network.

    from cf_partner_sdk.testing import FakeGateway

    with FakeGateway() as gateway:
        shop = Shop(gateway.client())
        order = shop.sell("A-77")
        gateway.approve(order.id)

Needs the package `responses`: `pip install "cf-partner-sdk[testing]"`. For pytest there are
fixtures, see `cf_partner_sdk.testing.plugin`.
"""

from .clock import FakeClock
from .commissions import CommissionTerms
from .door import NotFaked
from .failures import Failure
from .quoting import FakeProduct
from .signed_events import EVENT_TYPES, SignedEvent

try:
    from .gateway import FakeGateway
except ModuleNotFoundError as missing:
    if missing.name != "responses":
        raise
    raise ImportError("FakeGateway needs: pip install 'cf-partner-sdk[testing]'") from missing

__all__ = [
    "EVENT_TYPES",
    "CommissionTerms",
    "Failure",
    "FakeClock",
    "FakeGateway",
    "FakeProduct",
    "NotFaked",
    "SignedEvent",
]
