"""The core: how a call is put, signed, judged and tried again. No input or output."""

from __future__ import annotations

import json
import logging
import random
import sys
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional, TypeVar
from urllib.parse import quote, urlencode

from ._answers import ends_announced, problem_of, server_time_of
from ._calls import JSON, Call, check_body, pointers_to_seal
from ._errors import (
    AnswerNotTrusted,
    AnswerNotUnderstood,
    ArgumentInvalid,
    CfError,
    ProblemError,
    TransportError,
)
from ._keyring import Keyring
from ._options import HttpOptions
from ._steps import Pause, Send, Steps
from .http_signatures import (
    Message,
    SignatureRefused,
    Signer,
    new_nonce,
    sign_request,
    verify_response,
)

T = TypeVar("T")

PAUSE_S_FIRST = 0.25
PAUSE_S_MAX = 8.0

_LOG = logging.getLogger("cf_partner_sdk")
_PACKAGE = str(Path(__file__).parent)
_RANDOM = random.SystemRandom()


class CfDeprecationWarning(UserWarning):
    """The lender will take something away that this client uses; said once for each end."""


@dataclass(frozen=True)
class Attempt:
    """One try of a call: what a log or a metric may know of it. Never a body, never a secret."""

    number: int
    method: str
    path: str
    idempotency_key: Optional[str]


@dataclass(frozen=True)
class Outcome:
    """What became of a try. `code` is the error's, None if there was none.

    `pause_s` is how long the client waits before it tries again, None if this was the last try.
    """

    status: Optional[int]
    code: Optional[str]
    request_id: Optional[str]
    duration_s: float
    pause_s: Optional[float]


class Hook:
    """Told of every try of every call; override what you need. What it raises is only logged."""

    def before(self, attempt: Attempt) -> None:
        """A try begins."""

    def after(self, attempt: Attempt, outcome: Outcome) -> None:
        """A try ended."""


class _Try:
    """The state of one try."""

    def __init__(self, attempt: Attempt, deadline: float, started_at: float) -> None:
        self.attempt = attempt
        self.deadline = deadline
        self.started_at = started_at
        self.answer: Optional[Message] = None


class Wire:
    """Puts calls as one partner and judges the answers."""

    def __init__(
        self,
        *,
        app_id: str,
        signer: Signer,
        keyring: Keyring,
        options: HttpOptions,
        api_version: Optional[str],
        hook: Optional[Hook],
    ) -> None:
        if not app_id:
            raise ArgumentInvalid("app_id is empty", field="app_id", mend="Give yours.")
        if not all(hasattr(signer, name) for name in ("keyid", "algorithm", "sign")):
            raise ArgumentInvalid(
                f"a {type(signer).__name__} cannot sign",
                field="key",
                mend="Give PrivateKey.from_pem(text), or what has keyid, algorithm and sign().",
            )
        self.app_id = app_id
        self.clock = keyring.clock
        self.keyring = keyring
        self._signer = signer
        self._options = options
        self._api_version = api_version
        self._hook = hook
        self._ends_told: dict[str, str] = {}

    def converse(self, call: Call[T]) -> Steps[T]:
        """Make the call and return what its answer says. Raises CfError.

        What of the body is `Sealed` is encrypted to the lender, anew once if it does not know that
        key any more. Retries draw their pause from the whole interval up to a doubling bound, wait
        at least as long as the lender asks, keep the idempotency key, and end with the deadline.
        """
        check_body(call.body)
        sealed = tuple(pointers_to_seal(call.body))
        message = None if sealed else self._message(call, call.body)
        kid = refused_kid = None
        deadline = self.clock.monotonic() + self._options.deadline_s
        number, corrected = 0, False
        while True:
            number += 1
            attempt = Attempt(number, call.method, call.path, call.idempotency_key)
            one = self._begin(attempt, deadline)
            try:
                if message is None:
                    jwk = yield from self._encryption_key(deadline, refused_kid)
                    content = _sealed(call, sealed, jwk)
                    message, kid = self._message(call, content), content["encryption"]["kid"]
                value = call.parse((yield from self._once(message, one)))
            except CfError as fault:
                fault.idempotency_key, fault.attempts = call.idempotency_key, number
                if fault.request_id is None and one.answer is not None:
                    fault.request_id = one.answer.headers.get("request-id")
                server_time = None if corrected else server_time_of(fault)
                pause_s: Optional[float] = 0.0
                if server_time is not None:
                    self.clock.correct(server_time)
                    corrected = True
                elif fault.code == "encryption-key-unknown" and refused_kid is None:
                    message, refused_kid = None, kid
                else:
                    pause_s = self._pause_s(call, fault, number, deadline)
                self._end(one, fault.code, pause_s)
                if pause_s is None:
                    raise
            else:
                self._end(one, None, None)
                return value
            if pause_s:
                yield Pause(pause_s)

    def _encryption_key(self, deadline: float, refused: Optional[str]) -> Steps[Mapping[str, Any]]:
        try:
            jwk = yield from self.keyring.encryption_key(deadline, refused=refused)
        except LookupError as none:
            raise AnswerNotUnderstood(str(none)) from None
        return jwk

    def _message(self, call: Call[Any], content: Optional[Mapping[str, Any]]) -> Message:
        query = urlencode(call.query, quote_via=quote, safe="")
        headers = {"Accept": f"{call.accept}, application/problem+json", **call.headers}
        body = b""
        if content is not None:
            text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
            body = text.encode("utf-8")
            headers["Content-Type"] = JSON
        elif call.file is not None:
            headers["Content-Type"], body = call.file.content_type, call.file.content
        if call.idempotency_key is not None:
            headers["Idempotency-Key"] = call.idempotency_key
        if self._api_version is not None:
            headers["CF-Version"] = self._api_version
        url = self.keyring.base_url + call.path + (f"?{query}" if query else "")
        return Message.of_url(call.method, url, headers, body)

    def _once(self, message: Message, one: _Try) -> Steps[Message]:
        nonce = new_nonce()
        added = sign_request(message, self._signer, created=self.clock.now(), nonce=nonce)
        headers = {**message.headers, **added}
        sent = Message.of_url(message.method, message.url, headers, message.body)
        answer: Message = yield Send(sent, one.deadline)
        status = answer.status or 0
        if status >= 500 and "signature" not in answer.headers:
            raise TransportError("unsigned-5xx", f"an unsigned {status}, so not the lender's")
        one.answer = answer
        yield from self._prove(answer, nonce, one.deadline)
        self._warn_of_end(answer)
        if status >= 400:
            raise problem_of(answer)
        if status >= 300 or status < 200:
            raise AnswerNotUnderstood(f"a signed answer with status {status}")
        return answer

    def _prove(self, answer: Message, nonce: str, deadline: float) -> Steps[None]:
        # The answer that tells us that our clock is wrong cannot be judged by our clock;
        # that it is fresh is then shown by the nonce, which we made a moment ago.
        now = None if answer.status == 401 else self.clock.now()
        try:
            yield from self.keyring.prove(
                "response",
                deadline,
                lambda key_of: verify_response(answer, key_of=key_of, now=now, nonce=nonce),
            )
        except SignatureRefused as refused:
            raise AnswerNotTrusted(refused.code, refused.detail) from None

    def _pause_s(
        self, call: Call[Any], fault: CfError, number: int, deadline: float
    ) -> Optional[float]:
        if not (call.repeatable and fault.retryable) or number >= self._options.attempts_max:
            return None
        pause_s = _RANDOM.uniform(0, min(PAUSE_S_MAX, PAUSE_S_FIRST * 2.0 ** (number - 1)))
        if isinstance(fault, ProblemError) and fault.retry_after_s is not None:
            pause_s += fault.retry_after_s
        return None if self.clock.monotonic() + pause_s >= deadline else pause_s

    def _begin(self, attempt: Attempt, deadline: float) -> _Try:
        if self._hook is not None:
            try:
                self._hook.before(attempt)
            except Exception:  # noqa: BLE001 - a log must not stop a call
                _LOG.exception("the hook failed")
        return _Try(attempt, deadline, self.clock.monotonic())

    def _end(self, one: _Try, code: Optional[str], pause_s: Optional[float]) -> None:
        if self._hook is None:
            return
        answer = one.answer
        outcome = Outcome(
            None if answer is None else answer.status,
            code,
            None if answer is None else answer.headers.get("request-id"),
            self.clock.monotonic() - one.started_at,
            pause_s,
        )
        try:
            self._hook.after(one.attempt, outcome)
        except Exception:  # noqa: BLE001 - a log must not stop a call
            _LOG.exception("the hook failed")

    def _warn_of_end(self, answer: Message) -> None:
        said = ends_announced(answer.headers)
        if said is not None and self._ends_told.setdefault(said, said) is said:
            warnings.warn(
                f"the lender says {said}", CfDeprecationWarning, stacklevel=_levels_to_caller()
            )


def _sealed(call: Call[Any], pointers: Iterable[str], jwk: Mapping[str, Any]) -> dict[str, Any]:
    from .field_encryption import encrypt  # noqa: PLC0415 - for the calls that need it

    return encrypt(call.body or {}, pointers, jwk=jwk)


def _levels_to_caller() -> int:
    """Return how far above the function that asks the caller's own code is."""
    levels, frame = 1, sys._getframe(1)  # noqa: SLF001 - as warnings itself does
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        levels, frame = levels + 1, frame.f_back
    return levels
