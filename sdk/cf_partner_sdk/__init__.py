"""What a merchant or a platform embeds to offer this lender's instalments.

`Client` calls the lender; `WebhookVerifier` proves what the lender sends. See the README beside
this package for a quick start, and `http_signatures` for the signatures alone.
"""

from ._client import Client
from ._clock import Clock
from ._errors import (
    AnswerNotTrusted,
    AnswerNotUnderstood,
    CfError,
    Conflict,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    ProblemError,
    Refused,
    RequestInvalid,
    ServerFault,
    TooManyRequests,
    TransportError,
    WebhookDuplicate,
    WebhookRefused,
)
from ._http import HttpOptions
from ._models import (
    DeliveryAttempt,
    EndpointState,
    Event,
    Offer,
    Order,
    OrderItem,
    OrderState,
    Payout,
    PlanRow,
    Quote,
    Refund,
    RefundState,
    SubsidyPayer,
    WebhookEndpoint,
)
from ._transport import CfDeprecationWarning
from ._version import __version__
from .directory import KeyDirectory
from .keys import KeyNotUsable, PrivateKey, PublicKey
from .webhooks import MemorySeenStore, SeenStore, WebhookVerifier

__all__ = [
    "AnswerNotTrusted",
    "AnswerNotUnderstood",
    "CfDeprecationWarning",
    "CfError",
    "Client",
    "Clock",
    "Conflict",
    "DeliveryAttempt",
    "EndpointState",
    "Event",
    "HttpOptions",
    "KeyDirectory",
    "KeyNotUsable",
    "MemorySeenStore",
    "NotAllowed",
    "NotAuthenticated",
    "NotFound",
    "Offer",
    "Order",
    "OrderItem",
    "OrderState",
    "Payout",
    "PlanRow",
    "PrivateKey",
    "ProblemError",
    "PublicKey",
    "Quote",
    "Refund",
    "RefundState",
    "Refused",
    "RequestInvalid",
    "SeenStore",
    "ServerFault",
    "SubsidyPayer",
    "TooManyRequests",
    "TransportError",
    "WebhookDuplicate",
    "WebhookEndpoint",
    "WebhookRefused",
    "WebhookVerifier",
    "__version__",
]
