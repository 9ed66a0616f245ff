"""What a proved answer says, besides what was asked for."""

from __future__ import annotations

import email.utils
import json
import re
from typing import Any, Optional

from ._errors import AnswerNotUnderstood, CfError, ProblemError, problem_error
from ._instants import instant
from .http_signatures import Headers, Message

_LIMIT = re.compile(r'"[^"]*"((?:\s*;\s*[a-z]+=\d+)+)')
_PARAMETER = re.compile(r"([a-z]+)=(\d{1,9})")


def json_of(answer: Message) -> Any:
    """Return the JSON of an answer, None if it has no body. Raises AnswerNotUnderstood."""
    if not answer.body:
        return None
    try:
        return json.loads(answer.body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise AnswerNotUnderstood("the answer is not JSON") from None


def problem_of(answer: Message) -> ProblemError:
    """Return the error that an answer of status 400 or more tells."""
    try:
        problem = json_of(answer)
    except AnswerNotUnderstood:
        problem = None
    given = problem if isinstance(problem, dict) else {}
    return problem_error(answer.status or 0, given, retry_after_s=_retry_after_s(answer.headers))


def server_time_of(fault: CfError) -> Optional[float]:
    """Return the lender's time if `fault` says that ours is wrong."""
    if not isinstance(fault, ProblemError) or fault.status != 401:
        return None
    if fault.code != "signature-expired":
        return None
    told = fault.extra.get("server_time")
    if isinstance(told, int) and not isinstance(told, bool):
        return float(told)
    if not isinstance(told, str):
        return None
    try:
        return instant(told).timestamp()
    except ValueError:
        return None


def ends_announced(headers: Headers) -> Optional[str]:
    """Return what the lender says it will take away, None if nothing."""
    said = [f"{name}: {headers[name]}" for name in ("deprecation", "sunset") if name in headers]
    return ", ".join(said) or None


def _retry_after_s(headers: Headers) -> Optional[float]:
    value = headers.get("retry-after", "")
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        until = email.utils.parsedate_to_datetime(value)
        since = email.utils.parsedate_to_datetime(headers.get("date", ""))
        return max(0.0, (until - since).total_seconds())
    except (TypeError, ValueError, IndexError):
        return _limit_resets_s(headers.get("ratelimit", ""))


def _limit_resets_s(value: str) -> Optional[float]:
    """Return in how many seconds every limit that is used up has room again."""
    spent = []
    for found in _LIMIT.finditer(value):
        parameters = dict(_PARAMETER.findall(found[1]))
        if parameters.get("r") == "0" and "t" in parameters:
            spent.append(float(parameters["t"]))
    return max(spent, default=None)
