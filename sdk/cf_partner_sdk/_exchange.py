"""What both ways of exchanging a request for an answer have in common."""

from __future__ import annotations

import re
import sys

from ._errors import AnswerNotTrusted
from ._version import __version__
from .http_signatures import Message

_PYTHON = ".".join(str(part) for part in sys.version_info[:3])

ANSWER_BYTES_MAX = 16 * 1024 * 1024


def request_headers(message: Message, app_id: str) -> dict[str, str]:
    """Return the headers to send: those of the message, and who is calling."""
    shown = re.sub(r"[^!-~]", "?", app_id)  # a header is ASCII
    suffix = f" ({shown})" if app_id else ""
    agent = f"cf-partner-sdk/{__version__} python/{_PYTHON}{suffix}"
    return {"User-Agent": agent, "Accept-Encoding": "identity", **message.headers}


def encoded_unasked() -> AnswerNotTrusted:
    """Return the error for an answer whose bytes are not those that were signed."""
    return AnswerNotTrusted("signature-malformed", "the answer is encoded, unasked")


def too_long() -> AnswerNotTrusted:
    """Return the error for an answer longer than `ANSWER_BYTES_MAX`."""
    return AnswerNotTrusted("signature-malformed", "the answer is longer than agreed")


def told(fault: Exception, message: Message) -> str:
    """Return what a log may know of a fault: its kind and whom it was to reach."""
    return f"{type(fault).__name__} on the way to {message.authority}"
