"""What can go wrong.

CfError                       all have code, field, mend, request_id, retryable
|-- ProblemError            the lender said no, signed
|   |-- RequestInvalid      400, 413, 415 and other 4xx
|   |-- NotAuthenticated    401: the signature or the key
|   |-- NotAllowed          403
|   |-- NotFound            404
|   |-- Conflict            409
|   |-- Refused             422: understood, and against a rule
|   |-- TooManyRequests     429
|   `-- ServerFault         5xx, signed
|-- TransportError          no answer of the lender arrived
|-- AnswerNotTrusted        an answer without a good signature, or to another request
|-- AnswerNotUnderstood     a good signature over something this version cannot read
|-- ArgumentInvalid         never sent: an argument cannot be right (also a ValueError)
|   `-- KeyNotUsable        a key that is broken, too weak or of another kind
|-- ClientClosed            never sent: the client was closed (also a RuntimeError)
|-- SandboxStopped          the sandbox could not do what was asked
|-- StatementRefused        a file that is not what the lender said of it
`-- WebhookRefused          an event that was not proved to be the lender's
    `-- WebhookDuplicate    proved, and dealt with before
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Optional


class CfError(Exception):
    """Everything that this package raises about a call or an event.

    `code` is stable and meant for programs, `field` names what is wrong (the JSON pointer or the
    argument), `mend` says what to do. `retryable` tells whether the same call may succeed later.
    `request_id` names the call to the lender's support, if an answer had one. `idempotency_key` is
    the key that the call was sent with, also one that the client generated: give it again and the
    call has its effect at most once. `attempts` is how often the call was sent.
    """

    code: str = "sdk.error"
    field: Optional[str] = None
    mend: Optional[str] = None
    retryable: bool = False

    def __init__(self, message: str, *, request_id: Optional[str] = None) -> None:
        super().__init__(message)
        self.request_id = request_id
        self.idempotency_key: Optional[str] = None
        self.attempts = 1


class ProblemError(CfError):
    """The lender answered with a problem (RFC 9457), signed.

    `code`, `field` (a JSON pointer) and `mend` are the lender's words. `retry_after_s` is when it
    asked to be called again. `extra` has the other members of the problem.
    """

    def __init__(
        self, status: int, problem: Mapping[str, Any], *, retry_after_s: Optional[float] = None
    ) -> None:
        self.status = status
        self.code = _text(problem, "code") or f"http.{status}"
        self.title = _text(problem, "title")
        self.detail = _text(problem, "detail")
        self.field = _text(problem, "field")
        self.mend = _text(problem, "mend")
        self.retry_after_s = retry_after_s
        said = problem.get("retryable")
        self.retryable = said if isinstance(said, bool) else status in {429, 502, 503, 504}
        known = {"code", "title", "detail", "field", "mend", "retryable", "request_id", "status"}
        self.extra: Mapping[str, Any] = MappingProxyType(
            {name: value for name, value in problem.items() if name not in known}
        )
        message = ": ".join(part for part in (self.code, self.detail or self.title) if part)
        message += f" [{self.field}]" if self.field else ""
        message += f" ({self.mend})" if self.mend else ""
        super().__init__(message, request_id=_text(problem, "request_id"))


class RequestInvalid(ProblemError):
    """The request is not what the interface takes (400 and other 4xx)."""


class NotAuthenticated(ProblemError):
    """The signature or its key was refused (401); `code` says why."""


class NotAllowed(ProblemError):
    """The partner has no right to this (403)."""


class NotFound(ProblemError):
    """There is no such thing, or it is another partner's (404)."""


class Conflict(ProblemError):
    """The call does not fit the present state, or the same call is running (409)."""


class Refused(ProblemError):
    """The call was understood and a rule is against it (422)."""


class TooManyRequests(ProblemError):
    """More calls than agreed (429); `retry_after_s` says when to come again."""


class ServerFault(ProblemError):
    """A fault on the lender's side, in a signed answer (5xx)."""


class TransportError(CfError):
    """No answer of the lender arrived: connection, time-out, or an unsigned 5xx of a proxy.

    Whether a write had its effect is unknown. Send it again with the same `idempotency_key`.
    Codes: `connect-failed`, `connect-timeout`, `read-timeout`, `connection-broken`,
    `certificate-refused` (the only one not worth trying again), `proxy-failed`, `unsigned-5xx`,
    `pool-timeout` (all connections were in use) and `deadline`.
    """

    retryable = True
    mend = "Send the same call again, with the same idempotency key."

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        if code == "certificate-refused":
            self.retryable = False
            self.mend = "Give the CA bundle that the server's certificate comes from as ca_file."


class AnswerNotTrusted(CfError):
    """An answer that is not signed as agreed or not bound to the request; it is not believed.

    `code` is that of `http_signatures.SignatureRefused`. Whether a write had its effect is unknown.
    """

    mend = "Look for what alters answers on the way, and check base_url and root_keyid."

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class AnswerNotUnderstood(CfError):
    """A trusted answer that this version of the package cannot read."""

    code = "answer-not-understood"
    mend = "Install a newer version of this package."


class ArgumentInvalid(CfError, ValueError):
    """An argument that cannot be right; nothing was sent."""

    code = "argument-invalid"

    def __init__(
        self, message: str, *, field: Optional[str] = None, mend: Optional[str] = None
    ) -> None:
        self.field = field or self.field
        self.mend = mend or self.mend
        message += f" [{self.field}]" if self.field else ""
        message += f" ({self.mend})" if self.mend else ""
        super().__init__(message)


class KeyNotUsable(ArgumentInvalid):
    """A key that is broken, too weak, of another kind than its algorithm, or not a key at all."""

    code = "key-not-usable"
    field = "key"
    mend = "Make one by PrivateKey.generate() or `cf-partner keys new FILE`."


class ClientClosed(CfError, RuntimeError):
    """The client was closed; nothing was sent."""

    code = "client-closed"
    mend = "Make the call within the client's `with` block, or make a new client."


class StatementRefused(CfError):
    """A statement's file that is not to be relied on; `step` says which check failed.

    Steps in their order: `part`, `size`, `digest`, `columns`, `rows`, `balance`, `sums`.
    """

    mend = "Download it again; if it is refused again, tell the lender."

    def __init__(self, step: str, detail: str) -> None:
        super().__init__(f"{step}: {detail}")
        self.code = f"statement.{step}"
        self.step = step
        self.detail = detail


class WebhookRefused(CfError):
    """An event that is not to be acted on; `step` says which check failed.

    Steps in their order: `request`, `signature-headers`, `coverage`, `time`, `key`, `algorithm`,
    `signature`, `digest`, `body`, `duplicate`. `expected` and `found` tell what was compared, where
    that can be told without a secret, and `mend` where to look first. The
    `code` is `webhook.` and the step.
    """

    def __init__(
        self,
        step: str,
        detail: str,
        *,
        expected: Optional[str] = None,
        found: Optional[str] = None,
        mend: Optional[str] = None,
    ) -> None:
        message = f"{step}: {detail}"
        message += f"; expected {expected}" if expected else ""
        message += f"; found {found}" if found else ""
        message += f" ({mend})" if mend else ""
        super().__init__(message)
        self.code = f"webhook.{step}"
        self.step = step
        self.detail = detail
        self.expected = expected
        self.found = found
        self.mend = mend


class WebhookDuplicate(WebhookRefused):
    """A proved event that was dealt with before: answer 2xx and do nothing."""

    def __init__(self, webhook_id: str) -> None:
        super().__init__("duplicate", f"{webhook_id} was dealt with before")
        self.webhook_id = webhook_id


_BY_STATUS: dict[int, type[ProblemError]] = {
    401: NotAuthenticated,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    422: Refused,
    429: TooManyRequests,
}


def problem_error(
    status: int, problem: Mapping[str, Any], *, retry_after_s: Optional[float]
) -> ProblemError:
    """Return the error of the class that `status` asks for."""
    fallback = RequestInvalid if status < 500 else ServerFault
    return _BY_STATUS.get(status, fallback)(status, problem, retry_after_s=retry_after_s)


def _text(problem: Mapping[str, Any], name: str) -> Optional[str]:
    value = problem.get(name)
    return value if isinstance(value, str) else None
