"""Answers and refusals on their way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from cf_partner_sdk._json import rfc3339, to_json

__all__ = ["Answer", "Problem", "dumps", "not_found", "rfc3339", "to_json"]


@dataclass(frozen=True)
class Answer:
    """What the lender answers, before or after it is signed."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Problem(Exception):
    """A refusal in problem details (RFC 9457), as the lender's own."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        *,
        field: Optional[str] = None,
        mend: str = "",
        retry_after_s: Optional[int] = None,
        extra: Optional[Mapping[str, Any]] = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s
        self._members = {
            "type": f"https://lender.example/docs#{code}",
            "title": title,
            "status": status,
            "detail": title,
            "code": code,
            "mend": mend,
            "retryable": retry_after_s is not None,
            **({} if field is None else {"field": field}),
            **(extra or {}),
        }

    def answer(self, request_id: str) -> Answer:
        """Return it as an answer."""
        headers = {"Content-Type": "application/problem+json", "Cache-Control": "no-store"}
        if self.retry_after_s is not None:
            headers["Retry-After"] = str(self.retry_after_s)
        body = dumps({**self._members, "request_id": request_id})
        return Answer(self.status, body, headers)


def not_found() -> Problem:
    """Return the refusal of what is not there, or is not the caller's."""
    return Problem(
        404,
        "not_found",
        "There is nothing here under this id",
        mend="Check the id, and that it belongs to you.",
    )


def dumps(value: Any) -> bytes:
    """Return JSON as the lender writes it."""
    text = json.dumps(to_json(value), ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8")
