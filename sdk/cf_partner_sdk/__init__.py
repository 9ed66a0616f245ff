"""What a merchant or a platform embeds to offer this lender's instalments.

`Client` calls the lender; `WebhookVerifier` proves what the lender sends. See the README beside
this package for a quick start, and `http_signatures` for the signatures alone.
"""

from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from ._client import Client
from ._clock import Clock
from ._errors import (
    AnswerNotTrusted,
    AnswerNotUnderstood,
    ArgumentInvalid,
    CfError,
    ClientClosed,
    Conflict,
    KeyNotUsable,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    ProblemError,
    Refused,
    RequestInvalid,
    ServerFault,
    StatementRefused,
    TooManyRequests,
    TransportError,
    WebhookDuplicate,
    WebhookRefused,
)
from ._event_types import (
    EndpointDisabled,
    EndpointEvent,
    EndpointTest,
    LoanRepaid,
    OrderApproved,
    OrderCancelled,
    OrderCreated,
    OrderDeclined,
    OrderEvent,
    OrderExpired,
    OrderPaid,
    OrderPayoutFailed,
    OrderReferred,
    OrderRefunded,
    OrderSigned,
    Repayment,
    StatementReady,
)
from ._models import (
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
    ReturnedItem,
    SubsidyPayer,
)
from ._options import HttpOptions
from ._pages import Pages
from ._partner_keys import KeyState, PartnerKey
from ._sandbox import (
    SandboxApplicant,
    SandboxClock,
    SandboxClockState,
    SandboxInfo,
    SandboxStopped,
    SandboxWalk,
    SandboxWalkState,
)
from ._statement_models import (
    MovementType,
    Statement,
    StatementKind,
    StatementRow,
    StatementSpan,
    StatementSum,
)
from ._version import __version__
from ._webhook_models import (
    CheckResult,
    CheckState,
    CheckVerdict,
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    DisabledReason,
    EndpointCheck,
    EndpointSecret,
    EndpointState,
    EventType,
    Resent,
    WebhookEndpoint,
)
from ._wire import Attempt, CfDeprecationWarning, Hook, Outcome
from .directory import KeyDirectory
from .keys import PrivateKey, PublicKey
from .seen import MemorySeenStore, SeenStore, SqlSeenStore
from .webhooks import WebhookVerifier

if _TYPE_CHECKING:
    from ._async_client import AsyncClient

__all__ = [
    "AnswerNotTrusted",
    "AnswerNotUnderstood",
    "ArgumentInvalid",
    "AsyncClient",
    "Attempt",
    "CfDeprecationWarning",
    "CfError",
    "CheckResult",
    "CheckState",
    "CheckVerdict",
    "Client",
    "ClientClosed",
    "Clock",
    "Conflict",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryState",
    "DisabledReason",
    "EndpointCheck",
    "EndpointDisabled",
    "EndpointEvent",
    "EndpointSecret",
    "EndpointState",
    "EndpointTest",
    "Event",
    "EventType",
    "Hook",
    "HttpOptions",
    "KeyDirectory",
    "KeyNotUsable",
    "KeyState",
    "LoanRepaid",
    "MemorySeenStore",
    "MovementType",
    "NotAllowed",
    "NotAuthenticated",
    "NotFound",
    "Offer",
    "Order",
    "OrderApproved",
    "OrderCancelled",
    "OrderCreated",
    "OrderDeclined",
    "OrderEvent",
    "OrderExpired",
    "OrderItem",
    "OrderPaid",
    "OrderPayoutFailed",
    "OrderReferred",
    "OrderRefunded",
    "OrderSigned",
    "OrderState",
    "Outcome",
    "Pages",
    "PartnerKey",
    "Payout",
    "PlanRow",
    "PrivateKey",
    "ProblemError",
    "PublicKey",
    "Quote",
    "Refund",
    "RefundState",
    "Refused",
    "Repayment",
    "RequestInvalid",
    "Resent",
    "ReturnedItem",
    "SandboxApplicant",
    "SandboxClock",
    "SandboxClockState",
    "SandboxInfo",
    "SandboxStopped",
    "SandboxWalk",
    "SandboxWalkState",
    "SeenStore",
    "ServerFault",
    "SqlSeenStore",
    "Statement",
    "StatementKind",
    "StatementReady",
    "StatementRefused",
    "StatementRow",
    "StatementSpan",
    "StatementSum",
    "SubsidyPayer",
    "TooManyRequests",
    "TransportError",
    "WebhookDuplicate",
    "WebhookEndpoint",
    "WebhookRefused",
    "WebhookVerifier",
    "__version__",
]


def __getattr__(name: str) -> _Any:
    if name != "AsyncClient":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from ._async_client import AsyncClient  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as missing:
        if missing.name not in {"anyio", "httpx"}:
            raise
        raise ImportError("AsyncClient needs: pip install 'cf-partner-sdk[async]'") from missing
    return AsyncClient
