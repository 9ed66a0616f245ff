"""Calls: signed anew at each try, answered by somebody who proves to be the lender."""

from __future__ import annotations

import email.utils
import json
import random
import re
import threading
import uuid
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional
from urllib.parse import quote, urlencode

from ._clock import Clock
from ._errors import (
    AnswerNotTrusted,
    AnswerNotUnderstood,
    CfError,
    ProblemError,
    problem_error,
)
from ._http import Http
from ._instants import instant
from .directory import KeyDirectory
from .http_signatures import (
    Message,
    SignatureRefused,
    Signer,
    Verified,
    new_nonce,
    sign_request,
    verify_response,
)

PAUSE_S_FIRST = 0.25
PAUSE_S_MAX = 8.0

_SEGMENT = re.compile(r"[A-Za-z0-9_\-~][A-Za-z0-9_\-.~]*")
_IDEMPOTENCY_KEY = re.compile(r"[!#-+\--\[\]-~]{1,255}")  # visible ASCII but " , and backslash


class CfDeprecationWarning(UserWarning):
    """The lender will take something away that this client uses; said once a client."""


@dataclass(frozen=True)
class Call:
    """What to ask. `repeatable` is set where asking twice does no harm."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Optional[Mapping[str, Any]] = None
    idempotency_key: Optional[str] = None
    repeatable: bool = False


def read(path: str, **query: Any) -> Call:
    """Return a GET; query parameters that are None are left out."""
    given = {name: str(value) for name, value in query.items() if value is not None}
    return Call("GET", path, given, repeatable=True)


def write(
    path: str,
    body: Optional[Mapping[str, Any]],
    idempotency_key: Optional[str],
    *,
    method: str = "POST",
) -> Call:
    """Return a write, with the caller's idempotency key or a new one."""
    key = str(uuid.uuid4()) if idempotency_key is None else idempotency_key
    if _IDEMPOTENCY_KEY.fullmatch(key) is None:
        raise ValueError('an idempotency key is 1 to 255 visible ASCII characters without " , \\')
    return Call(method, path, {}, body, key, repeatable=True)


def segment(identifier: str) -> str:
    """Return `identifier` for use in a path. Raises ValueError if it would need quoting."""
    if _SEGMENT.fullmatch(identifier) is None:
        raise ValueError(f"{identifier!r} is no identifier of the lender")
    return identifier


class Transport:
    """Signs, sends, verifies, and tries again where that is safe and promising."""

    def __init__(
        self,
        *,
        base_url: str,
        signer: Signer,
        http: Http,
        directory: KeyDirectory,
        api_version: Optional[str] = None,
    ) -> None:
        self._base_url = base_url
        self._signer = signer
        self._http = http
        self._directory = directory
        self._api_version = api_version
        self._random = random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._warned = False
        self._lock = threading.Lock()

    @property
    def clock(self) -> Clock:
        """The clock that calls are timed by."""
        return self._http.clock

    def json(self, call: Call) -> Any:
        """Make the call and return the JSON of its answer, None if it has no body."""
        answer = self.send(call, accept="application/json")
        return _json(answer) if answer.body else None

    def send(self, call: Call, *, accept: str) -> Message:
        """Make the call; return the verified answer, whose status is below 300.

        Raises CfError. Retries draw their pause from the whole interval up to a doubling bound,
        wait at least as long as the lender asks, keep the idempotency key, and end with the
        deadline.
        """
        message = self._message(call, accept)
        deadline = self._http.clock.monotonic() + self._http.options.deadline_s
        attempt, corrected = 0, False
        while True:
            attempt += 1
            try:
                return self._once(message, deadline)
            except CfError as fault:
                fault.idempotency_key = call.idempotency_key
                fault.attempts = attempt
                if not corrected and self._correct_clock(fault):
                    corrected = True
                    continue
                if not (call.repeatable and fault.retryable):
                    raise
                pause_s = self._pause_s(attempt, fault)
                too_late = self._http.clock.monotonic() + pause_s >= deadline
                if attempt >= self._http.options.attempts_max or too_late:
                    raise
            self._http.clock.sleep(pause_s)

    def _message(self, call: Call, accept: str) -> Message:
        query = urlencode(call.query, quote_via=quote, safe="")
        headers = {"Accept": f"{accept}, application/problem+json"}
        body = b""
        if call.body is not None:
            text = json.dumps(call.body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
            body = text.encode("utf-8")
            headers["Content-Type"] = "application/json"
        if call.idempotency_key is not None:
            headers["Idempotency-Key"] = call.idempotency_key
        if self._api_version is not None:
            headers["CF-Version"] = self._api_version
        url = self._base_url + call.path + (f"?{query}" if query else "")
        return Message.of_url(call.method, url, headers, body)

    def _once(self, message: Message, deadline: float) -> Message:
        nonce = new_nonce()
        added = sign_request(message, self._signer, created=self._http.clock.now(), nonce=nonce)
        headers = {**message.headers, **added}
        sent = Message.of_url(message.method, _url(message), headers, message.body)
        answer = self._http.exchange(sent, deadline=deadline)
        self._verify(answer, nonce, deadline)
        self._warn_of_end(answer)
        status = answer.status or 0
        if status >= 400:
            raise _problem(status, answer)
        if status >= 300 or status < 200:
            raise AnswerNotUnderstood(f"a signed answer with status {status}")
        return answer

    def _verify(self, answer: Message, nonce: str, deadline: float) -> Verified:
        # The answer that tells us that our clock is wrong cannot be judged by our clock;
        # that it is fresh is then shown by the nonce, which we made a moment ago.
        now = None if _tells_the_time(answer) else self._http.clock.now()
        try:
            return verify_response(
                answer,
                key_of=self._directory.key_of("response", deadline=deadline),
                now=now,
                nonce=nonce,
            )
        except SignatureRefused as refused:
            fault = AnswerNotTrusted(refused.code, refused.detail)
            fault.request_id = answer.headers.get("request-id")
            raise fault from None

    def _correct_clock(self, fault: CfError) -> bool:
        if not isinstance(fault, ProblemError) or fault.code != "signature-expired":
            return False
        server_time = _server_time(fault.extra.get("server_time"))
        if fault.status != 401 or server_time is None:
            return False
        self._http.clock.correct(server_time)
        return True

    def _pause_s(self, attempt: int, fault: CfError) -> float:
        bound = min(PAUSE_S_MAX, PAUSE_S_FIRST * 2.0 ** (attempt - 1))
        drawn = self._random.uniform(0, bound)
        asked = fault.retry_after_s if isinstance(fault, ProblemError) else None
        return drawn if asked is None else asked + drawn

    def _warn_of_end(self, answer: Message) -> None:
        ends = [name for name in ("deprecation", "sunset") if name in answer.headers]
        with self._lock:
            if not ends or self._warned:
                return
            self._warned = True
        said = ", ".join(f"{name}: {answer.headers[name]}" for name in ends)
        warnings.warn(f"the lender says {said}", CfDeprecationWarning, stacklevel=6)


def _url(message: Message) -> str:
    url = f"{message.scheme}://{message.authority}{message.path}"
    return f"{url}?{message.query}" if message.query else url


def _json(answer: Message) -> Any:
    try:
        return json.loads(answer.body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise AnswerNotUnderstood("the answer is not JSON") from None


def _problem(status: int, answer: Message) -> ProblemError:
    try:
        problem = _json(answer)
    except AnswerNotUnderstood:
        problem = {}
    given = problem if isinstance(problem, dict) else {}
    after = _retry_after_s(answer.headers.get("retry-after"), answer.headers.get("date"))
    fault = problem_error(status, given, retry_after_s=after)
    fault.request_id = fault.request_id or answer.headers.get("request-id")
    return fault


def _retry_after_s(value: Optional[str], date: Optional[str]) -> Optional[float]:
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        until = email.utils.parsedate_to_datetime(value)
        since = email.utils.parsedate_to_datetime(date or "")
        return max(0.0, (until - since).total_seconds())
    except (TypeError, ValueError, IndexError):
        return None


def _tells_the_time(answer: Message) -> bool:
    if answer.status != 401:
        return False
    try:
        problem = json.loads(answer.body.decode("utf-8"))
    except (ValueError, RecursionError):
        return False
    return isinstance(problem, dict) and problem.get("code") == "signature-expired"


def _server_time(value: object) -> Optional[float]:
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, str):
        return None
    try:
        return instant(value).timestamp()
    except ValueError:
        return None
