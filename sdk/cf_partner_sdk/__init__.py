"""What a merchant or a platform embeds to offer this lender's instalments.

`Client` calls the lender; `WebhookVerifier` proves what the lender sends. See the README beside
this package for a quick start, and `http_signatures` for the signatures alone.
"""

import importlib as _importlib
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

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
from ._version import __version__

if _TYPE_CHECKING:
    from ._async_client import (
        AsyncClient,
    )
    from ._client import Client
    from ._clock import Clock
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
        SandboxClockReady,
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
    from ._partner_keys import (
        KeyState,
        PartnerKey,
    )
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
        DifferenceState,
        MovementType,
        ReconciliationDifference,
        Statement,
        StatementKind,
        StatementRow,
        StatementSpan,
        StatementSum,
    )
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
        SignedPost,
        WebhookEndpoint,
    )
    from ._wire import Attempt, CfDeprecationWarning, Hook, Outcome
    from .directory import KeyDirectory
    from .keys import (
        PrivateKey,
        PublicKey,
    )
    from .seen import MemorySeenStore, SeenStore, SqlSeenStore
    from .webhooks import (
        WebhookVerifier,
    )

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
    "DifferenceState",
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
    "ReconciliationDifference",
    "Refund",
    "RefundState",
    "Refused",
    "Repayment",
    "RequestInvalid",
    "Resent",
    "ReturnedItem",
    "SandboxApplicant",
    "SandboxClock",
    "SandboxClockReady",
    "SandboxClockState",
    "SandboxInfo",
    "SandboxStopped",
    "SandboxWalk",
    "SandboxWalkState",
    "SeenStore",
    "ServerFault",
    "SignedPost",
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


_LATER = {
    "._client": ("Client",),
    "._clock": ("Clock",),
    "._options": ("HttpOptions",),
    "._pages": ("Pages",),
    "._wire": ("Attempt", "CfDeprecationWarning", "Hook", "Outcome"),
    ".directory": ("KeyDirectory",),
    ".seen": ("MemorySeenStore", "SeenStore", "SqlSeenStore"),
    "._async_client": ("AsyncClient",),
    "._event_types": (
        "EndpointDisabled",
        "EndpointEvent",
        "EndpointTest",
        "LoanRepaid",
        "OrderApproved",
        "OrderCancelled",
        "OrderCreated",
        "OrderDeclined",
        "OrderEvent",
        "OrderExpired",
        "OrderPaid",
        "OrderPayoutFailed",
        "OrderReferred",
        "OrderRefunded",
        "OrderSigned",
        "Repayment",
        "SandboxClockReady",
        "StatementReady",
    ),
    "._models": (
        "Event",
        "Offer",
        "Order",
        "OrderItem",
        "OrderState",
        "Payout",
        "PlanRow",
        "Quote",
        "Refund",
        "RefundState",
        "ReturnedItem",
        "SubsidyPayer",
    ),
    "._partner_keys": (
        "KeyState",
        "PartnerKey",
    ),
    "._sandbox": (
        "SandboxApplicant",
        "SandboxClock",
        "SandboxClockState",
        "SandboxInfo",
        "SandboxStopped",
        "SandboxWalk",
        "SandboxWalkState",
    ),
    "._statement_models": (
        "DifferenceState",
        "MovementType",
        "ReconciliationDifference",
        "Statement",
        "StatementKind",
        "StatementRow",
        "StatementSpan",
        "StatementSum",
    ),
    "._webhook_models": (
        "CheckResult",
        "CheckState",
        "CheckVerdict",
        "Delivery",
        "DeliveryAttempt",
        "DeliveryState",
        "DisabledReason",
        "EndpointCheck",
        "EndpointSecret",
        "EndpointState",
        "EventType",
        "Resent",
        "SignedPost",
        "WebhookEndpoint",
    ),
    ".keys": (
        "PrivateKey",
        "PublicKey",
    ),
    ".webhooks": ("WebhookVerifier",),
}
"""What is imported when it is first used: it is much code, or brings an extra."""

_MODULES = {name: module for module, names in _LATER.items() for name in names}


def __getattr__(name: str) -> _Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        value = getattr(_importlib.import_module(_MODULES[name], __name__), name)
    except ModuleNotFoundError as missing:
        if missing.name not in {"anyio", "httpx"}:
            raise
        raise ImportError("AsyncClient needs: pip install 'cf-partner-sdk[async]'") from missing
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
