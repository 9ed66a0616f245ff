"""What goes wrong between a partner and a lender, as it was seen to happen."""

from __future__ import annotations

from enum import Enum


class Failure(Enum):
    """One way for a call to fail; after each, whether the call had its effect."""

    TIMEOUT = "timeout"
    """Nothing arrived at the lender, and nothing came back: no effect."""
    ANSWER_LOST = "answer_lost"
    """The lender carried the call out and the connection broke before its answer: an effect."""
    CONNECTION_RESET = "connection_reset"
    """The connection was reset before the lender read the call: no effect."""
    UNSIGNED_502 = "unsigned_502"
    """A proxy on the way answered for itself: no effect."""
    TOO_MANY_REQUESTS = "too_many_requests"
    """429 with `Retry-After: 2`, signed: no effect."""
    CLOCK_SKEW = "clock_skew"
    """The partner's clock is an hour slow, from now on: a client is told, and corrects its own."""
    ALTERED_ANSWER = "altered_answer"
    """The body was altered on the way back: an effect, and an answer not to be believed."""
    WRONG_NONCE = "wrong_nonce"
    """The answer is bound to another request's nonce: an effect, and not to be believed."""
    SIGNED_500 = "signed_500"
    """A defect at the lender, told by it: no effect."""
    SLOW = "slow"
    """The answer takes ten seconds: an effect."""


SLOW_S = 10
CLOCK_SKEW_S = -3600
RETRY_AFTER_S = 2
PROXY_PAGE = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n"
    b"<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n"
    b"</body>\r\n</html>\r\n"
)
"""What nginx answers when nobody is behind it."""
